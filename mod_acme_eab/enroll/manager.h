/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENROLL_MANAGER_H
#define ENROLL_MANAGER_H

/* enroll/manager.h - the interface of one CA's manager: its address, who signs in, and requests with
 * JSON. */

#include "enroll/exchange.h"
#include "enroll/refusal.h"

typedef struct manager manager_t;

/** Lives in p.
 * @param api   base of all addresses, without a slash at its end
 * @param codes what its own codes ask for */
manager_t *manager_make(exchange_t *exchange, const char *api, const refusal_code_t *codes,
                        apr_pool_t *p);

/** Sign in with a header line of all requests from now on, like "password: ...".
 * @param value not changed */
void manager_add_line(manager_t *manager, const char *name, const secret_t *value);

/** The same with text that is no secret. */
void manager_add_text_line(manager_t *manager, const char *name, const char *value);

/** Sign in with OAuth2's client credentials (RFC 6749, 4.4): a token is asked for, and is the
 * Authorization of all requests from now on. */
apr_status_t manager_sign_in(manager_t *manager, const char *token_url, const char *client_id,
                             const secret_t *client_secret, eab_result_t *result);

/** Ask, below the base.
 * @param path  "acme/v2/account?size=200"
 * @param body  sent as JSON, or NULL; the reference is taken
 * @return APR_SUCCESS for the HTTP status that was wanted; else as exchange_send(), or what
 *         refusal_explain() says */
apr_status_t manager_ask(manager_t *manager, const char *method, const char *path, json_t *body,
                         int wanted, exchange_answer_t **panswer, eab_result_t *result);

/** The same as POST with a body of any type, which is sent as it is. */
apr_status_t manager_post(manager_t *manager, const char *path, const char *type,
                          const secret_t *body, int wanted, exchange_answer_t **panswer,
                          eab_result_t *result);

/** The same as POST of JSON to what may answer 200 or 201. The reference is taken. */
apr_status_t manager_post_json(manager_t *manager, const char *path, json_t *body,
                               exchange_answer_t **panswer, eab_result_t *result);

/** JSON as a body. In p. */
secret_t *manager_body(const json_t *json, apr_pool_t *p);

/** An answer of the right HTTP status that is not what is documented. @return as refusal_explain() */
apr_status_t manager_refused(manager_t *manager, const exchange_answer_t *answer,
                             eab_result_t *result);

/** All of a list, page by page of 200.
 * @param path   with what selects, or none: "acme/v2/account?name=a"
 * @param parray in the manager's pool: all entries */
apr_status_t manager_list(manager_t *manager, const char *path, json_t **parray,
                          eab_result_t *result);

/** A path with a value in it that is escaped. In p. */
const char *manager_path(apr_pool_t *p, const char *before, const char *value);

/** The base that manager_make() was given. */
const char *manager_api(const manager_t *manager);

#endif
