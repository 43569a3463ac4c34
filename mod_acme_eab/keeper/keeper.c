/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/keeper.h"

#include "keeper/control_socket.h"
#include "keeper/janitor.h"
#include "keeper/leftover.h"
#include "keeper/sealing.h"
#include "keeper/staple.h"
#include "store/generation.h"
#include "store/reload.h"

/* Is httpd restarted by somebody else than us? A keeper that ended is no restart. */
static int is_by_somebody(const plan_t *plan, const store_t *store, const reload_memory_t *restarts)
{
    return plan->restarts == 0 && store->trouble == NULL && restarts->restarting == NULL;
}

static void on_record(void *baton, int id, const eab_result_t *result)
{
    agent_line_reply(baton, id, NULL, result);
}

/* Who hears of what the model tells, in this order. */
static void wire(const keeper_t *keeper)
{
    changes_t *changes = keeper->means.changes;

    changes_hear(changes, agent_door_expect, keeper->door);
    changes_hear(changes, staple_hear, NULL);
    changes_hear(changes, chronicle_hear, keeper->chronicle);
    changes_hear(changes, herald_hear, keeper->herald);
    changes_hear(changes, dns_hear, keeper->dns);
    changes_hear(changes, activation_hear, keeper->activation);
    changes_hear(changes, reload_hear, keeper->reload);
    changes_hear(changes, exports_hear, keeper->exports);
    changes_hear(changes, mending_hear, keeper->mending);
    changes_hear(changes, revoking_hear, keeper->revoking);
    changes_hear(changes, succession_hear, keeper->succession);
    changes_hear(changes, control_door_hear, keeper->control);
    changes_hear(changes, agent_door_hear, keeper->door);
}

/* Most certificates have no order in flight, no failure and no demand: that is not asked for each of
 * thousands. */
static model_t *look_up(means_t *means)
{
    apr_pool_t *pool = NULL;
    model_t *model;

    apr_pool_create(&pool, means->pool);
    means->pending = store_survey(means->store, "pending", pool);
    means->failures = store_survey(means->store, "failures", pool);
    means->demands = store_survey(means->store, "demands", pool);
    means->archive = means->store->trouble == NULL ? generation_survey(means->store, pool) : NULL;
    model = model_make(means);
    means->pending = means->failures = means->demands = means->archive = NULL;
    apr_pool_destroy(pool);
    return model;
}

static control_door_t *make_control(keeper_t *keeper)
{
    control_parts_t parts = { 0 };

    parts.model = keeper->model;
    parts.reload = keeper->reload;
    parts.briefing = &keeper->briefing;
    parts.tasks = keeper->tasks;
    parts.tickets = keeper->tickets;
    parts.revoking = keeper->revoking;
    parts.rollover = keeper->rollover;
    parts.succession = keeper->succession;
    parts.deactivation = keeper->deactivation;
    parts.herald = keeper->herald;
    parts.delivery = keeper->delivery;
    return control_door_make(&parts);
}

keeper_t *keeper_make(loop_t *loop, const plan_t *plan, store_t *store, segment_t *segment,
                      eab_result_t *result, apr_pool_t *p)
{
    reload_memory_t *restarts = reload_memory_load(store, p);
    keeper_t *keeper = apr_pcalloc(p, sizeof(*keeper));
    means_t *means = &keeper->means;
    model_t *model;

    means->pool = p;
    means->loop = loop;
    means->plan = plan;
    means->store = store;
    means->changes = changes_make(p);
    means->since = apr_time_now();
    means->by_somebody = is_by_somebody(plan, store, restarts);
    if ((means->keymaker = keymaker_make(loop, p)) == NULL
        || (means->syncer = syncer_make(loop, p)) == NULL) {
        eab_result_set(result, APR_EGENERAL, EAB_PROBLEM_INTERNAL, "No pipe can be made.");
        return NULL;
    }
    keeper->line = agent_line_make(loop, p);
    keeper->agent = agent_process_make(means, keeper->line, &keeper->briefing);
    model = keeper->model = look_up(means);
    keeper->briefing.leftovers = store->trouble == NULL ? leftover_list(model) : NULL;
    keeper->chronicle = chronicle_make(model, keeper->line);
    keeper->delivery = delivery_make(means, keeper->chronicle, plan->stage_program);
    keeper->herald =
        herald_make(model, keeper->briefing.leftovers, keeper->chronicle, keeper->delivery);
    keeper->restarted = restarts->restarting; /* reload_make() notes that it is over */
    keeper->dns = dns_make(model, DNS_COMMAND_LIMIT, on_record, keeper->line);
    keeper->activation = activation_make(model, segment);
    keeper->reload = reload_make(model, restarts, keeper->line);
    keeper->exports = exports_make(model, keeper->line);
    keeper->briefing.model = model;
    keeper->briefing.exports = keeper->exports;
    keeper->briefing.reload = keeper->reload;
    keeper->briefing.chronicle = keeper->chronicle;
    keeper->tasks = tasks_make(keeper->line, p);
    keeper->tickets = model->tickets;
    keeper->revoking = revoking_make(model, keeper->tasks, keeper->tickets);
    keeper->rollover = rollover_make(model, keeper->tasks, keeper->tickets);
    keeper->succession = succession_make(model, keeper->tasks);
    keeper->deactivation = deactivation_make(model, keeper->tasks, keeper->tickets);
    keeper->door = agent_door_make(model, keeper->dns, keeper->activation, keeper->chronicle,
                                   keeper->tasks, keeper->line);
    keeper->control = make_control(keeper);
    keeper->mending = mending_make(model, keeper->reload, keeper->agent);
    wire(keeper);
    return keeper;
}

void keeper_start(keeper_t *keeper)
{
    chronicle_start(keeper->chronicle, keeper->restarted);
    activation_start(keeper->activation);
    reload_consider(keeper->reload); /* so that the brief tells what is to happen */
    exports_start(keeper->exports);
    agent_process_start(keeper->agent, keeper->door, MESSAGE_ALIVE_INTERVAL);
    herald_start(keeper->herald); /* the agent has begun meanwhile */
    revoking_consider(keeper->revoking);
    rollover_start(keeper->rollover);
    succession_start(keeper->succession);
    deactivation_start(keeper->deactivation);
    janitor_start(&keeper->means, keeper->agent);
    sealing_start(keeper->model);
    control_door_start(keeper->control);
    control_socket_start(&keeper->means, keeper->control);
}

void keeper_stop(keeper_t *keeper)
{
    agent_process_stop(keeper->agent);
    chronicle_stop(keeper->chronicle);
}
