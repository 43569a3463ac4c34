/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

/* agent/agent.h - what the agent knows: the brief, one session for each account, one job for each
 * certificate. Everything here is public; the secrets are the keeper's. */

#include <apr_pools.h>
#include <apr_tables.h>

#include "acme/http.h"
#include "acme/session.h"
#include "agent/link.h"
#include "agent/lookup.h"
#include "agent/reading.h"
#include "crypto/alpncert.h"
#include "ipc/brief.h"

struct agent_account;
struct job;

typedef struct agent {
    apr_pool_t *pool;
    link_t *link;
    acme_http_t *http;
    acme_pacer_t *pacer; /* of all sessions */
    brief_t *brief;
    reading_t *reading; /* of answers in the run directory */
    lookup_t *lookup;   /* of TXT records */
    news_t reload;
    apr_pool_t *reload_pool;
    apr_time_t reload_due; /* reload.next, by clock_steady() */
    apr_time_t since;
    alpncert_keys_t *alpncert_keys; /* once the first challenge needs them */
    apr_array_header_t *accounts;   /* struct agent_account * */
    apr_array_header_t *jobs;       /* struct job * */
    const char *status_path;
    int status_dirty;         /* something that the status shows has changed */
    int status_failed;        /* it could not be written */
    apr_time_t status_at;     /* not before, by clock_steady() */
    apr_time_t beat_at;       /* when the keeper is told again, by clock_steady() */
    apr_interval_time_t lead; /* of the clock of the machine before clock_steady() */
} agent_t;

/** Make accounts and jobs from the brief. NULL when libcurl cannot be set up. */
agent_t *agent_make(link_t *link, brief_t *brief, apr_pool_t *p);

/** The loop: until the keeper is gone. */
void agent_run(agent_t *agent);

/** For link_make(). */
void agent_hear_news(void *baton, const json_t *body);

/** The status shows something new: it is written soon. */
void agent_touch(agent_t *agent);

/** In [0, 1), from the system. */
double agent_dice(void);

#endif
