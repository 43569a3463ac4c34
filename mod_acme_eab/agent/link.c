/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/link.h"

#include <poll.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/json.h"
#include "ipc/frame.h"
#include "ipc/message.h"

typedef struct pending {
    struct pending *next;
    int id;
    link_reply_fn *reply;
    void *baton;
} pending_t;

struct link_channel {
    apr_pool_t *pool;
    frame_channel_t *channel;
    int broken; /* writing failed: link_serve() says so */
    int last_id;
    pending_t *pending;
    link_news_fn *news;
    void *news_baton;
};

static apr_status_t forget_pending(void *data)
{
    link_t *link = data;
    pending_t *pending;

    while ((pending = link->pending) != NULL) {
        link->pending = pending->next;
        free(pending);
    }
    return APR_SUCCESS;
}

link_t *link_make(apr_pool_t *p, int fd, link_news_fn *news, void *baton)
{
    link_t *link = apr_pcalloc(p, sizeof(*link));

    link->pool = p;
    apr_pool_cleanup_register(p, link, forget_pending, apr_pool_cleanup_null);
    link->channel = frame_channel_make(p, fd, LIMIT_PLAN);
    link->news = news;
    link->news_baton = baton;
    return link;
}

int link_fd(const link_t *link)
{
    return frame_channel_fd(link->channel);
}

short link_events(const link_t *link)
{
    return frame_wants_write(link->channel) ? POLLIN | POLLOUT : POLLIN;
}

brief_t *link_receive_brief(link_t *link, eab_result_t *result, apr_pool_t *p)
{
    struct pollfd pfd = { 0, POLLIN, 0 };
    brief_t *brief = NULL;
    json_t *body = NULL;
    apr_status_t rv;
    int type = 0;

    pfd.fd = link_fd(link);
    while (APR_STATUS_IS_EAGAIN(rv = frame_take(link->channel, &type, &body, p))) {
        poll(&pfd, 1, -1);
        rv = frame_fill(link->channel);
        if (rv != APR_SUCCESS && !APR_STATUS_IS_EAGAIN(rv)) {
            break;
        }
    }
    if (rv != APR_SUCCESS || type != MESSAGE_BRIEF) {
        eab_result_set(result, APR_EOF, EAB_PROBLEM_INTERNAL, "The keeper sent no brief.");
        return NULL;
    }
    brief_from_json(&brief, body, result, p);
    return brief;
}

void link_request(link_t *link, int type, json_t *body, link_reply_fn *reply, void *baton)
{
    pending_t *pending = malloc(sizeof(*pending));

    if (pending == NULL) {
        abort();
    }
    pending->id = ++link->last_id;
    pending->reply = reply;
    pending->baton = baton;
    pending->next = link->pending;
    link->pending = pending;
    json_object_set_new(body, "id", json_integer(pending->id));
    if (frame_send(link->channel, type, body) != APR_SUCCESS) {
        link->broken = 1;
    }
    json_decref(body);
}

static pending_t *take_pending(link_t *link, int id)
{
    pending_t **entry, *found;

    for (entry = &link->pending; *entry != NULL; entry = &(*entry)->next) {
        if ((*entry)->id == id) {
            found = *entry;
            *entry = found->next;
            return found;
        }
    }
    return NULL;
}

static void deliver(link_t *link, int type, const json_t *body, apr_pool_t *p)
{
    const json_t *news = type == MESSAGE_NEWS ? body : json_object_get(body, "news");
    pending_t *pending;
    eab_result_t *result;

    if (json_is_object(news)) {
        link->news(link->news_baton, news);
    }
    if (type == MESSAGE_NEWS) {
        return;
    }
    if ((pending = take_pending(link, (int)json_peek_int(body, "id", 0))) == NULL) {
        return;
    }
    result = eab_result_make(p);
    if (type == MESSAGE_PROBLEM) {
        eab_result_from_json(result, json_object_get(body, "problem"));
        if (result->rv == APR_SUCCESS) {
            result->rv = APR_EGENERAL;
        }
    }
    pending->reply(pending->baton, body, result);
    free(pending);
}

apr_status_t link_serve(link_t *link, short revents)
{
    apr_pool_t *pool = NULL;
    json_t *body = NULL;
    apr_status_t rv;
    int type = 0;

    if ((revents & POLLOUT) != 0 && frame_flush(link->channel) != APR_SUCCESS) {
        return APR_EOF;
    }
    if ((revents & ~POLLOUT) == 0) {
        return link->broken ? APR_EOF : APR_SUCCESS;
    }
    rv = frame_fill(link->channel);
    if (rv != APR_SUCCESS && !APR_STATUS_IS_EAGAIN(rv)) {
        return rv;
    }
    apr_pool_create(&pool, link->pool);
    while ((rv = frame_take(link->channel, &type, &body, pool)) == APR_SUCCESS) {
        deliver(link, type, body, pool);
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
    return APR_STATUS_IS_EAGAIN(rv) ? APR_SUCCESS : rv;
}
