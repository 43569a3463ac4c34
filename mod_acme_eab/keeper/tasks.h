/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_TASKS_H
#define KEEPER_TASKS_H

/* keeper/tasks.h - what root wants of the agent, since it needs the network. A task that is answered has a
 * number, and is given again to an agent that was started anew, with "again", since nobody knows how far
 * the one before has come: it must do no harm twice. What the agent
 * reports is what a CA said, or claims to be: hostile, of limited length, and never believed where the
 * keeper can know better. */

#include <jansson.h>

#include "base/result.h"
#include "keeper/agent_line.h"

typedef struct tasks tasks_t;

/** One thing that was found out; borrowed. */
typedef void tasks_part_fn(void *baton, const json_t *part);

/** It is over: result->rv is APR_SUCCESS, or why not. Called once, and never from inside tasks_give(). */
typedef void tasks_end_fn(void *baton, const eab_result_t *result);

/** None is under way. In p. */
tasks_t *tasks_make(agent_line_t *line, apr_pool_t *p);

/** Forget the back-off of a certificate and of its account, and go on with it now. No answer comes: what
 * follows is told like anything that happens, and an agent that was started anew knows it from its brief.
 * @param demanded as in the brief */
void tasks_hurry(tasks_t *tasks, int certificate, apr_time_t demanded);

/** What belongs to nothing that is configured is less now: the status shows it.
 * @param leftovers of leftover_list(), borrowed */
void tasks_show_leftovers(tasks_t *tasks, json_t *leftovers);

/** Tell the agent something that it does not answer, and that a new one knows from its brief.
 * @param body given away */
void tasks_tell(tasks_t *tasks, const char *what, json_t *body);

/** Give a task.
 * @param what a row of agent/tasks.c
 * @param body what else it says, as "account" or "certificate"; given away
 * @param part may be NULL
 * @return its number */
int tasks_give(tasks_t *tasks, const char *what, json_t *body, tasks_part_fn *part,
               tasks_end_fn *end, void *baton);

/** Nobody wants to know any more: end is not called. */
void tasks_cancel(tasks_t *tasks, int task);

/* ---- for keeper/agent_door.c ---- */

/** A new agent is there, and has its brief. */
void tasks_begin(tasks_t *tasks);

/** What the agent reports.
 * @return APR_SUCCESS, also for a task that nobody wants any more; APR_EINVAL when none like that was ever
 *         given, or too much is said of it */
apr_status_t tasks_report(tasks_t *tasks, const json_t *body, apr_pool_t *p);

#endif
