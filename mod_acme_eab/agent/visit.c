/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/visit.h"

#include <string.h>

#include <apr_strings.h>

#include "base/json.h"

static int is_wanted(const job_t *job)
{
    return job_is_looked_at(job) && job->brief->facts->fingerprint != NULL
           && job->brief->facts->key_type != NULL;
}

static void on_told(void *baton, const json_t *body, const eab_result_t *result)
{
    job_t *job = baton;

    job->visiting = 0;
    job_wake(job);
    if (result->rv == APR_SUCCESS && json_is_object(json_object_get(body, "facts"))) {
        job_keep_facts(job, body);
    }
    kit_touch(job->kit);
}

/* Where two virtual hosts have a name in common the other one's certificate is served for it, and that
 * is nothing to complain of. */
static int is_of_another(const job_t *job, const char *fingerprint)
{
    const apr_array_header_t *certificates = job->kit->brief->certificates;
    int i;

    for (i = 0; i < certificates->nelts; ++i) {
        const brief_certificate_t *other = &APR_ARRAY_IDX(certificates, i, brief_certificate_t);

        if (other != job->brief && other->facts != NULL && other->facts->fingerprint != NULL
            && strcmp(other->facts->fingerprint, fingerprint) == 0) {
            return 1;
        }
    }
    return 0;
}

static const char *judge(const job_t *job, const visitor_found_t *found)
{
    if (found->others > 0 && !is_of_another(job, found->fingerprint)) {
        return SEEN_ANOTHER;
    }
    return found->met > 0 ? SEEN_IT : SEEN_NOTHING;
}

static void on_visited(void *baton, const visitor_found_t *found)
{
    job_t *job = baton;
    json_t *body;

    if (!is_wanted(job) || strcmp(job->visited, job->brief->facts->fingerprint) != 0) {
        job->visiting = 0; /* another one has come meanwhile */
        job_wake(job);
        return;
    }
    body = json_object();
    json_object_set_new(body, "certificate", json_integer(job->index));
    json_put_string(body, "fingerprint", job->visited);
    json_put_string(body, "seen", judge(job, found));
    json_put_string(body, "why", found->why);
    link_request(job->kit->link, MESSAGE_SEEN, body, on_told, job);
}

void visit_poke(job_t *job)
{
    const brief_facts_t *facts = job->brief->facts;

    if (job->visiting || !is_wanted(job)) {
        return;
    }
    job->visiting = 1;
    apr_cpystrn(job->visited, facts->fingerprint, sizeof(job->visited));
    visitor_start(job->kit->visitor, job->brief->doors, facts->key_type, job->visited, on_visited,
                  job);
}
