/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_SUPERVISE_H
#define HTTPD_SUPERVISE_H

/* httpd/supervise.h - the keeper program, kept alive by the httpd parent. It is started at the end
 * of the real configuration pass, gets the plan over a socket that is its standard input, and ends
 * when that is closed: at each restart and stop of httpd, or when httpd is killed. */

#include <httpd.h>

/** post_config, first of all: whatever is forked from now on lets go of what only httpd's parent may have. */
int supervise_guard(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                    server_rec *main_server);

/** post_config, last of all. */
int supervise_start(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                    server_rec *main_server);

/** About every ten seconds in the parent: start a keeper whose pause is over, end one that has said
 * nothing for minutes. */
int supervise_monitor(apr_pool_t *p, server_rec *main_server);

#endif
