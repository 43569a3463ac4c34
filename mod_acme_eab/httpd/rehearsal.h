/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_REHEARSAL_H
#define HTTPD_REHEARSAL_H

/* httpd/rehearsal.h - this httpd is only a rehearsal of a restart: the keeper has started it to see
 * whether the real one would survive (keeper/rehearsal.h). It does all that a start does, every
 * module's part included, and ends before the MPM would serve. What it finds goes to REHEARSAL_FD
 * (ipc/rehearsal.h).
 *
 * Listeners: those of the running httpd are taken as open, as in a restart. Each new one is bound
 * once, without listening, and let go. What else modules do with the network while logs are opened
 * and in post_config they do in a network of their own, where nobody is.
 *
 * Without a stage (REHEARSAL_BARE, with -t) only mod_ssl's part of post_config is run, with session
 * caches that do nothing, and the listeners are tried. */

#include <httpd.h>

/** This process is a rehearsal: nothing of ours may be started or written. */
int rehearsal_active(void);

/** Register its hooks; nothing at all when it is not one. */
void rehearsal_register(void);

/** "ADDRESS:PORT" of everything that this httpd listens at (const char *), in p: for the plan. */
apr_array_header_t *rehearsal_listeners(apr_pool_t *p);

/** A digest of the configuration as it was read, comments and layout aside: hexadecimal, in p. */
const char *rehearsal_digest(apr_pool_t *p);

/** The files that it was read from and their directories (const char *), a hundred at most, in p. */
apr_array_header_t *rehearsal_files(apr_pool_t *p);

#endif
