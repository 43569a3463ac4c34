/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/tasks.h"

#include <string.h>

#include <apr_strings.h>

#include "base/json.h"
#include "ipc/message.h"

/* Of one task, from one agent. */
#define PARTS_MAX 10000
#define PART_LENGTH_MAX 16384

typedef struct task {
    struct task *next;
    apr_pool_t *pool;
    int number;
    json_t *body; /* as it is sent */
    int parts;
    tasks_part_fn *part;
    tasks_end_fn *end;
    void *baton;
} task_t;

struct tasks {
    apr_pool_t *pool;
    agent_line_t *line;
    int last; /* number that was given */
    task_t *list;
};

tasks_t *tasks_make(agent_line_t *line, apr_pool_t *p)
{
    tasks_t *tasks = apr_pcalloc(p, sizeof(*tasks));

    tasks->pool = p;
    tasks->line = line;
    return tasks;
}

void tasks_hurry(tasks_t *tasks, int certificate, apr_time_t demanded)
{
    json_t *body = json_pack("{s:s,s:i}", "what", "hurry", "certificate", certificate);

    json_put_time(body, "demanded", demanded);
    agent_line_send(tasks->line, MESSAGE_TASK, body);
}

void tasks_show_leftovers(tasks_t *tasks, json_t *leftovers)
{
    agent_line_send(tasks->line, MESSAGE_TASK,
                    json_pack("{s:s,s:O}", "what", "leftovers", "leftovers", leftovers));
}

void tasks_tell(tasks_t *tasks, const char *what, json_t *body)
{
    json_object_set_new(body, "what", json_string(what));
    agent_line_send(tasks->line, MESSAGE_TASK, body);
}

static void send_task(const tasks_t *tasks, const task_t *task)
{
    agent_line_send(tasks->line, MESSAGE_TASK, json_incref(task->body));
}

int tasks_give(tasks_t *tasks, const char *what, json_t *body, tasks_part_fn *part,
               tasks_end_fn *end, void *baton)
{
    apr_pool_t *pool = NULL;
    task_t *task;

    apr_pool_create(&pool, tasks->pool);
    task = apr_pcalloc(pool, sizeof(*task));
    task->pool = pool;
    task->number = ++tasks->last;
    task->body = json_own(pool, body);
    json_object_set_new(body, "what", json_string(what));
    json_object_set_new(body, "task", json_integer(task->number));
    task->part = part;
    task->end = end;
    task->baton = baton;
    task->next = tasks->list;
    tasks->list = task;
    send_task(tasks, task);
    return task->number;
}

static task_t **find(tasks_t *tasks, apr_int64_t number)
{
    task_t **entry = &tasks->list;

    while (*entry != NULL && (*entry)->number != number) {
        entry = &(*entry)->next;
    }
    return entry;
}

/* Out of the list, and still there. */
static task_t *take(tasks_t *tasks, apr_int64_t number)
{
    task_t **entry = find(tasks, number);
    task_t *task = *entry;

    if (task != NULL) {
        *entry = task->next;
    }
    return task;
}

void tasks_cancel(tasks_t *tasks, int number)
{
    task_t *task = take(tasks, number);

    if (task != NULL) {
        apr_pool_destroy(task->pool);
    }
}

void tasks_begin(tasks_t *tasks)
{
    task_t *task;

    for (task = tasks->list; task != NULL; task = task->next) {
        task->parts = 0;
        json_object_set_new(task->body, "again", json_true());
        send_task(tasks, task);
    }
}

static int is_short(const json_t *part)
{
    size_t length = json_dumpb(part, NULL, 0, JSON_COMPACT);

    return length > 0 && length <= PART_LENGTH_MAX;
}

apr_status_t tasks_report(tasks_t *tasks, const json_t *body, apr_pool_t *p)
{
    apr_int64_t number = json_peek_int(body, "task", 0);
    const json_t *part = json_object_get(body, "part");
    task_t *task = *find(tasks, number);
    eab_result_t *result;

    if (number <= 0 || number > tasks->last) {
        return APR_EINVAL;
    }
    if (task == NULL) {
        return APR_SUCCESS;
    }
    if (json_is_object(part)) {
        if (++task->parts > PARTS_MAX || !is_short(part)) {
            return APR_EINVAL;
        }
        if (task->part != NULL) {
            task->part(task->baton, part);
        }
    }
    if (json_peek_bool(body, "end", 0) && (task = take(tasks, number)) != NULL) {
        result = eab_result_make(p);
        eab_result_from_json(result, json_object_get(body, "problem"));
        eab_result_shorten(result, PART_LENGTH_MAX);
        task->end(task->baton, result);
        apr_pool_destroy(task->pool);
    }
    return APR_SUCCESS;
}
