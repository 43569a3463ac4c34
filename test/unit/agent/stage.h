/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_AGENT_STAGE_H
#define TEST_AGENT_STAGE_H

/* An agent with one account and one certificate between a keeper and a CA that do what the test
 * says. The keeper signs whatever it is asked to; the CA answers the directory and newNonce by itself
 * and leaves every POST to the test. */

#include "fake_keeper.h"

#include "acme/session.h"
#include "agent/account.h"
#include "agent/agent.h"
#include "agent/lifecycle.h"

#define CA "https://ca.example"
#define NAME "www.example.edu"
#define ACCOUNT_URL CA "/account/a%2Fb=="
#define ORDER_URL CA "/order/1"
#define TOKEN "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0"
#define THUMBPRINT "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"
#define CALLS_MAX 256

/* A request of the agent to the CA. */
typedef struct stage_call {
    const char *method;
    const char *url;
    const char *accept;
    const char *sentence; /* of a POST, see sentence_name(); else NULL */
    const char *nonce;
    acme_answer_fn *done; /* NULL once it is answered */
    void *baton;
} stage_call_t;

typedef struct stage {
    apr_pool_t *p;
    fake_keeper_t *keeper;
    brief_t *brief;
    brief_account_t *account;
    brief_certificate_t *certificate;
    agent_t *agent;
    acme_transport_t transport;
    stage_call_t calls[CALLS_MAX];
    int sent;
    int nonces;
    const char *directory;     /* what the CA answers there */
    apr_array_header_t *heard; /* const char *: names of the keeper's messages but for "sign" */
    json_t *last;              /* the last of those */
    const char *counts;        /* of the last report of a rollover */
    json_t *order;             /* the last newOrder that the keeper was asked to sign */
    const char
        *suggested;      /* what the CA answers to GET renewalInfo, with a Retry-After of 6 hours */
    int held;            /* a type of message that the keeper does not reply to */
    const char *chain;   /* see stage_chain() */
    const char *refused; /* EAB_PROBLEM_...: what it says to INSTALL, STAPLE and DNS_ADD, or NULL */
    int saved;           /* standard error */
    FILE *log;
} stage_t;

/** An account that is registered, a certificate that is to be ordered. Not begun yet: the brief may
 * be changed. */
stage_t *stage_make(apr_pool_t *p);

/** Make the agent from the brief. */
void stage_begin(stage_t *s);

/** The two of them. */
stage_t *stage_start(apr_pool_t *p);

/** The same with an order in flight. url: NULL when its newOrder was not answered. */
stage_t *stage_start_with_order(apr_pool_t *p, const char *url, int finalized);

/** The same, as far as nothing keeps it from going, with a session that asks again, as the agent's does.
 * url: NULL when there is no order yet. */
stage_t *stage_start_paced(apr_pool_t *p, const char *url, int finalized);

void stage_end(stage_t *s);

job_t *stage_job(const stage_t *s);
agent_account_t *stage_account(const stage_t *s);

/** Let all happen that happens by itself at the time that the job waits for. */
void stage_wake(stage_t *s);

/** Let keeper and CA answer what is under way. */
void stage_settle(stage_t *s);

/** The same at some other time. */
void stage_poke(stage_t *s, apr_time_t now);

/** The oldest POST that is not answered; it says this sentence, and goes to url. */
stage_call_t *stage_expect(stage_t *s, const char *sentence, const char *url);

/** The oldest POST that says this sentence and is not answered, wherever it goes. */
stage_call_t *stage_expect_any(stage_t *s, const char *sentence);

/** Wait until the DNS was asked, at a resolver that is not there. */
void stage_look_up(stage_t *s);

/** Nothing is under way. */
void stage_expect_silence(const stage_t *s);

/** Answer it. header: NULL, or a name and its value. */
void stage_answer(stage_t *s, stage_call_t *call, int status, const char *body, const char *header,
                  const char *value);

/** Answer with a problem document of this type ("badCSR"). */
void stage_refuse(stage_t *s, stage_call_t *call, int status, const char *type);

/** The connection ends before there is an answer. */
void stage_cut(stage_t *s, stage_call_t *call);

/** Place the order, with this status. */
void stage_order(stage_t *s, const char *status);

/** Answer the order that is read. more as in stage_order_json(). */
void stage_read_order(stage_t *s, const char *status, const char *more);

/** Place the order, and go on up to a challenge that the CA was told of. */
void stage_answer_challenge(stage_t *s);

/** An order in JSON with more members: "" or ",\"certificate\":...". */
const char *stage_order_json(stage_t *s, const char *status, const char *more);

/** A pending authorization with an http-01 challenge of this status. */
const char *stage_authorization_json(stage_t *s, const char *name, const char *status);

/** A certificate for NAME, as PEM text; the same each time. */
const char *stage_chain(stage_t *s);

/** Have the session ask again, as the agent does. */
void stage_pace(stage_t *s);

/** Let so many seconds go by for what the session holds. */
void stage_wait(stage_t *s, int seconds);

/** A web page with this status, which is none of the CA's. */
void stage_page(stage_t *s, stage_call_t *call, int status, const char *header, const char *value);

/** How often a POST with this sentence was sent. */
int stage_count(const stage_t *s, const char *sentence);

/** How often something below that URL was fetched with GET. */
int stage_count_gets(const stage_t *s, const char *url);

/** How often the keeper was told this. */
int stage_heard(const stage_t *s, const char *message);

/** The problem of the certificate, which waits for another attempt. */
const eab_result_t *stage_problem(const stage_t *s);

/** It is of this type. */
void stage_expect_problem(stage_t *s, const char *type);

/** No order was given up, and no attempt has failed. */
void stage_expect_nothing_lost(stage_t *s);

/** Is there an answer to a challenge for this name? */
int stage_has_answer(const stage_t *s, const char *name);

/** The log so far; it is empty after. */
const char *stage_log(stage_t *s);

#endif
