/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_JOB_H
#define AGENT_JOB_H

/* agent/job.h - one configured certificate on its way from an order to the store, again and again: what
 * is known of it, and what its states do alike. Which state follows which is for agent/lifecycle.h. */

#include "agent/account.h"
#include "agent/attempt.h"
#include "agent/failing.h"
#include "agent/flight.h"
#include "agent/kit.h"
#include "ipc/message.h"

typedef enum {
    JOB_IDLE,        /* until job->at */
    JOB_QUEUED,      /* due, waits for a place among ACMEMaxParallel */
    JOB_OPENING,     /* the account is made usable */
    JOB_REOPENING,   /* the CA does not know the account: it is registered anew */
    JOB_CONSULTING,  /* the CA refused: does it still know the account? */
    JOB_SEARCHING,   /* a newOrder was never answered: does the CA have that order? */
    JOB_ORDERING,    /* newOrder */
    JOB_DOUBTING,    /* did the CA take the newOrder? It is looked for at job->at */
    JOB_READING,     /* the order is read */
    JOB_AUTHORIZING, /* authorizations are read, challenges answered */
    JOB_VALIDATING,  /* the CA validates; the order is read again at job->at */
    JOB_EXPLAINING,  /* the order is invalid: which authorization says why? */
    JOB_FINALIZING,  /* the CSR is sent */
    JOB_PROCESSING,  /* the CA issues; the order is read again at job->at */
    JOB_DOWNLOADING, /* the certificate is fetched */
    JOB_INSTALLING,  /* the keeper checks and stores it */
    JOB_STATES
} job_state_t;

typedef enum {
    EVENT_DUE,          /* it is time */
    EVENT_PLACE,        /* there is a place among ACMEMaxParallel */
    EVENT_ORDER_NEEDED, /* the account is usable, no order is in flight */
    EVENT_ORDER_KNOWN,  /* the account is usable, an order is in flight */
    EVENT_ORDER_UNSURE, /* the same, but nobody knows whether the CA took the newOrder */
    EVENT_PENDING,      /* the order's status, as the CA last told it: */
    EVENT_READY,
    EVENT_AT_WORK,
    EVENT_ISSUED,
    EVENT_INVALID,
    EVENT_ANSWERED, /* all authorizations are valid or under validation */
    EVENT_UNSURE,   /* no answer, or a puzzling one: look at the order */
    EVENT_FETCHED,  /* the chain is here */
    EVENT_INSTALLED,
    EVENT_ACCOUNT_DOUBTED, /* a refusal may be about the account */
    EVENT_ACCOUNT_LOST,    /* the CA does not know the account */
    EVENT_FAILED           /* written down; wait until it is time to try again */
} job_event_t;

typedef struct refused refused_t;
struct persist;

typedef struct job job_t;

/** What follows when an event happens to a job. */
typedef void job_step_fn(job_t *job, job_event_t event);

struct job {
    kit_t *kit;
    job_step_fn *step;               /* of the life cycle */
    const apr_array_header_t *peers; /* job_t *: all of the agent, this one too */
    int index;
    agenda_entry_t entry;        /* of kit->agenda */
    agenda_entry_t turn;         /* of the account's queue, while it is JOB_QUEUED */
    struct job *passed;          /* another one of those that cannot use a free place now */
    const char *title;           /* what sentences call it, name_shown() */
    brief_certificate_t *brief;  /* facts, ordering, order_url are kept up to date */
    member_block_t *facts_block; /* of brief->facts, once one was installed */
    int visiting;                /* the own httpd is looked at: agent/visit.h */
    char visited[65];            /* for the certificate with this fingerprint */
    agent_account_t *account;
    job_state_t state;
    apr_time_t at;      /* when an idle or polling job goes on */
    apr_time_t poll_at; /* the same of a polling job, by clock_steady(); 0: it is not one */
    const char *next;   /* what happens then: "renew", "retry", "poll", "order" */
    const char *why;    /* half a sentence: why then, or what is going on */
    const char *reason; /* why a certificate is ordered */
    failing_t failing;
    attempt_t *attempt; /* the present one; at rest: the next */
    flight_t *flight;   /* of the order in flight; or of the next, of which nothing is known yet */
    refused_t *refused; /* names that are left out, until there is an attempt for all; or NULL */
    int requests;       /* under way */
    int asked;          /* for by root, since the agent runs */
    int counted;        /* it takes a place of the account */
    int round;          /* counts how often authorizations were asked for */
    int profile_told;   /* that the CA does not offer it */
    struct persist *persist; /* its records of dns-persist-01; NULL: that is not allowed */
    /* Renewal information and the ends of validations, beside the life cycle: */
    apr_time_t ask_at;            /* when to ask for renewal information; 0: not at all */
    int asking;                   /* that is under way */
    member_block_t *window_block; /* of brief->window, once it was asked for */
    member_block_t *lapse_block;  /* of brief->validations, once they were read */
    const void *lapse_told;       /* the validations of which the log tells already */
    /* OCSP responses, as well (agent/stapling.h): */
    apr_time_t staple_at; /* when to fetch one; 0: not at all */
    int stapling;         /* that is under way */
    int staple_failures;  /* in a row, */
    apr_pool_t *staple_pool;
    eab_result_t *staple_problem; /* the last of them; NULL: there is none */
    sentence_request_t order_request, finalize_request, read_request, challenge_request;
};

/** At rest, with no plan yet. peers: the array that it is going to be in. Lives as long as the agent. */
job_t *job_make(kit_t *kit, const apr_array_header_t *peers, agent_account_t *account, int index,
                brief_certificate_t *brief);

/** At rest, while an answer of a failed attempt is still to come: it must not meet the next one. */
int job_is_held(const job_t *job);

/** When the life cycle or a question for renewal information goes on by itself; 0: it waits for an event. */
apr_time_t job_due(const job_t *job);

/** Something has changed from which more may follow: the loop looks at the job in its next turn. At a job
 * that was not woken it looks only when it is due. */
void job_wake(job_t *job);

/** "missing", "ordering", "valid", "renewing", "waiting-for-reload", "failing". Static. */
const char *job_status(const job_t *job);

/** True when its own last attempt failed, whatever is the matter with its account. Names that the CA
 * refuses are no failure once the others have their certificate. */
int job_fails_itself(const job_t *job);

/** True when httpd serves the certificate that is in the store, or no virtual host uses it. There must be
 * one. */
int job_is_loaded(const job_t *job);

/** When the CA suggests to renew the certificate in use; NULL when it suggests nothing. */
const brief_window_t *job_window(const job_t *job);

/* ---- for the states ---- */

/** Go to the next state, and do what that does. A function that causes an event does nothing after. */
void job_happen(job_t *job, job_event_t event);

/** Remember a failure and wait until it is time to try again; the order stays in flight. */
void job_fail(job_t *job, const eab_result_t *problem, problem_place_t place);

/** The same when the order cannot lead to a certificate any more: it is abandoned. */
void job_fail_order(job_t *job, const eab_result_t *problem, problem_place_t place);

/** The same with the problem that the order tells, or a general one if that tells none. */
void job_fail_with_order(job_t *job, problem_place_t place);

/** Forget the order, here and in the journal. */
void job_abandon(job_t *job);

/** The names are valid, or lost: nothing is answered any more. */
void job_remove_answers(job_t *job);

/** True when its certificate was handed to httpd's workers, and nobody has looked yet whether they serve
 * it. */
int job_is_looked_at(const job_t *job);

/** True when it is not served before there is an OCSP response for it. */
int job_is_unstapled(const job_t *job);

/** Take over what the keeper says of the certificate in the store: DONE of INSTALL and SEEN. */
void job_keep_facts(job_t *job, const json_t *body);

/** Forget it here: it is installed. */
void job_forget_order(job_t *job);

/** The attempt is over: another one begins with nothing. */
void job_forget_attempt(job_t *job);

/** True when the CA has decided (a 4xx answer that is no plea for patience); after anything else the
 * order may still be alive. */
int job_is_verdict(const eab_result_t *problem);

/** True when it has decided so again and again, in words of ACME: then also an order that may hold a
 * certificate is given up. */
int job_is_final(const job_t *job, const eab_result_t *problem);

/** The CA refused something about an order that it has not declared invalid: it is used again at the
 * next try, and given up when that is refused too often. */
void job_fail_keeping(job_t *job, const eab_result_t *problem, problem_place_t place);

/** @return true when the problem was that the CA does not know the account: then that is registered
 * anew, once in each attempt, and the event has happened */
int job_renew_account(job_t *job, const eab_result_t *problem);

/** One of the account's places is taken, if none was. */
void job_take_place(job_t *job);

/** Others may begin: nothing is left to do for us but wait. */
void job_leave_place(job_t *job);

/** Look again then. */
void job_poll_in(job_t *job, apr_interval_time_t wait, const char *why);

/** Look again in a while, as the CA says or our own steps do. */
void job_poll_later(job_t *job, const char *why);

/** Send a signed sentence that acts; done calls job_answered(). is_answer as in
 * acme_question_t. */
void job_post(job_t *job, const char *url, sentence_request_t *request, sentence_t sentence,
              int index, acme_reads_fn *is_answer, acme_answer_fn *done, void *baton);

/** A request under way has come to its end, whichever: called first of all by whoever is told. */
void job_answered(job_t *job);

/** POST-as-GET; done as above.
 * @param resource as in sentence_request_t */
void job_read(job_t *job, const char *url, const char *resource, const char *accept,
              acme_reads_fn *is_answer, acme_answer_fn *done, void *baton);

#endif
