/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_SENTENCE_H
#define KEEPER_SENTENCE_H

/* keeper/sentence.h - the closed list of what the keeper signs (design, section 2, rule 2). The
 * agent names a sentence, an account or certificate, a URL and a nonce; header and payload are made
 * here, from root's plan. What makes a request matter is on disk before its signature leaves. */

#include "base/result.h"
#include "ipc/message.h"
#include "keeper/model.h"

/** Sign.
 * @param index of the account or, for newOrder and finalize, of the certificate
 * @param pjws  in p
 * @return APR_SUCCESS; APR_EAGAIN when a key is in the making (ask again when it is done); else the
 *         refusal in result */
apr_status_t sentence_sign(const char **pjws, const model_t *model, int sentence, apr_int64_t index,
                           const char *url, const char *nonce, eab_result_t *result, apr_pool_t *p);

/** The same with what a newOrder is to say beside the names. */
apr_status_t sentence_sign_order(const char **pjws, const model_t *model, int sentence,
                                 apr_int64_t index, const char *url, const char *nonce,
                                 const sentence_order_t *order, eab_result_t *result,
                                 apr_pool_t *p);

/** Sign what only root may ask for, while there is a ticket for just that (keeper/ticket.h).
 * @param index   of an account: that it is of, or one at the same CA
 * @param subject the fingerprint of the certificate that is to be revoked, or the id of the account that
 *                another one took the place of; NULL: the account itself */
apr_status_t sentence_sign_act(const char **pjws, const model_t *model, int sentence,
                               apr_int64_t index, const char *url, const char *nonce,
                               const char *subject, eab_result_t *result, apr_pool_t *p);

#endif
