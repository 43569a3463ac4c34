/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_AGENT_PROCESS_H
#define KEEPER_AGENT_PROCESS_H

/* keeper/agent_process.h - the agent as the keeper sees it: a program to start, to listen to, to start
 * again when it dies. What it asks goes through keeper/agent_door.h. */

#include "keeper/agent_door.h"
#include "keeper/agent_line.h"
#include "keeper/briefing.h"
#include "keeper/means.h"

typedef struct agent_process agent_process_t;

/** The agent program, with a socket pair as its standard input: it gets ready while the keeper does, and is told
 * nothing yet.
 * @param briefing what it is told when it begins; made anew each time */
agent_process_t *agent_process_make(const means_t *means, agent_line_t *line,
                                    const briefing_t *briefing);

/** Send it its brief, and listen to it. When it ends, breaks the protocol or says nothing for too long, it is
 * started again: at once, then after 1, 2, 4 ... 60 s; a run of a minute resets that. What it asks for too
 * often waits.
 * @param door for what it asks
 * @param interval in which it has to say something; it may miss that MESSAGE_ALIVE_MISSED times */
void agent_process_start(agent_process_t *agent, agent_door_t *door, apr_interval_time_t interval);

/** Start it anew, with a brief of what is known now. */
void agent_process_renew(agent_process_t *agent);

/** End it now. */
void agent_process_stop(agent_process_t *agent);

#endif
