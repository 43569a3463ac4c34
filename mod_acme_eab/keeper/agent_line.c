/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/agent_line.h"

#include <poll.h>

#include "base/bytes.h"
#include "base/log.h"
#include "ipc/message.h"

struct agent_line {
    loop_t *loop;
    frame_channel_t *channel; /* NULL: nobody is there */
    loop_watch_t *watch;
    int listening;
    int handling;       /* a request of the agent, right now */
    const news_t *held; /* what came of it for the restart of httpd, to go with the reply */
};

agent_line_t *agent_line_make(loop_t *loop, apr_pool_t *p)
{
    agent_line_t *line = apr_pcalloc(p, sizeof(*line));

    line->loop = loop;
    return line;
}

frame_channel_t *agent_line_open(agent_line_t *line, int socket, loop_ready_fn *ready, void *baton,
                                 apr_pool_t *p)
{
    line->channel = frame_channel_make(p, socket, LIMIT_FRAME);
    line->watch = loop_watch(line->loop, socket, POLLIN, ready, baton);
    line->listening = 1;
    return line->channel;
}

void agent_line_close(agent_line_t *line)
{
    loop_unwatch(line->loop, line->watch);
    line->watch = NULL;
    line->channel = NULL;
}

static void update_events(agent_line_t *line)
{
    if (line->watch != NULL) {
        loop_watch_events(line->watch, frame_wants_write(line->channel) ? POLLOUT
                                       : line->listening                ? POLLIN
                                                                        : 0);
    }
}

void agent_line_listen(agent_line_t *line, int listening)
{
    line->listening = listening;
    update_events(line);
}

/* What is too long was not sent: that is told, here and to the caller, who sends less. */
apr_status_t agent_line_send(void *baton, int type, json_t *body)
{
    agent_line_t *line = baton;
    apr_status_t rv = APR_EOF;

    if (line->channel != NULL) {
        rv = frame_send(line->channel, type, body);
        update_events(line);
    }
    if (APR_STATUS_IS_ENOSPC(rv)) {
        log_line(LOG_LEVEL_ERROR, "A message to the agent (%s) is too long and was not sent",
                 message_name(type));
    }
    json_decref(body);
    return rv;
}

static json_t *news_body(const news_t *news)
{
    json_t *body = news_to_json(news);

    /* The time of day may be another one when it is heard. */
    if (news->next != 0) {
        json_object_set_new(body, "in",
                            json_integer(apr_time_as_msec(news->next - apr_time_now())));
    }
    return body;
}

void agent_line_begin(agent_line_t *line)
{
    line->handling = 1;
}

void agent_line_end(agent_line_t *line)
{
    line->handling = 0;
    if (line->held != NULL) { /* the reply comes later */
        agent_line_send(line, MESSAGE_NEWS, news_body(line->held));
        line->held = NULL;
    }
}

/* Nobody waits for a reply for ever: what is too long becomes a problem that is not. */
static void reply(agent_line_t *line, int type, int id, json_t *body)
{
    apr_status_t rv = agent_line_send(line, type, body); /* that macro looks at it twice */

    if (APR_STATUS_IS_ENOSPC(rv)) {
        agent_line_send(line, MESSAGE_PROBLEM,
                        json_pack("{s:i,s:{s:s,s:s,s:i}}", "id", id, "problem", "type",
                                  EAB_PROBLEM_INTERNAL, "detail",
                                  "The keeper's answer is too long for a message.", "rv",
                                  APR_ENOSPC));
    }
}

void agent_line_reply_signed(agent_line_t *line, int id, const char *jws,
                             const eab_result_t *result)
{
    if (jws == NULL) {
        agent_line_reply(line, id, NULL, result);
        return;
    }
    reply(line, MESSAGE_SIGNED, id, json_pack("{s:i,s:s}", "id", id, "jws", jws));
}

void agent_line_reply(agent_line_t *line, int id, const brief_facts_t *facts,
                      const eab_result_t *result)
{
    json_t *body = json_pack("{s:i}", "id", id);

    if (line->held != NULL) {
        json_object_set_new(body, "news", news_body(line->held));
        line->held = NULL;
    }
    if (result->rv != APR_SUCCESS) {
        json_object_set_new(body, "problem", eab_result_to_json(result));
        reply(line, MESSAGE_PROBLEM, id, body);
        return;
    }
    if (facts != NULL) {
        json_object_set_new(body, "facts", brief_facts_to_json(facts));
    }
    reply(line, MESSAGE_DONE, id, body);
}

void agent_line_tell_news(agent_line_t *line, const news_t *news)
{
    if (line->handling) {
        line->held = news;
        return;
    }
    agent_line_send(line, MESSAGE_NEWS, news_body(news));
}

void agent_line_tell_exports(agent_line_t *line, json_t *exports)
{
    agent_line_send(line, MESSAGE_EXPORTS, json_pack("{s:o}", "exports", exports));
}

void agent_line_tell_counters(agent_line_t *line, json_t *counters, json_t *history)
{
    agent_line_send(line, MESSAGE_COUNTERS,
                    json_pack("{s:o,s:o}", "counters", counters, "history", history));
}
