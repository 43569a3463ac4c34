/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/agent.h"

#include <poll.h>
#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "agent/account.h"
#include "agent/answer.h"
#include "agent/directory.h"
#include "agent/job.h"
#include "agent/lapse.h"
#include "agent/pacing.h"
#include "agent/persist.h"
#include "agent/status.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "ipc/message.h"

/* The status is written at most this often. */
#define STATUS_INTERVAL apr_time_from_msec(200)

/* After a failure: for example, the disk is full. */
#define STATUS_RETRY apr_time_from_sec(10)

/* By so much it is not just set right a little. */
#define CLOCK_SET apr_time_from_sec(2)

/* The longest sleep: the keeper wants to hear, and a clock that was set and a status that was removed
 * are noticed. */
#define SLEEP_MAX apr_time_from_sec(10)

/* "mod_acme_eab/0.1.0 (httpd/2.4.71) libcurl/7.88.1" (RFC 8555, 6.1) */
static const char *user_agent(const brief_t *brief, apr_pool_t *p)
{
    return apr_psprintf(p, "mod_acme_eab/%s (httpd/%s) %s", EAB_VERSION,
                        brief->httpd_version != NULL ? brief->httpd_version : "2.4",
                        acme_http_library());
}

/* What an agent of before was writing when it was ended goes. Answers for names of orders in flight
 * stay: the CA may be asking for them right now. */
static void tidy_run_dir(const agent_t *agent)
{
    apr_array_header_t *keep = apr_array_make(agent->pool, 4, sizeof(const char *));
    int i;

    for (i = 0; i < agent->brief->certificates->nelts; ++i) {
        const brief_certificate_t *certificate =
            &APR_ARRAY_IDX(agent->brief->certificates, i, brief_certificate_t);

        if (certificate->ordering) {
            apr_array_cat(keep, certificate->names);
        }
    }
    file_sweep(agent->brief->run_dir, agent->pool);
    answer_prepare(agent->brief->run_dir, agent->pool);
    answer_tidy(agent->brief->run_dir, keep, agent->pool);
}

static apr_interval_time_t lead_of_clock(void)
{
    return apr_time_now() - clock_steady();
}

agent_t *agent_make(link_t *link, brief_t *brief, apr_pool_t *p)
{
    agent_t *agent = apr_pcalloc(p, sizeof(*agent));
    int i;

    agent->pool = p;
    agent->link = link;
    agent->brief = brief;
    agent->reload = brief->reload;
    agent->since = apr_time_now();
    agent->lead = lead_of_clock();
    agent->status_path = apr_pstrcat(p, brief->run_dir, "/status.json", NULL);
    agent->reload_due = clock_steady() + (brief->reload.next - agent->since);
    agent->reading = reading_make(p);
    agent->pacer = pacing_make(p);
    agent->accounts = apr_array_make(p, 2, sizeof(agent_account_t *));
    agent->jobs = apr_array_make(p, 8, sizeof(job_t *));
    if ((agent->http = acme_http_make(p, user_agent(brief, p))) == NULL
        || (agent->lookup = lookup_make(p)) == NULL) {
        return NULL;
    }
    for (i = 0; i < brief->accounts->nelts; ++i) {
        APR_ARRAY_PUSH(agent->accounts, agent_account_t *) =
            account_make(agent, i, &APR_ARRAY_IDX(brief->accounts, i, brief_account_t));
    }
    for (i = 0; i < brief->certificates->nelts; ++i) {
        APR_ARRAY_PUSH(agent->jobs, job_t *) =
            job_make(agent, i, &APR_ARRAY_IDX(brief->certificates, i, brief_certificate_t));
    }
    file_fence(brief->run_dir);
    tidy_run_dir(agent);
    agent->status_dirty = 1;
    return agent;
}

void agent_touch(agent_t *agent)
{
    agent->status_dirty = 1;
}

double agent_dice(void)
{
    unsigned char bytes[4] = { 0, 0, 0, 0 };
    unsigned long number;

    apr_generate_random_bytes(bytes, sizeof(bytes));
    number = ((unsigned long)bytes[0] << 24) | ((unsigned long)bytes[1] << 16)
             | ((unsigned long)bytes[2] << 8) | (unsigned long)bytes[3];
    return (double)number / 4294967296.0;
}

/* As the time of day it is now. */
static void show_reload(agent_t *agent)
{
    if (agent->reload.next != 0) {
        agent->reload.next = apr_time_now() + (agent->reload_due - clock_steady());
    }
}

void agent_hear_news(void *baton, const json_t *body)
{
    agent_t *agent = *(agent_t **)baton;
    apr_pool_t *old;

    if (agent == NULL) {
        return;
    }
    old = agent->reload_pool;
    apr_pool_create(&agent->reload_pool, agent->pool);
    news_from_json(&agent->reload, body, agent->reload_pool);
    if (agent->reload.next != 0) {
        agent->reload_due = clock_steady() + apr_time_from_msec(json_peek_int(body, "in", 0));
        show_reload(agent);
    }
    if (old != NULL) {
        apr_pool_destroy(old);
    }
    agent_touch(agent);
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
        job_follow_clock(APR_ARRAY_IDX(agent->jobs, i, job_t *));
    }
}

static void poke_jobs(agent_t *agent)
{
    apr_time_t now = apr_time_now();
    int i;

    for (i = 0; i < agent->jobs->nelts; ++i) {
        job_t *job = APR_ARRAY_IDX(agent->jobs, i, job_t *);

        job_poke(job, now);
        if (job->persist != NULL) {
            persist_poke(job->persist);
        }
        lapse_poke(job);
    }
}

/* What waits to be asked again. */
static void poke_sessions(agent_t *agent)
{
    int i;

    for (i = 0; i < agent->accounts->nelts; ++i) {
        acme_session_poke(APR_ARRAY_IDX(agent->accounts, i, agent_account_t *)->session,
                          clock_steady());
    }
}

static void follow_directories(agent_t *agent)
{
    int i;

    for (i = 0; i < agent->accounts->nelts; ++i) {
        directory_follow(APR_ARRAY_IDX(agent->accounts, i, agent_account_t *));
    }
}

static int is_gone(const char *path)
{
    struct stat st;

    return APR_STATUS_IS_ENOENT(file_look(&st, path));
}

static void write_status(agent_t *agent)
{
    apr_time_t now = clock_steady();
    const char *path = agent->status_path;
    apr_status_t rv;

    if (!agent->status_dirty && is_gone(path)) {
        agent->status_dirty = 1;
    }
    if (!agent->status_dirty || now < agent->status_at) {
        return;
    }
    rv = status_write(agent, apr_time_now());
    if (rv != APR_SUCCESS && !agent->status_failed) {
        log_line(LOG_LEVEL_ERROR,
                 "The status cannot be written to %s: %s. Check that ACMEUser owns ACMERunDir and "
                 "that the disk has room; it is tried again by itself.",
                 agent->brief->run_dir, file_reason(agent->pool, rv, path));
    }
    if (rv == APR_SUCCESS && agent->status_failed) {
        file_sweep(agent->brief->run_dir, agent->pool);
    }
    agent->status_failed = (rv != APR_SUCCESS);
    agent->status_dirty = agent->status_failed;
    agent->status_at = now + (agent->status_failed ? STATUS_RETRY : STATUS_INTERVAL);
}

static void beat(agent_t *agent)
{
    apr_time_t now = clock_steady();

    if (now >= agent->beat_at) {
        link_beat(agent->link);
        agent->beat_at = now + MESSAGE_ALIVE_INTERVAL;
    }
}

/* Until the next job is due or the status may be written. */
static apr_interval_time_t time_to_sleep(const agent_t *agent)
{
    apr_time_t now = apr_time_now();
    apr_time_t next = now + SLEEP_MAX;
    int i;

    if (agent->status_dirty && now + (agent->status_at - clock_steady()) < next) {
        next = now + (agent->status_at - clock_steady());
    }
    for (i = 0; i < agent->accounts->nelts; ++i) {
        apr_time_t due =
            acme_session_due(APR_ARRAY_IDX(agent->accounts, i, agent_account_t *)->session);

        if (due != 0 && now + (due - clock_steady()) < next) {
            next = now + (due - clock_steady());
        }
    }
    for (i = 0; i < agent->jobs->nelts; ++i) {
        apr_time_t due = job_due(APR_ARRAY_IDX(agent->jobs, i, job_t *));

        if (due != 0 && due < next) {
            next = due;
        }
    }
    return (next > now) ? next - now : 0;
}

void agent_run(agent_t *agent)
{
    struct pollfd fds[3] = { { 0, 0, 0 }, { 0, POLLIN, 0 }, { 0, POLLIN, 0 } };

    fds[0].fd = link_fd(agent->link);
    fds[1].fd = lookup_fd(agent->lookup);
    fds[2].fd = reading_fd(agent->reading);
    /* What the keeper said right after the brief was read with it: no poll tells of that. */
    if (link_serve(agent->link, POLLIN) != APR_SUCCESS) {
        return;
    }
    do {
        beat(agent);
        follow_clock(agent);
        poke_jobs(agent);
        poke_sessions(agent);
        follow_directories(agent);
        write_status(agent);
        follow_clock(agent); /* or it sleeps for too long */
        fds[0].events = link_events(agent->link);
        fds[0].revents = fds[1].revents = fds[2].revents = 0;
        acme_http_run(agent->http, fds, fds[2].fd >= 0 ? 3 : 2, time_to_sleep(agent));
        if (fds[1].revents != 0) {
            lookup_serve(agent->lookup);
        }
        if (fds[2].revents != 0) {
            reading_serve(agent->reading);
        }
    } while (link_serve(agent->link, fds[0].revents) == APR_SUCCESS);
}
