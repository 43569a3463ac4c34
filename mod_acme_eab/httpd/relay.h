/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_RELAY_H
#define HTTPD_RELAY_H

/* httpd/relay.h - the lines of keeper and agent, wherever httpd's own go: a file, a program, syslog,
 * in the shape of ErrorLogFormat, as LogLevel says. A process that is forked from the httpd parent
 * reads the pipes that are standard error of the two, and logs each line as the parent would. It
 * belongs to one run of the keeper and ends when nobody can write to the pipes any more. */

#include <httpd.h>
#include <apr_pools.h>

typedef struct relay relay_t;

/** Made in the parent; ends with p, when all is said. Whoever may write must have ended before p
 * does, or is not waited for.
 * @return NULL when there is none to be had, which is in the log; then standard error is httpd's */
relay_t *relay_start(server_rec *main_server, apr_pool_t *p);

/** Our ends to write to, for the programs to inherit; -1 when relay is NULL. */
int relay_for_keeper(const relay_t *relay);
int relay_for_agent(const relay_t *relay);

/** The keeper has them now: close ours, so that the end of the lines is seen. NULL is fine. */
void relay_hand_over(relay_t *relay);

/** From time to time in the parent: start it again when its pause is over. NULL is fine. */
void relay_monitor(relay_t *relay);

/** In another process that is forked from the parent: close the pipes. NULL is fine. */
void relay_let_go(relay_t *relay);

#endif
