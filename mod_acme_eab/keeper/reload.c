/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/reload.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "keeper/gathering.h"
#include "keeper/rehearsal.h"
#include "keeper/witness.h"
#include "policy/reload.h"

/* How many certificates are named in one sentence. */
#define NAMED_MAX 10

/* Refusals in a row, one a minute, after which the way out is told. */
#define REFUSALS_TOLD 15

/* What a restart waits for may change without a word: the clock, the agent's plans. */
#define LOOK_AGAIN apr_time_from_sec(600)

/* After the signal the parent ends this keeper; if it has not by then, something was lost. */
#define SIGNAL_PATIENCE apr_time_from_sec(30)

struct keeper_reload {
    const means_t *means;
    const model_t *model;
    agent_line_t *line;
    loop_timer_t *timer;
    reload_memory_t *memory;
    int rehearsing;
    int returned; /* httpd is back from a restart, and reload.json could not be made to say so */
    int bare_told;
    apr_time_t signalled; /* in this process, by clock_steady(); 0: not yet */
    apr_time_t refused;
    int refusals;
    const char *refusal; /* the state while there are some */
    apr_pool_t *why_pool;
    news_t news;
    apr_interval_time_t lead; /* of the clock of the machine before clock_steady(), when told */
};

/* By so much a clock is not just set right a little. */
#define CLOCK_SET apr_time_from_sec(2)

/* The agent lets a time that it was told follow the steady clock. */
static int clock_was_set(const keeper_reload_t *reload)
{
    apr_interval_time_t set = apr_time_now() - clock_steady() - reload->lead;

    return set > CLOCK_SET || set < -CLOCK_SET;
}

static void tell(keeper_reload_t *reload, const char *state, apr_time_t next)
{
    if (strcmp(reload->news.state, state) == 0 && reload->news.next == next
        && (next == 0 || !clock_was_set(reload))) {
        return;
    }
    reload->lead = apr_time_now() - clock_steady();
    reload->news.state = state;
    reload->news.next = next;
    agent_line_tell_news(reload->line, &reload->news);
}

static void set_why(keeper_reload_t *reload, const char *why)
{
    apr_pool_t *old = reload->why_pool;

    reload->why_pool = NULL;
    reload->news.why = NULL;
    if (why != NULL) {
        apr_pool_create(&reload->why_pool, reload->means->pool);
        reload->news.why = apr_pstrdup(reload->why_pool, why);
    }
    if (old != NULL) {
        apr_pool_destroy(old);
    }
}

/* @return 1 when the administrator has not read these words yet; why may be NULL */
static int say_why(keeper_reload_t *reload, const char *why)
{
    const char *said = reload->news.why;

    if (why == said || (why != NULL && said != NULL && strcmp(said, why) == 0)) {
        return 0;
    }
    set_why(reload, why);
    reload->news.state = "";
    return 1;
}

/* It is tried again after a while. */
static void refuse(keeper_reload_t *reload, const char *state)
{
    reload->refused = apr_time_now();
    reload->refusal = state;
    ++reload->refusals;
    reload_consider(reload);
}

/* A rehearsal may be wrong, and nobody but the administrator can know. */
static void say_way_out(const keeper_reload_t *reload)
{
    log_line(LOG_LEVEL_WARNING,
             "A new certificate still waits, and httpd would not survive a restart for the reason "
             "that was told. If that is not so in the running server, restart httpd gracefully "
             "yourself (%s -k graceful).",
             reload->means->plan->httpd_program);
}

static void refuse_configuration(keeper_reload_t *reload, const char *why)
{
    if (say_why(reload, why)) {
        log_line(LOG_LEVEL_WARNING,
                 "A new certificate waits: httpd would not survive a restart now. Mend the "
                 "configuration, the rest happens by itself. It says: %s",
                 log_escape(reload->why_pool, why));
        changes_tell_process(reload->means->changes, CHANGE_RESTART_REFUSED, why, reload->why_pool);
    }
    refuse(reload, "refused");
    if (reload->refusals == REFUSALS_TOLD) {
        say_way_out(reload);
    }
}

static void refuse_forgetting(keeper_reload_t *reload, const eab_result_t *result)
{
    const char *why = apr_psprintf(result->pool,
                                   "A new certificate waits: it could not be remembered that httpd "
                                   "was restarted for it. %s Mend that, the rest happens by "
                                   "itself.",
                                   result->detail);

    if (say_why(reload, why)) {
        log_line(LOG_LEVEL_ERROR, "%s", log_escape(reload->why_pool, why));
        changes_tell_process(reload->means->changes, CHANGE_RESTART_FAILED, why, reload->why_pool);
    }
    refuse(reload, "failed");
}

/* "a (generation 000001), b (generation 000004) and 3 more": for which httpd is restarted. */
static const char *list_waiting(const model_t *model, apr_pool_t *p)
{
    apr_array_header_t *list = apr_array_make(p, 2, sizeof(const char *));
    int i, more = 0;

    for (i = 0; i < model->certificates->nelts; ++i) {
        const keeper_certificate_t *certificate = model_certificate(model, i);

        if (!certificate_waits_for_reload(certificate)) {
            continue;
        }
        if (list->nelts == NAMED_MAX) {
            ++more;
            continue;
        }
        APR_ARRAY_PUSH(list, const char *) =
            apr_psprintf(p, "%s%s (generation %s)", list->nelts > 0 ? ", " : "", certificate->title,
                         certificate->best->number);
    }
    if (more > 0) {
        APR_ARRAY_PUSH(list, const char *) = apr_psprintf(p, " and %d more", more);
    }
    return apr_array_pstrcat(p, list, 0);
}

/* Before the signal, so that restarts for one certificate are counted even if all ends here. */
static apr_status_t remember(keeper_reload_t *reload, apr_time_t now, eab_result_t *result,
                             apr_pool_t *ptemp)
{
    const model_t *model = reload->model;
    reload_memory_t *memory = reload->memory;
    const reload_memory_t *before = reload_memory_copy(memory, ptemp);
    apr_hash_t *names = apr_hash_make(ptemp);
    apr_status_t rv;
    int i;

    memory->last = now;
    memory->restarting = list_waiting(model, reload->means->pool);
    for (i = 0; i < model->certificates->nelts; ++i) {
        const keeper_certificate_t *certificate = model_certificate(model, i);

        if (certificate_waits_for_reload(certificate)) {
            apr_hash_set(names, certificate->plan->id, APR_HASH_KEY_STRING, certificate);
            if (gathering_is_renewal(certificate, before)) {
                memory->renewed = now;
            }
            reload_memory_ask(memory, certificate->plan->id, certificate->best->facts->fingerprint);
        }
    }
    reload_memory_keep(memory, names);
    if ((rv = reload_memory_save(reload->means->store, memory, result, ptemp)) != APR_SUCCESS) {
        reload_memory_restore(memory, before);
        changes_tell_store(reload->means->changes);
    }
    else {
        reload->returned = 0;
    }
    return rv;
}

/* More may come with the restart than the certificates. */
static void say_restart(const char *changed, apr_pool_t *ptemp)
{
    static const char start[] = "Restarting httpd gracefully for new certificates";

    if (changed == NULL) {
        log_line(LOG_LEVEL_NOTICE, "%s", start);
        return;
    }
    log_line(LOG_LEVEL_NOTICE,
             "%s. The configuration is not as httpd has read it%s%s: what was changed since comes "
             "into force as well",
             start, *changed != '\0' ? ", see " : "", log_escape(ptemp, changed));
}

static void signal_parent(keeper_reload_t *reload, const char *changed, apr_pool_t *ptemp)
{
    const plan_t *plan = reload->means->plan;
    eab_result_t *result = eab_result_make(ptemp);
    apr_time_t now = apr_time_now();

    if (getppid() != plan->parent_pid) {
        return; /* it is gone, and so shall we be in a moment */
    }
    if (remember(reload, now, result, ptemp) != APR_SUCCESS) {
        refuse_forgetting(reload, result);
        return;
    }
    reload->signalled = clock_steady();
    reload->news.last = now;
    reload->refused = 0;
    reload->refusals = 0;
    set_why(reload, NULL);
    say_restart(changed, ptemp);
    witness_post(plan, reload->memory->restarting, ptemp);
    if (kill(plan->parent_pid, SIGUSR1) != 0) {
        log_line(LOG_LEVEL_ERROR,
                 "The parent process of httpd (pid %d) cannot be signalled; restart httpd "
                 "gracefully yourself",
                 plan->parent_pid);
    }
    reload_consider(reload);
}

/* Once for each keeper: it will stay so. */
static void say_bare(keeper_reload_t *reload, const char *bare)
{
    if (bare == NULL || reload->bare_told) {
        return;
    }
    reload->bare_told = 1;
    log_line(
        LOG_LEVEL_NOTICE,
        "Before a restart of httpd only mod_ssl and the listeners are tried, not every module: %s. "
        "Where httpd may make mounts (CAP_SYS_ADMIN, and no filter of system calls against it), "
        "all of a "
        "restart is rehearsed.",
        bare);
}

static void on_rehearsal(void *baton, const rehearsal_outcome_t *outcome)
{
    keeper_reload_t *reload = baton;
    apr_pool_t *pool = NULL;

    reload->rehearsing = 0;
    say_bare(reload, outcome->bare);
    apr_pool_create(&pool, reload->means->pool);
    if (outcome->passed) {
        signal_parent(reload, outcome->changed, pool);
    }
    else {
        refuse_configuration(reload, outcome->why);
    }
    apr_pool_destroy(pool);
}

static void rehearse(keeper_reload_t *reload)
{
    reload->rehearsing = 1;
    rehearsal_start(reload->means->loop, reload->means->plan, on_rehearsal, reload,
                    reload->means->pool);
}

/* What httpd did not load after all restarts: "a (generation 1), b (generation 4)"; or NULL. */
static const char *list_given_up(const keeper_reload_t *reload, apr_pool_t *p)
{
    const model_t *model = reload->model;
    apr_array_header_t *list = apr_array_make(p, 2, sizeof(const char *));
    int i;

    for (i = 0; i < model->certificates->nelts && list->nelts < NAMED_MAX; ++i) {
        const keeper_certificate_t *certificate = model_certificate(model, i);

        if (gathering_is_given_up(certificate, reload->memory)) {
            APR_ARRAY_PUSH(list, const char *) =
                apr_psprintf(p, "%s%s (generation %s)", list->nelts > 0 ? ", " : "",
                             certificate->title, certificate->best->number);
        }
    }
    return list->nelts > 0 ? apr_array_pstrcat(p, list, 0) : NULL;
}

static void give_up(keeper_reload_t *reload, const char *list, apr_pool_t *ptemp)
{
    const char *why =
        apr_psprintf(ptemp,
                     "httpd was restarted %d times and still does not use the new certificate of "
                     "%s; it is not restarted for it again. Mend what httpd's error log says of it "
                     "at each restart, then restart httpd.",
                     GATHERING_TRIES_MAX, list);

    if (say_why(reload, why)) {
        log_line(LOG_LEVEL_ERROR, "%s", log_escape(ptemp, why));
        changes_tell_process(reload->means->changes, CHANGE_RESTART_FAILED, why, ptemp);
    }
    tell(reload, "failed", 0);
}

/* How long httpd may still take for the restart that it was asked for. */
static apr_interval_time_t patience_left(const keeper_reload_t *reload)
{
    apr_interval_time_t left = reload->signalled + SIGNAL_PATIENCE - clock_steady();

    return reload->signalled != 0 && left > 0 ? left : 0;
}

/* No restart is due: all is in use, or httpd is not done yet, or it will not load it. */
static void settle(keeper_reload_t *reload)
{
    apr_interval_time_t patience = patience_left(reload);
    apr_pool_t *pool = NULL;
    const char *list;

    apr_pool_create(&pool, reload->means->pool);
    list = list_given_up(reload, pool);
    if (list == NULL) {
        set_why(reload, NULL);
        tell(reload, "idle", 0);
    }
    else if (patience > 0) {
        loop_timer_set(reload->timer, apr_time_now() + patience);
        tell(reload, "pending", apr_time_now() + patience);
    }
    else {
        give_up(reload, list, pool);
    }
    apr_pool_destroy(pool);
}

static void wait_for(keeper_reload_t *reload, const reload_decision_t *decision)
{
    apr_time_t now = apr_time_now();
    apr_time_t when = decision->when;
    apr_pool_t *pool = NULL;

    if (when < now + patience_left(reload)) {
        when = now + patience_left(reload);
    }
    loop_timer_set(reload->timer, when < now + LOOK_AGAIN ? when : now + LOOK_AGAIN);
    if (reload->refusals > 0) {
        tell(reload, reload->refusal, when);
        return;
    }
    apr_pool_create(&pool, reload->means->pool);
    say_why(reload, gathering_why(reload->model, reload->memory, decision, pool));
    apr_pool_destroy(pool);
    tell(reload, "pending", when);
}

static reload_decision_t decide(const keeper_reload_t *reload)
{
    apr_time_t now = apr_time_now();
    reload_facts_t facts = gathering_facts(reload->model, reload->memory, now);

    facts.last = reload->news.last;
    facts.refused = reload->refused;
    facts.refusals = reload->refusals;
    return reload_decide(now, &facts);
}

void reload_consider(keeper_reload_t *reload)
{
    reload_decision_t decision;

    if (reload->rehearsing) {
        return;
    }
    if (!reload->means->plan->reload) {
        tell(reload, "off", 0);
        return;
    }
    decision = decide(reload);
    loop_timer_set(reload->timer, 0);
    if (decision.when != 0) {
        wait_for(reload, &decision);
    }
    else {
        settle(reload);
    }
}

void reload_hear(void *baton, const change_t *change)
{
    if (change->kind == CHANGE_INSTALLED || change->kind == CHANGE_FAILED
        || change->kind == CHANGE_RECOVERED || change->kind == CHANGE_LOADED
        || change->kind == CHANGE_NOT_LIVE || change->kind == CHANGE_STAPLED) {
        reload_consider(baton);
    }
}

static void on_due(void *baton)
{
    keeper_reload_t *reload = baton;
    reload_decision_t decision = decide(reload);

    if (decision.when != 0 && decision.when <= apr_time_now()) {
        rehearse(reload);
    }
    else {
        reload_consider(reload);
    }
}

/* httpd has come back from a restart of ours: the witness may go. */
static void note_return(keeper_reload_t *reload)
{
    eab_result_t *result;
    apr_pool_t *pool = NULL;

    apr_pool_create(&pool, reload->means->pool);
    result = eab_result_make(pool);
    reload->memory->restarting = NULL;
    reload->returned =
        reload_memory_save(reload->means->store, reload->memory, result, pool) != APR_SUCCESS;
    if (reload->returned) {
        log_line(LOG_LEVEL_ERROR, "%s", result->detail);
        changes_tell_store(reload->means->changes);
    }
    apr_pool_destroy(pool);
}

void reload_tidy(keeper_reload_t *reload)
{
    if (reload->returned) {
        note_return(reload);
    }
}

keeper_reload_t *reload_make(const model_t *model, reload_memory_t *memory, agent_line_t *line)
{
    const means_t *means = model->means;
    keeper_reload_t *reload = apr_pcalloc(means->pool, sizeof(*reload));

    reload->means = means;
    reload->model = model;
    reload->line = line;
    reload->timer = loop_timer_make(means->loop, on_due, reload);
    reload->news.state = means->plan->reload ? "idle" : "off";
    reload->memory = memory;
    reload->news.last = memory->last;
    if (memory->restarting != NULL) {
        note_return(reload);
    }
    return reload;
}

const news_t *reload_news(const keeper_reload_t *reload)
{
    return &reload->news;
}
