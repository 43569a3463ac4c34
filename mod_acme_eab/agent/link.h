/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_LINK_H
#define AGENT_LINK_H

/* agent/link.h - the agent's side of the socket to the keeper: requests with one reply each, and
 * news. */

#include <apr_errno.h>
#include <apr_pools.h>
#include <jansson.h>

#include "base/result.h"
#include "ipc/brief.h"

typedef struct link_channel link_t;

/** result->rv is APR_SUCCESS for DONE and SIGNED; else it is the keeper's refusal. body and result
 * end when the callback returns. */
typedef void link_reply_fn(void *baton, const json_t *body, const eab_result_t *result);

/** type: MESSAGE_NEWS, MESSAGE_COUNTERS, MESSAGE_EXPORTS or MESSAGE_TASK. */
typedef void link_news_fn(void *baton, int type, const json_t *body);

/** On a connected socket, which the link closes with p. */
link_t *link_make(apr_pool_t *p, int fd, link_news_fn *news, void *baton);

int link_fd(const link_t *link);

/** What to poll for: POLLIN, maybe POLLOUT. */
short link_events(const link_t *link);

/** Wait for the brief, which comes first.
 * @param patience with a keeper that says nothing
 * @return in p; NULL with the reason in result: rv is APR_EOF when the keeper is gone, else it hangs
 *         or speaks another language */
brief_t *link_receive_brief(link_t *link, apr_interval_time_t patience, eab_result_t *result,
                            apr_pool_t *p);

/** Send a request. body is given away; an id is added. reply is called once, later; never from
 * inside, and not at all when the link ends before. What is too long for a message is refused, and
 * logged; reply's body is NULL then. */
void link_request(link_t *link, int type, json_t *body, link_reply_fn *reply, void *baton);

/** Every MESSAGE_ALIVE_INTERVAL: tell the keeper that the agent is there. When a request has waited for
 * an hour of them, link_serve() says that the keeper is gone. */
void link_beat(link_t *link);

/** Read and write what goes without waiting, and call the callbacks. What came with the brief is there
 * already: POLLIN without a poll takes it.
 * @return APR_SUCCESS; anything else: the keeper is gone, end */
apr_status_t link_serve(link_t *link, short revents);

#endif
