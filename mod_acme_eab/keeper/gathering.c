/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/gathering.h"

#include <string.h>
#include <sys/stat.h>

#include <apr_strings.h>

#include "base/clock.h"
#include "base/name.h"
#include "policy/renew.h"

#define HOUR apr_time_from_sec(3600)

/* How many certificates are named in one sentence. */
#define NAMED_MAX 5

/* How long an order of a first certificate is expected to end soon, and that of a renewal to end in
 * the time that others wait for it. */
#define FRESH apr_time_from_sec(30)
#define FRESH_RENEWAL HOUR

/* How far ahead to look for a change of the local clock: longer than any restart waits. */
#define HOURS_AHEAD 72

int gathering_is_given_up(const keeper_certificate_t *certificate, const reload_memory_t *memory)
{
    return certificate_waits_for_reload(certificate)
           && reload_memory_asked(memory, certificate->plan->id,
                                  certificate->best->facts->fingerprint)
                  >= GATHERING_TRIES_MAX;
}

static int is_younger_than(apr_interval_time_t span, const keeper_certificate_t *certificate,
                           apr_time_t now)
{
    return certificate_is_ordering(certificate) && certificate->journal->since + span > now;
}

/* An order that was placed a moment ago, for a vhost that answers 503 until then. */
static int is_coming(const keeper_certificate_t *certificate, apr_time_t now)
{
    return certificate->plan->fallback && is_younger_than(FRESH, certificate, now);
}

/* A configured name is on the new certificate and not on the one that is served. */
static int brings_names(const keeper_certificate_t *certificate)
{
    const apr_array_header_t *names = certificate->plan->names;
    int i;

    for (i = 0; i < names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        if (name_matches_any(certificate->best->facts->names, name)
            && !name_matches_any(certificate->served->facts->names, name)) {
            return 1;
        }
    }
    return 0;
}

static int same_text(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

int gathering_is_renewal(const keeper_certificate_t *certificate, const reload_memory_t *memory)
{
    const generation_t *served = certificate->served, *best = certificate->best;

    return certificate_waits_for_reload(certificate) && served != NULL
           && same_text(served->account, best->account)
           && same_text(served->facts->key_type, best->facts->key_type)
           && !brings_names(certificate)
           && reload_memory_asked(memory, certificate->plan->id, best->facts->fingerprint) == 0;
}

/* ---- what will come ---- */

/* Which accounts have one that is renewed already, by index: that takes those along that are due soon.
 * In p. */
static const char *note_callers(const model_t *model, apr_pool_t *p)
{
    char *callers = apr_pcalloc(p, (apr_size_t)model->accounts->nelts + 1);
    int i;

    for (i = 0; i < model->certificates->nelts; ++i) {
        const keeper_certificate_t *certificate = model_certificate(model, i);

        if (certificate_waits_for_reload(certificate)) {
            callers[certificate->account->index] = 1;
        }
    }
    return callers;
}

/* As the agent plans it, though it knows the CA's clock as well. */
static apr_time_t plan_renewal(const keeper_certificate_t *certificate, const char *callers,
                               apr_time_t now)
{
    const generation_t *best = certificate->best;
    const plan_certificate_t *plan = certificate->plan;
    const renew_policy_t policy = { plan->renew_percent, plan->renew_before };
    double dice = renew_dice(certificate->account->thumbprint);
    renew_facts_t facts;

    memset(&facts, 0, sizeof(facts));
    facts.present = 1;
    facts.covers_names = name_covers_all(best->facts->names, plan->names);
    facts.same_key_type = same_text(best->facts->key_type, plan->key_type);
    facts.same_account = 1;
    facts.not_before = best->facts->not_before;
    facts.not_after = best->facts->not_after;
    facts.obtained = best->installed;
    if (certificate->window.start != 0) {
        facts.window_start = certificate->window.start;
        facts.suggested = certificate->window.drawn;
        facts.repeated = certificate->window.repeated;
    }
    if (callers[certificate->account->index] && renew_may_join(now, dice, &facts, &policy)) {
        return now;
    }
    return renew_decide(now, dice, &facts, &policy).when;
}

/* When its renewal will come; 0: nobody knows. One that has failed may do so for long. */
static apr_time_t expect_renewal(const keeper_certificate_t *certificate, const char *callers,
                                 apr_time_t now)
{
    const keeper_account_t *account = certificate->account;
    apr_time_t when;

    if (!certificate->plan->served || certificate->best == NULL
        || certificate_waits_for_reload(certificate) || certificate->failing.failure != NULL
        || account->failing.failure != NULL || account->broken->rv != APR_SUCCESS) {
        return 0;
    }
    if (certificate_is_ordering(certificate)) {
        return is_younger_than(FRESH_RENEWAL, certificate, now) ? now : 0;
    }
    when = plan_renewal(certificate, callers, now);
    return when > now ? when : now;
}

/* ---- the local clock ---- */

static int offset_at(apr_time_t time)
{
    apr_time_exp_t local;

    return apr_time_exp_lt(&local, time) == APR_SUCCESS ? local.tm_gmtoff : 0;
}

static reload_zone_t zone_at(apr_time_t now)
{
    reload_zone_t zone = { offset_at(now), 0, 0 };
    apr_time_t before = now, after = now;
    int i;

    for (i = 0; i < HOURS_AHEAD && offset_at(after) == zone.offset; ++i) {
        before = after;
        after += HOUR;
    }
    if (offset_at(after) == zone.offset) {
        return zone;
    }
    while (after - before > 1) {
        apr_time_t middle = before + (after - before) / 2;

        if (offset_at(middle) == zone.offset) {
            before = middle;
        }
        else {
            after = middle;
        }
    }
    zone.change = after;
    zone.after = offset_at(after);
    return zone;
}

/* ---- all together ---- */

static void earliest(apr_time_t *ptime, apr_time_t other)
{
    if (other != 0 && (*ptime == 0 || other < *ptime)) {
        *ptime = other;
    }
}

static void add_renewal(reload_facts_t *facts, const keeper_certificate_t *certificate)
{
    const chain_facts_t *served = certificate->served->facts;
    apr_time_t came = certificate->best->installed;

    earliest(&facts->since, came != 0 ? came : certificate->means->since);
    earliest(&facts->deadline,
             reload_deadline(served->not_before, served->not_after, certificate->best->use_by));
}

static void add_waiting(reload_facts_t *facts, const keeper_certificate_t *certificate,
                        const reload_memory_t *memory)
{
    apr_time_t installed =
        certificate->installed != 0 ? certificate->installed : certificate->means->since;

    ++facts->waiting;
    facts->first |= certificate->plan->fallback;
    earliest(&facts->oldest, installed);
    if (installed > facts->newest) {
        facts->newest = installed;
    }
    if (gathering_is_renewal(certificate, memory)) {
        add_renewal(facts, certificate);
    }
    else {
        facts->urgent = 1;
    }
}

/* When the next renewal of this server will come. None comes sooner than now, and no further look is
 * needed then. */
static apr_time_t expect_next(const model_t *model, apr_time_t now)
{
    apr_time_t expected = 0;
    apr_pool_t *pool = NULL;
    const char *callers;
    int i;

    apr_pool_create(&pool, model->means->pool);
    callers = note_callers(model, pool);
    for (i = 0; i < model->certificates->nelts && (expected == 0 || expected > now); ++i) {
        earliest(&expected, expect_renewal(model_certificate(model, i), callers, now));
    }
    apr_pool_destroy(pool);
    return expected;
}

reload_facts_t gathering_facts(const model_t *model, const reload_memory_t *memory, apr_time_t now)
{
    reload_facts_t facts;
    int i;

    memset(&facts, 0, sizeof(facts));
    for (i = 0; i < model->certificates->nelts; ++i) {
        const keeper_certificate_t *certificate = model_certificate(model, i);

        facts.coming += is_coming(certificate, now);
        if (certificate_waits_for_reload(certificate)
            && !gathering_is_given_up(certificate, memory)) {
            add_waiting(&facts, certificate, memory);
        }
    }
    if (facts.waiting > 0 && !facts.urgent) {
        facts.expected = expect_next(model, now);
    }
    facts.renewed = memory->renewed;
    facts.window.from = model->means->plan->reload_from;
    facts.window.to = model->means->plan->reload_to;
    if (facts.window.from != facts.window.to) {
        facts.zone = zone_at(now);
    }
    return facts;
}

/* "a.example b.example and 7 more" */
static const char *name_renewals(const model_t *model, const reload_memory_t *memory, apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, NAMED_MAX, sizeof(const char *));
    const char *text;
    int i, more = 0;

    for (i = 0; i < model->certificates->nelts; ++i) {
        const keeper_certificate_t *certificate = model_certificate(model, i);
        const char *name = APR_ARRAY_IDX(certificate->plan->names, 0, const char *);

        if (!gathering_is_renewal(certificate, memory)) {
            continue;
        }
        if (names->nelts == NAMED_MAX) {
            ++more;
        }
        else if (!name_is_among(names, name)) { /* one for each key type */
            APR_ARRAY_PUSH(names, const char *) = name;
        }
    }
    text = apr_array_pstrcat(p, names, ' ');
    return more > 0 ? apr_psprintf(p, "%s and %d more", text, more) : text;
}

static const char *name_cause(const plan_t *plan, reload_cause_t cause, apr_pool_t *p)
{
    switch (cause) {
    case RELOAD_OTHERS:
        return "others are about to be renewed, and one restart is for all of them";
    case RELOAD_DAY:
        return "httpd is restarted for renewals once a day";
    case RELOAD_WINDOW:
        return apr_psprintf(p, "ACMEReload names the time from %02d:%02d to %02d:%02d",
                            plan->reload_from / 60, plan->reload_from % 60, plan->reload_to / 60,
                            plan->reload_to % 60);
    case RELOAD_DEADLINE:
        return "what is served until then comes near its end";
    default:
        return NULL;
    }
}

/* A restart would bring more than certificates; or "". */
static const char *name_changes(const plan_t *plan, apr_pool_t *p)
{
    struct stat info;
    int i;

    for (i = 0; i < plan->config_files->nelts; ++i) {
        const char *file = APR_ARRAY_IDX(plan->config_files, i, const char *);

        if (stat(file, &info) == 0 && apr_time_from_sec(info.st_mtime) > plan->config_read) {
            return apr_psprintf(p,
                                " %s was changed since httpd has read its configuration: a restart "
                                "brings that into force as well.",
                                file);
        }
    }
    return "";
}

const char *gathering_why(const model_t *model, const reload_memory_t *memory,
                          const reload_decision_t *decision, apr_pool_t *p)
{
    const char *cause = name_cause(model->means->plan, decision->cause, p);

    if (cause == NULL) {
        return NULL;
    }
    return apr_psprintf(
        p,
        "The renewed certificate of %s is in the store, and httpd is restarted for "
        "it at %s or before: %s. Any other restart of httpd brings it up as well.%s",
        name_renewals(model, memory, p), clock_format(p, decision->when), cause,
        name_changes(model->means->plan, p));
}
