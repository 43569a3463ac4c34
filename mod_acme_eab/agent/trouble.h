/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_TROUBLE_H
#define AGENT_TROUBLE_H

/* agent/trouble.h - a problem as the status tells it: in the words of the CA, and with what to do. Each
 * is a new reference; JSON null where there is no problem. */

#include <jansson.h>

#include "agent/account.h"
#include "agent/job.h"

/** Of an account: it is broken, or it fails. */
json_t *trouble_of_account(const agent_account_t *account, apr_pool_t *p);

/** Of a certificate: its own, or that of the account it waits for. */
json_t *trouble_of_job(const job_t *job, apr_pool_t *p);

/** True when that is the account's. */
int trouble_is_the_accounts(const job_t *job);

/** Of a certificate that httpd has and cannot use. */
json_t *trouble_of_unusable(const job_t *job, apr_pool_t *p);

/** Of one that is not served for want of an OCSP response: stapling_problem() is not NULL. */
json_t *trouble_of_unstapled(const job_t *job, apr_pool_t *p);

#endif
