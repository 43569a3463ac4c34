/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_AGENT_DOOR_H
#define KEEPER_AGENT_DOOR_H

/* keeper/agent_door.h - what the agent may ask: one table, everything else ends the agent. */

#include <jansson.h>

#include "keeper/activation.h"
#include "keeper/agent_line.h"
#include "keeper/changes.h"
#include "keeper/chronicle.h"
#include "keeper/dns.h"
#include "keeper/model.h"
#include "keeper/tasks.h"

typedef struct agent_door agent_door_t;

/** @param line on which requests are replied to */
agent_door_t *agent_door_make(const model_t *model, keeper_dns_t *dns, activation_t *activation,
                              chronicle_t *chronicle, tasks_t *tasks, agent_line_t *line);

/** A new agent is there and has its brief: it is given what root wants of it. */
void agent_door_greet(const agent_door_t *door);

/** How long a request has to wait, since the agent has asked for more of its kind than an honest one
 * would. @return 0: carry it out now; it counts. What is no request does not wait. */
apr_interval_time_t agent_door_delay(agent_door_t *door, int type, const json_t *body);

/** Carry out one request and reply, or note that it waits.
 * @param p of this request
 * @return APR_SUCCESS (a refusal was replied as well), or APR_EINVAL when the agent broke the
 *         protocol: end it */
apr_status_t agent_door_handle(agent_door_t *door, int type, const json_t *body, apr_pool_t *p);

/** Before all others: what they tell the agent of what a request waits for goes with the reply.
 * baton: the agent_door_t. */
void agent_door_expect(void *baton, const change_t *change);

/** After all others: what a request waits for is there, or never will be: reply. The same baton. */
void agent_door_hear(void *baton, const change_t *change);

/** The agent is gone: nobody waits for replies any more. */
void agent_door_forget(agent_door_t *door);

#endif
