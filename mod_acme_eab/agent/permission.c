/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/permission.h"

#include <apr_strings.h>

#include "agent/finding.h"
#include "agent/lookup.h"
#include "policy/caa.h"

typedef struct permission {
    const task_t *task;
    const char *name;
    permission_done_fn *done;
    void *baton;
} permission_t;

static const char *plain_name(const char *name)
{
    return name[0] == '*' && name[1] == '.' ? name + 2 : name;
}

/* As the CA says now; as it said when it was last asked, if it does not answer. */
static const apr_array_header_t *identities_of(const task_t *task)
{
    const agent_account_t *account = task->job->account;
    const acme_directory_t *directory = acme_session_seen(account->session);
    apr_array_header_t *list;
    json_t *value;
    size_t i;

    if (directory == NULL) {
        return account->brief->told.caa_identities;
    }
    list = apr_array_make(task->pool, 2, sizeof(const char *));
    json_array_foreach(directory->caa_identities, i, value)
    {
        if (json_is_string(value)) {
            APR_ARRAY_PUSH(list, const char *) = apr_pstrdup(task->pool, json_string_value(value));
        }
    }
    return list;
}

static const apr_array_header_t *records_of(const resolver_answer_t *answer, apr_pool_t *p)
{
    apr_array_header_t *records = apr_array_make(p, 4, sizeof(bytes_t));
    int i;

    for (i = 0; i < answer->count; ++i) {
        bytes_t *record = apr_array_push(records);

        record->data = (const unsigned char *)answer->values[i].data;
        record->len = answer->values[i].len;
    }
    return records;
}

static void judge(const permission_t *permission, const resolver_answer_t *answer)
{
    static const char *const grades[] = {
        [CAA_FREE] = FINDING_OK,
        [CAA_ALLOWED] = FINDING_OK,
        [CAA_UNSURE] = FINDING_OK,
        [CAA_FORBIDDEN] = FINDING_FAULT,
    };
    const task_t *task = permission->task;
    apr_pool_t *p = task->pool;
    caa_facts_t facts = { NULL, NULL, 0, NULL, NULL, NULL };
    caa_verdict_t verdict;
    const char *more;

    facts.records = records_of(answer, p);
    facts.owner = answer->count > 0 ? answer->owner : plain_name(permission->name);
    facts.wildcard = permission->name[0] == '*';
    facts.identities = identities_of(task);
    facts.account_url = task->job->account->brief->url;
    facts.challenges = task->job->brief->challenges;
    verdict = caa_judge(&facts, p);
    more = verdict.outcome == CAA_FREE ? caa_suggest(&facts, p) : NULL;
    finding_tell(task, "caa", permission->name, grades[verdict.outcome],
                 more == NULL ? verdict.text
                              : apr_pstrcat(p, verdict.text,
                                            "; to limit that to this account: ", more, NULL));
}

static void on_records(void *baton, const lookup_found_t *found)
{
    const permission_t *permission = baton;
    const lookup_view_t *view = &found->views[0];

    if (found->count > 0 && view->answered) {
        judge(permission, view->answer);
    }
    else {
        finding_tell(permission->task, "caa", permission->name, FINDING_WARNING,
                     "the resolver does not tell the CAA records; a CA that hears as little must "
                     "not issue (RFC 8659, 3)");
    }
    permission->done(permission->baton);
}

void permission_look(const task_t *task, const char *name, permission_done_fn *done, void *baton)
{
    permission_t *permission = apr_pcalloc(task->pool, sizeof(*permission));

    permission->task = task;
    permission->name = name;
    permission->done = done;
    permission->baton = baton;
    lookup_caa(task->kit->aside, task->job->brief->dns_resolver, plain_name(name), on_records,
               permission);
}
