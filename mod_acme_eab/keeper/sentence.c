/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/sentence.h"

#include <string.h>

#include <apr_strings.h>

#include "base/address.h"
#include "base/bytes.h"
#include "base/json.h"
#include "crypto/chain.h"
#include "crypto/csr.h"
#include "crypto/jose.h"
#include "ipc/message.h"
#include "keeper/url.h"

/* One request: who signs it, how it is identified, what it says. */
typedef struct statement {
    keeper_account_t *account;
    int by_jwk; /* the public key in the header (RFC 8555, 6.2), else the account URL as kid */
    const keypair_t *key; /* whose that is, or who signs; NULL: the account's */
    const char *kid;      /* NULL: the account's URL */
    const char *payload;
} statement_t;

/* What the agent may say beside the sentence, where that depends on what the CA told. */
typedef struct choice {
    const sentence_order_t *order;
    const char *subject; /* of what only root may ask for; see sentence_request_t */
} choice_t;

/* Unprotected text that goes into a header is limited to what a URL and a nonce can be. */
static apr_status_t check_request(const char *url, const char *nonce, eab_result_t *result)
{
    if (!url_is_https(url)) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_CA_ANSWER,
                              "The CA named a URL that is not https, or no URL at all; nothing is "
                              "sent there.");
    }
    if (nonce == NULL || !base64url_is_valid(nonce, LIMIT_NONCE)) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_CA_ANSWER,
                              "The CA's nonce is not base64url.");
    }
    return APR_SUCCESS;
}

static apr_status_t need_registration(const keeper_account_t *account, eab_result_t *result)
{
    if (account->broken->rv != APR_SUCCESS) {
        eab_result_copy(result, account->broken);
        return result->rv;
    }
    if (account->registration->url == NULL) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_ACCOUNT_PENDING,
                              "Account %s is not registered at the CA yet.", account->plan->label);
    }
    return APR_SUCCESS;
}

static apr_status_t bind_eab(json_t *payload, keeper_account_t *account, const char *url,
                             eab_result_t *result, apr_pool_t *p)
{
    json_t *binding;
    apr_status_t rv;

    if ((rv = account_permit_eab(account, url, result)) != APR_SUCCESS
        || (rv = account_need_eab_key(account, result)) != APR_SUCCESS
        || account->eab_key == NULL) {
        return rv;
    }
    binding = jose_bind_account(p, account->key, account->eab_key, account->plan->eab_alg,
                                account->plan->kid, url);
    if (binding == NULL || json_object_set(payload, "externalAccountBinding", binding) != 0) {
        return eab_result_set(result, APR_EGENERAL, EAB_PROBLEM_INTERNAL,
                              "The external account binding could not be signed.");
    }
    return APR_SUCCESS;
}

/* Rule 5 of the design: a bound account's EAB key is used for nothing any more. */
static apr_status_t refuse_registered(const keeper_account_t *account, eab_result_t *result)
{
    if (account->registration->url == NULL) {
        return APR_SUCCESS;
    }
    return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                          "Account %s is registered already.", account->plan->label);
}

static apr_status_t say_find_account(statement_t *statement, int with_eab, const char *url,
                                     eab_result_t *result, apr_pool_t *p)
{
    json_t *payload = json_own(p, json_pack("{s:b}", "onlyReturnExisting", 1));
    apr_status_t rv;

    statement->by_jwk = 1;
    if (with_eab
        && ((rv = refuse_registered(statement->account, result)) != APR_SUCCESS
            || (rv = bind_eab(payload, statement->account, url, result, p)) != APR_SUCCESS)) {
        return rv;
    }
    statement->payload = json_text(p, payload);
    return APR_SUCCESS;
}

/* RFC 8555, 7.3.2: to the account's own URL and nowhere else. */
static apr_status_t say_contact(statement_t *statement, const char *url, eab_result_t *result,
                                apr_pool_t *p)
{
    const keeper_account_t *account = statement->account;
    json_t *payload = json_own(p, json_object());

    if (need_registration(account, result) != APR_SUCCESS) {
        return result->rv;
    }
    if (strcmp(url, account->registration->url) != 0 || account->plan->contacts->nelts == 0) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "The contacts of account %s are told to its own URL only.",
                              account->plan->label);
    }
    json_put_strings(payload, "contact", account->plan->contacts);
    statement->payload = json_text(p, payload);
    return APR_SUCCESS;
}

/* RFC 8555, 7.3 and 7.3.4. */
static apr_status_t say_new_account(statement_t *statement, const char *url, eab_result_t *result,
                                    apr_pool_t *p)
{
    keeper_account_t *account = statement->account;
    json_t *payload = json_own(p, json_object());
    apr_status_t rv;

    if ((rv = refuse_registered(account, result)) != APR_SUCCESS) {
        return rv;
    }
    statement->by_jwk = 1;
    if (account->plan->terms_accepted) {
        json_object_set_new(payload, "termsOfServiceAgreed", json_true());
    }
    if (account->plan->contacts->nelts > 0) {
        json_put_strings(payload, "contact", account->plan->contacts);
    }
    if ((rv = bind_eab(payload, account, url, result, p)) != APR_SUCCESS
        || (rv = account_attempted(account, result)) != APR_SUCCESS) {
        return rv;
    }
    statement->payload = json_text(p, payload);
    return APR_SUCCESS;
}

/* RFC 8555, 7.1.3, and RFC 8738, 3. */
static json_t *make_identifier(const char *name, apr_pool_t *p)
{
    const char *address = address_normalize(p, name);

    return json_pack("{s:s,s:s}", "type", address != NULL ? "ip" : "dns", "value",
                     address != NULL ? address : name);
}

static json_t *identifiers_of(const apr_array_header_t *names, apr_pool_t *p)
{
    json_t *identifiers = json_array();
    int i;

    for (i = 0; i < names->nelts; ++i) {
        json_array_append_new(identifiers,
                              make_identifier(APR_ARRAY_IDX(names, i, const char *), p));
    }
    return identifiers;
}

/* RFC 8555, 7.4. The agent says whether the CA knows profiles and replacements; which they are is
 * decided here. */
static apr_status_t say_new_order(statement_t *statement, keeper_certificate_t *certificate,
                                  const sentence_order_t *order, eab_result_t *result,
                                  apr_pool_t *p)
{
    json_t *payload = json_own(p, json_object());
    apr_status_t rv;

    rv = certificate_ordering(certificate, order != NULL ? order->names : NULL,
                              order != NULL && order->trial, result);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    json_object_set_new(payload, "identifiers", identifiers_of(certificate->journal->names, p));
    if (order != NULL && order->profile) {
        json_put_string(payload, "profile", certificate->plan->profile);
    }
    if (order != NULL && order->replaces) {
        json_put_string(payload, "replaces", certificate_replaced(certificate));
    }
    statement->payload = json_text(p, payload);
    return APR_SUCCESS;
}

static apr_status_t say_finalize(statement_t *statement, keeper_certificate_t *certificate,
                                 eab_result_t *result, apr_pool_t *p)
{
    bytes_t der = { NULL, 0 };
    apr_status_t rv;

    if ((rv = certificate_finalizing(certificate, result)) != APR_SUCCESS) {
        return rv;
    }
    rv = csr_make(&der, certificate->key, certificate->journal->names,
                  certificate->plan->common_name, p);
    if (rv != APR_SUCCESS) {
        return eab_result_set(result, rv, EAB_PROBLEM_INTERNAL,
                              "The certificate request for %s could not be made.",
                              certificate->title);
    }
    statement->payload = json_text(
        p, json_own(p, json_pack("{s:s}", "csr", base64url_encode(p, der.data, der.len))));
    return APR_SUCCESS;
}

/* ---- what only root may have signed ---- */

static apr_status_t need_ticket(const model_t *model, ticket_act_t act, const char *subject,
                                int *preason, eab_result_t *result)
{
    if (ticket_use(model->tickets, act, subject, preason)) {
        return APR_SUCCESS;
    }
    return eab_result_set(result, APR_EACCES, EAB_PROBLEM_INTERNAL,
                          "Nobody has asked for this, or it took too long; only root may, with "
                          "acmectl.");
}

/* RFC 8555, 7.6. The reason is that of the ticket; 0 is left out, which says the same. */
static apr_status_t say_revoke(statement_t *statement, const model_t *model, int by_certificate,
                               const char *fingerprint, eab_result_t *result, apr_pool_t *p)
{
    const keeper_revocation_t *revocation = revocations_find(model->revocations, fingerprint);
    const revocation_t *record = revocation != NULL ? revocation->record : NULL;
    json_t *payload = json_own(p, json_object());
    chain_t *chain = NULL;
    bytes_t der;
    int reason = 0;

    if (need_ticket(model, TICKET_REVOKE, record != NULL ? record->fingerprint : NULL, &reason,
                    result)
            != APR_SUCCESS
        || (!by_certificate && need_registration(statement->account, result) != APR_SUCCESS)
        || chain_parse(&chain, record->pem, strlen(record->pem), result, p) != APR_SUCCESS) {
        return result->rv;
    }
    if (by_certificate) {
        statement->by_jwk = 1;
        statement->key = revocation_sign_key(model->revocations, record, p);
    }
    if ((by_certificate && statement->key == NULL)
        || (by_certificate ? record->by_key == REVOCATION_BY_ACCOUNT
                           : record->by_key == REVOCATION_BY_CERTIFICATE)) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "The certificate is not revoked by that key.");
    }
    der = chain_leaf_der(p, chain);
    json_put_string(payload, "certificate", base64url_encode(p, der.data, der.len));
    if (reason != 0) {
        json_object_set_new(payload, "reason", json_integer(reason));
    }
    statement->payload = json_text(p, payload);
    return APR_SUCCESS;
}

/* RFC 8555, 7.3.5: within the request that the old key signs, one that the new key signs, to the same URL
 * and without a nonce. */
static apr_status_t say_key_change(statement_t *statement, const model_t *model, const char *url,
                                   eab_result_t *result, apr_pool_t *p)
{
    const keeper_account_t *account = statement->account;
    json_t *header = json_own(p, json_object()), *payload = json_own(p, json_object());

    if (need_registration(account, result) != APR_SUCCESS
        || need_ticket(model, TICKET_KEY_CHANGE, account->registration->id, NULL, result)
               != APR_SUCCESS) {
        return result->rv;
    }
    if (account->next_key == NULL) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "Account %s has no other key to change to.", account->plan->label);
    }
    json_object_set(header, "jwk", jose_jwk(p, account->next_key));
    json_put_string(header, "url", url);
    json_put_string(payload, "account", account->registration->url);
    json_object_set(payload, "oldKey", jose_jwk(p, account->key));
    if (jose_sign(&statement->payload, account->next_key, header, json_text(p, payload), p)
        != APR_SUCCESS) {
        return eab_result_set(result, APR_EGENERAL, EAB_PROBLEM_INTERNAL,
                              "The request could not be signed.");
    }
    return APR_SUCCESS;
}

/* An account that another one took the place of signs with its own key, as long as root wants its end. */
static apr_status_t take_superseded(statement_t *statement, const model_t *model, const char *id,
                                    eab_result_t *result, apr_pool_t *p)
{
    const registration_t *current = statement->account->registration;
    registration_t *before = NULL;
    keypair_t *key = NULL;
    apr_status_t rv = need_ticket(model, TICKET_DEACTIVATE, id, NULL, result);

    if (rv == APR_SUCCESS) {
        rv = registration_load_before(&before, model->means->store, current, id, result, p);
    }
    if (rv == APR_SUCCESS) {
        rv = registration_key(&key, model->means->store, before, result, p);
    }
    if (rv == APR_SUCCESS && before->url == NULL) {
        rv = APR_ENOENT;
    }
    if (rv != APR_SUCCESS) {
        return result->rv != APR_SUCCESS
                   ? result->rv
                   : eab_result_set(result, rv, EAB_PROBLEM_INTERNAL,
                                    "There is no such account that another one took the place of.");
    }
    statement->key = key;
    statement->kid = before->url;
    return APR_SUCCESS;
}

static apr_status_t say_find_superseded(statement_t *statement, const model_t *model,
                                        const char *id, eab_result_t *result, apr_pool_t *p)
{
    statement->by_jwk = 1;
    statement->payload = "{\"onlyReturnExisting\":true}";
    return take_superseded(statement, model, id, result, p);
}

static apr_status_t say_deactivate_superseded(statement_t *statement, const model_t *model,
                                              const char *id, const char *url, eab_result_t *result,
                                              apr_pool_t *p)
{
    statement->payload = "{\"status\":\"deactivated\"}";
    if (take_superseded(statement, model, id, result, p) == APR_SUCCESS
        && strcmp(url, statement->kid) != 0) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "Account %s is deactivated at its own URL only.", id);
    }
    return result->rv;
}

/* RFC 8555, 7.3.6: to the account's own URL and nowhere else. */
static apr_status_t say_deactivate(statement_t *statement, const model_t *model, const char *url,
                                   eab_result_t *result)
{
    const keeper_account_t *account = statement->account;

    if (need_registration(account, result) != APR_SUCCESS
        || need_ticket(model, TICKET_DEACTIVATE, account->registration->id, NULL, result)
               != APR_SUCCESS) {
        return result->rv;
    }
    if (strcmp(url, account->registration->url) != 0) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "Account %s is deactivated at its own URL only.",
                              account->plan->label);
    }
    statement->payload = "{\"status\":\"deactivated\"}";
    return APR_SUCCESS;
}

static apr_status_t say_find_next(statement_t *statement, eab_result_t *result)
{
    const keeper_account_t *account = statement->account;

    if (account->next_key == NULL) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "Account %s has no other key to look up.", account->plan->label);
    }
    statement->by_jwk = 1;
    statement->key = account->next_key;
    statement->payload = "{\"onlyReturnExisting\":true}";
    return APR_SUCCESS;
}

static apr_status_t say(statement_t *statement, const model_t *model, int sentence,
                        apr_int64_t index, const char *url, const choice_t *choice,
                        eab_result_t *result, apr_pool_t *p)
{
    keeper_certificate_t *certificate = NULL;

    if (sentence_is_of_certificate(sentence)) {
        certificate = model_certificate(model, index);
        statement->account = (certificate != NULL) ? certificate->account : NULL;
    }
    else {
        statement->account = model_account(model, index);
    }
    if (statement->account == NULL) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "There is no such account.");
    }
    if (statement->account->broken->rv != APR_SUCCESS) {
        eab_result_copy(result, statement->account->broken);
        return result->rv;
    }
    switch (sentence) {
    case SENTENCE_NEW_ACCOUNT:
        return say_new_account(statement, url, result, p);
    case SENTENCE_FIND_ACCOUNT:
    case SENTENCE_FIND_ACCOUNT_EAB:
        return say_find_account(statement, sentence == SENTENCE_FIND_ACCOUNT_EAB, url, result, p);
    case SENTENCE_UPDATE_CONTACT:
        return say_contact(statement, url, result, p);
    case SENTENCE_READ:
        statement->payload = ""; /* POST-as-GET (RFC 8555, 6.3) */
        return need_registration(statement->account, result);
    case SENTENCE_CHALLENGE:
        statement->payload = "{}"; /* RFC 8555, 7.5.1 */
        return need_registration(statement->account, result);
    case SENTENCE_NEW_ORDER:
        if (need_registration(statement->account, result) != APR_SUCCESS) {
            return result->rv;
        }
        return say_new_order(statement, certificate, choice->order, result, p);
    case SENTENCE_FINALIZE:
        if (need_registration(statement->account, result) != APR_SUCCESS) {
            return result->rv;
        }
        return say_finalize(statement, certificate, result, p);
    case SENTENCE_REVOKE_BY_ACCOUNT:
    case SENTENCE_REVOKE_BY_CERTIFICATE:
        return say_revoke(statement, model, sentence == SENTENCE_REVOKE_BY_CERTIFICATE,
                          choice->subject, result, p);
    case SENTENCE_KEY_CHANGE:
        return say_key_change(statement, model, url, result, p);
    case SENTENCE_DEACTIVATE:
        return choice->subject != NULL
                   ? say_deactivate_superseded(statement, model, choice->subject, url, result, p)
                   : say_deactivate(statement, model, url, result);
    case SENTENCE_FIND_SUPERSEDED:
        return say_find_superseded(statement, model, choice->subject, result, p);
    case SENTENCE_FIND_NEXT:
        return say_find_next(statement, result);
    default:
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "There is no such sentence.");
    }
}

static apr_status_t sign(const char **pjws, const model_t *model, int sentence, apr_int64_t index,
                         const char *url, const char *nonce, const choice_t *choice,
                         eab_result_t *result, apr_pool_t *p)
{
    statement_t statement = { NULL, 0, NULL, NULL, NULL };
    const keypair_t *key;
    json_t *header;
    apr_status_t rv;

    *pjws = NULL;
    if ((rv = check_request(url, nonce, result)) != APR_SUCCESS
        || (rv = say(&statement, model, sentence, index, url, choice, result, p)) != APR_SUCCESS) {
        return rv;
    }
    key = statement.key != NULL ? statement.key : statement.account->key;
    header = json_own(p, json_object());
    if (statement.by_jwk) {
        json_object_set(header, "jwk", jose_jwk(p, key));
    }
    else {
        json_put_string(header, "kid",
                        statement.kid != NULL ? statement.kid
                                              : statement.account->registration->url);
    }
    json_put_string(header, "nonce", nonce);
    json_put_string(header, "url", url);
    rv = jose_sign(pjws, key, header, statement.payload, p);
    if (rv != APR_SUCCESS) {
        return eab_result_set(result, rv, EAB_PROBLEM_INTERNAL, "The request could not be signed.");
    }
    return APR_SUCCESS;
}

apr_status_t sentence_sign_order(const char **pjws, const model_t *model, int sentence,
                                 apr_int64_t index, const char *url, const char *nonce,
                                 const sentence_order_t *order, eab_result_t *result, apr_pool_t *p)
{
    const choice_t choice = { order, NULL };

    return sign(pjws, model, sentence, index, url, nonce, &choice, result, p);
}

apr_status_t sentence_sign_act(const char **pjws, const model_t *model, int sentence,
                               apr_int64_t index, const char *url, const char *nonce,
                               const char *subject, eab_result_t *result, apr_pool_t *p)
{
    const choice_t choice = { NULL, subject };

    return sign(pjws, model, sentence, index, url, nonce, &choice, result, p);
}

apr_status_t sentence_sign(const char **pjws, const model_t *model, int sentence, apr_int64_t index,
                           const char *url, const char *nonce, eab_result_t *result, apr_pool_t *p)
{
    return sentence_sign_order(pjws, model, sentence, index, url, nonce, NULL, result, p);
}
