/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_KIT_H
#define AGENT_KIT_H

/* agent/kit.h - what all parts of the agent work with: the brief, and the ways to the keeper, to the
 * CAs, to the DNS and to the answers in the run directory. It knows no account and no job. Everything
 * here is public; the secrets are the keeper's. */

#include <apr_pools.h>

#include "acme/http.h"
#include "acme/session.h"
#include "agent/agenda.h"
#include "agent/link.h"
#include "agent/pacing.h"
#include "agent/reading.h"
#include "agent/visitor.h"
#include "base/aside.h"
#include "crypto/alpncert.h"
#include "ipc/brief.h"

typedef struct kit {
    apr_pool_t *pool; /* of the agent: for what lives as long, and parent of what does not */
    brief_t *brief;   /* reload is kept up to date */
    link_t *link;
    acme_http_t *http;
    pacing_t *pacing;               /* the doors of the hosts, for all sessions */
    reading_t *reading;             /* of answers in the run directory */
    aside_t *aside;                 /* threads, for what takes its time */
    visitor_t *visitor;             /* of the own httpd */
    agenda_t *agenda;               /* of the jobs: when each is looked at next */
    alpncert_keys_t *alpncert_keys; /* once the first challenge needs them */
    apr_time_t since;               /* when the agent was started */
    int touched;                    /* something that the status shows has changed */
} kit_t;

/** Lives in p, as do its parts. NULL when libcurl cannot be set up. */
kit_t *kit_make(link_t *link, brief_t *brief, apr_pool_t *p);

/** The status shows something new: it is written soon. */
void kit_touch(kit_t *kit);

#endif
