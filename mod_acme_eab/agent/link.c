/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/link.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/json.h"
#include "base/log.h"
#include "ipc/frame.h"
#include "ipc/message.h"

/* An hour: TXT records of many names take their time, and so do keys on a slow machine. */
#define BEATS_WITHOUT_REPLY 180

typedef struct pending {
    struct pending *next;
    int id;
    int beats;    /* how long it waits */
    int too_long; /* it could not be sent */
    link_reply_fn *reply;
    void *baton;
} pending_t;

struct link_channel {
    apr_pool_t *pool;
    frame_channel_t *channel;
    int broken;   /* writing failed, or no reply comes: link_serve() says so */
    int too_long; /* some of pending are */
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
    frame_limit_send(link->channel, LIMIT_FRAME);
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

/* @return APR_EOF when the keeper is gone, APR_TIMEUP when it says nothing for so long */
static apr_status_t wait_for_keeper(link_t *link, apr_interval_time_t patience)
{
    struct pollfd pfd = { 0, POLLIN, 0 };
    apr_status_t rv;
    int ready;

    pfd.fd = link_fd(link);
    do {
        ready = poll(&pfd, 1, (int)apr_time_as_msec(patience));
    } while (ready < 0 && errno == EINTR);
    if (ready <= 0) {
        return APR_TIMEUP;
    }
    rv = frame_fill(link->channel);
    return APR_STATUS_IS_EAGAIN(rv) ? APR_SUCCESS : rv;
}

static apr_status_t collect_brief(link_t *link, brief_t *brief, apr_interval_time_t patience,
                                  eab_result_t *result, apr_pool_t *ptemp)
{
    json_t *body = NULL;
    apr_status_t rv;
    int type = 0;

    for (;;) {
        rv = frame_take(link->channel, &type, &body, ptemp);
        if (rv == APR_SUCCESS) {
            rv = brief_take(brief, type, body, result);
            apr_pool_clear(ptemp);
            if (!APR_STATUS_IS_EAGAIN(rv)) {
                return rv;
            }
        }
        else if (!APR_STATUS_IS_EAGAIN(rv)
                 || (rv = wait_for_keeper(link, patience)) != APR_SUCCESS) {
            return rv;
        }
    }
}

brief_t *link_receive_brief(link_t *link, apr_interval_time_t patience, eab_result_t *result,
                            apr_pool_t *p)
{
    apr_pool_t *pool = NULL;
    brief_t *brief = brief_make(p);
    apr_status_t rv;

    apr_pool_create(&pool, p);
    rv = collect_brief(link, brief, patience, result, pool);
    apr_pool_destroy(pool);
    if (rv == APR_SUCCESS) {
        return brief;
    }
    if (APR_STATUS_IS_TIMEUP(rv)) {
        eab_result_set(result, rv, EAB_PROBLEM_INTERNAL, "No whole brief came from the keeper.");
    }
    else if (result->rv == APR_SUCCESS) {
        eab_result_set(result, rv, EAB_PROBLEM_INTERNAL, "The keeper sent no brief.");
    }
    return NULL;
}

void link_request(link_t *link, int type, json_t *body, link_reply_fn *reply, void *baton)
{
    pending_t *pending = malloc(sizeof(*pending));
    apr_status_t rv;

    if (pending == NULL) {
        abort();
    }
    pending->id = ++link->last_id;
    pending->beats = 0;
    pending->too_long = 0;
    pending->reply = reply;
    pending->baton = baton;
    pending->next = link->pending;
    link->pending = pending;
    json_object_set_new(body, "id", json_integer(pending->id));
    rv = frame_send(link->channel, type, body);
    if (APR_STATUS_IS_ENOSPC(rv)) {
        log_line(LOG_LEVEL_ERROR, "A request to the keeper (%s) is too long and was not sent",
                 message_name(type));
        link->too_long = pending->too_long = 1;
    }
    else if (rv != APR_SUCCESS) {
        link->broken = 1;
    }
    json_decref(body);
}

void link_beat(link_t *link)
{
    json_t *nothing = json_object();
    const pending_t *oldest = NULL;
    pending_t *pending;

    for (pending = link->pending; pending != NULL; pending = pending->next) {
        ++pending->beats;
        oldest = pending; /* the list ends with the first that was asked */
    }
    if (oldest != NULL && oldest->beats > BEATS_WITHOUT_REPLY && !link->broken) {
        log_line(
            LOG_LEVEL_ERROR,
            "The keeper has not answered a request for an hour; the agent ends, and is started "
            "again");
        link->broken = 1;
    }
    if (!frame_wants_write(link->channel)
        && frame_send(link->channel, MESSAGE_ALIVE, nothing) != APR_SUCCESS) {
        link->broken = 1;
    }
    json_decref(nothing);
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
        link->news(link->news_baton, MESSAGE_NEWS, news);
    }
    if (type == MESSAGE_COUNTERS || type == MESSAGE_EXPORTS || type == MESSAGE_TASK) {
        link->news(link->news_baton, type, body);
    }
    if (type == MESSAGE_NEWS || type == MESSAGE_COUNTERS || type == MESSAGE_EXPORTS
        || type == MESSAGE_TASK) {
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

/* The replies that the keeper cannot give. A callback may ask anew. */
static void refuse_too_long(link_t *link)
{
    apr_pool_t *pool = NULL;
    eab_result_t *result;
    pending_t **entry, *pending;

    apr_pool_create(&pool, link->pool);
    result = eab_result_make(pool);
    eab_result_set(result, APR_ENOSPC, EAB_PROBLEM_INTERNAL,
                   "What was to be told to the keeper is longer than %d bytes.", LIMIT_FRAME);
    while (link->too_long) {
        entry = &link->pending;
        while (*entry != NULL && !(*entry)->too_long) {
            entry = &(*entry)->next;
        }
        pending = *entry;
        if ((link->too_long = (pending != NULL))) {
            *entry = pending->next;
            pending->reply(pending->baton, NULL, result);
            free(pending);
        }
    }
    apr_pool_destroy(pool);
}

apr_status_t link_serve(link_t *link, short revents)
{
    apr_pool_t *pool = NULL;
    json_t *body = NULL;
    apr_status_t rv;
    int type = 0;

    if (link->too_long) {
        refuse_too_long(link);
    }
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
