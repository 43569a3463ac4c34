/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/lifecycle.h"

#include <stdlib.h>
#include <string.h>

#include "agent/authorize.h"
#include "agent/doubt.h"
#include "agent/issue.h"
#include "agent/opening.h"
#include "agent/order.h"
#include "agent/persist.h"
#include "agent/schedule.h"
#include "agent/stapling.h"
#include "agent/refused.h"
#include "agent/renewal.h"
#include "base/clock.h"
#include "base/log.h"

static void enter_idle(job_t *job);
static void enter_queued(job_t *job);

/* What a state does when it is entered, and how the status says it. States that plan say it
 * themselves. */
static const struct {
    void (*enter)(job_t *job);
    const char *why;
} states[JOB_STATES] = {
    [JOB_IDLE] = { enter_idle, NULL },
    [JOB_QUEUED] = { enter_queued, "it waits for its turn (ACMEMaxParallel)" },
    [JOB_OPENING] = { opening_need, "the CA is being contacted" },
    [JOB_REOPENING] = { opening_renew, "the account is being registered again" },
    [JOB_CONSULTING] = { doubt_ask, "the CA is asked about the account" },
    [JOB_SEARCHING] = { order_search, "an order that was not answered is looked for" },
    [JOB_ORDERING] = { order_place, "the order is being placed" },
    [JOB_DOUBTING] = { order_doubt, NULL },
    [JOB_READING] = { order_read, "the order is being read" },
    [JOB_AUTHORIZING] = { authorize_names, "the names are being authorized" },
    [JOB_VALIDATING] = { authorize_wait, NULL },
    [JOB_EXPLAINING] = { authorize_explain, "the CA refused: the reason is being read" },
    [JOB_FINALIZING] = { issue_finalize, "the certificate request was sent" },
    [JOB_PROCESSING] = { issue_wait, NULL },
    [JOB_DOWNLOADING] = { issue_download, "the certificate is being fetched" },
    [JOB_INSTALLING] = { issue_install, "the certificate is being checked and stored" },
};

/* RFC 8555, 7.1.6, from our side. An event that is not here for a state does not happen in it. */
static const struct {
    job_state_t state;
    job_event_t event;
    job_state_t next;
} transitions[] = {
    { JOB_IDLE, EVENT_DUE, JOB_QUEUED },
    { JOB_QUEUED, EVENT_PLACE, JOB_OPENING },

    { JOB_OPENING, EVENT_ORDER_NEEDED, JOB_ORDERING },
    { JOB_OPENING, EVENT_ORDER_KNOWN, JOB_READING },
    { JOB_OPENING, EVENT_ORDER_UNSURE, JOB_SEARCHING },
    { JOB_OPENING, EVENT_FAILED, JOB_IDLE },
    { JOB_REOPENING, EVENT_ORDER_NEEDED, JOB_ORDERING },
    { JOB_REOPENING, EVENT_FAILED, JOB_IDLE },

    { JOB_CONSULTING, EVENT_ACCOUNT_LOST, JOB_REOPENING },
    { JOB_CONSULTING, EVENT_FAILED, JOB_IDLE },

    { JOB_SEARCHING, EVENT_ORDER_NEEDED, JOB_ORDERING },
    { JOB_SEARCHING, EVENT_PENDING, JOB_AUTHORIZING },
    { JOB_SEARCHING, EVENT_READY, JOB_FINALIZING },
    { JOB_SEARCHING, EVENT_ACCOUNT_LOST, JOB_REOPENING },
    { JOB_SEARCHING, EVENT_FAILED, JOB_IDLE },

    { JOB_ORDERING, EVENT_ORDER_NEEDED, JOB_ORDERING },
    { JOB_ORDERING, EVENT_UNSURE, JOB_DOUBTING },
    { JOB_DOUBTING, EVENT_DUE, JOB_OPENING },
    { JOB_ORDERING, EVENT_PENDING, JOB_AUTHORIZING },
    { JOB_ORDERING, EVENT_READY, JOB_FINALIZING },
    { JOB_ORDERING, EVENT_AT_WORK, JOB_PROCESSING },
    { JOB_ORDERING, EVENT_ISSUED, JOB_DOWNLOADING },
    { JOB_ORDERING, EVENT_INVALID, JOB_EXPLAINING },
    { JOB_ORDERING, EVENT_ACCOUNT_DOUBTED, JOB_CONSULTING },
    { JOB_ORDERING, EVENT_ACCOUNT_LOST, JOB_REOPENING },
    { JOB_ORDERING, EVENT_FAILED, JOB_IDLE },

    { JOB_READING, EVENT_PENDING, JOB_AUTHORIZING },
    { JOB_READING, EVENT_ANSWERED, JOB_VALIDATING },
    { JOB_READING, EVENT_READY, JOB_FINALIZING },
    { JOB_READING, EVENT_AT_WORK, JOB_PROCESSING },
    { JOB_READING, EVENT_ISSUED, JOB_DOWNLOADING },
    { JOB_READING, EVENT_INVALID, JOB_EXPLAINING },
    { JOB_READING, EVENT_ORDER_NEEDED, JOB_OPENING },
    { JOB_READING, EVENT_ACCOUNT_LOST, JOB_REOPENING },
    { JOB_READING, EVENT_FAILED, JOB_IDLE },

    { JOB_AUTHORIZING, EVENT_ANSWERED, JOB_VALIDATING },
    { JOB_AUTHORIZING, EVENT_INVALID, JOB_EXPLAINING },
    { JOB_AUTHORIZING, EVENT_FAILED, JOB_IDLE },
    { JOB_VALIDATING, EVENT_DUE, JOB_OPENING },
    { JOB_EXPLAINING, EVENT_DUE, JOB_EXPLAINING },
    { JOB_EXPLAINING, EVENT_ORDER_NEEDED, JOB_ORDERING },
    { JOB_EXPLAINING, EVENT_FAILED, JOB_IDLE },

    { JOB_FINALIZING, EVENT_READY, JOB_PROCESSING },
    { JOB_FINALIZING, EVENT_PENDING, JOB_PROCESSING },
    { JOB_FINALIZING, EVENT_AT_WORK, JOB_PROCESSING },
    { JOB_FINALIZING, EVENT_ISSUED, JOB_DOWNLOADING },
    { JOB_FINALIZING, EVENT_INVALID, JOB_EXPLAINING },
    { JOB_FINALIZING, EVENT_UNSURE, JOB_PROCESSING },
    { JOB_FINALIZING, EVENT_ORDER_NEEDED, JOB_ORDERING },
    { JOB_FINALIZING, EVENT_ACCOUNT_DOUBTED, JOB_CONSULTING },
    { JOB_FINALIZING, EVENT_ACCOUNT_LOST, JOB_REOPENING },
    { JOB_FINALIZING, EVENT_FAILED, JOB_IDLE },
    { JOB_PROCESSING, EVENT_DUE, JOB_OPENING },

    { JOB_DOWNLOADING, EVENT_AT_WORK, JOB_PROCESSING },
    { JOB_DOWNLOADING, EVENT_FETCHED, JOB_INSTALLING },
    { JOB_DOWNLOADING, EVENT_FAILED, JOB_IDLE },
    { JOB_INSTALLING, EVENT_INSTALLED, JOB_IDLE },
    { JOB_INSTALLING, EVENT_FAILED, JOB_IDLE },
};

static void step(job_t *job, job_event_t event)
{
    size_t i;

    for (i = 0; i < sizeof(transitions) / sizeof(transitions[0]); ++i) {
        if (transitions[i].state == job->state && transitions[i].event == event) {
            agenda_drop(job->account->queue, &job->turn);
            job->state = transitions[i].next;
            job->at = job->poll_at = 0;
            if (job->state != JOB_QUEUED) { /* there, what was planned is still to come */
                job->next = "poll";
            }
            if (states[job->state].why != NULL) {
                job->why = states[job->state].why;
            }
            kit_touch(job->kit);
            job_wake(job);
            states[job->state].enter(job);
            return;
        }
    }
    log_line(LOG_LEVEL_ERROR, "%s: event %d has no meaning in state %d; please report this",
             job->title, (int)event, (int)job->state);
    abort(); /* the keeper starts a new agent, which resumes from the journal */
}

/* ---- at rest ---- */

static void enter_idle(job_t *job)
{
    job_leave_place(job);
    job_forget_attempt(job);
    if (!job->brief->ordering) {
        refused_forget(job);
    }
    schedule_set(job);
}

static void enter_queued(job_t *job)
{
    agenda_put(job->account->queue, &job->turn, 0);
    lifecycle_poke(job, apr_time_now());
}

/* ---- from outside ---- */

job_t *lifecycle_begin(kit_t *kit, const apr_array_header_t *peers, agent_account_t *account,
                       int index, brief_certificate_t *brief)
{
    job_t *job = job_make(kit, peers, account, index, brief);

    job->step = step;
    job->persist = persist_make(job);
    schedule_set(job);
    renewal_follow(job);
    stapling_follow(job);
    job_wake(job);
    return job;
}

void lifecycle_follow_clock(job_t *job)
{
    apr_time_t now = apr_time_now();

    failing_follow_clock(&job->failing);
    if (job->poll_at != 0) {
        job->at = now + (job->poll_at - clock_steady());
    }
    renewal_follow_clock(job);
    stapling_follow_clock(job);
    schedule_again(job);
}

/* The peer at i, if it is of the same domain; else NULL. */
static const job_t *sibling_at(const job_t *job, int i)
{
    const job_t *other = NULL;

    if (i >= 0 && i < job->peers->nelts && job->brief->domain != NULL) {
        other = APR_ARRAY_IDX(job->peers, i, const job_t *);
    }
    return other != NULL && other->brief->domain != NULL
                   && strcmp(other->brief->domain, job->brief->domain) == 0
               ? other
               : NULL;
}

/* Certificates of several key types for the same names take turns: their answers to challenges lie
 * in the same place, and the second one finds the names valid. They stand beside each other in the
 * plan. */
static int is_others_turn(const job_t *job)
{
    const job_t *other;
    int i;

    for (i = job->index - 1; (other = sibling_at(job, i)) != NULL; --i) {
        if (other->counted) {
            return 1;
        }
    }
    for (i = job->index + 1; (other = sibling_at(job, i)) != NULL; ++i) {
        if (other->counted) {
            return 1;
        }
    }
    return 0;
}

static int has_place(const agent_account_t *account)
{
    return !account->held && account->active < account->pace.places;
}

/* Certificates that are due near each other are renewed together, so that one restart of httpd is for
 * all of them. Each waits for its place as ever. */
static void call_along(const job_t *job, apr_time_t now)
{
    int i;

    for (i = 0; i < job->peers->nelts; ++i) {
        job_t *other = APR_ARRAY_IDX(job->peers, i, job_t *);

        if (other != job && other->account == job->account && schedule_may_join(other, now)) {
            other->reason = "another certificate of its account is renewed now";
            job_happen(other, EVENT_DUE);
        }
    }
}

void lifecycle_poke(job_t *job, apr_time_t now)
{
    renewal_poke(job, now);
    stapling_poke(job, now);
    if (job_is_held(job)) {
        return;
    }
    if (job->state == JOB_QUEUED) {
        if (has_place(job->account) && !is_others_turn(job)) {
            job_take_place(job);
            job_happen(job, EVENT_PLACE);
        }
    }
    else if (job->at != 0 && job->at <= now) {
        int leads = schedule_is_renewal(job);

        job_happen(job, EVENT_DUE);
        if (leads) {
            call_along(job, now);
        }
    }
}

void lifecycle_fill_places(agent_account_t *account, apr_time_t now)
{
    agenda_entry_t *first;
    job_t *passed = NULL, *job;

    while (has_place(account) && (first = agenda_first(account->queue)) != NULL) {
        job = first->owner;
        agenda_drop(account->queue, first);
        lifecycle_poke(job, now);
        if (job->state == JOB_QUEUED) { /* it is another's turn */
            job->passed = passed;
            passed = job;
        }
    }
    for (; passed != NULL; passed = passed->passed) {
        agenda_put(account->queue, &passed->turn, 0);
    }
}
