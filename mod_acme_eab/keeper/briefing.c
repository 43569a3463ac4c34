/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/briefing.h"

#include <string.h>
#include <unistd.h>

#include "base/json.h"

static void brief_failure(brief_failure_t *brief, const failure_t *failure)
{
    if (failure != NULL) {
        brief->attempts = failure->attempts;
        brief->since = failure->since;
        brief->next = failure->next;
        brief->place = failure->place;
        brief->subset = failure->subset;
        brief->facts = failure->facts;
        brief->tried = failure->tried;
        brief->problem = failure->problem;
    }
}

static void brief_account(brief_account_t *brief, const keeper_account_t *account)
{
    const plan_account_t *plan = account->plan;

    brief->label = plan->label;
    brief->directory = plan->directory;
    brief->where = plan->where;
    brief->proxy = plan->proxy;
    brief->proxy_credentials = account->proxy_credentials;
    brief->ca_pem = account->ca_pem;
    brief->eab = (plan->kid != NULL);
    brief->terms_accepted = plan->terms_accepted;
    brief->rolling = account->next_key != NULL;
    brief->contact_changed = account_contact_changed(account);
    if (account->registration != NULL) {
        brief->kid_sha256 = account->registration->kid_sha256;
        brief->url = account->registration->url;
        brief->attempted = account->registration->attempted;
        brief->terms = account->registration->terms;
    }
    brief->thumbprint = account->thumbprint;
    brief_failure(&brief->failure, account->failing.failure);
    brief->told = account->told;
    if (account->broken->rv != APR_SUCCESS) {
        brief->broken = account->broken;
    }
}

static void brief_certificate(brief_certificate_t *brief, const keeper_certificate_t *certificate,
                              apr_pool_t *p)
{
    const plan_certificate_t *plan = certificate->plan;

    brief->id = plan->id;
    brief->domain = plan->domain;
    brief->profile = plan->profile;
    brief->profile_required = plan->profile_required;
    brief->allow_subset = plan->allow_subset;
    brief->preferred_chain = plan->preferred_chain;
    brief->names = plan->names;
    brief->account = plan->account;
    brief->challenges = plan->challenges;
    brief->dns_command = plan->dns_command != NULL;
    brief->dns_resolver = plan->dns_resolver;
    brief->key_type = plan->key_type;
    brief->renew_percent = plan->renew_percent;
    brief->renew_before = plan->renew_before;
    brief->served = plan->served;
    brief->fallback = plan->fallback;
    brief->loaded = certificate->in_use;
    brief->unusable = plan->unusable;
    brief->doors = plan->doors;
    brief->used_by = plan->used_by;
    brief->where = plan->where;
    brief->facts = certificate_facts(certificate, p);
    brief->window = certificate->window;
    brief->validations = certificate->validations;
    if (certificate->journal != NULL) {
        brief->ordering = 1;
        brief->trial = certificate->journal->trial;
        brief->order_names = certificate->journal->names;
        brief->order_url = certificate->journal->order_url;
        brief->order_finalize = certificate->journal->finalize;
        brief->finalized = certificate->journal->finalized;
        brief->order_since = certificate->journal->since;
    }
    brief_failure(&brief->failure, certificate->failing.failure);
    brief->demanded = certificate->demanded;
}

brief_t *briefing_make(const briefing_t *briefing, apr_pool_t *p)
{
    const model_t *model = briefing->model;
    const plan_t *plan = model->means->plan;
    brief_t *brief = brief_make(p);
    int i;

    brief->httpd_version = plan->httpd_version;
    brief->run_dir = plan->run_dir;
    brief->max_parallel = plan->max_parallel;
    brief->log_level = plan->log_level;
    brief->httpd_pid = plan->parent_pid;
    brief->httpd_since = plan->httpd_since;
    brief->httpd_restarts = plan->httpd_restarts;
    brief->keeper_pid = (int)getpid();
    brief->keeper_since = model->means->since;
    brief->keeper_restarts = plan->restarts;
    brief->once = plan->once;
    for (i = 0; i < model->accounts->nelts; ++i) {
        brief_account(memset(apr_array_push(brief->accounts), 0, sizeof(brief_account_t)),
                      model_account(model, i));
    }
    for (i = 0; i < model->certificates->nelts; ++i) {
        brief_certificate(
            memset(apr_array_push(brief->certificates), 0, sizeof(brief_certificate_t)),
            model_certificate(model, i), p);
    }
    brief->reload = *reload_news(briefing->reload);
    brief->leftovers = briefing->leftovers;
    brief->exports = json_own(p, exports_list(briefing->exports));
    brief->counters = json_own(p, chronicle_counters(briefing->chronicle));
    brief->history = json_own(p, chronicle_recent(briefing->chronicle));
    return brief;
}
