/* SPDX-License-Identifier: Apache-2.0 */

/* keeper/agent_process.h without a process: what the keeper tells the agent is written down. Linked before the
 * library, so that its own agent is left out. */

#include "scene.h"

keeper_agent_t *agent_process_start(keeper_t *keeper, apr_interval_time_t interval)
{
    keeper_agent_t *agent = apr_pcalloc(keeper->pool, sizeof(*agent));

    (void)interval;
    agent->pool = keeper->pool;
    agent->loop = keeper->loop;
    apr_pool_create(&agent->notes, keeper->pool);
    agent->problem = eab_result_make(agent->notes);
    return agent;
}

void agent_process_stop(keeper_agent_t *agent)
{
    (void)agent;
}

static void note(keeper_agent_t *agent, int id, const char *jws, const brief_facts_t *facts,
                 const eab_result_t *result)
{
    apr_pool_t *notes = agent->notes;

    apr_pool_create(&agent->notes, agent->pool);
    ++agent->replies;
    agent->id = id;
    if (result->rv != APR_SUCCESS)
        agent->refused = id;
    agent->jws = apr_pstrdup(agent->notes, jws);
    agent->has_facts = (facts != NULL);
    agent->problem = eab_result_make(agent->notes);
    eab_result_copy(agent->problem, result);
    apr_pool_destroy(notes);
    loop_stop(agent->loop);
}

void agent_reply_signed(keeper_agent_t *agent, int id, const char *jws, const eab_result_t *result)
{
    note(agent, id, jws, NULL, result);
}

void agent_reply(keeper_agent_t *agent, int id, const brief_facts_t *facts,
                 const eab_result_t *result)
{
    note(agent, id, NULL, facts, result);
}

void agent_tell_news(keeper_agent_t *agent, const news_t *news)
{
    if (agent == NULL)
        return;
    ++agent->news;
    agent->news_state = apr_pstrdup(agent->pool, news->state);
    agent->news_why = apr_pstrdup(agent->pool, news->why);
}

/* The brief that it would get is made anew, as for one that was just started. */
void agent_process_renew(keeper_agent_t *agent)
{
    if (agent != NULL)
        ++agent->renewals;
}
