/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_AGENT_ACTS_H
#define TEST_AGENT_ACTS_H

/* What the keeper passes on of root's acts, and how the agent reports on it. */

#include "stage.h"

#include "agent/tasks.h"

#define ACTS_DIRECTORY \
    "{\"newNonce\":\"" CA "/nonce\",\"newAccount\":\"" CA "/new-account\",\"newOrder\":\"" CA \
    "/new-order\",\"revokeCert\":\"" CA "/revoke\",\"keyChange\":\"" CA "/key-change\"}"

/* A task of the account; more: members that follow, or "". */
static inline void acts_give(stage_t *s, const char *what, const char *more)
{
    const char *text =
        apr_psprintf(s->p, "{\"what\":\"%s\",\"task\":1,\"account\":0%s}", what, more);

    tasks_begin(s->agent->kit, s->agent->accounts, s->agent->jobs,
                json_parse(s->p, text, strlen(text), NULL));
    stage_settle(s);
}

/* The last report ends the task, with a problem of this type; NULL: well. */
static inline void acts_expect_end(stage_t *s, const char *type)
{
    const json_t *problem = json_object_get(s->last, "problem");

    assert_true(json_peek_bool(s->last, "end", 0));
    if (type == NULL) {
        assert_null(problem);
        return;
    }
    assert_string_equal(type, json_peek_string(problem, "type"));
}

#endif
