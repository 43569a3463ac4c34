/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/event.h"

#include <string.h>

#define MINUTE apr_time_from_sec(60)
#define DAY apr_time_from_sec(24 * 3600)

#define AGAIN DAY /* a failure that goes on is told so often */

/* A certificate with a shorter life is told of by parts of it, not by days. */
#define SHORT_LIFE (30 * DAY)

/* When a validation is told of before its end, at most. */
#define LAPSE_NOTICE (14 * DAY)

/* The first is when this part of the time from the planned renewal to the end is over. */
#define THRESHOLDS 4

static int same(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* How long before its end each threshold is; the first may come after others. */
static apr_interval_time_t threshold(const event_facts_t *facts, int i)
{
    static const int days[THRESHOLDS] = { 0, 7, 3, 1 };
    static const int percents[THRESHOLDS] = { 0, 20, 10, 5 };
    apr_interval_time_t life = facts->not_after - facts->not_before;
    apr_interval_time_t margin = facts->margin > 0 ? facts->margin : life / 3;

    if (i == 0) {
        return margin - margin / 3;
    }
    return life < SHORT_LIFE ? life / 100 * percents[i] : days[i] * DAY;
}

/* How many thresholds of the certificate in place have passed. */
static int count_passed(apr_time_t now, const event_facts_t *facts)
{
    int i, passed = 0;

    for (i = 0; i < THRESHOLDS; ++i) {
        if (now >= facts->not_after - threshold(facts, i)) {
            passed = i + 1;
        }
    }
    return passed;
}

static int told_threshold(const event_facts_t *facts, const event_told_t *told)
{
    return same(facts->ends, told->ends) ? told->threshold : 0;
}

static int is_told_expired(const event_facts_t *facts, const event_told_t *told)
{
    return same(facts->ends, told->ends) && told->expired;
}

/* A problem without a type is one as well. */
static const char *type_of(const char *problem)
{
    return problem != NULL ? problem : "";
}

int event_problem_is_due(apr_time_t now, const char *type, const char *told_type,
                         apr_time_t told_at)
{
    return type != NULL
           && (told_type == NULL || strcmp(type, told_type) != 0 || now - told_at >= AGAIN);
}

/* An older one that is used since the newest is damaged is no news. */
static int is_issued(const event_facts_t *facts, const event_told_t *told)
{
    return facts->newest != NULL && !same(facts->newest, told->issued)
           && (told->issued == NULL || facts->number > told->number
               || facts->issued >= told->issued_at);
}

static int is_recovered(const event_facts_t *facts, const event_told_t *told)
{
    return facts->problem == NULL && told->problem != NULL && facts->newest != NULL
           && !same(facts->newest, told->failed);
}

/* Names are missing where the CA was asked for them and did not give them; not where they were
 * configured since, and an order is on its way. So each certificate is looked at once. */
static event_kind_t judge_names(const event_facts_t *facts, const event_told_t *told)
{
    if (facts->newest == NULL || same(facts->newest, told->judged)
        || strcmp(type_of(facts->missing), type_of(told->missing)) == 0) {
        return EVENT_NONE;
    }
    return *type_of(facts->missing) != '\0' ? EVENT_NAMES_MISSING : EVENT_NAMES_COMPLETE;
}

static event_kind_t judge_end(apr_time_t now, const event_facts_t *facts, const event_told_t *told)
{
    if (facts->ends == NULL) {
        return EVENT_NONE;
    }
    if (now >= facts->not_after) {
        return is_told_expired(facts, told) ? EVENT_NONE : EVENT_EXPIRED;
    }
    return count_passed(now, facts) > told_threshold(facts, told) ? EVENT_EXPIRING : EVENT_NONE;
}

static apr_interval_time_t lapse_notice(const event_facts_t *facts)
{
    apr_interval_time_t third = facts->lapse_life / 3;

    return third > 0 && third < LAPSE_NOTICE ? third : LAPSE_NOTICE;
}

static int is_lapse_told(const event_facts_t *facts, const event_told_t *told)
{
    return same(facts->lapsing, told->lapsing) && facts->lapses == told->lapses;
}

static int is_lapsing(apr_time_t now, const event_facts_t *facts, const event_told_t *told)
{
    return facts->lapsing != NULL && !is_lapse_told(facts, told)
           && now >= facts->lapses - lapse_notice(facts);
}

event_kind_t event_due(apr_time_t now, const event_facts_t *facts, const event_told_t *told)
{
    event_kind_t kind;

    if (is_issued(facts, told)) {
        return EVENT_ISSUED;
    }
    if (is_recovered(facts, told)) {
        return EVENT_RECOVERED;
    }
    if ((kind = judge_names(facts, told)) != EVENT_NONE) {
        return kind;
    }
    if (facts->served != NULL && !same(facts->served, told->deployed)) {
        return EVENT_DEPLOYED;
    }
    if (event_problem_is_due(now, facts->problem, told->problem, told->problem_at)) {
        return EVENT_FAILING;
    }
    if ((kind = judge_end(now, facts, told)) != EVENT_NONE) {
        return kind;
    }
    return is_lapsing(now, facts, told) ? EVENT_VALIDATION_EXPIRING : EVENT_NONE;
}

static void note_end(event_told_t *told, apr_time_t now, const event_facts_t *facts)
{
    if (!same(facts->ends, told->ends)) {
        told->ends = facts->ends;
        told->expired = 0;
    }
    told->threshold = count_passed(now, facts);
}

static void note_names(event_told_t *told, const event_facts_t *facts)
{
    told->judged = facts->newest;
    told->missing = facts->missing;
}

void event_note(event_told_t *told, event_kind_t kind, apr_time_t now, const event_facts_t *facts)
{
    switch (kind) {
    case EVENT_ISSUED:
        told->issued = facts->newest;
        told->number = facts->number;
        told->issued_at = facts->issued;
        break;
    case EVENT_DEPLOYED:
        told->deployed = facts->served;
        break;
    case EVENT_FAILING:
        /* Told again, it is the same failure still: a certificate that came meanwhile may be its end. */
        if (!same(facts->problem, told->problem)) {
            told->failed = facts->newest;
        }
        told->problem = facts->problem;
        told->problem_at = now;
        break;
    case EVENT_RECOVERED:
        told->problem = NULL;
        break;
    case EVENT_NAMES_MISSING:
    case EVENT_NAMES_COMPLETE:
        note_names(told, facts);
        break;
    case EVENT_EXPIRING:
        note_end(told, now, facts);
        break;
    case EVENT_EXPIRED:
        note_end(told, now, facts);
        told->expired = 1;
        break;
    case EVENT_VALIDATION_EXPIRING:
        told->lapsing = facts->lapsing;
        told->lapses = facts->lapses;
        break;
    default:
        if (judge_names(facts, told) == EVENT_NONE && facts->newest != NULL) {
            told->judged = facts->newest;
        }
        break;
    }
}

void event_begin(event_told_t *told, const event_facts_t *facts, int served)
{
    memset(told, 0, sizeof(*told));
    told->issued = facts->newest;
    told->number = facts->number;
    told->issued_at = facts->issued;
    if (facts->newest != NULL) {
        note_names(told, facts);
    }
    if (served) {
        told->deployed = facts->served;
    }
}

static void earlier(apr_time_t *pnext, apr_time_t now, apr_time_t at)
{
    if (at > now && (*pnext == 0 || at < *pnext)) {
        *pnext = at;
    }
}

apr_time_t event_next(apr_time_t now, const event_facts_t *facts, const event_told_t *told)
{
    apr_time_t next = 0;
    int i;

    if (facts->problem != NULL) {
        earlier(&next, now, told->problem_at + AGAIN);
    }
    for (i = 0; facts->ends != NULL && i < THRESHOLDS; ++i) {
        earlier(&next, now, facts->not_after - threshold(facts, i));
    }
    if (facts->ends != NULL) {
        earlier(&next, now, facts->not_after);
    }
    if (facts->lapsing != NULL && !is_lapse_told(facts, told)) {
        earlier(&next, now, facts->lapses - lapse_notice(facts));
    }
    return next;
}

apr_time_t event_retry(apr_time_t now, int attempts, apr_time_t since, apr_interval_time_t span)
{
    static const int minutes[] = { 1, 5, 15, 60 };
    const int last = (int)(sizeof(minutes) / sizeof(minutes[0])) - 1;
    apr_time_t next = now + minutes[attempts - 1 < last ? attempts - 1 : last] * MINUTE;

    return next <= since + span ? next : 0;
}
