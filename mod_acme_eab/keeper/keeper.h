/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_KEEPER_H
#define KEEPER_KEEPER_H

/* keeper/keeper.h - the parts of the keeper: each is made here and handed what it needs, and here is who
 * hears of which changes. No part includes this. */

#include "base/result.h"
#include "keeper/activation.h"
#include "keeper/agent_door.h"
#include "keeper/agent_line.h"
#include "keeper/agent_process.h"
#include "keeper/briefing.h"
#include "keeper/chronicle.h"
#include "keeper/control_door.h"
#include "keeper/deactivation.h"
#include "keeper/delivery.h"
#include "keeper/dns.h"
#include "keeper/exports.h"
#include "keeper/herald.h"
#include "keeper/means.h"
#include "keeper/mending.h"
#include "keeper/model.h"
#include "keeper/reload.h"
#include "keeper/revoking.h"
#include "keeper/rollover.h"
#include "keeper/succession.h"

typedef struct keeper {
    means_t means;
    model_t *model;
    keeper_dns_t *dns;
    agent_line_t *line;
    chronicle_t *chronicle;
    delivery_t *delivery;
    herald_t *herald;
    const char *restarted; /* for which certificates httpd comes back from a restart, or NULL */
    activation_t *activation;
    keeper_reload_t *reload;
    exports_t *exports;
    briefing_t briefing;
    tasks_t *tasks;
    tickets_t *tickets;
    revoking_t *revoking;
    rollover_t *rollover;
    succession_t *succession;
    deactivation_t *deactivation;
    agent_door_t *door;
    control_door_t *control;
    agent_process_t *agent;
    mending_t *mending;
} keeper_t;

/** All parts, with what the store has; nothing is started yet.
 * @param segment memory that httpd's workers read; NULL: there is none
 * @param p ends everything
 * @return NULL after the loop's or memory's failure, with result saying why */
keeper_t *keeper_make(loop_t *loop, const plan_t *plan, store_t *store, segment_t *segment,
                      eab_result_t *result, apr_pool_t *p);

/** Publish what is to go live, think about a restart of httpd, start the agent, look after the run directory
 * and the seals, listen to root. */
void keeper_start(keeper_t *keeper);

/** End the agent. */
void keeper_stop(keeper_t *keeper);

#endif
