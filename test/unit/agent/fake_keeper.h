/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_AGENT_FAKE_KEEPER_H
#define TEST_AGENT_FAKE_KEEPER_H

/* The other end of an agent's link, for tests: what the agent asks is read, replies are written. */

#include "../fixture.h"

#include <poll.h>
#include <sys/socket.h>

#include "agent/link.h"
#include "base/bytes.h"
#include "base/json.h"
#include "ipc/frame.h"
#include "ipc/message.h"

typedef struct fake_keeper {
    apr_pool_t *p;
    apr_pool_t *peer_pool; /* owns the channel: its end is the keeper's end */
    frame_channel_t *channel;
    link_t *link;
    int news;
    int counters;
    const char *news_state;
} fake_keeper_t;

static inline void fake_keeper_on_news(void *baton, int type, const json_t *body)
{
    fake_keeper_t *keeper = baton;

    if (type == MESSAGE_COUNTERS) {
        ++keeper->counters;
        return;
    }
    ++keeper->news;
    keeper->news_state = apr_pstrdup(keeper->p, json_peek_string(body, "state"));
}

static inline fake_keeper_t *fake_keeper_make(apr_pool_t *p)
{
    fake_keeper_t *keeper = apr_pcalloc(p, sizeof(*keeper));
    int fds[2];

    assert_int_equal(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
    keeper->p = p;
    assert_int_equal(APR_SUCCESS, apr_pool_create(&keeper->peer_pool, p));
    keeper->channel = frame_channel_make(keeper->peer_pool, fds[1], LIMIT_FRAME);
    keeper->link = link_make(p, fds[0], fake_keeper_on_news, keeper);
    return keeper;
}

/* Send a message; body is given away. */
static inline void fake_keeper_say(fake_keeper_t *keeper, int type, json_t *body)
{
    assert_int_equal(APR_SUCCESS, frame_send(keeper->channel, type, json_own(keeper->p, body)));
}

/* The next request, or NULL when there is none. */
static inline json_t *fake_keeper_hear(fake_keeper_t *keeper, int *ptype)
{
    json_t *body = NULL;

    frame_fill(keeper->channel);
    frame_take(keeper->channel, ptype, &body, keeper->p);
    return body;
}

#endif
