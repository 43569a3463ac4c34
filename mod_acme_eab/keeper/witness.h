/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_WITNESS_H
#define KEEPER_WITNESS_H

/* keeper/witness.h - who is there when a graceful restart ends httpd: the keeper ends with the old
 * configuration, and the next one is started with the new. A process of its own
 * (`acme-eab-keeper --witness`), without secrets, watches the parent until the next keeper has taken the
 * word "restarting" out of reload.json. If the parent ends before, and did not remove its pid file as it
 * does when it is stopped, the witness writes the last line of the error log, and to syslog(3) as well where
 * that log is no file: the program that it goes to ends with httpd. */

#include <apr_pools.h>

#include "ipc/plan.h"

/** Before the signal. names: of the certificates that httpd is restarted for. Without a witness
 * there is only less to read, so nothing is returned. */
void witness_post(const plan_t *plan, const char *names, apr_pool_t *ptemp);

/** The process itself: argv is "PARENT PIDFILE STORE NAMES". @return its exit status */
int witness_run(int argc, const char *const *argv);

#endif
