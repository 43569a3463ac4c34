/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/finding.h"

#include "base/json.h"
#include "base/log.h"

void finding_tell(const task_t *task, const char *check, const char *subject, const char *grade,
                  const char *text)
{
    json_t *part = json_object();

    json_put_string(part, "check", check);
    json_put_string(part, "subject", subject);
    json_put_string(part, "grade", grade);
    json_put_string(part, "text", log_escape(task->pool, text));
    task_tell(task, part);
}
