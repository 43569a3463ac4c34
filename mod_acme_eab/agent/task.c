/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/task.h"

#include "base/json.h"
#include "base/log.h"

static void on_heard(void *baton, const json_t *body, const eab_result_t *result)
{
    (void)baton;
    (void)body;
    if (result->rv != APR_SUCCESS) {
        log_line(LOG_LEVEL_ERROR, "An answer to acmectl was lost: %s", result->detail);
    }
}

static void report(const task_t *task, json_t *body)
{
    if (task->number == 0) {
        json_decref(body);
        return;
    }
    json_object_set_new(body, "task", json_integer(task->number));
    link_request(task->kit->link, MESSAGE_REPORT, body, on_heard, NULL);
}

void task_tell(const task_t *task, json_t *part)
{
    report(task, json_pack("{s:o}", "part", part));
}

void task_end(task_t *task, const eab_result_t *result)
{
    json_t *body = json_pack("{s:b}", "end", 1);

    if (result->rv != APR_SUCCESS) {
        json_object_set_new(body, "problem", eab_result_to_json(result));
    }
    report(task, body);
    apr_pool_destroy(task->pool);
}

void task_refuse(task_t *task)
{
    eab_result_t *result = eab_result_make(task->pool);

    eab_result_set(result, APR_ENOTIMPL, EAB_PROBLEM_INTERNAL,
                   "The agent does not know how to do that.");
    task_end(task, result);
}
