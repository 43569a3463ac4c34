/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_FINDING_H
#define AGENT_FINDING_H

/* agent/finding.h - one line of acmectl check. */

#include "agent/task.h"

#define FINDING_OK "ok"
#define FINDING_WARNING "warning"
#define FINDING_FAULT "fault"
#define FINDING_NOT_RUN "not run"

/** @param check   what was looked at: "caa"
 *  @param subject of that: a name, the label of an account
 *  @param text    half a sentence; it is escaped here, as a CA's or the DNS's words may be in it */
void finding_tell(const task_t *task, const char *check, const char *subject, const char *grade,
                  const char *text);

#endif
