/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/tasks.h"

#include <string.h>

#include "agent/deactivate.h"
#include "agent/inspect.h"
#include "agent/recognize.h"
#include "agent/revoke.h"
#include "agent/rollover.h"
#include "agent/schedule.h"
#include "agent/trial.h"
#include "base/json.h"

typedef void task_fn(task_t *task);

/* ---- hurry ---- */

/* What waits for the account alone goes on as well. */
static void hurry(task_t *task)
{
    int i;

    if (task->job != NULL) {
        schedule_hurry(task->job, json_peek_time(task->body, "demanded"));
        for (i = 0; i < task->jobs->nelts; ++i) {
            job_t *other = APR_ARRAY_IDX(task->jobs, i, job_t *);

            if (other != task->job && other->account == task->job->account) {
                schedule_again(other);
            }
        }
    }
    task_end(task, eab_result_make(task->pool));
}

/* ---- facts, leftovers, update ---- */

/* Root's act has changed what is known of a certificate. */
static void keep_facts(task_t *task)
{
    if (task->job != NULL) {
        job_keep_facts(task->job, task->body);
        schedule_again(task->job);
        kit_touch(task->kit);
    }
    task_end(task, eab_result_make(task->pool));
}

static void show_leftovers(task_t *task)
{
    task->kit->brief->leftovers =
        json_own(task->kit->pool, json_deep_copy(json_object_get(task->body, "leftovers")));
    kit_touch(task->kit);
    task_end(task, eab_result_make(task->pool));
}

static void on_updated(void *baton, const eab_result_t *result)
{
    task_end(baton, result);
}

static void update(task_t *task)
{
    eab_result_t *result = eab_result_make(task->pool);

    if (task->account == NULL) {
        task_end(task, result);
        return;
    }
    account_update(task->account, on_updated, task);
}

static const struct {
    const char *what;
    task_fn *run;
} tasks[] = {
    { "hurry", hurry },
    { "facts", keep_facts },
    { "leftovers", show_leftovers },
    { "update", update },
    { "checkAccount", inspect_account },
    { "checkNames", inspect_names },
    { "checkOrder", trial_run },
    { "recognize", recognize_run },
    { "revoke", revoke_run },
    { "rollover", rollover_run },
    { "hold", rollover_hold },
    { "rekeyed", rollover_end },
    { "deactivate", deactivate_run },
    { "closed", deactivate_end },
};

static void *at(const apr_array_header_t *array, apr_int64_t index)
{
    return index >= 0 && index < array->nelts ? APR_ARRAY_IDX(array, index, void *) : NULL;
}

void tasks_begin(kit_t *kit, const apr_array_header_t *accounts, const apr_array_header_t *jobs,
                 const json_t *body)
{
    const char *what = json_peek_string(body, "what");
    apr_pool_t *pool = NULL;
    task_t *task;
    size_t i;

    apr_pool_create(&pool, kit->pool);
    task = apr_pcalloc(pool, sizeof(*task));
    task->pool = pool;
    task->kit = kit;
    task->accounts = accounts;
    task->jobs = jobs;
    task->number = (int)json_peek_int(body, "task", 0);
    task->account = at(accounts, json_peek_int(body, "account", -1));
    task->job = at(jobs, json_peek_int(body, "certificate", -1));
    task->body = json_own(pool, json_deep_copy(body));
    for (i = 0; what != NULL && i < sizeof(tasks) / sizeof(tasks[0]); ++i) {
        if (strcmp(tasks[i].what, what) == 0) {
            tasks[i].run(task);
            return;
        }
    }
    task_refuse(task);
}
