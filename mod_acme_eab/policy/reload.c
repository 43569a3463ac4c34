/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/reload.h"

#define FIRST_QUIET apr_time_from_sec(2)
#define FIRST_PATIENCE apr_time_from_sec(20)
#define QUIET apr_time_from_sec(5)     /* more may follow the newest */
#define PATIENCE apr_time_from_sec(60) /* for the oldest, whatever follows */
#define DISTANCE apr_time_from_sec(10) /* between two restarts */

#define MINUTE apr_time_from_sec(60)
#define HOUR apr_time_from_sec(3600)
#define DAY (24 * HOUR) /* between two restarts for renewals, and for the oldest of them */
#define MINUTES_OF_DAY (24 * 60)

static apr_time_t later_of(apr_time_t a, apr_time_t b)
{
    return a > b ? a : b;
}

static apr_time_t earlier_of(apr_time_t a, apr_time_t b)
{
    return a < b ? a : b;
}

/* An administrator who edits the configuration gets time to finish. */
static apr_interval_time_t pause_after(int refusals)
{
    if (refusals <= 1)
        return apr_time_from_sec(10);
    return apr_time_from_sec(refusals == 2 ? 30 : 60);
}

static int is_past(apr_time_t now, apr_time_t time)
{
    return time != 0 && time <= now;
}

apr_time_t reload_deadline(apr_time_t not_before, apr_time_t not_after, apr_time_t suggested)
{
    apr_interval_time_t life = not_after - not_before + APR_USEC_PER_SEC;
    apr_interval_time_t rest = later_of(life / 20, earlier_of(6 * HOUR, life / 4));
    apr_time_t deadline = not_after + APR_USEC_PER_SEC - rest;

    return suggested != 0 ? earlier_of(deadline, suggested) : deadline;
}

/* ---- the time of the day ---- */

static int offset_at(apr_time_t time, const reload_zone_t *zone)
{
    return zone->change != 0 && time >= zone->change ? zone->after : zone->offset;
}

/* Since the local midnight. */
static apr_interval_time_t time_of_day(apr_time_t time, int offset)
{
    apr_interval_time_t rest = (time + apr_time_from_sec(offset)) % DAY;

    return rest >= 0 ? rest : rest + DAY;
}

int reload_is_open(apr_time_t time, const reload_window_t *window, const reload_zone_t *zone)
{
    int minute = (int)(time_of_day(time, offset_at(time, zone)) / MINUTE);

    if (window->from <= window->to)
        return window->from == window->to || (minute >= window->from && minute < window->to);
    return minute >= window->from || minute < window->to;
}

/* When the local clock shows that minute next, at that offset; time itself, if it does. */
static apr_time_t next_minute(apr_time_t time, int minute, int offset)
{
    apr_interval_time_t wait = minute * MINUTE - time_of_day(time, offset);

    return time + (wait >= 0 ? wait : wait + DAY);
}

/* When the window begins next, or ends if it is open. When the clock is changed it may do so by
 * that; what it jumps over does not happen. */
static apr_time_t next_turn(apr_time_t time, const reload_window_t *window,
                            const reload_zone_t *zone)
{
    int is_open = reload_is_open(time, window, zone);
    int minute = is_open ? window->to : window->from;
    apr_time_t turn = next_minute(time, minute, offset_at(time, zone));

    if (zone->change <= time || turn < zone->change)
        return turn;
    if (reload_is_open(zone->change, window, zone) != is_open)
        return zone->change;
    return next_minute(zone->change, minute, zone->after);
}

/* ---- renewals ---- */

static void put_off(reload_decision_t *decision, apr_time_t when, reload_cause_t cause)
{
    if (when > decision->when) {
        decision->when = when;
        decision->cause = cause;
    }
}

static int has_window(const reload_facts_t *facts)
{
    return facts->window.from != facts->window.to;
}

/* One restart a day; where there is a window, one in each. */
static apr_time_t next_day(const reload_facts_t *facts)
{
    if (!has_window(facts))
        return facts->renewed + DAY;
    return reload_is_open(facts->renewed, &facts->window, &facts->zone)
               ? next_turn(facts->renewed, &facts->window, &facts->zone)
               : facts->renewed;
}

/* Until when others may come, if it could be from then on. */
static apr_time_t patience_for_others(apr_time_t from, const reload_facts_t *facts)
{
    return has_window(facts) ? next_turn(from, &facts->window, &facts->zone) - MINUTE
                             : facts->since + DAY;
}

/* Nobody waits for a renewal; visitors of a busy server do notice its restarts. */
static void gather(reload_decision_t *decision, apr_time_t now, const reload_facts_t *facts)
{
    apr_time_t ready = decision->when, from;

    if (is_past(now, facts->renewed))
        put_off(decision, next_day(facts), RELOAD_DAY);
    from = later_of(now, decision->when);
    if (!reload_is_open(from, &facts->window, &facts->zone)) {
        from = next_turn(from, &facts->window, &facts->zone);
        put_off(decision, from, RELOAD_WINDOW);
    }
    if (facts->expected != 0 && facts->expected <= patience_for_others(from, facts))
        put_off(decision, patience_for_others(from, facts), RELOAD_OTHERS);
    if (decision->when > facts->deadline) {
        decision->when = later_of(ready, facts->deadline);
        decision->cause = facts->deadline > ready ? RELOAD_DEADLINE : RELOAD_AT_ONCE;
    }
}

/* ---- all together ---- */

static apr_time_t soonest(apr_time_t now, const reload_facts_t *facts)
{
    apr_time_t when = facts->oldest;

    if (facts->oldest > now)
        when = now;
    else if (facts->first && facts->coming > 0)
        when = earlier_of(facts->newest + FIRST_QUIET, facts->oldest + FIRST_PATIENCE);
    else if (!facts->first)
        when = earlier_of(facts->newest + QUIET, facts->oldest + PATIENCE);
    if (is_past(now, facts->last))
        when = later_of(when, facts->last + DISTANCE);
    if (is_past(now, facts->refused))
        when = later_of(when, facts->refused + pause_after(facts->refusals));
    /* 0 says that nothing is waiting. */
    return later_of(when, 1);
}

reload_decision_t reload_decide(apr_time_t now, const reload_facts_t *facts)
{
    reload_decision_t decision = { 0, RELOAD_AT_ONCE };

    if (facts->waiting <= 0)
        return decision;
    decision.when = soonest(now, facts);
    if (!facts->first && !facts->urgent && facts->since <= now)
        gather(&decision, now, facts);
    return decision;
}
