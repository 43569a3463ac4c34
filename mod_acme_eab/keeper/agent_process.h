/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_AGENT_PROCESS_H
#define KEEPER_AGENT_PROCESS_H

/* keeper/agent_process.h - the agent as the keeper sees it: a program to start, to listen to, to start
 * again when it dies. What it asks goes through keeper/agent_door.h. */

#include "keeper/keeper.h"

typedef struct keeper_agent keeper_agent_t;

/** Start the agent program with a socket pair as its standard input, and send it its brief. When it
 * ends, breaks the protocol or says nothing for too long, it is started again: at once, then after
 * 1, 2, 4 ... 60 s; a run of a minute resets that. What it asks for too often waits.
 * @param interval in which it has to say something; it may miss that MESSAGE_ALIVE_MISSED times */
keeper_agent_t *agent_process_start(keeper_t *keeper, apr_interval_time_t interval);

/** Start it anew, with a brief of what is known now. */
void agent_process_renew(keeper_agent_t *agent);

/** End it now. */
void agent_process_stop(keeper_agent_t *agent);

#endif
