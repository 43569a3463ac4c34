/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/persist.h"

#include <string.h>

#include <apr_strings.h>

#include "agent/schedule.h"
#include "base/address.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "crypto/txtrecord.h"

/* How often it is looked up: somebody waits for it; it is not as it should be; all is well. */
#define SOON apr_time_from_sec(20)
#define OFTEN apr_time_from_sec(600)
#define SELDOM apr_time_from_sec(6 * 3600)

struct persist {
    job_t *job;
    apr_array_header_t *records; /* persist_record_t * */
    apr_array_header_t *issuers; /* const char *: as the last challenge named them; or NULL */
    apr_pool_t *issuers_pool;
    int next_record;  /* of a round */
    int looking;      /* a look of the round is under way */
    apr_time_t round; /* when the last one ended, by clock_steady(); 0: it is too old */
};

/* One look-up, with a pool of its own. */
typedef struct look {
    apr_pool_t *pool;
    persist_record_t *record;
    persist_record_t view; /* what is found, when somebody else than the status wants to know */
    apr_array_header_t *names;
    acme_persist_need_t need;
    persist_done_fn *done; /* NULL: a look of the round */
    void *baton;
} look_t;

/* ---- what is looked for ---- */

static int allows(const job_t *job)
{
    int i;

    for (i = 0; i < job->brief->challenges->nelts; ++i) {
        if (strcmp(APR_ARRAY_IDX(job->brief->challenges, i, const char *), TXTRECORD_PERSIST)
            == 0) {
            return 1;
        }
    }
    return 0;
}

static persist_record_t *record_at(const persist_t *persist, int i)
{
    return APR_ARRAY_IDX(persist->records, i, persist_record_t *);
}

static persist_record_t *find(const persist_t *persist, const char *name)
{
    int i;

    for (i = 0; i < persist->records->nelts; ++i) {
        if (strcmp(record_at(persist, i)->name, name) == 0) {
            return record_at(persist, i);
        }
    }
    return NULL;
}

/* "a.example" and "*.a.example" have one record. */
static persist_record_t *add(persist_t *persist, const char *name)
{
    int wildcard = strncmp(name, "*.", 2) == 0;
    persist_record_t *record = find(persist, wildcard ? name + 2 : name);

    if (record == NULL) {
        record = apr_pcalloc(persist->job->kit->pool, sizeof(*record));
        record->persist = persist;
        record->name = apr_pstrdup(persist->job->kit->pool, wildcard ? name + 2 : name);
        APR_ARRAY_PUSH(persist->records, persist_record_t *) = record;
    }
    record->wildcard |= wildcard;
    return record;
}

persist_t *persist_make(job_t *job)
{
    unsigned char octets[ADDRESS_OCTETS_MAX];
    persist_t *persist;
    int i;

    if (!allows(job)) {
        return NULL;
    }
    persist = apr_pcalloc(job->kit->pool, sizeof(*persist));
    persist->job = job;
    persist->records = apr_array_make(job->kit->pool, 4, sizeof(persist_record_t *));
    for (i = 0; i < job->brief->names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(job->brief->names, i, const char *);

        if (address_parse(octets, name) == 0) {
            add(persist, name);
        }
    }
    return persist;
}

/* As it said in a challenge, now or for the certificate in use; or else by its hint for those who publish
 * the record beforehand (draft-ietf-acme-dns-persist-01, 4.5). */
static const apr_array_header_t *issuers_of(const persist_t *persist)
{
    const apr_array_header_t *kept = persist->job->brief->validations.issuers;
    const apr_array_header_t *hint = persist->job->account->brief->told.caa_identities;

    if (persist->issuers != NULL) {
        return persist->issuers;
    }
    if (kept != NULL && kept->nelts > 0) {
        return kept;
    }
    return hint != NULL && hint->nelts > 0 ? hint : NULL;
}

static apr_array_header_t *copy_strings(apr_pool_t *p, const apr_array_header_t *from)
{
    apr_array_header_t *copy = apr_array_make(p, from->nelts, sizeof(const char *));
    int i;

    for (i = 0; i < from->nelts; ++i) {
        APR_ARRAY_PUSH(copy, const char *) = apr_pstrdup(p, APR_ARRAY_IDX(from, i, const char *));
    }
    return copy;
}

const apr_array_header_t *persist_issuers(const persist_t *persist)
{
    return persist != NULL ? issuers_of(persist) : NULL;
}

static void learn(persist_t *persist, const apr_array_header_t *issuers)
{
    apr_pool_t *old = persist->issuers_pool;

    apr_pool_create(&persist->issuers_pool, persist->job->kit->pool);
    persist->issuers = copy_strings(persist->issuers_pool, issuers);
    if (old != NULL) {
        apr_pool_destroy(old);
    }
}

/* The name, and those above it that are no top-level domain. */
static apr_array_header_t *names_above(apr_pool_t *p, const char *name)
{
    apr_array_header_t *names = apr_array_make(p, LOOKUP_NAMES_MAX, sizeof(const char *));

    do {
        APR_ARRAY_PUSH(names, const char *) = apr_pstrdup(p, name);
        name = strchr(name, '.');
    } while (name != NULL && strchr(++name, '.') != NULL && names->nelts < LOOKUP_NAMES_MAX);
    return names;
}

/* ---- what is found ---- */

/* One name, as those who are asked about it see it. */
typedef struct level {
    int servers, answered, having;
    int best; /* acme_persist_verdict_t, -1: nothing at all */
    apr_time_t until;
    int resolver; /* it has answered */
    const char *without;
} level_t;

/* The earliest end, where 0 is none. */
static apr_time_t earlier(apr_time_t a, apr_time_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

/* @return the best of its values; the one that lasts longest counts */
static int judge_view(const lookup_view_t *view, const acme_persist_need_t *need,
                      apr_time_t *puntil, apr_pool_t *p)
{
    int i, best = -1;

    for (i = 0; i < view->answer->count; ++i) {
        const resolver_value_t *value = &view->answer->values[i];
        apr_time_t until = 0;
        int verdict = (int)acme_persist_judge(need, value->data, value->len, &until, p);

        if (verdict > best
            || (verdict == best && *puntil != 0 && (until == 0 || until > *puntil))) {
            best = verdict;
            *puntil = until;
        }
    }
    return best;
}

static void add_view(level_t *level, const lookup_view_t *view, const acme_persist_need_t *need,
                     apr_pool_t *p)
{
    apr_time_t until = 0;
    int verdict = judge_view(view, need, &until, p);

    level->best = verdict > level->best ? verdict : level->best;
    if (verdict >= ACME_PERSIST_LAPSED) {
        level->until = earlier(level->until, until);
    }
    if (verdict == ACME_PERSIST_VALID) {
        ++level->having;
    }
    else if (view->authoritative) {
        level->without = level->without == NULL
                             ? apr_pstrdup(p, view->server)
                             : apr_pstrcat(p, level->without, ", ", view->server, NULL);
    }
    ++level->answered;
}

/* The resolver counts only where no authoritative name server could be asked. */
static void look_at_level(level_t *level, const lookup_found_t *found, int depth,
                          const acme_persist_need_t *need, int authoritative, apr_pool_t *p)
{
    int i;

    memset(level, 0, sizeof(*level));
    level->best = -1;
    for (i = 0; i < found->count; ++i) {
        const lookup_view_t *view = &found->views[i];

        if (view->depth != depth || view->authoritative != authoritative) {
            continue;
        }
        ++level->servers;
        if (view->answered) {
            add_view(level, view, need, p);
        }
    }
    if (authoritative && level->answered == 0) {
        look_at_level(level, found, depth, need, 0, p);
        level->resolver = 1;
    }
}

static persist_state_t state_of(const level_t *level)
{
    if (level->answered == 0) {
        return PERSIST_UNKNOWN;
    }
    if (level->having == level->answered) {
        return PERSIST_THERE;
    }
    if (level->having > 0) {
        return PERSIST_PARTLY;
    }
    return level->best <= ACME_PERSIST_OTHER_ISSUER ? PERSIST_MISSING : PERSIST_WRONG;
}

static const char *explain(const level_t *level, persist_state_t state, const char *at,
                           apr_pool_t *p)
{
    switch (state) {
    case PERSIST_THERE:
        return level->resolver ? "its name servers could not be asked, only the resolver" : NULL;
    case PERSIST_PARTLY:
        return apr_psprintf(p, "%d of %d name servers that answer have %s (without it: %s)",
                            level->having, level->answered, at, level->without);
    case PERSIST_MISSING:
        return level->best < 0 ? "there is no such record"
                               : "there are records of other CAs, and none of this one";
    case PERSIST_UNKNOWN:
        return "the DNS could not be asked";
    case PERSIST_WRONG:
        break;
    }
    switch (level->best) {
    case ACME_PERSIST_MALFORMED:
        return apr_psprintf(p, "%s is not written as the CA reads it", at);
    case ACME_PERSIST_OTHER_ACCOUNT:
        return apr_psprintf(p, "%s is for another account of the CA", at);
    case ACME_PERSIST_NARROW:
        return apr_psprintf(p, "%s lacks policy=wildcard", at);
    default:
        return apr_psprintf(p, "%s counted until %s (persistUntil)", at,
                            clock_format(p, level->until));
    }
}

void persist_judge(persist_record_t *record, const lookup_found_t *found,
                   const apr_array_header_t *names, const acme_persist_need_t *need, apr_pool_t *p)
{
    int depth;

    record->state = PERSIST_UNKNOWN;
    record->seen = need->now;
    for (depth = 0; depth < names->nelts; ++depth) {
        const char *at =
            txtrecord_name(p, TXTRECORD_PERSIST, APR_ARRAY_IDX(names, depth, const char *), NULL);
        acme_persist_need_t here = *need;
        persist_state_t state;
        level_t level;

        here.wildcard |= depth > 0;
        look_at_level(&level, found, depth, &here, 1, p);
        state = state_of(&level);
        if (depth > 0 && state <= record->state) {
            continue;
        }
        record->state = state;
        record->servers = level.resolver ? 0 : level.servers;
        record->answered = level.resolver ? 0 : level.answered;
        record->having = level.resolver ? 0 : level.having;
        record->until = level.until;
        record->at = at;
        record->why = explain(&level, state, at, p);
        if (state == PERSIST_THERE) {
            return;
        }
    }
}

/* ---- looking ---- */

static const char *account_url(const persist_t *persist)
{
    return persist->job->account->brief->url;
}

static int waits_for_it(const persist_t *persist)
{
    const brief_failure_t *failure = &persist->job->failing.failure;

    return failure->attempts > 0 && eab_result_is(failure->problem, EAB_PROBLEM_PERSIST);
}

static int all_there(const persist_t *persist)
{
    int i;

    for (i = 0; i < persist->records->nelts; ++i) {
        if (record_at(persist, i)->state != PERSIST_THERE) {
            return 0;
        }
    }
    return 1;
}

/* What failed for want of it is tried again at once, if it is not being tried already. */
static void hasten(persist_t *persist)
{
    failing_t *failing = &persist->job->failing;

    if (failing->failure.next <= apr_time_now()) {
        return;
    }
    log_line(LOG_LEVEL_NOTICE, "Certificate %s: the records of dns-persist-01 are in the DNS now",
             persist->job->title);
    failing->failure.next = apr_time_now();
    failing->due = clock_steady();
    schedule_again(persist->job);
}

static void keep(look_t *look)
{
    persist_record_t *record = look->record;
    apr_pool_t *old = record->pool;

    look->view.pool = look->pool;
    *record = look->view;
    if (old != NULL) {
        apr_pool_destroy(old);
    }
    kit_touch(record->persist->job->kit);
}

static void finish_round(persist_t *persist)
{
    persist->next_record = 0;
    persist->round = clock_steady();
    if (waits_for_it(persist) && all_there(persist)) {
        hasten(persist);
    }
}

/* A job may begin to wait for what the last round has not found. */
static apr_interval_time_t pause_of(const persist_t *persist)
{
    return waits_for_it(persist) ? SOON : all_there(persist) ? SELDOM : OFTEN;
}

/* By clock_steady(). */
static apr_time_t next_look(const persist_t *persist)
{
    return persist->next_record > 0 || persist->round == 0 ? 0 : persist->round + pause_of(persist);
}

static int can_look(const persist_t *persist)
{
    return !persist->looking && persist->records->nelts > 0 && account_url(persist) != NULL
           && issuers_of(persist) != NULL;
}

apr_time_t persist_due(const persist_t *persist)
{
    if (persist == NULL || !can_look(persist)) {
        return 0;
    }
    return apr_time_now() + (next_look(persist) - clock_steady());
}

static void end_look(look_t *look)
{
    persist_t *persist = look->record->persist;

    if (look->done != NULL) {
        look->done(look->baton, &look->view);
        apr_pool_destroy(look->pool);
        return;
    }
    persist->looking = 0;
    job_wake(persist->job);
    keep(look);
    if (++persist->next_record >= persist->records->nelts) {
        finish_round(persist);
    }
}

static void on_found(void *baton, const lookup_found_t *found)
{
    look_t *look = baton;

    look->need.now = apr_time_now();
    persist_judge(&look->view, found, look->names, &look->need, look->pool);
    end_look(look);
}

static void start(look_t *look)
{
    const job_t *job = look->record->persist->job;
    apr_array_header_t *records =
        apr_array_make(look->pool, LOOKUP_NAMES_MAX, sizeof(const char *));
    int i;

    look->names = names_above(look->pool, look->record->name);
    for (i = 0; i < look->names->nelts; ++i) {
        APR_ARRAY_PUSH(records, const char *) = txtrecord_name(
            look->pool, TXTRECORD_PERSIST, APR_ARRAY_IDX(look->names, i, const char *), NULL);
    }
    lookup_start(job->kit->aside, job->brief->dns_resolver, records, on_found, look);
}

static look_t *make_look(persist_record_t *record, const apr_array_header_t *issuers, int wildcard)
{
    const persist_t *persist = record->persist;
    apr_pool_t *pool = NULL;
    look_t *look;

    apr_pool_create(&pool, persist->job->kit->pool);
    look = apr_pcalloc(pool, sizeof(*look));
    look->pool = pool;
    look->record = record;
    look->view = *record;
    look->need.issuers = copy_strings(pool, issuers);
    look->need.account_url = apr_pstrdup(pool, account_url(persist));
    look->need.wildcard = wildcard;
    return look;
}

void persist_poke(persist_t *persist)
{
    if (!can_look(persist) || clock_steady() < next_look(persist)) {
        return;
    }
    persist->looking = 1;
    start(make_look(record_at(persist, persist->next_record), issuers_of(persist),
                    record_at(persist, persist->next_record)->wildcard));
}

/* A name of an authorization that is none of ours, as of an order for other names, is looked up all the
 * same: what is done with it is the job's affair. */
void persist_look(persist_t *persist, const acme_authorization_t *authorization,
                  const acme_challenge_t *challenge, persist_done_fn *done, void *baton)
{
    persist_record_t *record = find(persist, authorization->name);
    look_t *look;

    learn(persist, challenge->issuers);
    persist->round = 0; /* what the status shows is looked up anew */
    job_wake(persist->job);
    look = make_look(record != NULL ? record : add(persist, authorization->name),
                     challenge->issuers, authorization->wildcard);
    look->done = done;
    look->baton = baton;
    start(look);
}

int persist_lacks(const persist_t *persist, const char *name)
{
    const persist_record_t *record =
        persist != NULL ? find(persist, strncmp(name, "*.", 2) == 0 ? name + 2 : name) : NULL;

    if (record == NULL || persist->round == 0 || persist->looking) {
        return 0; /* what is known is old: it is being looked up */
    }
    return record->state == PERSIST_WRONG || record->state == PERSIST_PARTLY
           || (record->state == PERSIST_MISSING && !persist->job->brief->dns_command);
}

/* ---- for people ---- */

static const char *value_of(const persist_record_t *record, apr_pool_t *p)
{
    const apr_array_header_t *issuers = issuers_of(record->persist);

    return txtrecord_persist(p, APR_ARRAY_IDX(issuers, 0, const char *),
                             account_url(record->persist), record->wildcard);
}

void persist_explain(const persist_record_t *record, eab_result_t *result)
{
    apr_pool_t *p = result->pool;

    eab_result_set(result, APR_EGENERAL, EAB_PROBLEM_PERSIST,
                   "To have %s validated by dns-persist-01, publish %s. IN TXT %s; at present %s.",
                   record->name, txtrecord_name(p, TXTRECORD_PERSIST, record->name, NULL),
                   txtrecord_quote(p, value_of(record, p)), record->why);
    result->identifier = apr_pstrdup(p, record->name);
}

static json_t *record_to_json(const persist_record_t *record, apr_pool_t *p)
{
    static const char *const words[] = {
        [PERSIST_UNKNOWN] = "unknown", [PERSIST_MISSING] = "missing", [PERSIST_WRONG] = "wrong",
        [PERSIST_PARTLY] = "partly",   [PERSIST_THERE] = "published",
    };
    json_t *json = json_object();
    const char *value = value_of(record, p);

    json_put_string(json, "for", record->name);
    json_put_string(json, "name", txtrecord_name(p, TXTRECORD_PERSIST, record->name, NULL));
    json_put_string(json, "type", "TXT");
    json_put_string(json, "value", value);
    json_put_string(json, "line",
                    apr_pstrcat(p, txtrecord_name(p, TXTRECORD_PERSIST, record->name, NULL),
                                ". IN TXT ", txtrecord_quote(p, value), NULL));
    json_put_string(json, "state", words[record->state]);
    json_put_string(json, "found", record->state >= PERSIST_WRONG ? record->at : NULL);
    json_put_string(json, "why", record->seen != 0 ? record->why : NULL);
    json_object_set_new(json, "servers", json_integer(record->servers));
    json_object_set_new(json, "answered", json_integer(record->answered));
    json_object_set_new(json, "having", json_integer(record->having));
    json_put_time(json, "until", record->until);
    json_put_time(json, "seen", record->seen);
    return json;
}

json_t *persist_to_json(const persist_t *persist, apr_pool_t *p)
{
    json_t *array = json_array();
    int i;

    if (issuers_of(persist) == NULL || account_url(persist) == NULL) {
        return array;
    }
    for (i = 0; i < persist->records->nelts; ++i) {
        json_array_append_new(array, record_to_json(record_at(persist, i), p));
    }
    return array;
}
