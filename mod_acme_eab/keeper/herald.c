/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/herald.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/name.h"
#include "ipc/member.h"
#include "policy/event.h"
#include "policy/validation.h"
#include "store/ledger.h"

#define EVENT_VERSION 1

/* Whatever is known of the next time: the clock, and what the CA says, may change. */
#define LOOK_AGAIN apr_time_from_sec(3600)

/* When what could not be written into the spool is tried again. */
#define TRY_AGAIN apr_time_from_sec(60)

/* So many that nothing but a message has told of wait for the spool: the oldest give way. */
#define UNTOLD_MAX 100

/* Of a certificate whose life is shorter, a half is left at its renewal (policy/renew.h). */
#define SHORT_LIFE apr_time_from_sec(10 * 24 * 3600)

#define CERTIFICATE_KEY "certificate "
#define ACCOUNT_KEY "account "
#define LEFTOVER_KEY "leftover "
#define REVOKED_KEY "revoked "
#define BLOCKED_KEY "blocked "

struct herald {
    const model_t *model;
    chronicle_t *chronicle;
    delivery_t *delivery;
    ledger_t *ledger; /* NULL: it was not started yet */
    loop_timer_t *timer;
    apr_time_t next; /* what the timer is set to */
    json_t *
        untold; /* [{"event","of","told"}]: for the spool, and not to be found again by what is so */
    const json_t *leftovers;
    int is_new; /* nothing was ever told in this store */
    int failed; /* what was told could not be written, which was said */
    int heard;  /* a program is told of something that is not in the ledger yet */
};

/* What was told of an account. */
typedef struct account_told {
    const char *url;
    const char *problem; /* type */
    apr_time_t problem_at;
    const char *terms; /* URL of those that were told, or agreed to */
    int closed;        /* that it is deactivated was told */
} account_told_t;

/* Serials are remembered beside what policy goes by, so that an event can name the one before. */
typedef struct certificate_told {
    event_told_t events;
    const char *serial;
    const char *previous_serial;
} certificate_told_t;

static const member_t told_members[] = {
    MEMBER_STRING(event_told_t, issued),
    MEMBER_TIME(event_told_t, issued_at),
    MEMBER_INT(event_told_t, number, 0),
    MEMBER_STRING(event_told_t, deployed),
    MEMBER_STRING(event_told_t, problem),
    MEMBER_TIME(event_told_t, problem_at),
    MEMBER_STRING(event_told_t, failed),
    MEMBER_STRING(event_told_t, judged),
    MEMBER_STRING(event_told_t, missing),
    MEMBER_STRING(event_told_t, ends),
    MEMBER_INT(event_told_t, threshold, 0),
    MEMBER_INT(event_told_t, expired, 0),
    MEMBER_STRING(event_told_t, lapsing),
    MEMBER_TIME(event_told_t, lapses),
    MEMBER_END,
};

static const member_t serial_members[] = {
    MEMBER_STRING(certificate_told_t, serial),
    MEMBER_STRING(certificate_told_t, previous_serial),
    MEMBER_END,
};

static const member_t account_members[] = {
    MEMBER_STRING(account_told_t, url),      MEMBER_STRING(account_told_t, problem),
    MEMBER_TIME(account_told_t, problem_at), MEMBER_STRING(account_told_t, terms),
    MEMBER_INT(account_told_t, closed, 0),   MEMBER_END,
};

/* ---- what was told ---- */

static const means_t *means_of(const herald_t *herald)
{
    return herald->model->means;
}

static const char *certificate_key(const keeper_certificate_t *certificate, apr_pool_t *p)
{
    return apr_pstrcat(p, CERTIFICATE_KEY, certificate->plan->id, NULL);
}

static const char *account_key(const keeper_account_t *account, apr_pool_t *p)
{
    return apr_pstrcat(p, ACCOUNT_KEY, account->registration->id, NULL);
}

static json_t *certificate_told_to_json(const certificate_told_t *told)
{
    json_t *json = member_object(told_members, &told->events);
    json_t *serials = member_object(serial_members, told);

    json_object_update(json, serials);
    json_decref(serials);
    return json;
}

/* @return 0 when nothing was ever told of it */
static int read_certificate_told(certificate_told_t *told, const herald_t *herald, const char *key,
                                 apr_pool_t *p)
{
    const json_t *json = ledger_get(herald->ledger, key);

    memset(told, 0, sizeof(*told));
    if (json == NULL) {
        return 0;
    }
    member_read(&told->events, told_members, json, p);
    member_read(told, serial_members, json, p);
    return 1;
}

/* After a power cut what no program was told of may be forgotten, and is noted once more; what one was told
 * of is never told again. */
static void save(herald_t *herald)
{
    apr_pool_t *pool = NULL;
    eab_result_t *result;

    apr_pool_create(&pool, means_of(herald)->pool);
    result = eab_result_make(pool);
    if (ledger_save(herald->ledger, herald->heard, result) != APR_SUCCESS && !herald->failed) {
        log_line(LOG_LEVEL_ERROR,
                 "%s Until that is mended, events may be told again after a "
                 "restart of httpd",
                 result->detail);
    }
    herald->failed = result->rv != APR_SUCCESS;
    herald->heard &= herald->failed;
    apr_pool_destroy(pool);
}

static void look_at(herald_t *herald, apr_time_t next)
{
    if (next != 0 && (herald->next == 0 || next < herald->next)) {
        herald->next = next;
        loop_timer_set(herald->timer, next);
    }
}

/* ---- what an event says ---- */

static const char *instance_of(const store_t *store)
{
    static const char prefix[] = "acme-eab-";
    const char *base = strrchr(store->dir, '/');

    base = base != NULL ? base + 1 : store->dir;
    return strncmp(base, prefix, sizeof(prefix) - 1) == 0 && base[sizeof(prefix) - 1] != '\0'
               ? base + sizeof(prefix) - 1
               : "default";
}

static json_t *begin(const herald_t *herald, event_kind_t kind, apr_pool_t *p)
{
    json_t *event = json_own(p, json_object());

    json_object_set_new(event, "version", json_integer(EVENT_VERSION));
    json_put_string(event, "event", event_name(kind));
    json_put_time(event, "at", apr_time_now());
    json_put_string(event, "instance", instance_of(means_of(herald)->store));
    return event;
}

static void put_problem(json_t *event, const failure_t *failure)
{
    json_t *problem = json_null(), *next = json_null();

    if (failure != NULL) {
        problem = eab_result_to_json(failure->problem);
        json_object_del(problem, "rv");
        json_put_time(problem, "since", failure->since);
        json_object_set_new(problem, "attempts", json_integer(failure->attempts));
        next = json_object();
        json_put_string(next, "what", "retry");
        json_put_time(next, "at", failure->next);
    }
    json_object_set_new(event, "problem", problem);
    json_object_set_new(event, "next", next);
}

static void put_files(json_t *event, const herald_t *herald,
                      const keeper_certificate_t *certificate, apr_pool_t *p)
{
    const char *entry = store_entry(p, certificate->plan->id);
    const char *live = store_path(p, means_of(herald)->store, "live", entry, NULL);
    json_t *files = json_object();

    json_put_string(files, "live", live);
    json_put_string(files, "key", apr_pstrcat(p, live, "/privkey.pem", NULL));
    json_put_string(files, "fullchain", apr_pstrcat(p, live, "/fullchain.pem", NULL));
    json_object_set_new(event, "files", files);
}

static void put_generation(json_t *event, const generation_t *generation)
{
    const chain_facts_t *facts = generation->facts;

    json_put_string(event, "serial", facts->serial);
    json_put_string(event, "fingerprint_sha256", facts->fingerprint);
    json_put_string(event, "issuer", facts->issuer);
    json_put_time(event, "not_before", facts->not_before);
    json_put_time(event, "not_after", facts->not_after);
    json_put_string(event, "generation", generation->number);
}

static void put_account(json_t *event, const keeper_account_t *account)
{
    json_put_string(event, "account", account->plan->label);
    json_put_string(event, "directory", account->plan->directory);
}

static json_t *make_certificate_event(const herald_t *herald, event_kind_t kind,
                                      const keeper_certificate_t *certificate,
                                      const generation_t *generation,
                                      const certificate_told_t *told, apr_pool_t *p)
{
    const plan_certificate_t *plan = certificate->plan;
    json_t *event = begin(herald, kind, p);

    json_put_string(event, "name", APR_ARRAY_IDX(plan->names, 0, const char *));
    json_put_strings(event, "names", generation != NULL ? generation->facts->names : plan->names);
    json_put_strings(event, "missing_names",
                     generation != NULL ? name_uncovered(p, generation->facts->names, plan->names)
                                        : apr_array_make(p, 1, sizeof(const char *)));
    json_put_string(event, "key_type", plan->key_type);
    put_account(event, certificate->account);
    if (generation != NULL) {
        put_generation(event, generation);
        json_put_string(event, "previous_serial", told->previous_serial);
        put_files(event, herald, certificate, p);
    }
    put_problem(event, certificate->failing.failure);
    return event;
}

/* What the history has of it; the rest is of use to a program. */
static void enter(const herald_t *herald, const json_t *event)
{
    static const char *const members[] = { "at",         "event",     "name",       "names",
                                           "key_type",   "account",   "generation", "serial",
                                           "issuer",     "not_after", "validation", "terms",
                                           "directories" };
    json_t *entry = json_object();
    size_t i;

    for (i = 0; i < sizeof(members) / sizeof(members[0]); ++i) {
        json_object_set(entry, members[i], json_object_get(event, members[i]));
    }
    if (json_array_size(json_object_get(event, "missing_names")) > 0) {
        json_object_set(entry, "missing_names", json_object_get(event, "missing_names"));
    }
    chronicle_enter(herald->chronicle, entry);
}

/* The chronicle hears of these itself. */
static int is_in_history(event_kind_t kind)
{
    return kind == EVENT_ISSUED || kind == EVENT_FAILING || kind == EVENT_RECOVERED
           || kind == EVENT_RELOAD_REFUSED || kind == EVENT_RELOAD_FAILED
           || kind == EVENT_ACCOUNT_REGISTERED || kind == EVENT_ACCOUNT_FAILING
           || kind == EVENT_ACCOUNT_DEACTIVATED || kind == EVENT_REVOKED
           || kind == EVENT_KEY_BLOCKED;
}

/* It counts as told when it is in the spool. told is given away.
 * @return why it is not: it is to be told again */
static apr_status_t tell(herald_t *herald, event_kind_t kind, json_t *event, const char *key,
                         json_t *told)
{
    apr_status_t rv = delivery_add(herald->delivery, kind, event, key, told);

    if (rv != APR_SUCCESS) {
        json_decref(told);
        look_at(herald, apr_time_now() + TRY_AGAIN);
        return rv;
    }
    herald->heard |= delivery_is_wanted(herald->delivery, kind);
    if (!is_in_history(kind)) {
        enter(herald, event);
    }
    if (key != NULL) {
        ledger_set(herald->ledger, key, told);
    }
    return APR_SUCCESS;
}

/* The same of what nobody finds again by looking at what is so: it is kept until it is in the spool. */
static void tell_surely(herald_t *herald, event_kind_t kind, json_t *event, const char *key)
{
    json_t *wait;

    if (tell(herald, kind, event, key, key != NULL ? json_true() : NULL) == APR_SUCCESS) {
        return;
    }
    wait = json_object();
    json_object_set(wait, "event", event);
    json_put_string(wait, "of", key);
    json_array_append_new(herald->untold, wait);
    if (json_array_size(herald->untold) > UNTOLD_MAX) {
        json_array_remove(herald->untold, 0);
    }
}

static void tell_untold(herald_t *herald)
{
    size_t left = json_array_size(herald->untold);

    for (; left > 0; --left) {
        json_t *wait = json_incref(json_array_get(herald->untold, 0));
        json_t *event = json_object_get(wait, "event");

        json_array_remove(herald->untold, 0);
        tell_surely(herald, event_parse(json_peek_string(event, "event")), event,
                    json_peek_string(wait, "of"));
        json_decref(wait);
    }
}

/* ---- certificates ---- */

/* How long before its end its renewal is planned. */
static apr_interval_time_t margin_of(const plan_certificate_t *plan, const chain_facts_t *facts)
{
    apr_interval_time_t life = facts->not_after - facts->not_before;

    if (plan->renew_before > 0 && plan->renew_before < life) {
        return plan->renew_before;
    }
    if (plan->renew_percent > 0) {
        return life / 100 * plan->renew_percent;
    }
    return life < SHORT_LIFE ? life / 2 : life / 3;
}

/* The first validation to end of those that nothing here can renew. */
static void find_lapse(event_facts_t *facts, const keeper_certificate_t *certificate)
{
    const brief_validations_t *validations = &certificate->validations;
    const generation_t *best = certificate->best;
    int i;

    if (best == NULL || validations->fingerprint == NULL || validations->list == NULL
        || strcmp(validations->fingerprint, best->facts->fingerprint) != 0) {
        return;
    }
    for (i = 0; i < validations->list->nelts; ++i) {
        const brief_validation_t *one = &APR_ARRAY_IDX(validations->list, i, brief_validation_t);

        if ((facts->lapsing == NULL || one->until < facts->lapses)
            && !validation_can_be_had(certificate->plan->challenges, one->name, 0)) {
            facts->lapsing = one->name;
            facts->lapses = one->until;
            facts->lapse_life = one->until - best->installed;
        }
    }
}

/* The one that visitors see, if it is known. */
static const generation_t *seen_of(const keeper_certificate_t *certificate)
{
    return certificate->served != NULL ? certificate->served : certificate->best;
}

static const char *missing_of(const keeper_certificate_t *certificate, apr_pool_t *p)
{
    return apr_array_pstrcat(
        p, name_uncovered(p, certificate->best->facts->names, certificate->plan->names), ' ');
}

static event_facts_t facts_of(const keeper_certificate_t *certificate, const event_told_t *told,
                              apr_pool_t *p)
{
    const generation_t *best = certificate->best, *seen = seen_of(certificate);
    const failure_t *failure = certificate->failing.failure;
    event_facts_t facts = { 0 };

    facts.served = certificate->in_use;
    facts.missing = "";
    if (best != NULL) {
        facts.newest = best->facts->fingerprint;
        facts.number = atoi(best->number);
        facts.issued = best->installed;
        if (told->judged == NULL || strcmp(told->judged, facts.newest) != 0) {
            facts.missing = missing_of(certificate, p);
        }
    }
    if (seen != NULL) {
        facts.ends = seen->facts->fingerprint;
        facts.not_before = seen->facts->not_before;
        facts.not_after = seen->facts->not_after;
        facts.margin = margin_of(certificate->plan, seen->facts);
    }
    if (failure != NULL) {
        facts.problem = failure->problem->type != NULL ? failure->problem->type : "";
    }
    find_lapse(&facts, certificate);
    return facts;
}

static const generation_t *generation_of(event_kind_t kind, const keeper_certificate_t *certificate)
{
    return kind == EVENT_ISSUED || kind == EVENT_NAMES_MISSING || kind == EVENT_NAMES_COMPLETE
                   || kind == EVENT_RECOVERED || kind == EVENT_VALIDATION_EXPIRING
               ? certificate->best
               : seen_of(certificate);
}

static void note(certificate_told_t *told, event_kind_t kind, apr_time_t now,
                 const event_facts_t *facts, const keeper_certificate_t *certificate)
{
    if (kind == EVENT_ISSUED) {
        told->previous_serial = told->serial;
        told->serial = certificate->best->facts->serial;
    }
    event_note(&told->events, kind, now, facts);
}

static void put_lapse(json_t *event, const event_facts_t *facts)
{
    json_t *validation = json_object();

    json_put_string(validation, "name", facts->lapsing);
    json_put_time(validation, "until", facts->lapses);
    json_object_set_new(event, "validation", validation);
}

static void begin_certificate(const herald_t *herald, certificate_told_t *told,
                              const event_facts_t *facts, const keeper_certificate_t *certificate)
{
    event_begin(&told->events, facts, herald->is_new);
    if (certificate->best != NULL) {
        told->serial = certificate->best->facts->serial;
    }
}

/* Tell what is due. */
static void consider_certificate(herald_t *herald, const keeper_certificate_t *certificate,
                                 apr_pool_t *p)
{
    const char *key = certificate_key(certificate, p);
    apr_time_t now = apr_time_now();
    certificate_told_t told;
    event_facts_t facts;
    event_kind_t kind;
    int is_first = !read_certificate_told(&told, herald, key, p);
    const char *judged;

    facts = facts_of(certificate, &told.events, p);
    if (is_first) {
        begin_certificate(herald, &told, &facts, certificate);
        ledger_set(herald->ledger, key, certificate_told_to_json(&told));
    }
    while ((kind = event_due(now, &facts, &told.events)) != EVENT_NONE) {
        json_t *event;

        note(&told, kind, now, &facts, certificate);
        event = make_certificate_event(herald, kind, certificate, generation_of(kind, certificate),
                                       &told, p);
        if (kind == EVENT_VALIDATION_EXPIRING) {
            put_lapse(event, &facts);
        }
        if (tell(herald, kind, event, key, certificate_told_to_json(&told)) != APR_SUCCESS) {
            return; /* those behind it come after it */
        }
    }
    judged = told.events.judged;
    event_note(&told.events, EVENT_NONE, now, &facts);
    if (told.events.judged != NULL && (judged == NULL || strcmp(judged, told.events.judged) != 0)) {
        ledger_set(herald->ledger, key, certificate_told_to_json(&told));
    }
    look_at(herald, event_next(now, &facts, &told.events));
}

/* ---- accounts ---- */

static json_t *make_account_event(const herald_t *herald, event_kind_t kind,
                                  const keeper_account_t *account, apr_pool_t *p)
{
    json_t *event = begin(herald, kind, p);

    put_account(event, account);
    json_put_string(event, "url", account->registration->url);
    put_problem(event, account->failing.failure);
    return event;
}

static int differs(const char *a, const char *b)
{
    return a != b && (a == NULL || b == NULL || strcmp(a, b) != 0);
}

/* Each of these notes in told what it has told, and returns why that is not in the spool: then none of the
 * others may write down what was noted. */

static apr_status_t consider_url(herald_t *herald, account_told_t *told,
                                 const keeper_account_t *account, const char *key, apr_pool_t *p)
{
    const char *url = account->registration->url;

    if (url == NULL || !differs(url, told->url)) {
        return APR_SUCCESS;
    }
    told->url = url;
    return tell(herald, EVENT_ACCOUNT_REGISTERED,
                make_account_event(herald, EVENT_ACCOUNT_REGISTERED, account, p), key,
                member_object(account_members, told));
}

static apr_status_t consider_trouble(herald_t *herald, account_told_t *told,
                                     const keeper_account_t *account, const char *key,
                                     apr_pool_t *p)
{
    const failure_t *failure = account->failing.failure;
    const char *type = failure == NULL                  ? NULL
                       : failure->problem->type != NULL ? failure->problem->type
                                                        : "";
    apr_time_t now = apr_time_now();

    if (event_problem_is_due(now, type, told->problem, told->problem_at)) {
        told->problem = type;
        told->problem_at = now;
        return tell(herald, EVENT_ACCOUNT_FAILING,
                    make_account_event(herald, EVENT_ACCOUNT_FAILING, account, p), key,
                    member_object(account_members, told));
    }
    if (type == NULL && told->problem != NULL) {
        told->problem = NULL;
        ledger_set(herald->ledger, key, member_object(account_members, told));
    }
    return APR_SUCCESS;
}

/* Other terms than were agreed to, or told of before. */
static apr_status_t consider_terms(herald_t *herald, account_told_t *told,
                                   const keeper_account_t *account, const char *key, apr_pool_t *p)
{
    const char *terms = account->told.terms;
    const char *before = told->terms != NULL ? told->terms : account->registration->terms;
    json_t *event;

    if (account->registration->url == NULL || terms == NULL || before == NULL
        || strcmp(terms, before) == 0) {
        return APR_SUCCESS;
    }
    told->terms = terms;
    event = make_account_event(herald, EVENT_TERMS_CHANGED, account, p);
    json_put_string(event, "terms", terms);
    json_put_string(event, "previous_terms", before);
    return tell(herald, EVENT_TERMS_CHANGED, event, key, member_object(account_members, told));
}

static apr_status_t consider_end(herald_t *herald, account_told_t *told,
                                 const keeper_account_t *account, const char *key, apr_pool_t *p)
{
    if (account->registration->closed == 0 || told->closed) {
        return APR_SUCCESS;
    }
    told->closed = 1;
    return tell(herald, EVENT_ACCOUNT_DEACTIVATED,
                make_account_event(herald, EVENT_ACCOUNT_DEACTIVATED, account, p), key,
                member_object(account_members, told));
}

/* One that the account took the place of is at its end: told once, also when a crash came in between. */
static void consider_superseded(herald_t *herald, const keeper_account_t *account, const char *id,
                                apr_pool_t *p)
{
    const char *key = apr_pstrcat(p, ACCOUNT_KEY, id, NULL);
    account_told_t told = { 0 };
    registration_t *before = NULL;
    json_t *event;

    member_read(&told, account_members, ledger_get(herald->ledger, key), p);
    if (told.closed
        || registration_load_before(&before, means_of(herald)->store, account->registration, id,
                                    eab_result_make(p), p)
               != APR_SUCCESS
        || before->closed == 0) {
        return;
    }
    told.closed = 1;
    event = begin(herald, EVENT_ACCOUNT_DEACTIVATED, p);
    put_account(event, account);
    json_put_string(event, "url", before->url);
    put_problem(event, NULL);
    tell(herald, EVENT_ACCOUNT_DEACTIVATED, event, key, member_object(account_members, &told));
}

static void consider_account(herald_t *herald, const keeper_account_t *account, apr_pool_t *p)
{
    const apr_array_header_t *before;
    int i;

    account_told_t told = { 0 };
    const json_t *json;
    const char *key;

    if (account->registration == NULL) {
        return;
    }
    key = account_key(account, p);
    json = ledger_get(herald->ledger, key);
    if (json != NULL) {
        member_read(&told, account_members, json, p);
    }
    else {
        told.url = account->registration->url;
        told.closed = account->registration->closed != 0;
        ledger_set(herald->ledger, key, member_object(account_members, &told));
    }
    if (consider_url(herald, &told, account, key, p) == APR_SUCCESS
        && consider_trouble(herald, &told, account, key, p) == APR_SUCCESS
        && consider_terms(herald, &told, account, key, p) == APR_SUCCESS) {
        consider_end(herald, &told, account, key, p);
    }
    before = account->registration->before;
    for (i = 0; before != NULL && i < before->nelts; ++i) {
        consider_superseded(herald, account, APR_ARRAY_IDX(before, i, const char *), p);
    }
}

/* ---- what is not configured any more ---- */

static int is_listed(const json_t *list, const char *name)
{
    const json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        const char *other = json_peek_string(item, "name");

        if (other != NULL && strcmp(other, name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Each is told once, until it is configured again or gone. */
static void consider_leftovers(herald_t *herald, const json_t *leftovers, apr_pool_t *p)
{
    const json_t *list = json_object_get(leftovers, "certificates"), *item;
    apr_array_header_t *keys = ledger_keys(herald->ledger, LEFTOVER_KEY, p);
    size_t i;
    int k;

    for (k = 0; k < keys->nelts; ++k) {
        const char *key = APR_ARRAY_IDX(keys, k, const char *);

        if (!is_listed(list, key + strlen(LEFTOVER_KEY))) {
            ledger_set(herald->ledger, key, json_null());
        }
    }
    json_array_foreach(list, i, item)
    {
        const char *name = json_peek_string(item, "name");
        const char *key = name != NULL ? apr_pstrcat(p, LEFTOVER_KEY, name, NULL) : NULL;
        json_t *event;

        if (key == NULL || ledger_get(herald->ledger, key) != NULL) {
            continue;
        }
        if (herald->is_new) {
            ledger_set(herald->ledger, key, json_true());
            continue;
        }
        event = begin(herald, EVENT_UNCONFIGURED, p);
        json_put_string(event, "name", name);
        json_object_set(event, "directories", json_object_get(item, "directories"));
        tell_surely(herald, EVENT_UNCONFIGURED, event, key);
    }
}

/* ---- when ---- */

static void consider_all(herald_t *herald)
{
    const model_t *model = herald->model;
    apr_pool_t *pool = NULL;
    int i;

    apr_pool_create(&pool, means_of(herald)->pool);
    herald->next = 0;
    tell_untold(herald);
    for (i = 0; i < model->accounts->nelts; ++i) {
        consider_account(herald, model_account(model, i), pool);
        apr_pool_clear(pool);
    }
    for (i = 0; i < model->certificates->nelts; ++i) {
        consider_certificate(herald, model_certificate(model, i), pool);
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
    save(herald);
    look_at(herald, apr_time_now() + LOOK_AGAIN);
}

static void on_due(void *baton)
{
    consider_all(baton);
}

/* What has happened to a process is told as it happens. */
static void tell_process(herald_t *herald, event_kind_t kind, const eab_result_t *result,
                         apr_pool_t *p)
{
    json_t *event = begin(herald, kind, p);

    json_put_string(event, "why", result != NULL ? result->detail : NULL);
    tell_surely(herald, kind, event, NULL);
}

/* The record stays in the store until this is in the spool (keeper/revoking.h): after a crash in between it
 * comes here again, and is told once. */
static void tell_revoked(herald_t *herald, keeper_revocation_t *revocation, apr_pool_t *p)
{
    const revocation_t *record = revocation->record;
    const char *key = apr_pstrcat(p, REVOKED_KEY, record->fingerprint, NULL);
    json_t *event = begin(herald, EVENT_REVOKED, p);

    if (ledger_get(herald->ledger, key) != NULL) {
        return;
    }
    json_put_string(event, "name", record->name != NULL ? name_shown(p, record->name) : NULL);
    json_put_string(event, "serial", record->serial);
    json_put_string(event, "fingerprint_sha256", record->fingerprint);
    json_put_string(event, "generation", record->generation);
    json_put_string(event, "reason", revocation_reason_name(record->reason));
    json_put_string(event, "by", record->by);
    revocation->untold = tell(herald, EVENT_REVOKED, event, key, json_true()) != APR_SUCCESS;
    save(herald);
}

/* The act that has blocked it is begun again after a crash. */
static void tell_blocked(herald_t *herald, const keeper_certificate_t *certificate, apr_pool_t *p)
{
    certificate_told_t told = { 0 };
    const char *key =
        apr_pstrcat(p, BLOCKED_KEY, certificate->plan->id, " ",
                    certificate->best != NULL ? certificate->best->facts->fingerprint : "", NULL);

    if (ledger_get(herald->ledger, key) == NULL) {
        tell_surely(herald, EVENT_KEY_BLOCKED,
                    make_certificate_event(herald, EVENT_KEY_BLOCKED, certificate,
                                           certificate->best, &told, p),
                    key);
        save(herald);
    }
}

static int is_closed(const herald_t *herald)
{
    return means_of(herald)->store->trouble != NULL;
}

void herald_hear(void *baton, const change_t *change)
{
    herald_t *herald = baton;
    apr_pool_t *pool = NULL;

    if (is_closed(herald) || change->kind == CHANGE_STORE_FAILED) {
        return;
    }
    herald_start(herald);
    tell_untold(herald);
    apr_pool_create(&pool, means_of(herald)->pool);
    if (change->kind == CHANGE_INSTALLED || change->kind == CHANGE_LOADED
        || (change->certificate != NULL
            && (change->kind == CHANGE_FAILED || change->kind == CHANGE_RECOVERED))) {
        consider_certificate(herald, change->certificate, pool);
        save(herald);
    }
    else if (change->kind == CHANGE_REVOKED) {
        tell_revoked(herald, change->revocation, pool);
    }
    else if (change->kind == CHANGE_BLOCKED) {
        tell_blocked(herald, change->certificate, pool);
    }
    else if (change->account != NULL && change->kind != CHANGE_KEY) {
        consider_account(herald, change->account, pool);
        save(herald);
    }
    else if (change->kind == CHANGE_RESTART_REFUSED) {
        tell_process(herald, EVENT_RELOAD_REFUSED, change->result, pool);
    }
    else if (change->kind == CHANGE_RESTART_FAILED) {
        tell_process(herald, EVENT_RELOAD_FAILED, change->result, pool);
    }
    apr_pool_destroy(pool);
}

static void on_spooled(void *baton, const char *of, const json_t *told)
{
    herald_t *herald = baton;

    ledger_set(herald->ledger, of, json_deep_copy(told));
    herald->heard = 1;
}

void herald_start(herald_t *herald)
{
    const means_t *means = means_of(herald);
    apr_pool_t *pool = NULL;

    if (is_closed(herald) || herald->ledger != NULL) {
        return;
    }
    herald->ledger = ledger_load(means->store, &herald->is_new, means->pool);
    delivery_load(herald->delivery, on_spooled, herald);
    apr_pool_create(&pool, means->pool);
    consider_leftovers(herald, herald->leftovers, pool);
    apr_pool_destroy(pool);
    consider_all(herald);
    herald->is_new = 0;
    delivery_start(herald->delivery);
}

apr_status_t herald_test(herald_t *herald, event_kind_t like, const char *name)
{
    const model_t *model = herald->model;
    const keeper_certificate_t *certificate = NULL;
    certificate_told_t told = { 0 };
    apr_pool_t *pool = NULL;
    json_t *event;
    int i;

    for (i = 0; name != NULL && certificate == NULL && i < model->certificates->nelts; ++i) {
        if (name_is_among(model_certificate(model, i)->plan->names, name)) {
            certificate = model_certificate(model, i);
        }
    }
    if (name != NULL && certificate == NULL) {
        return APR_ENOENT;
    }
    if (!delivery_is_wanted(herald->delivery, like)) {
        return APR_ENOTIMPL;
    }
    apr_pool_create(&pool, means_of(herald)->pool);
    event = certificate != NULL ? make_certificate_event(herald, EVENT_TEST, certificate,
                                                         seen_of(certificate), &told, pool)
                                : begin(herald, EVENT_TEST, pool);
    json_put_string(event, "like", event_name(like));
    delivery_add(herald->delivery, EVENT_TEST, event, NULL, NULL);
    apr_pool_destroy(pool);
    return APR_SUCCESS;
}

herald_t *herald_make(const model_t *model, const json_t *leftovers, chronicle_t *chronicle,
                      delivery_t *delivery)
{
    herald_t *herald = apr_pcalloc(model->means->pool, sizeof(*herald));

    herald->model = model;
    herald->leftovers = leftovers;
    herald->chronicle = chronicle;
    herald->delivery = delivery;
    herald->untold = json_own(model->means->pool, json_array());
    herald->timer = loop_timer_make(model->means->loop, on_due, herald);
    return herald;
}
