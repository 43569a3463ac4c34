/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_AGENT_LINE_H
#define KEEPER_AGENT_LINE_H

/* keeper/agent_line.h - the line to the agent: replies to what it asked, and news about the restart of
 * httpd. Who is at the other end, and what is asked, is the matter of keeper/agent_process.c. */

#include "base/result.h"
#include "ipc/brief.h"
#include "ipc/frame.h"
#include "keeper/loop.h"

typedef struct agent_line agent_line_t;

/** Nobody is at the other end yet; what is said then is lost. In p. */
agent_line_t *agent_line_make(loop_t *loop, apr_pool_t *p);

/** Replies to the request with that id. jws NULL sends the problem in result. */
void agent_line_reply_signed(agent_line_t *line, int id, const char *jws,
                             const eab_result_t *result);

/** DONE, with facts if there are some (may be NULL), or PROBLEM when result is a failure; and with the
 * news that came of the request. */
void agent_line_reply(agent_line_t *line, int id, const brief_facts_t *facts,
                      const eab_result_t *result);

/** The state of the reload changed. While a request of the agent is handled, news must live until that
 * is done, and goes with the reply: the agent hears of both at once. */
void agent_line_tell_news(agent_line_t *line, const news_t *news);

/** What the keeper has counted, and the last that has happened; both are given away. */
void agent_line_tell_counters(agent_line_t *line, json_t *counters, json_t *history);

/** What is handed over to other programs; exports is given away. */
void agent_line_tell_exports(agent_line_t *line, json_t *exports);

/* ---- for keeper/agent_process.c ---- */

/** An agent is at the other end of this socket, which ends with p. ready is called when it can be read,
 * or written if something is queued.
 * @return what to read from; borrowed */
frame_channel_t *agent_line_open(agent_line_t *line, int socket, loop_ready_fn *ready, void *baton,
                                 apr_pool_t *p);

/** It is gone, or shall be. */
void agent_line_close(agent_line_t *line);

/** Is anything to be read? An agent that does not read its replies is not listened to either: what is
 * queued for it has a limit. */
void agent_line_listen(agent_line_t *line, int listening);

/** A request is handled from now on, or is not any more: the reply to it came, or comes later. */
void agent_line_begin(agent_line_t *line);
void agent_line_end(agent_line_t *line);

/** Send a message, whose body is given away. baton: the line.
 * @return APR_SUCCESS; APR_ENOSPC when it is too long, which was logged; APR_EOF when nobody is there; else
 *         the error of a connection that is broken, which whoever reads notices as well */
apr_status_t agent_line_send(void *baton, int type, json_t *body);

#endif
