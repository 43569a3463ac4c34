/* SPDX-License-Identifier: Apache-2.0 */
#include "acme/authorization.h"

#include <apr_strings.h>
#include <string.h>

#include "acme/answer.h"
#include "acme/problem.h"
#include "acme/url.h"
#include "base/address.h"
#include "base/bytes.h"
#include "base/json.h"
#include "base/name.h"

#define PERSIST "dns-persist-01"
#define ISSUERS_MAX 10 /* draft-ietf-acme-dns-persist-01, 3.1 */
#define TOKEN_MIN 22   /* base64url of the 128 bits that RFC 8555, 8 demands */
#define TYPES_SHOWN 8  /* of what a CA offers, in a message */

static acme_authorization_state_t judge(const char *status)
{
    if (strcmp(status, "valid") == 0) {
        return ACME_AUTHORIZATION_VALID;
    }
    /* "processing" is a word for challenges; a CA that uses it here wants us to wait as well. */
    if (strcmp(status, "pending") == 0 || strcmp(status, "processing") == 0) {
        return ACME_AUTHORIZATION_PENDING;
    }
    return ACME_AUTHORIZATION_LOST;
}

/* @return 0 when there is no usable name, which then is "". The name of an answer becomes a file
 * name, so only what is a DNS name or an address gets through. */
static int read_name(apr_pool_t *p, acme_authorization_t *authorization, const json_t *json)
{
    const char *value = json_peek_string(json_object_get(json, "identifier"), "value");
    const char *address = value != NULL ? address_normalize(p, value) : NULL;
    const char *reason = NULL;

    authorization->wildcard = json_peek_bool(json, "wildcard", 0);
    authorization->address = address != NULL;
    if (address != NULL) {
        authorization->name = address;
        return 1;
    }
    authorization->name = value != NULL ? name_normalize(p, value, &reason) : NULL;
    if (authorization->name == NULL) {
        authorization->name = "";
        return 0;
    }
    if (strncmp(authorization->name, "*.", 2) == 0) {
        /* RFC 8555, 7.1.4 wants it without, which not every CA knows. */
        authorization->name += 2;
        authorization->wildcard = 1;
    }
    return 1;
}

/* All of them are as they must be, or the challenge is rejected. */
static const apr_array_header_t *read_issuers(apr_pool_t *p, const json_t *entry)
{
    const json_t *list = json_object_get(entry, "issuer-domain-names"), *item;
    apr_array_header_t *issuers = apr_array_make(p, 2, sizeof(const char *));
    size_t i;

    json_array_foreach(list, i, item)
    {
        const char *text = json_string_value(item), *why = NULL;
        const char *name = text != NULL ? name_normalize(p, text, &why) : NULL;

        if (i >= ISSUERS_MAX || name == NULL || *name == '*' || strcmp(name, text) != 0) {
            return NULL;
        }
        APR_ARRAY_PUSH(issuers, const char *) = name;
    }
    return issuers->nelts > 0 ? issuers : NULL;
}

static void read_challenges(apr_pool_t *p, acme_authorization_t *authorization, const json_t *json)
{
    const json_t *list = json_object_get(json, "challenges");
    const json_t *entry = NULL;
    size_t i;

    json_array_foreach(list, i, entry)
    {
        acme_challenge_t challenge = { NULL, NULL, NULL, NULL, NULL, NULL };

        challenge.type = json_copy_string(p, entry, "type");
        challenge.url = json_copy_string(p, entry, "url");
        challenge.token = json_copy_string(p, entry, "token");
        challenge.status = json_copy_string(p, entry, "status");
        if (!acme_url_is_https(challenge.url)) {
            challenge.url = NULL;
        }
        if (challenge.status == NULL) {
            challenge.status = "pending"; /* as in the example of RFC 8555, 7.5 */
        }
        if (challenge.type != NULL && strcmp(challenge.type, PERSIST) == 0) {
            challenge.issuers = read_issuers(p, entry);
            challenge.account_url = json_copy_string(p, entry, "accounturi");
        }
        if (challenge.type != NULL) {
            APR_ARRAY_PUSH(authorization->challenges, acme_challenge_t) = challenge;
        }
    }
}

/* The error of the challenge that failed: of an invalid one if there is any, else the first.
 * NULL when the CA gave none; {} is none (seen at CAs). */
static const json_t *find_error(const json_t *json)
{
    const json_t *list = json_object_get(json, "challenges");
    const json_t *entry = NULL;
    const json_t *found = NULL;
    size_t i;

    json_array_foreach(list, i, entry)
    {
        const json_t *error = json_object_get(entry, "error");
        const char *status = json_peek_string(entry, "status");

        if (json_object_size(error) == 0 && json_string_length(error) == 0) {
            continue;
        }
        if (status != NULL && strcmp(status, "invalid") == 0) {
            return error;
        }
        found = found != NULL ? found : error;
    }
    return found;
}

static void explain_loss(acme_authorization_t *authorization, const json_t *json)
{
    eab_result_t *problem = authorization->problem;
    const json_t *error = find_error(json);

    if (error != NULL) {
        acme_problem_from_json(problem, error);
    }
    else {
        eab_result_set(problem, APR_EGENERAL, EAB_PROBLEM_VALIDATION,
                       "The CA's authorization for %s%s is \"%s\"; it gave no reason",
                       authorization->wildcard ? "*." : "", authorization->name,
                       acme_answer_excerpt(problem->pool, authorization->status, 100));
    }
    if (problem->type == NULL) {
        problem->type = EAB_PROBLEM_VALIDATION;
    }
    problem->identifier = apr_pstrdup(problem->pool, authorization->name);
}

acme_authorization_t *acme_authorization_parse(apr_pool_t *p, const acme_answer_t *answer,
                                               eab_result_t *result)
{
    const json_t *json = acme_answer_object(p, answer);
    acme_authorization_t *authorization = apr_pcalloc(p, sizeof(*authorization));

    authorization->status = json_copy_string(p, json, "status");
    if (authorization->status == NULL) {
        acme_problem_bad_answer(result, answer,
                                "The CA's answer is not an authorization with a status");
        return NULL;
    }
    authorization->state = judge(authorization->status);
    /* With a valid one nothing is done any more, so an odd name in it does no harm. */
    if (!read_name(p, authorization, json) && authorization->state != ACME_AUTHORIZATION_VALID) {
        acme_problem_bad_answer(result, answer,
                                "The CA's authorization does not say for which DNS name it is");
        return NULL;
    }
    authorization->challenges = apr_array_make(p, 4, sizeof(acme_challenge_t));
    authorization->retry_after = acme_answer_retry_after(answer);
    authorization->expires = json_peek_time(json, "expires");
    authorization->problem = eab_result_make(p);
    read_challenges(p, authorization, json);
    if (authorization->state == ACME_AUTHORIZATION_LOST) {
        explain_loss(authorization, json);
    }
    return authorization;
}

/* Can this type prove control of the name? A wildcard is proven by DNS alone (RFC 8555, 8.3;
 * RFC 8737, 3), an address never by DNS (RFC 8738, 7). */
static int fits(const acme_authorization_t *authorization, const char *type)
{
    int dns = strncmp(type, "dns-", 4) == 0;

    return !(authorization->wildcard && !dns) && !(authorization->address && dns);
}

/* Did the CA offer dns-persist-01 in a way that must not be used? */
static int has_malformed(const acme_authorization_t *authorization)
{
    int i;

    for (i = 0; i < authorization->challenges->nelts; i++) {
        const acme_challenge_t *challenge =
            &APR_ARRAY_IDX(authorization->challenges, i, acme_challenge_t);

        if (strcmp(challenge->type, PERSIST) == 0 && challenge->issuers == NULL) {
            return 1;
        }
    }
    return 0;
}

/* Why an allowed type may not have been taken; "" for no reason. */
static const char *explain_unfit(const acme_authorization_t *authorization)
{
    if (has_malformed(authorization)) {
        return ", and its dns-persist-01 is not one to use: it must have 1 to 10 names of the CA, "
               "and "
               "no other account than ours";
    }
    if (authorization->wildcard) {
        return ", and a wildcard needs a dns challenge";
    }
    return authorization->address ? ", and an IP address cannot have a dns challenge" : "";
}

static const acme_challenge_t *find_challenge(const acme_authorization_t *authorization,
                                              const char *type)
{
    int i;

    for (i = 0; i < authorization->challenges->nelts; i++) {
        const acme_challenge_t *challenge =
            &APR_ARRAY_IDX(authorization->challenges, i, acme_challenge_t);

        if (strcmp(challenge->type, type) == 0 && challenge->url != NULL
            && strcmp(challenge->status, "invalid") != 0
            && (strcmp(type, PERSIST) != 0 || challenge->issuers != NULL)) {
            return challenge;
        }
    }
    return NULL;
}

const acme_challenge_t *acme_authorization_find(const acme_authorization_t *authorization,
                                                const char *type)
{
    return fits(authorization, type) ? find_challenge(authorization, type) : NULL;
}

void acme_authorization_bind(acme_authorization_t *authorization, const char *account_url)
{
    int i;

    for (i = 0; i < authorization->challenges->nelts; i++) {
        acme_challenge_t *challenge =
            &APR_ARRAY_IDX(authorization->challenges, i, acme_challenge_t);

        if (challenge->account_url != NULL
            && (account_url == NULL || strcmp(challenge->account_url, account_url) != 0)) {
            challenge->issuers = NULL;
        }
    }
}

/* The types that are offered, for people: "dns-01 sectigo-email-01"; "nothing" for none. */
static const char *list_offered(apr_pool_t *p, const acme_authorization_t *authorization)
{
    const char *list = "";
    int i;

    for (i = 0; i < authorization->challenges->nelts && i < TYPES_SHOWN; i++) {
        const char *type = APR_ARRAY_IDX(authorization->challenges, i, acme_challenge_t).type;

        list = apr_pstrcat(p, list, i > 0 ? " " : "", acme_answer_excerpt(p, type, 40), NULL);
    }
    return *list != '\0' ? list : "nothing";
}

static const char *list_allowed(apr_pool_t *p, const apr_array_header_t *allowed)
{
    const char *list = allowed->nelts > 0 ? apr_array_pstrcat(p, allowed, ' ') : "";

    return *list != '\0' ? list : "none";
}

static void refuse_offer(const acme_authorization_t *authorization,
                         const apr_array_header_t *allowed, eab_result_t *result)
{
    eab_result_set(result, APR_EGENERAL, EAB_PROBLEM_NO_CHALLENGE,
                   "To validate %s%s the CA offers %s, but ACMEChallenge allows %s%s",
                   authorization->wildcard ? "*." : "", authorization->name,
                   list_offered(result->pool, authorization), list_allowed(result->pool, allowed),
                   explain_unfit(authorization));
    result->identifier = apr_pstrdup(result->pool, authorization->name);
}

static int token_is_usable(const char *token)
{
    return token != NULL && strlen(token) >= TOKEN_MIN && base64url_is_valid(token, LIMIT_TOKEN);
}

const acme_challenge_t *acme_authorization_choose(const acme_authorization_t *authorization,
                                                  const apr_array_header_t *allowed,
                                                  eab_result_t *result)
{
    const acme_challenge_t *challenge = NULL;
    int i;

    for (i = 0; i < allowed->nelts && challenge == NULL; i++) {
        const char *type = APR_ARRAY_IDX(allowed, i, const char *);

        challenge = acme_authorization_find(authorization, type);
    }
    if (challenge == NULL) {
        refuse_offer(authorization, allowed, result);
        return NULL;
    }
    if (strcmp(challenge->type, PERSIST) != 0 && !token_is_usable(challenge->token)) {
        eab_result_set(result, APR_EGENERAL, EAB_PROBLEM_TOKEN,
                       "The CA's %s challenge for %s has no usable token", challenge->type,
                       authorization->name);
        result->identifier = apr_pstrdup(result->pool, authorization->name);
        return NULL;
    }
    return challenge;
}
