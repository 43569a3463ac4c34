/* SPDX-License-Identifier: Apache-2.0 */

/* keeper/agent_line.h and keeper/agent_process.h without a process: what the keeper tells the agent is
 * written down. Linked before the library, so that its own are left out. */

#include "scene.h"

#include "base/json.h"

agent_line_t *agent_line_make(loop_t *loop, apr_pool_t *p)
{
    agent_line_t *line = apr_pcalloc(p, sizeof(*line));

    line->pool = p;
    line->loop = loop;
    apr_pool_create(&line->notes, p);
    line->problem = eab_result_make(line->notes);
    return line;
}

static void note(agent_line_t *line, int id, const char *jws, const brief_facts_t *facts,
                 const eab_result_t *result)
{
    apr_pool_t *notes = line->notes;

    apr_pool_create(&line->notes, line->pool);
    ++line->replies;
    line->id = id;
    if (result->rv != APR_SUCCESS)
        line->refused = id;
    line->jws = apr_pstrdup(line->notes, jws);
    line->has_facts = (facts != NULL);
    line->problem = eab_result_make(line->notes);
    eab_result_copy(line->problem, result);
    apr_pool_destroy(notes);
    loop_stop(line->loop);
}

/* Whether news go with a reply is the business of the real one. */
void agent_line_begin(agent_line_t *line)
{
    (void)line;
}

void agent_line_end(agent_line_t *line)
{
    (void)line;
}

void agent_line_reply_signed(agent_line_t *line, int id, const char *jws,
                             const eab_result_t *result)
{
    note(line, id, jws, NULL, result);
}

void agent_line_reply(agent_line_t *line, int id, const brief_facts_t *facts,
                      const eab_result_t *result)
{
    note(line, id, NULL, facts, result);
}

void agent_line_tell_news(agent_line_t *line, const news_t *news)
{
    ++line->news;
    line->news_state = apr_pstrdup(line->pool, news->state);
    line->news_why = apr_pstrdup(line->pool, news->why);
}

void agent_line_tell_counters(agent_line_t *line, json_t *counters, json_t *history)
{
    ++line->counters;
    json_decref(counters);
    json_decref(history);
}

void agent_line_tell_exports(agent_line_t *line, json_t *exports)
{
    (void)line;
    json_decref(exports);
}

agent_process_t *agent_process_make(const means_t *means, agent_line_t *line,
                                    const briefing_t *briefing)
{
    (void)line;
    (void)briefing;
    return apr_pcalloc(means->pool, sizeof(agent_process_t));
}

void agent_process_start(agent_process_t *agent, agent_door_t *door, apr_interval_time_t interval)
{
    (void)agent;
    (void)door;
    (void)interval;
}

void agent_process_stop(agent_process_t *agent)
{
    (void)agent;
}

/* The brief that it would get is made anew, as for one that was just started. */
void agent_process_renew(agent_process_t *agent)
{
    ++agent->renewals;
}

apr_status_t agent_line_send(void *baton, int type, json_t *body)
{
    agent_line_t *line = baton;

    ++line->sent;
    line->sent_type = type;
    line->sent_text = json_text(line->pool, body);
    json_decref(body);
    if (line->on_sent != NULL)
        line->on_sent();
    return APR_SUCCESS;
}
