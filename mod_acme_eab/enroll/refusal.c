/* SPDX-License-Identifier: Apache-2.0 */
#include "enroll/refusal.h"

#include <string.h>

#include <apr_strings.h>

#include "base/clock.h"
#include "base/json.h"
#include "enroll/problem.h"

#define WORDS_MAX 300 /* bytes of what a manager says that are quoted */

const refusal_code_t refusal_sectigo[] = {
    { "-16", ENROLL_PROBLEM_DENIED,
      "the login, the password or the customer URI is wrong; look at --login, --customer-uri and "
      "the file of the password" },
    { "-727", ENROLL_PROBLEM_UNKNOWN,
      "the manager does not have this domain; have it added under Domains and delegated to the "
      "organization, then run the same command again" },
    { "-1010", ENROLL_PROBLEM_REFUSED,
      "the domain is not allowed for this organization; have it delegated to the organization, or "
      "give another --organization" },
    { "-107", ENROLL_PROBLEM_REFUSED,
      "control of the domain is not validated; have its DCV done in the manager, then run the same "
      "command again" },
    { "-737", ENROLL_PROBLEM_REFUSED,
      "control of the domain is not validated; have its DCV done in the manager, then run the same "
      "command again" },
    { "-1137", ENROLL_PROBLEM_REFUSED,
      "control of the domain is not validated; have its DCV done in the manager, then run the same "
      "command again" },
    { NULL, NULL, NULL },
};

const refusal_code_t refusal_oauth[] = {
    { "invalid_client", ENROLL_PROBLEM_DENIED,
      "the client id is not known, or the secret is not its own; look at --client-id (for "
      "CERTInext "
      "--account-number) and the file of the secret" },
    { "unauthorized_client", ENROLL_PROBLEM_DENIED,
      "this client may not sign in with a secret; make an API client of the kind \"client "
      "credentials\" in the manager" },
    { "invalid_grant", ENROLL_PROBLEM_DENIED,
      "the secret is not taken any more; make a new one in the manager" },
    { "unsupported_grant_type", ENROLL_PROBLEM_DENIED,
      "this address knows no client credentials; look at --token-url" },
    { "invalid_scope", ENROLL_PROBLEM_DENIED,
      "this client may do nothing at this address; have it given the rights for ACME" },
    { "invalid_request", ENROLL_PROBLEM_REFUSED,
      "this address expects another request; look at --token-url" },
    { NULL, NULL, NULL },
};

const refusal_code_t refusal_digicert[] = {
    { "access_denied", ENROLL_PROBLEM_DENIED,
      "the API key is not known or may not make ACME credentials; look at the file of the key, and "
      "at its restrictions in CertCentral" },
    { "access_denied|invalid_auth_key", ENROLL_PROBLEM_DENIED,
      "the API key is not known; look at the file of the key" },
    { "not_found", ENROLL_PROBLEM_UNKNOWN, "look at --organization and --product" },
    { "invalid_product_name_id", ENROLL_PROBLEM_REFUSED,
      "look at --product: it is an identifier like ssl_basic" },
    { NULL, NULL, NULL },
};

const refusal_code_t refusal_zerossl[] = {
    { "invalid_access_key", ENROLL_PROBLEM_DENIED,
      "the access key is not known; copy it from the Developer page of ZeroSSL" },
    { "missing_email", ENROLL_PROBLEM_REFUSED, "give an address with --email" },
    { "invalid_email", ENROLL_PROBLEM_REFUSED, "look at --email" },
    { "usage_limit_reached", ENROLL_PROBLEM_BUSY, "wait, or look at the plan of the account" },
    { NULL, NULL, NULL },
};

/* A member as text, whatever it is. */
static const char *text_of(const json_t *value, apr_pool_t *p)
{
    if (json_is_string(value))
        return apr_pstrdup(p, json_string_value(value));
    if (json_is_integer(value))
        return apr_psprintf(p, "%" APR_INT64_T_FMT, (apr_int64_t)json_integer_value(value));
    return NULL;
}

/* Where a manager puts its code and its words: {"code","description"} (Sectigo), {"error",
 * "error_description"} (OAuth2), {"errors":[{"code","message"}]} (DigiCert), {"error":{"code","type"}}
 * (ZeroSSL), {"message"} and RFC 9457's {"title","detail"}. */
static const json_t *inner_of(const json_t *json)
{
    const json_t *errors = json_object_get(json, "errors");
    const json_t *error = json_object_get(json, "error");

    if (json_array_size(errors) > 0)
        return json_array_get(errors, 0);
    return json_is_object(error) ? error : json;
}

static const char *first_of(const json_t *json, const char *const *names, apr_pool_t *p)
{
    const char *text = NULL;

    for (; *names != NULL && text == NULL; ++names)
        text = text_of(json_object_get(json, *names), p);
    return text;
}

const char *refusal_code_of(const exchange_answer_t *answer, apr_pool_t *p)
{
    static const char *const names[] = { "type", "code", "error", "errorCode", NULL };
    static const char *const numbers[] = { "code", "error", "errorCode", NULL };
    const json_t *inner = inner_of(answer->json);

    /* ZeroSSL has a number and a word; the word is the documented one. */
    return first_of(inner, inner == answer->json ? numbers : names, p);
}

static const char *words_of(const exchange_answer_t *answer, apr_pool_t *p)
{
    static const char *const names[] = {
        "description", "error_description", "message", "details", "info", "detail", "title", NULL
    };
    const char *words = first_of(inner_of(answer->json), names, p);
    apr_size_t len = words != NULL ? strlen(words) : 0;

    if (len <= WORDS_MAX)
        return words;
    for (len = WORDS_MAX; (words[len] & 0xc0) == 0x80; --len)
        continue;
    return apr_pstrcat(p, apr_pstrmemdup(p, words, len), "...", NULL);
}

/* "says 403 (-1010, Domain is not allowed)" */
static const char *quote(const exchange_answer_t *answer, const char *code, apr_pool_t *p)
{
    const char *words = words_of(answer, p);

    if (code == NULL && words == NULL)
        return apr_psprintf(p, "HTTP status %d", answer->status);
    return apr_psprintf(p, "HTTP status %d, %s%s%s", answer->status, code != NULL ? code : "",
                        code != NULL && words != NULL ? ": " : "", words != NULL ? words : "");
}

typedef struct meaning {
    const char *type;
    const char *advice;
} meaning_t;

static meaning_t by_status(int status)
{
    if (status == 401)
        return (meaning_t){ ENROLL_PROBLEM_DENIED,
                            "it does not know who signs in; look at the id and at the file of the "
                            "secret" };
    if (status == 403)
        return (meaning_t){ ENROLL_PROBLEM_DENIED,
                            "who signs in may not do this; have the rights for ACME accounts and "
                            "this organization given to this API user" };
    if (status == 404)
        return (meaning_t){ ENROLL_PROBLEM_UNKNOWN,
                            "what was asked for is not there; look at the ids, and at --api if it "
                            "was given" };
    if (status == 429)
        return (meaning_t){ ENROLL_PROBLEM_BUSY, "it was asked too often; run the same command "
                                                 "again later" };
    if (status == 408 || status >= 500)
        return (meaning_t){ ENROLL_PROBLEM_BROKEN, "it is in trouble itself; run the same command "
                                                   "again later" };
    if (status >= 300 && status < 400)
        return (meaning_t){ ENROLL_PROBLEM_ANSWER, "it leads to another address, which is not "
                                                   "followed; give that one with --api" };
    if (status >= 400)
        return (meaning_t){ ENROLL_PROBLEM_REFUSED, "look at the options that were given" };
    return (meaning_t){ ENROLL_PROBLEM_ANSWER,
                        "that is not what its documentation says; see whether --api is right" };
}

static meaning_t meaning_of(const exchange_answer_t *answer, const char *code,
                            const refusal_code_t *codes)
{
    meaning_t meaning = by_status(answer->status);

    for (; code != NULL && codes != NULL && codes->code != NULL; ++codes) {
        if (strcmp(codes->code, code) == 0) {
            meaning.type = codes->type != NULL ? codes->type : meaning.type;
            meaning.advice = codes->advice;
            break;
        }
    }
    return meaning;
}

/* A page for people: a captive portal, a proxy's error page. */
static int is_page(const exchange_answer_t *answer)
{
    return strcmp(answer->type, "text/html") == 0
           || (answer->json == NULL && answer->body->len > 0 && answer->body->data[0] == '<');
}

apr_status_t refusal_explain(const exchange_answer_t *answer, const refusal_code_t *codes,
                             eab_result_t *result, apr_pool_t *p)
{
    const char *code = refusal_code_of(answer, p);
    meaning_t meaning = meaning_of(answer, code, codes);
    const char *verb = answer->status >= 400 ? "refused" : "answered";

    if (is_page(answer) && answer->status < 500 && answer->status != 429)
        eab_result_set(result, APR_EGENERAL, ENROLL_PROBLEM_ANSWER,
                       "%s answered with a web page (HTTP status %d) and not with JSON: something "
                       "stands between here and it, such as the login page of a network, or --api "
                       "is wrong; open the address in a browser to see which.",
                       answer->host, answer->status);
    else if (answer->retry_after > 0)
        eab_result_set(result, APR_EGENERAL, meaning.type, "%s %s (%s): %s, in %s.", answer->host,
                       verb, quote(answer, code, p), meaning.advice,
                       clock_span(p, apr_time_from_sec(answer->retry_after)));
    else
        eab_result_set(result, APR_EGENERAL, meaning.type, "%s %s (%s): %s.", answer->host, verb,
                       quote(answer, code, p), meaning.advice);
    result->http_status = answer->status;
    result->retry_after = answer->retry_after;
    return result->rv;
}
