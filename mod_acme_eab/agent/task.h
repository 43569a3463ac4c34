/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_TASK_H
#define AGENT_TASK_H

/* agent/task.h - one thing that root wants of the agent, as the keeper passes it on (keeper/tasks.h). One that has a
 * number is answered: by parts, and by its end. It may come twice. */

#include "agent/job.h"

typedef struct task {
    apr_pool_t *pool; /* of the task, until task_end() */
    kit_t *kit;
    const apr_array_header_t *accounts; /* agent_account_t * */
    const apr_array_header_t *jobs;     /* job_t * */
    int number;                         /* 0: nobody waits for an answer */
    agent_account_t *account;           /* that it is about, or NULL */
    job_t *job;                         /* the same */
    const json_t *body;
} task_t;

/** One thing that was found out. part is given away. */
void task_tell(const task_t *task, json_t *part);

/** It is over, and so is task; result->rv APR_SUCCESS: well. */
void task_end(task_t *task, const eab_result_t *result);

/** The same for one that the agent does not know how to do. */
void task_refuse(task_t *task);

#endif
