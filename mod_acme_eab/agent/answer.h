/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_ANSWER_H
#define AGENT_ANSWER_H

/* agent/answer.h - answers to http-01 and tls-alpn-01 challenges (RFC 8555, 8.3; RFC 8737) in the run
 * directory, where httpd's workers find them:
 *
 *   challenges/<host>/<token>         the key authorization
 *   challenges/<server name>/acme-tls-1.pem   certificates and throw-away keys
 *
 * Both are named after the name that is validated, as name_file(); for an IP address the server name
 * is its reverse name (RFC 8738, 5 and 6). */

#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_tables.h>

#include "crypto/alpncert.h"

/** At the start: make the place for answers. What is there and no directory is removed, and told. */
void answer_prepare(const char *run_dir, apr_pool_t *ptemp);

/** Put an answer in place before the CA is told of it. name and token are checked here again, since
 * they become file names. @return APR_EINVAL for a name or token that could lead elsewhere */
apr_status_t answer_put(const char *run_dir, const char *name, const char *token,
                        const char *thumbprint, apr_pool_t *ptemp);

#define ANSWER_TLS_FILE "acme-tls-1.pem" /* no token: it has a dot */

/** The same for tls-alpn-01: makes the certificates. */
apr_status_t answer_put_tls(const char *run_dir, const char *name, const char *token,
                            const char *thumbprint, const alpncert_keys_t *keys, apr_pool_t *ptemp);

/** Where the answer of that type for a name lies. NULL for a name that is none. */
const char *answer_directory(apr_pool_t *p, const char *run_dir, const char *name,
                             const char *type);

/** Take all answers for a name away: its challenge is decided. */
void answer_remove(const char *run_dir, const char *name, apr_pool_t *ptemp);

/** Take one answer away, and leave all others. token NULL: that to tls-alpn-01. */
void answer_take(const char *run_dir, const char *name, const char *token, apr_pool_t *ptemp);

/** At the start: take the answers away for all names but those in keep (const char *), whose orders
 * are in flight and may be under validation right now. */
void answer_tidy(const char *run_dir, const apr_array_header_t *keep, apr_pool_t *ptemp);

#endif
