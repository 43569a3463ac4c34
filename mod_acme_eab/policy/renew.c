/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/renew.h"

#include <string.h>

#define HOUR apr_time_from_sec(3600)
#define SHORT_LIFE apr_time_from_sec(10 * 24 * 3600)
#define SHORTEST_ASK 60         /* seconds */
#define LONGEST_ASK (24 * 3600) /* seconds */
#define LONG_ERROR (6 * HOUR)
#define QUICK_ERRORS 3
#define CLOCK_TOLERANCE apr_time_from_sec(5 * 60)
#define CLOCK_ERROR_MAX (24 * HOUR)

static apr_time_t later_of(apr_time_t a, apr_time_t b)
{
    return a > b ? a : b;
}

static apr_time_t earlier_of(apr_time_t a, apr_time_t b)
{
    return a < b ? a : b;
}

/* Why the certificate is of no use as it is, or NULL. */
static const char *find_mismatch(apr_time_t now, const renew_facts_t *facts)
{
    if (!facts->present)
        return "there is no certificate yet";
    if (!facts->covers_names)
        return "a configured name is not on it";
    if (!facts->same_key_type)
        return "its key is not of the configured type";
    if (!facts->same_account)
        return "it came from another CA or EAB key id";
    if (facts->not_after <= now)
        return "it has expired";
    return NULL;
}

static apr_interval_time_t life_of(const renew_facts_t *facts)
{
    return facts->not_after - facts->not_before + APR_USEC_PER_SEC;
}

static int is_set(const renew_policy_t *policy)
{
    return policy->before > 0 || policy->percent > 0;
}

/* The life that is to be left by the rule or the setting, and why. */
static apr_interval_time_t planned_rest(const char **pwhy, apr_interval_time_t life,
                                        const renew_policy_t *policy)
{
    if (is_set(policy)) {
        *pwhy = "ACMERenewBefore is reached";
        return policy->before > 0 ? policy->before : life / 100 * policy->percent;
    }
    if (life < SHORT_LIFE) {
        *pwhy = "half of its life is left";
        return life / 2;
    }
    *pwhy = "a third of its life is left";
    return life / 3;
}

/* When we began to have it: some CAs date certificates back by hours or a day, and a fresh one must
 * not seem old. A record of the future comes from a clock that was wrong, and is not believed. */
static apr_time_t begin_of(apr_time_t now, const renew_facts_t *facts)
{
    if (facts->obtained > now)
        return facts->not_before;
    return later_of(facts->not_before, facts->obtained);
}

/* Whatever renews a certificate before that would do so again and again. */
static apr_time_t earliest_of(apr_time_t now, const renew_facts_t *facts)
{
    apr_interval_time_t life = life_of(facts);

    return begin_of(now, facts) + later_of(life / 20, earlier_of(HOUR, life / 2));
}

static renew_decision_t plan_renewal(apr_time_t now, double dice, const renew_facts_t *facts,
                                     const renew_policy_t *policy)
{
    renew_decision_t plan = { 0, NULL };
    apr_interval_time_t life = life_of(facts);
    apr_interval_time_t rest = planned_rest(&plan.why, life, policy);
    apr_time_t end = facts->not_before + life;
    apr_time_t begin = begin_of(now, facts);
    apr_time_t earliest = earliest_of(now, facts);

    plan.when = end - rest - (apr_interval_time_t)((double)(life / 100) * dice);
    if (plan.when < earliest) {
        plan.when = earliest;
        if (is_set(policy))
            plan.why = "ACMERenewBefore is longer than its life allows";
    }
    if (plan.when > end - life / 20) {
        plan.when = end - life / 20;
        plan.why = "a twentieth of its life is left";
    }
    /* A CA may hand out what is nearly over; even that is not ordered again at once. */
    plan.when = later_of(plan.when - facts->ahead, begin + earlier_of(HOUR, life / 20));
    return plan;
}

/* FNV-1a, and a last mixing for the upper bits. */
double renew_dice(const char *thumbprint)
{
    apr_uint32_t hash = 2166136261U;

    for (; thumbprint != NULL && *thumbprint != '\0'; ++thumbprint)
        hash = (hash ^ (unsigned char)*thumbprint) * 16777619U;
    hash = (hash ^ (hash >> 16)) * 2246822507U;
    return (double)(hash ^ (hash >> 13)) / 4294967296.0;
}

apr_time_t renew_draw(apr_time_t start, apr_time_t end, double dice)
{
    return start + (apr_interval_time_t)((double)(end - start) * dice);
}

int renew_clock_is_wrong(apr_interval_time_t ahead)
{
    return ahead < -CLOCK_TOLERANCE || ahead > CLOCK_TOLERANCE;
}

apr_interval_time_t renew_clock_error(apr_interval_time_t ahead)
{
    int believed = ahead >= -CLOCK_ERROR_MAX && ahead <= CLOCK_ERROR_MAX;

    return believed && renew_clock_is_wrong(ahead) ? ahead : 0;
}

apr_time_t renew_ask_again(apr_time_t now, apr_int64_t retry_after)
{
    if (retry_after < 0)
        return now + LONG_ERROR;
    if (retry_after < SHORTEST_ASK)
        retry_after = SHORTEST_ASK;
    return now + apr_time_from_sec(retry_after > LONGEST_ASK ? LONGEST_ASK : retry_after);
}

static int is_temporary(const eab_result_t *problem)
{
    if (problem->http_status == 0)
        return problem->type != NULL && strcmp(problem->type, EAB_PROBLEM_CA_UNREACHABLE) == 0;
    return problem->http_status >= 500 || problem->http_status == 429
           || problem->http_status == 408;
}

apr_time_t renew_ask_after_error(apr_time_t now, int errors, const eab_result_t *problem)
{
    apr_time_t own = now + LONG_ERROR;

    if (errors >= 1 && errors <= QUICK_ERRORS && is_temporary(problem))
        own = now + (apr_time_from_sec(60) << (errors - 1));
    return problem->retry_after < 0 ? own
                                    : later_of(own, renew_ask_again(now, problem->retry_after));
}

static const char *name_suggestion(apr_time_t now, const renew_facts_t *facts, int held)
{
    if (held)
        return "the CA suggests times that have passed, as for the certificate before, which would "
               "go on for ever";
    return facts->suggested - facts->ahead <= now ? "the time that the CA suggests has come"
                                                  : "the CA suggests this time";
}

/* What the CA suggests, between what would loop and what would be too late (checklist 4.3, W-12). */
static renew_decision_t follow_suggestion(apr_time_t now, const renew_facts_t *facts)
{
    apr_interval_time_t life = life_of(facts);
    apr_time_t begin = begin_of(now, facts), earliest = earliest_of(now, facts);
    apr_time_t backstop = facts->not_before + life - (life < SHORT_LIFE ? life / 3 : life / 4);
    int early = facts->window_start <= begin;
    int held = early && facts->repeated && facts->suggested < earliest;
    renew_decision_t plan = { facts->suggested, name_suggestion(now, facts, held) };

    if (held)
        plan.when = earliest;
    if (plan.when > backstop) {
        plan.when = backstop;
        plan.why = life < SHORT_LIFE
                       ? "a third of its life is left, though the CA suggests later"
                       : "a quarter of its life is left, though the CA suggests later";
    }
    plan.when -= facts->ahead;
    if (!early || facts->repeated)
        plan.when = later_of(plan.when, begin + earlier_of(HOUR, life / 20));
    return plan;
}

/* A CA that revokes each new one would make us order without end. */
static renew_decision_t replace_revoked(apr_time_t now, const renew_facts_t *facts)
{
    renew_decision_t plan = { begin_of(now, facts) + earlier_of(HOUR, life_of(facts) / 20),
                              "the CA says that it is revoked" };

    return plan;
}

renew_decision_t renew_decide(apr_time_t now, double dice, const renew_facts_t *facts,
                              const renew_policy_t *policy)
{
    renew_decision_t at_once = { now, find_mismatch(now, facts) };

    if (at_once.why != NULL)
        return at_once;
    if (facts->revoked)
        return replace_revoked(now, facts);
    return facts->suggested != 0 ? follow_suggestion(now, facts)
                                 : plan_renewal(now, dice, facts, policy);
}

int renew_may_join(apr_time_t now, double dice, const renew_facts_t *facts,
                   const renew_policy_t *policy)
{
    renew_decision_t decision = renew_decide(now, dice, facts, policy);

    if (decision.when <= now)
        return 1;
    if (facts->suggested != 0 && facts->window_start > now)
        return 0;
    return decision.when - life_of(facts) / 50 <= now && earliest_of(now, facts) <= now;
}
