/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/agent.h"

#include <poll.h>
#include <string.h>

#include "agent/account.h"
#include "agent/answer.h"
#include "agent/lapse.h"
#include "agent/visit.h"
#include "agent/lifecycle.h"
#include "agent/persist.h"
#include "agent/tasks.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "ipc/message.h"

/* By so much it is not just set right a little. */
#define CLOCK_SET apr_time_from_sec(2)

/* The longest sleep: the keeper wants to hear, and a clock that was set and a status that was removed
 * are noticed. */
#define SLEEP_MAX apr_time_from_sec(10)

/* What an agent of before was writing when it was ended goes. Answers for names of orders in flight
 * stay: the CA may be asking for them right now. */
static void tidy_run_dir(const kit_t *kit)
{
    const brief_t *brief = kit->brief;
    apr_array_header_t *keep = apr_array_make(kit->pool, 4, sizeof(const char *));
    int i;

    for (i = 0; i < brief->certificates->nelts; ++i) {
        const brief_certificate_t *certificate =
            &APR_ARRAY_IDX(brief->certificates, i, brief_certificate_t);

        if (certificate->ordering) {
            apr_array_cat(keep, certificate->names);
        }
    }
    file_sweep(brief->run_dir, kit->pool);
    answer_prepare(brief->run_dir, kit->pool);
    answer_tidy(brief->run_dir, keep, kit->pool);
}

static apr_interval_time_t lead_of_clock(void)
{
    return apr_time_now() - clock_steady();
}

agent_t *agent_make(link_t *link, brief_t *brief, apr_pool_t *p)
{
    agent_t *agent = apr_pcalloc(p, sizeof(*agent));
    kit_t *kit = kit_make(link, brief, p);
    int i;

    if (kit == NULL) {
        return NULL;
    }
    agent->kit = kit;
    agent->lead = lead_of_clock();
    agent->reload_due = clock_steady() + (brief->reload.next - kit->since);
    agent->accounts = apr_array_make(p, 2, sizeof(agent_account_t *));
    agent->jobs = apr_array_make(p, 8, sizeof(job_t *));
    agent->due = apr_array_make(p, 8, sizeof(job_t *));
    agent->status = status_open(kit, agent->accounts, agent->jobs);
    for (i = 0; i < brief->accounts->nelts; ++i) {
        APR_ARRAY_PUSH(agent->accounts, agent_account_t *) =
            account_make(kit, i, &APR_ARRAY_IDX(brief->accounts, i, brief_account_t));
    }
    for (i = 0; i < brief->certificates->nelts; ++i) {
        brief_certificate_t *certificate =
            &APR_ARRAY_IDX(brief->certificates, i, brief_certificate_t);
        agent_account_t *account =
            APR_ARRAY_IDX(agent->accounts, certificate->account, agent_account_t *);

        APR_ARRAY_PUSH(agent->jobs, job_t *) =
            lifecycle_begin(kit, agent->jobs, account, i, certificate);
    }
    file_fence(brief->run_dir);
    tidy_run_dir(kit);
    kit_touch(kit);
    return agent;
}

/* As the time of day it is now. */
static void show_reload(agent_t *agent)
{
    news_t *reload = &agent->kit->brief->reload;

    if (reload->next != 0) {
        reload->next = apr_time_now() + (agent->reload_due - clock_steady());
    }
}

static void hear_exports(agent_t *agent, const json_t *body)
{
    apr_pool_t *old = agent->exports_pool;

    apr_pool_create(&agent->exports_pool, agent->kit->pool);
    agent->kit->brief->exports =
        json_own(agent->exports_pool, json_incref(json_object_get(body, "exports")));
    if (old != NULL) {
        apr_pool_destroy(old);
    }
    kit_touch(agent->kit);
}

static void hear_counters(agent_t *agent, const json_t *body)
{
    apr_pool_t *old = agent->counters_pool;

    apr_pool_create(&agent->counters_pool, agent->kit->pool);
    agent->kit->brief->counters =
        json_own(agent->counters_pool, json_incref(json_object_get(body, "counters")));
    agent->kit->brief->history =
        json_own(agent->counters_pool, json_incref(json_object_get(body, "history")));
    if (old != NULL) {
        apr_pool_destroy(old);
    }
    kit_touch(agent->kit);
}

void agent_hear_news(void *baton, int type, const json_t *body)
{
    agent_t *agent = *(agent_t **)baton;
    news_t *reload;
    apr_pool_t *old;

    if (agent == NULL) {
        return;
    }
    if (type == MESSAGE_COUNTERS) {
        hear_counters(agent, body);
        return;
    }
    if (type == MESSAGE_TASK) {
        tasks_begin(agent->kit, agent->accounts, agent->jobs, body);
        return;
    }
    if (type == MESSAGE_EXPORTS) {
        hear_exports(agent, body);
        return;
    }
    reload = &agent->kit->brief->reload;
    old = agent->reload_pool;
    apr_pool_create(&agent->reload_pool, agent->kit->pool);
    news_from_json(reload, body, agent->reload_pool);
    if (reload->next != 0) {
        agent->reload_due = clock_steady() + apr_time_from_msec(json_peek_int(body, "in", 0));
        show_reload(agent);
    }
    if (old != NULL) {
        apr_pool_destroy(old);
    }
    kit_touch(agent->kit);
}

/* Somebody, mostly NTP, has set the clock of the machine: what waits for a minute must not wait for
 * a day because of that. */
static void follow_clock(agent_t *agent)
{
    apr_interval_time_t lead = lead_of_clock();
    apr_interval_time_t set = lead - agent->lead;
    int i;

    agent->lead = lead;
    if (set < CLOCK_SET && set > -CLOCK_SET) {
        return;
    }
    show_reload(agent);
    for (i = 0; i < agent->accounts->nelts; ++i) {
        failing_follow_clock(&APR_ARRAY_IDX(agent->accounts, i, agent_account_t *)->failing);
    }
    for (i = 0; i < agent->jobs->nelts; ++i) {
        lifecycle_follow_clock(APR_ARRAY_IDX(agent->jobs, i, job_t *));
    }
}

/* Each job once, even if it causes more by itself: that is for the next turn. */
static void collect_due(agent_t *agent, apr_time_t now)
{
    agenda_t *agenda = agent->kit->agenda;
    agenda_entry_t *first;

    apr_array_clear(agent->due);
    while ((first = agenda_first(agenda)) != NULL && first->at <= now) {
        agenda_drop(agenda, first);
        APR_ARRAY_PUSH(agent->due, job_t *) = first->owner;
    }
}

static void earliest(apr_time_t *ptime, apr_time_t other)
{
    if (other != 0 && (*ptime == 0 || other < *ptime)) {
        *ptime = other;
    }
}

static void poke_job(job_t *job, apr_time_t now)
{
    apr_time_t due;

    lifecycle_poke(job, now);
    if (job->persist != NULL) {
        persist_poke(job->persist);
    }
    lapse_poke(job);
    visit_poke(job);
    due = job_due(job);
    earliest(&due, persist_due(job->persist));
    if (due != 0 && job->entry.place == 0) { /* else it was woken meanwhile */
        agenda_put(job->kit->agenda, &job->entry, due);
    }
}

int agent_poke(agent_t *agent)
{
    apr_time_t now = apr_time_now();
    int i;

    collect_due(agent, now);
    for (i = 0; i < agent->due->nelts; ++i) {
        poke_job(APR_ARRAY_IDX(agent->due, i, job_t *), now);
    }
    for (i = 0; i < agent->accounts->nelts; ++i) {
        lifecycle_fill_places(APR_ARRAY_IDX(agent->accounts, i, agent_account_t *), now);
    }
    return agent->due->nelts;
}

/* What waits to be asked again. */
static void poke_sessions(agent_t *agent)
{
    int i;

    for (i = 0; i < agent->accounts->nelts; ++i) {
        agent_account_t *account = APR_ARRAY_IDX(agent->accounts, i, agent_account_t *);

        acme_session_poke(account->session, clock_steady());
        account_poke(account);
    }
}

static void wake_jobs(agent_t *agent, const agent_account_t *account)
{
    int i;

    for (i = 0; i < agent->jobs->nelts; ++i) {
        job_t *job = APR_ARRAY_IDX(agent->jobs, i, job_t *);

        if (job->account == account) {
            job_wake(job);
        }
    }
}

static void follow_accounts(agent_t *agent)
{
    int i;

    for (i = 0; i < agent->accounts->nelts; ++i) {
        agent_account_t *account = APR_ARRAY_IDX(agent->accounts, i, agent_account_t *);

        account_follow_directory(account);
        if (account->news) {
            account->news = 0;
            wake_jobs(agent, account);
        }
    }
}

static void tell_requests(agent_t *agent)
{
    int i;

    agent->tally_due = 0;
    for (i = 0; i < agent->accounts->nelts; ++i) {
        apr_time_t due =
            account_tell_requests(APR_ARRAY_IDX(agent->accounts, i, agent_account_t *));

        if (due != 0 && (agent->tally_due == 0 || due < agent->tally_due)) {
            agent->tally_due = due;
        }
    }
}

static void beat(agent_t *agent)
{
    apr_time_t now = clock_steady();

    if (now >= agent->beat_at) {
        link_beat(agent->kit->link);
        agent->beat_at = now + MESSAGE_ALIVE_INTERVAL;
    }
}

/* Until the next job is due or the status may be written. */
static apr_interval_time_t time_to_sleep(const agent_t *agent)
{
    apr_time_t now = apr_time_now();
    apr_time_t next = now + SLEEP_MAX;
    const agenda_entry_t *first = agenda_first(agent->kit->agenda);
    int i;

    if (agent->kit->touched && now + (status_due(agent->status) - clock_steady()) < next) {
        next = now + (status_due(agent->status) - clock_steady());
    }
    if (agent->tally_due != 0 && now + (agent->tally_due - clock_steady()) < next) {
        next = now + (agent->tally_due - clock_steady());
    }
    for (i = 0; i < agent->accounts->nelts; ++i) {
        apr_time_t due =
            acme_session_due(APR_ARRAY_IDX(agent->accounts, i, agent_account_t *)->session);

        if (due != 0 && now + (due - clock_steady()) < next) {
            next = now + (due - clock_steady());
        }
    }
    if (first != NULL && first->at < next) {
        next = first->at;
    }
    return (next > now) ? next - now : 0;
}

void agent_run(agent_t *agent)
{
    kit_t *kit = agent->kit;
    struct pollfd fds[4] = { { 0, 0, 0 }, { 0, POLLIN, 0 }, { 0, POLLIN, 0 }, { 0, POLLIN, 0 } };

    fds[0].fd = link_fd(kit->link);
    fds[1].fd = aside_fd(kit->aside);
    fds[2].fd = visitor_fd(kit->visitor);
    /* What the keeper said right after the brief was read with it: no poll tells of that. */
    if (link_serve(kit->link, POLLIN) != APR_SUCCESS) {
        return;
    }
    do {
        beat(agent);
        follow_clock(agent);
        agent_poke(agent);
        poke_sessions(agent);
        follow_accounts(agent);
        tell_requests(agent);
        status_follow(agent->status, clock_steady());
        follow_clock(agent); /* or it sleeps for too long */
        fds[0].events = link_events(kit->link);
        fds[3].fd = reading_fd(kit->reading);
        fds[0].revents = fds[1].revents = fds[2].revents = fds[3].revents = 0;
        acme_http_run(kit->http, fds, fds[3].fd >= 0 ? 4 : 3, time_to_sleep(agent));
        if (fds[1].revents != 0) {
            aside_serve(kit->aside);
        }
        if (fds[2].revents != 0) {
            visitor_serve(kit->visitor);
        }
        if (fds[3].revents != 0) {
            reading_serve(kit->reading);
        }
    } while (link_serve(kit->link, fds[0].revents) == APR_SUCCESS);
}
