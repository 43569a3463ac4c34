/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_CHRONICLE_H
#define KEEPER_CHRONICLE_H

/* keeper/chronicle.h - writes down what happens: a line of the history for people (store/history.h), and
 * numbers for monitors (store/counters.h), which the agent gets for its report. It hears of each change
 * before anybody acts on it. Nothing waits for it, and nothing fails because it cannot write: that is
 * logged, once for each time that the disk fails. It is written at once, so that no process that ends takes
 * something with it, and made durable once a second for all that came together: a power cut costs at most
 * the last second of it. Requests to the CA, of which there are many, are written once a second, so that a
 * keeper that is killed takes that much of their number with it. */

#include <jansson.h>

#include "keeper/agent_line.h"
#include "keeper/changes.h"
#include "keeper/model.h"
#include "store/counters.h"

typedef struct chronicle chronicle_t;

/** @param line on which the agent is told of the numbers */
chronicle_t *chronicle_make(const model_t *model, agent_line_t *line);

/** The keeper has just started.
 * @param restarted for which certificates httpd was restarted, if it has just come back from a restart of
 *                  ours; or NULL */
void chronicle_start(chronicle_t *chronicle, const char *restarted);

/** baton: the chronicle_t. */
void chronicle_hear(void *baton, const change_t *change);

/** The agent has made requests for this account, and got answers.
 * @param list [{"resource","code","count"}]
 * @return APR_EINVAL when that is none */
apr_status_t chronicle_requests(chronicle_t *chronicle, const keeper_account_t *account,
                                const json_t *list);

/** The keeper ends: write what is not written. */
void chronicle_stop(chronicle_t *chronicle);

/** Add a line to the history; entry is given away. */
void chronicle_enter(chronicle_t *chronicle, json_t *entry);

/** Something has happened once more, which is written down at once. */
void chronicle_count(chronicle_t *chronicle, counters_kind_t kind);

/** So many events wait to be told, the oldest since then; 0: none. */
void chronicle_pending(chronicle_t *chronicle, int pending, apr_time_t oldest);

/** What was counted, as the status shows it. A new reference for the caller. */
json_t *chronicle_counters(const chronicle_t *chronicle);

/** The last lines of the history, in short, the oldest first: [{"at","event","name","account","detail"}].
 * A new reference for the caller. */
json_t *chronicle_recent(const chronicle_t *chronicle);

#endif
