/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/brief.h"

#include <string.h>

#include <apr_strings.h>

#include "base/json.h"
#include "ipc/member.h"

/* Of what a CA says of itself, for a person to read. */
#define ADDRESS_MAX 1000
#define VALIDATIONS_MAX 100
#define IDENTITIES_MAX 20
#define NAME_MAX_LEN 255
#define PROFILES_MAX 50
#define PROFILE_NAME_MAX 100
#define PROFILE_TEXT_MAX 300

/* How old the date of what is kept may become before it is written anew. */
#define DATE_INTERVAL apr_time_from_sec(24 * 3600)

static const member_t facts_members[] = {
    MEMBER_STRINGS(brief_facts_t, names),        MEMBER_STRING(brief_facts_t, key_type),
    MEMBER_STRING(brief_facts_t, issuer),        MEMBER_STRINGS(brief_facts_t, issuers),
    MEMBER_STRING(brief_facts_t, serial),        MEMBER_STRING(brief_facts_t, fingerprint),
    MEMBER_TIME(brief_facts_t, not_before),      MEMBER_TIME(brief_facts_t, not_after),
    MEMBER_TIME(brief_facts_t, obtained),        MEMBER_STRING(brief_facts_t, generation),
    MEMBER_BOOL(brief_facts_t, same_account, 0), MEMBER_STRING(brief_facts_t, ari_id),
    MEMBER_STRING(brief_facts_t, activation),    MEMBER_STRING(brief_facts_t, activation_why),
    MEMBER_BOOL(brief_facts_t, must_staple, 0),  MEMBER_STRING(brief_facts_t, ocsp_url),
    MEMBER_TIME(brief_facts_t, staple_from),     MEMBER_TIME(brief_facts_t, staple_until),
    MEMBER_TIME(brief_facts_t, ocsp_revoked),    MEMBER_STRING(brief_facts_t, ocsp_reason),
    MEMBER_TIME(brief_facts_t, root_revoked),    MEMBER_INT(brief_facts_t, root_reason, 0),
    MEMBER_STRING(brief_facts_t, root_user),     MEMBER_END,
};

static const member_t window_members[] = {
    MEMBER_STRING(brief_window_t, ari_id),      MEMBER_TIME(brief_window_t, start),
    MEMBER_TIME(brief_window_t, end),           MEMBER_TIME(brief_window_t, drawn),
    MEMBER_STRING(brief_window_t, explanation), MEMBER_TIME(brief_window_t, next),
    MEMBER_INT(brief_window_t, errors, 0),      MEMBER_INT(brief_window_t, at_once, 0),
    MEMBER_INT(brief_window_t, repeated, 0),    MEMBER_END,
};

static const member_t validation_members[] = {
    MEMBER_STRING(brief_validation_t, name),
    MEMBER_TIME(brief_validation_t, until),
    MEMBER_END,
};

static const member_t validations_members[] = {
    MEMBER_STRING(brief_validations_t, fingerprint),
    MEMBER_LIST(brief_validations_t, list, validation_members),
    MEMBER_STRINGS(brief_validations_t, issuers),
    MEMBER_END,
};

static const member_t failure_members[] = {
    MEMBER_INT(brief_failure_t, attempts, 0),
    MEMBER_TIME(brief_failure_t, since),
    MEMBER_TIME(brief_failure_t, next),
    MEMBER_INT(brief_failure_t, place, 0),
    MEMBER_INT(brief_failure_t, subset, 0),
    MEMBER_TIME(brief_failure_t, tried),
    MEMBER_END,
};

static const member_t news_members[] = {
    MEMBER_STRING(news_t, state),
    MEMBER_STRING(news_t, why),
    MEMBER_TIME(news_t, last),
    MEMBER_TIME(news_t, next),
    MEMBER_END,
};

static const member_t account_members[] = {
    MEMBER_STRING(brief_account_t, label),
    MEMBER_STRING(brief_account_t, directory),
    MEMBER_STRING(brief_account_t, kid_sha256),
    MEMBER_STRING(brief_account_t, url),
    MEMBER_STRING(brief_account_t, thumbprint),
    MEMBER_BOOL(brief_account_t, attempted, 0),
    MEMBER_BOOL(brief_account_t, eab, 0),
    MEMBER_BOOL(brief_account_t, terms_accepted, 0),
    MEMBER_STRING(brief_account_t, terms),
    MEMBER_BOOL(brief_account_t, rolling, 0),
    MEMBER_BOOL(brief_account_t, contact_changed, 0),
    MEMBER_STRING(brief_account_t, where),
    MEMBER_STRING(brief_account_t, ca_pem),
    MEMBER_STRING(brief_account_t, proxy),
    MEMBER_STRING(brief_account_t, proxy_credentials),
    MEMBER_END,
};

static const member_t certificate_members[] = {
    MEMBER_STRING(brief_certificate_t, id),
    MEMBER_STRING(brief_certificate_t, domain),
    MEMBER_STRINGS(brief_certificate_t, names),
    MEMBER_INT(brief_certificate_t, account, -1),
    MEMBER_STRINGS(brief_certificate_t, challenges),
    MEMBER_BOOL(brief_certificate_t, dns_command, 0),
    MEMBER_STRING(brief_certificate_t, dns_resolver),
    MEMBER_STRING(brief_certificate_t, profile),
    MEMBER_BOOL(brief_certificate_t, profile_required, 0),
    MEMBER_BOOL(brief_certificate_t, allow_subset, 0),
    MEMBER_STRING(brief_certificate_t, preferred_chain),
    MEMBER_STRING(brief_certificate_t, key_type),
    MEMBER_INT(brief_certificate_t, renew_percent, 0),
    MEMBER_SPAN(brief_certificate_t, renew_before),
    MEMBER_BOOL(brief_certificate_t, served, 0),
    MEMBER_BOOL(brief_certificate_t, fallback, 0),
    MEMBER_STRING(brief_certificate_t, loaded),
    MEMBER_STRING(brief_certificate_t, unusable),
    MEMBER_STRINGS(brief_certificate_t, doors),
    MEMBER_STRINGS(brief_certificate_t, used_by),
    MEMBER_STRING(brief_certificate_t, where),
    MEMBER_BOOL(brief_certificate_t, ordering, 0),
    MEMBER_BOOL(brief_certificate_t, trial, 0),
    MEMBER_STRINGS(brief_certificate_t, order_names),
    MEMBER_STRING(brief_certificate_t, order_url),
    MEMBER_STRING(brief_certificate_t, order_finalize),
    MEMBER_BOOL(brief_certificate_t, finalized, 0),
    MEMBER_TIME(brief_certificate_t, order_since),
    MEMBER_TIME(brief_certificate_t, demanded),
    MEMBER_END,
};

static const member_t brief_members[] = {
    MEMBER_STRING(brief_t, httpd_version),
    MEMBER_STRING(brief_t, run_dir),
    MEMBER_INT(brief_t, max_parallel, 0),
    MEMBER_INT(brief_t, log_level, 4),
    MEMBER_INT(brief_t, httpd_pid, 0),
    MEMBER_TIME(brief_t, httpd_since),
    MEMBER_INT(brief_t, httpd_restarts, 0),
    MEMBER_INT(brief_t, keeper_pid, 0),
    MEMBER_TIME(brief_t, keeper_since),
    MEMBER_INT(brief_t, keeper_restarts, 0),
    MEMBER_INT(brief_t, agent_restarts, 0),
    MEMBER_BOOL(brief_t, once, 0),
    MEMBER_END,
};

brief_t *brief_make(apr_pool_t *p)
{
    brief_t *brief = apr_pcalloc(p, sizeof(*brief));

    brief->accounts = apr_array_make(p, 2, sizeof(brief_account_t));
    brief->certificates = apr_array_make(p, 8, sizeof(brief_certificate_t));
    brief->reload.state = "idle";
    return brief;
}

json_t *brief_facts_to_json(const brief_facts_t *facts)
{
    return member_message(facts_members, facts);
}

brief_facts_t *brief_facts_from_json(apr_pool_t *p, const json_t *json)
{
    brief_facts_t *facts;

    if (!json_is_object(json)) {
        return NULL;
    }
    facts = apr_pcalloc(p, sizeof(*facts));
    member_read(facts, facts_members, json, p);
    return facts;
}

json_t *brief_window_to_json(const brief_window_t *window)
{
    return member_object(window_members, window);
}

void brief_window_from_json(brief_window_t *window, const json_t *json, apr_pool_t *p)
{
    member_read(window, window_members, json, p);
}

void brief_facts_settle(member_block_t **pblock, brief_facts_t *facts, apr_pool_t *p)
{
    member_settle(pblock, facts_members, facts, p);
}

void brief_window_settle(member_block_t **pblock, brief_window_t *window, apr_pool_t *p)
{
    member_settle(pblock, window_members, window, p);
}

void brief_validations_settle(member_block_t **pblock, brief_validations_t *validations,
                              apr_pool_t *p)
{
    member_settle(pblock, validations_members, validations, p);
}

json_t *brief_failure_to_json(const brief_failure_t *failure)
{
    json_t *json;

    if (failure->attempts == 0) {
        return json_null();
    }
    json = member_object(failure_members, failure);
    json_object_set_new(json, "facts", json_integer(failure->facts));
    json_object_set_new(json, "problem", eab_result_to_json(failure->problem));
    return json;
}

void brief_failure_from_json(brief_failure_t *failure, const json_t *json, apr_pool_t *p)
{
    const json_t *problem = json_object_get(json, "problem");

    member_read(failure, failure_members, json, p);
    failure->facts = json_peek_int(json, "facts", 0);
    failure->problem = eab_result_make(p);
    eab_result_from_json(failure->problem, problem);
    if (!json_is_object(problem)) {
        failure->attempts = 0;
    }
}

json_t *news_to_json(const news_t *news)
{
    return member_object(news_members, news);
}

void news_from_json(news_t *news, const json_t *json, apr_pool_t *p)
{
    member_read(news, news_members, json, p);
    if (news->state == NULL) {
        news->state = "idle";
    }
}

static apr_array_header_t *copy_identities(apr_pool_t *p, const json_t *all)
{
    apr_array_header_t *some = apr_array_make(p, 4, sizeof(const char *));
    const json_t *identity;
    size_t i;

    json_array_foreach(all, i, identity)
    {
        if (some->nelts < IDENTITIES_MAX && json_is_string(identity)
            && json_string_length(identity) <= NAME_MAX_LEN) {
            APR_ARRAY_PUSH(some, const char *) = apr_pstrdup(p, json_string_value(identity));
        }
    }
    return some;
}

/* ---- how long validations last ---- */

json_t *brief_validations_to_json(const brief_validations_t *validations)
{
    json_t *json, *list;
    int i;

    if (validations->fingerprint == NULL) {
        return json_null();
    }
    json = json_object();
    list = json_array();
    for (i = 0; i < validations->list->nelts; ++i) {
        const brief_validation_t *one = &APR_ARRAY_IDX(validations->list, i, brief_validation_t);
        json_t *member = json_object();

        json_put_string(member, "name", one->name);
        json_put_time(member, "until", one->until);
        json_array_append_new(list, member);
    }
    json_put_string(json, "fingerprint", validations->fingerprint);
    json_object_set_new(json, "names", list);
    json_put_strings(json, "issuers", validations->issuers);
    return json;
}

void brief_validations_from_json(brief_validations_t *validations, const json_t *json,
                                 apr_pool_t *p)
{
    const json_t *member;
    size_t i;

    memset(validations, 0, sizeof(*validations));
    if (!json_is_object(json)) {
        return;
    }
    validations->fingerprint = json_copy_string(p, json, "fingerprint");
    validations->list = apr_array_make(p, 4, sizeof(brief_validation_t));
    json_array_foreach(json_object_get(json, "names"), i, member)
    {
        const char *name = json_peek_string(member, "name");
        apr_time_t until = json_peek_time(member, "until");

        if (name != NULL && strlen(name) <= NAME_MAX_LEN && until != 0
            && validations->list->nelts < VALIDATIONS_MAX) {
            brief_validation_t *one = apr_array_push(validations->list);

            one->name = apr_pstrdup(p, name);
            one->until = until;
        }
    }
    validations->issuers = copy_identities(p, json_object_get(json, "issuers"));
}

/* ---- what a CA says of itself ---- */

static const char *copy_if_short(apr_pool_t *p, const json_t *json, const char *key)
{
    const json_t *text = json_object_get(json, key);

    return json_string_length(text) <= ADDRESS_MAX ? json_copy_string(p, json, key) : NULL;
}

static json_t *copy_profiles(apr_pool_t *p, json_t *all)
{
    json_t *some = json_own(p, json_object());
    const char *name;
    json_t *text;

    json_object_foreach(all, name, text)
    {
        if (json_object_size(some) < PROFILES_MAX && strlen(name) <= PROFILE_NAME_MAX
            && json_is_string(text) && json_string_length(text) <= PROFILE_TEXT_MAX) {
            json_object_set_new(some, name, json_string(json_string_value(text)));
        }
    }
    return json_object_size(some) > 0 ? some : NULL;
}

json_t *brief_directory_to_json(const brief_directory_t *directory)
{
    json_t *json;

    if (directory->seen == 0) {
        return json_null();
    }
    json = json_object();
    json_put_time(json, "seen", directory->seen);
    json_put_string(json, "terms", directory->terms);
    json_put_string(json, "website", directory->website);
    json_object_set_new(json, "eab_required", json_boolean(directory->eab_required));
    json_object_set_new(json, "renewal_info", json_boolean(directory->renewal_info));
    json_put_strings(json, "caa_identities", directory->caa_identities);
    if (directory->profiles != NULL) {
        json_object_set(json, "profiles", directory->profiles);
    }
    return json;
}

void brief_directory_from_json(brief_directory_t *directory, const json_t *json, apr_pool_t *p)
{
    directory->seen = json_peek_time(json, "seen");
    directory->terms = copy_if_short(p, json, "terms");
    directory->website = copy_if_short(p, json, "website");
    directory->eab_required = json_peek_bool(json, "eab_required", 0);
    directory->renewal_info = json_peek_bool(json, "renewal_info", 0);
    directory->caa_identities = copy_identities(p, json_object_get(json, "caa_identities"));
    directory->profiles = copy_profiles(p, json_object_get(json, "profiles"));
}

int brief_directory_is_news(const brief_directory_t *a, const brief_directory_t *b)
{
    json_t *said = brief_directory_to_json(a), *says = brief_directory_to_json(b);
    int same;

    json_object_del(said, "seen");
    json_object_del(says, "seen");
    same = json_equal(said, says);
    json_decref(said);
    json_decref(says);
    return !same || a->seen > b->seen || b->seen - a->seen > DATE_INTERVAL;
}

static json_t *account_to_json(const brief_account_t *account)
{
    json_t *json = member_message(account_members, account);

    json_object_set_new(json, "failure", brief_failure_to_json(&account->failure));
    if (account->told.seen != 0) {
        json_object_set_new(json, "told", brief_directory_to_json(&account->told));
    }
    if (account->broken != NULL) {
        json_object_set_new(json, "broken", eab_result_to_json(account->broken));
    }
    return json;
}

static void account_from_json(brief_account_t *account, const json_t *json, apr_pool_t *p)
{
    const json_t *broken = json_object_get(json, "broken");

    member_read(account, account_members, json, p);
    brief_failure_from_json(&account->failure, json_object_get(json, "failure"), p);
    brief_directory_from_json(&account->told, json_object_get(json, "told"), p);
    if (json_is_object(broken)) {
        account->broken = eab_result_make(p);
        eab_result_from_json(account->broken, broken);
    }
}

static json_t *certificate_to_json(const brief_certificate_t *certificate)
{
    json_t *json = member_message(certificate_members, certificate);

    if (certificate->facts != NULL) {
        json_object_set_new(json, "facts", brief_facts_to_json(certificate->facts));
    }
    if (certificate->window.ari_id != NULL) {
        json_object_set_new(json, "window", brief_window_to_json(&certificate->window));
    }
    if (certificate->validations.fingerprint != NULL) {
        json_object_set_new(json, "validations",
                            brief_validations_to_json(&certificate->validations));
    }
    if (certificate->failure.attempts != 0) {
        json_object_set_new(json, "failure", brief_failure_to_json(&certificate->failure));
    }
    return json;
}

static void certificate_from_json(brief_certificate_t *certificate, const json_t *json,
                                  apr_pool_t *p)
{
    member_read(certificate, certificate_members, json, p);
    certificate->facts = brief_facts_from_json(p, json_object_get(json, "facts"));
    brief_window_from_json(&certificate->window, json_object_get(json, "window"), p);
    brief_validations_from_json(&certificate->validations, json_object_get(json, "validations"), p);
    brief_failure_from_json(&certificate->failure, json_object_get(json, "failure"), p);
}

/* Without the lists. */
static json_t *rest_to_json(const brief_t *brief)
{
    json_t *json = member_object(brief_members, brief);

    json_object_set_new(json, "reload", news_to_json(&brief->reload));
    if (brief->leftovers != NULL) {
        json_object_set(json, "leftovers", brief->leftovers);
    }
    if (brief->exports != NULL) {
        json_object_set(json, "exports", brief->exports);
    }
    if (brief->counters != NULL) {
        json_object_set(json, "counters", brief->counters);
    }
    if (brief->history != NULL) {
        json_object_set(json, "history", brief->history);
    }
    return json;
}

json_t *brief_to_json(const brief_t *brief)
{
    json_t *json = rest_to_json(brief);
    json_t *accounts = json_array(), *certificates = json_array();
    int i;

    for (i = 0; i < brief->accounts->nelts; ++i) {
        json_array_append_new(accounts,
                              account_to_json(&APR_ARRAY_IDX(brief->accounts, i, brief_account_t)));
    }
    for (i = 0; i < brief->certificates->nelts; ++i) {
        json_array_append_new(certificates, certificate_to_json(&APR_ARRAY_IDX(
                                                brief->certificates, i, brief_certificate_t)));
    }
    json_object_set_new(json, "accounts", accounts);
    json_object_set_new(json, "certificates", certificates);
    return json;
}

apr_status_t brief_send(const brief_t *brief, message_send_fn *send, void *baton)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; i < brief->accounts->nelts && rv == APR_SUCCESS; ++i) {
        rv = send(baton, MESSAGE_ACCOUNT,
                  account_to_json(&APR_ARRAY_IDX(brief->accounts, i, brief_account_t)));
    }
    for (i = 0; i < brief->certificates->nelts && rv == APR_SUCCESS; ++i) {
        json_t *json =
            certificate_to_json(&APR_ARRAY_IDX(brief->certificates, i, brief_certificate_t));

        if (i == 0) { /* the first one says how many there are */
            json_object_set_new(json, "count", json_integer(brief->certificates->nelts));
        }
        rv = send(baton, MESSAGE_CERTIFICATE, json);
    }
    return rv == APR_SUCCESS ? send(baton, MESSAGE_BRIEF, rest_to_json(brief)) : rv;
}

static apr_status_t check_brief(const brief_t *brief, eab_result_t *result)
{
    int i;

    if (brief->run_dir == NULL) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "The keeper's brief lacks the run directory.");
    }
    for (i = 0; i < brief->accounts->nelts; ++i) {
        if (APR_ARRAY_IDX(brief->accounts, i, brief_account_t).directory == NULL) {
            return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                                  "The keeper's brief lacks a directory URL.");
        }
    }
    for (i = 0; i < brief->certificates->nelts; ++i) {
        const brief_certificate_t *certificate =
            &APR_ARRAY_IDX(brief->certificates, i, brief_certificate_t);

        if (certificate->id == NULL || certificate->names->nelts == 0 || certificate->account < 0
            || certificate->account >= brief->accounts->nelts) {
            return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                                  "The keeper's brief lacks a part of a certificate.");
        }
    }
    return APR_SUCCESS;
}

static apr_status_t take_rest(brief_t *brief, const json_t *json, eab_result_t *result)
{
    apr_pool_t *p = brief->accounts->pool;

    member_read(brief, brief_members, json, p);
    news_from_json(&brief->reload, json_object_get(json, "reload"), p);
    if (json_is_object(json_object_get(json, "leftovers"))) {
        brief->leftovers = json_own(p, json_deep_copy(json_object_get(json, "leftovers")));
    }
    if (json_is_array(json_object_get(json, "history"))) {
        brief->history = json_own(p, json_deep_copy(json_object_get(json, "history")));
    }
    if (json_is_array(json_object_get(json, "exports"))) {
        brief->exports = json_own(p, json_deep_copy(json_object_get(json, "exports")));
    }
    if (json_is_object(json_object_get(json, "counters"))) {
        brief->counters = json_own(p, json_deep_copy(json_object_get(json, "counters")));
    }
    return check_brief(brief, result);
}

apr_status_t brief_take(brief_t *brief, int type, const json_t *body, eab_result_t *result)
{
    apr_pool_t *p = brief->accounts->pool;

    switch (type) {
    case MESSAGE_ACCOUNT:
        account_from_json(apr_array_push(brief->accounts), body, p);
        return APR_EAGAIN;
    case MESSAGE_CERTIFICATE:
        member_make_room(brief->certificates, json_peek_int(body, "count", 0));
        certificate_from_json(apr_array_push(brief->certificates), body, p);
        return APR_EAGAIN;
    case MESSAGE_BRIEF:
        return take_rest(brief, body, result);
    default:
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "A message from the keeper is no part of a brief.");
    }
}

apr_status_t brief_from_json(brief_t **pbrief, const json_t *json, eab_result_t *result,
                             apr_pool_t *p)
{
    brief_t *brief = brief_make(p);
    const json_t *item;
    apr_status_t rv;
    size_t i;

    *pbrief = NULL;
    json_array_foreach(json_object_get(json, "accounts"), i, item)
    {
        brief_take(brief, MESSAGE_ACCOUNT, item, result);
    }
    json_array_foreach(json_object_get(json, "certificates"), i, item)
    {
        brief_take(brief, MESSAGE_CERTIFICATE, item, result);
    }
    if ((rv = take_rest(brief, json, result)) == APR_SUCCESS) {
        *pbrief = brief;
    }
    return rv;
}
