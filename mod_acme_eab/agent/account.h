/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_ACCOUNT_H
#define AGENT_ACCOUNT_H

/* agent/account.h - an account at its CA: the session, and the registration when there is none yet
 * (RFC 8555, 7.3; checklist 1.5 and 1.6). */

#include "agent/directory.h"
#include "agent/failing.h"
#include "agent/kit.h"
#include "agent/tally.h"
#include "ipc/message.h"

/** result->rv is APR_SUCCESS when requests can be signed with the account; else why not. */
typedef void account_ready_fn(void *baton, const eab_result_t *result);

/** No job is at work any more (idle), or that was waited for for too long. */
typedef void account_idle_fn(void *baton, int idle);

typedef struct account_waiter {
    account_ready_fn *ready;
    void *baton;
} account_waiter_t;

typedef struct agent_account {
    kit_t *kit;
    int index;
    brief_account_t *brief; /* url, attempted and, by directory, told are kept up to date */
    acme_session_t *session;
    acme_transport_t *responders; /* its CA's, of OCSP */
    int stapling;                 /* questions to them that are under way */
    acme_signer_t signer;
    sentence_request_t request; /* of the registration, one at a time */
    sentence_request_t contact_request;
    failing_t failing;
    int opening;                 /* a registration or opening is under way */
    apr_array_header_t *waiters; /* account_waiter_t */
    apr_pool_t *waiters_pool;
    int held;              /* no job begins its work with it, for its key is being changed */
    apr_time_t held_until; /* by clock_steady() */
    account_idle_fn *idle; /* to be called when none is at work; or NULL */
    void *idle_baton;
    int active;          /* jobs that are at work with it */
    agenda_t *queue;     /* those that wait for a place */
    pace_t pace;         /* how many may be */
    int doubts;          /* newAccounts that no answer of the CA came to */
    int asking;          /* questions for renewal information that are under way */
    apr_time_t ask_line; /* the end of the line of those that are to be asked later */
    int news;            /* its URL, or what the CA says of itself, is not what it was */
    int clock_told;      /* that our clock is wrong */
    directory_t directory;
    tally_t *tally;     /* of its requests */
    apr_time_t tallied; /* when the keeper was told, by clock_steady() */
    apr_time_t vouched; /* when the CA last said that it is valid, by clock_steady(); 0: never */
    apr_time_t used;    /* when the session was last needed; 0: not yet in this cycle of work */
} agent_account_t;

agent_account_t *account_make(kit_t *kit, int index, brief_account_t *brief);

/** A job begins, or ends, its work with the account. The first one begins a cycle. */
void account_enter(agent_account_t *account);
void account_leave(agent_account_t *account);

/** Let no further job begin its work, for ACCOUNT_HELD at most or until it is released, and say once when those
 * that are at work have ended; maybe from inside. */
#define ACCOUNT_HELD apr_time_from_sec(600)
void account_hold(agent_account_t *account, account_idle_fn *idle, void *baton);
void account_release(agent_account_t *account);

/** Called by the loop, cheaply: nothing is held for ever. */
void account_poke(agent_account_t *account);

/** Make the account usable: the directory is fetched, once in a cycle, and the account looked up or
 * registered if its URL is unknown. Several callers share the work. ready may be called from
 * inside. */
void account_need(agent_account_t *account, account_ready_fn *ready, void *baton);

/** The CA says that it does not know this account (checklist A-12): register again. ready as above. */
void account_renew(agent_account_t *account, account_ready_fn *ready, void *baton);

/** Ask the CA whether it knows the account, by its key; what it said within the last minute counts. ready:
 * APR_SUCCESS when the account is valid; accountDoesNotExist, EAB_PROBLEM_ACCOUNT_STATUS, or why that
 * cannot be told. May be called from inside. */
void account_vouch(agent_account_t *account, account_ready_fn *ready, void *baton);

/** Tell the CA the contacts that are configured, now, whether they have changed or not (RFC 8555, 7.3.2).
 * ready as for account_vouch(): APR_SUCCESS when the CA has taken them. */
void account_update(agent_account_t *account, account_ready_fn *ready, void *baton);

/** It cannot be used, as was found in using it. */
void account_refuse(agent_account_t *account, const eab_result_t *problem);

/** Have the directory fetched, or take it as it is known in this cycle of work; the account itself is
 * not touched. ready as for acme_session_open(). */
void account_look(agent_account_t *account, acme_ready_fn *ready, void *baton);

/** Take over what the CA says of itself, if it was read anew: called by the loop, cheaply. */
void account_follow_directory(agent_account_t *account);

/** Tell the keeper how many requests were made, a while after the last time. Called by the loop, cheaply.
 * @return when to call it again, by clock_steady(); 0: there is nothing to tell */
apr_time_t account_tell_requests(agent_account_t *account);

/** The same at once: a certificate came, and the restart of httpd that follows ends the agent. */
void account_flush_requests(agent_account_t *account);

/** By how much to correct this server's clock: see renew_clock_error(). Logs when it goes wrong and
 * when it is right again. */
apr_interval_time_t account_clock_error(agent_account_t *account);

/** True when it cannot be used now. */
int account_fails(const agent_account_t *account);

/** "unregistered", "valid", "failing". Static. */
const char *account_state(const agent_account_t *account);

#endif
