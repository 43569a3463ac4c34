/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_JOB_H
#define AGENT_JOB_H

/* agent/job.h - one configured certificate on its way from an order to the store, again and again.
 * The life cycle is a table in job.c: state, event, next state; entering a state does its one thing.
 * What an order has reached is in the keeper's journal, so that a job resumes wherever it was. */

#include "agent/account.h"
#include "agent/agent.h"
#include "agent/failing.h"
#include "acme/order.h"
#include "ipc/message.h"

typedef enum {
    JOB_IDLE,        /* until job->at */
    JOB_QUEUED,      /* due, waits for a place among ACMEMaxParallel */
    JOB_OPENING,     /* the account is made usable */
    JOB_REOPENING,   /* the CA does not know the account: it is registered anew */
    JOB_SEARCHING,   /* a newOrder was never answered: does the CA have that order? */
    JOB_ORDERING,    /* newOrder */
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

typedef struct job {
    agent_t *agent;
    int index;
    brief_certificate_t *brief; /* facts, ordering, order_url are kept up to date */
    agent_account_t *account;
    job_state_t state;
    apr_time_t at;      /* when an idle or polling job goes on */
    const char *next;   /* what happens then: "renew", "retry", "poll", "order" */
    const char *why;    /* half a sentence: why then, or what is going on */
    const char *reason; /* why a certificate is ordered */
    failing_t failing;
    acme_order_t *order; /* as last read, in order_pool */
    apr_pool_t *order_pool;
    apr_pool_t *facts_pool;
    apr_array_header_t *found; /* order URLs of the account while searching, in search_pool */
    apr_pool_t *search_pool;
    int pages;          /* of that list */
    int polls;          /* since the CA began to validate or to process */
    int authorizations; /* being read */
    int answered;       /* challenges of this order were answered */
    int second_chance;  /* was used in this attempt: a lost account or order is made anew once */
    int requests;       /* under way */
    int counted;        /* it takes a place of the account */
    json_t *chain;      /* message with the fetched chain, on its way to the keeper */
    sentence_request_t order_request, finalize_request, read_request, challenge_request;
} job_t;

job_t *job_make(agent_t *agent, int index, brief_certificate_t *brief);

/** Go on if it is time: called by the loop, cheaply, for each job. */
void job_poke(job_t *job, apr_time_t now);

/** When to poke it next; 0: it waits for an event. */
apr_time_t job_due(const job_t *job);

/** "missing", "ordering", "valid", "renewing", "waiting-for-reload", "failing". Static. */
const char *job_status(const job_t *job);

#endif
