/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_CHECK_H
#define KEEPER_CHECK_H

/* keeper/check.h - acme-eab-keeper --check: are the EAB key sources and the files of proxy
 * credentials of a plan in order? For httpd -t, since httpd itself never reads a secret. Nothing is written and no exec: source is run. */

#include <apr_pools.h>

/** Read a plan as JSON from standard input up to its end; print
 * "<account index> <directive> <sentence>" on standard output for each that is wrong. An account that is bound already needs none.
 * @return the exit status: 0 all is well, 1 something was printed, 2 the plan cannot be read */
int check_run(apr_pool_t *p);

#endif
