/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_AGENT_PROCESS_H
#define KEEPER_AGENT_PROCESS_H

/* keeper/agent_process.h - the agent as the keeper sees it: a program to start, to talk to, to start again
 * when it dies. */

#include "base/result.h"
#include "ipc/brief.h"
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

/** Replies to the request with that id. jws NULL sends the problem in result. */
void agent_reply_signed(keeper_agent_t *agent, int id, const char *jws, const eab_result_t *result);

/** DONE, with facts if there are some (may be NULL), or PROBLEM when result is a failure; and with the
 * news that came of the request. */
void agent_reply(keeper_agent_t *agent, int id, const brief_facts_t *facts,
                 const eab_result_t *result);

/** The state of the reload changed. While a request of the agent is handled, news must live until that
 * is done, and goes with the reply: the agent hears of both at once. Nothing is told to NULL. */
void agent_tell_news(keeper_agent_t *agent, const news_t *news);

#endif
