/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/reload.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/bytes.h"
#include "base/log.h"
#include "keeper/agent.h"
#include "keeper/certificate.h"
#include "keeper/program.h"
#include "policy/reload.h"
#include "store/reload.h"

/* How often httpd is restarted for one and the same generation. */
#define TRIES_MAX 3

/* How long an order is expected to end soon. */
#define FRESH apr_time_from_sec(30)

#define TEST_LIMIT apr_time_from_sec(60)

/* After the signal the parent ends this keeper; if it has not by then, something was lost. */
#define SIGNAL_PATIENCE apr_time_from_sec(30)

struct keeper_reload {
    keeper_t *keeper;
    loop_timer_t *timer;
    reload_memory_t *memory;
    int testing;
    apr_time_t signalled; /* in this process; 0: not yet */
    apr_time_t refused;
    int refusals;
    apr_pool_t *why_pool;
    news_t news;
};

static void tell(keeper_reload_t *reload, const char *state, apr_time_t next)
{
    if (strcmp(reload->news.state, state) == 0 && reload->news.next == next) {
        return;
    }
    reload->news.state = state;
    reload->news.next = next;
    agent_tell_news(reload->keeper->agent, &reload->news);
}

static void set_why(keeper_reload_t *reload, const char *why)
{
    apr_pool_t *old = reload->why_pool;

    reload->why_pool = NULL;
    reload->news.why = NULL;
    if (why != NULL) {
        apr_pool_create(&reload->why_pool, reload->keeper->pool);
        reload->news.why = apr_pstrdup(reload->why_pool, why);
    }
    if (old != NULL) {
        apr_pool_destroy(old);
    }
}

/* An order that was placed a moment ago, for a vhost that answers 503 until then. */
static int is_coming(const keeper_certificate_t *certificate)
{
    return certificate->plan->fallback && certificate->journal != NULL
           && certificate->journal->since + FRESH > apr_time_now();
}

/* Certificates that httpd should load, and that it was not asked for too often already. */
static reload_facts_t gather(const keeper_reload_t *reload)
{
    const keeper_t *keeper = reload->keeper;
    reload_facts_t facts = { 0, 0, 0, 0, 0, 0, 0, 0 };
    int i;

    for (i = 0; i < keeper->certificates->nelts; ++i) {
        const keeper_certificate_t *certificate = keeper_certificate_at(keeper, i);
        apr_time_t installed = certificate->installed != 0 ? certificate->installed : keeper->since;

        facts.coming += is_coming(certificate);
        if (!certificate_waits_for_reload(certificate)
            || reload_memory_asked(reload->memory, certificate->plan->id, certificate->best->number)
                   >= TRIES_MAX) {
            continue;
        }
        ++facts.waiting;
        facts.first |= certificate->plan->fallback;
        if (facts.oldest == 0 || installed < facts.oldest) {
            facts.oldest = installed;
        }
        if (installed > facts.newest) {
            facts.newest = installed;
        }
    }
    facts.last = reload->news.last;
    facts.refused = reload->refused;
    facts.refusals = reload->refusals;
    return facts;
}

/* The parser's words on one line: those that begin with "Syntax error" or follow an AH number are
 * what an administrator needs; httpd -t prints little else. */
static const char *one_line(const secret_t *output, apr_pool_t *p)
{
    char *text = apr_pstrmemdup(p, (const char *)output->data, output->len);
    char *from = text, *to = text;

    for (; *from != '\0'; ++from) {
        if (*from == '\n' || *from == '\r') {
            if (to > text && to[-1] != ' ') {
                *to++ = ' ';
            }
        }
        else {
            *to++ = *from;
        }
    }
    while (to > text && to[-1] == ' ') {
        --to;
    }
    *to = '\0';
    return text;
}

static void refuse(keeper_reload_t *reload, const char *why)
{
    int known = reload->news.why != NULL && strcmp(reload->news.why, why) == 0;

    reload->refused = apr_time_now();
    ++reload->refusals;
    if (!known) {
        set_why(reload, why);
        log_line(LOG_LEVEL_WARNING,
                 "A new certificate waits: the configuration test of httpd failed. Mend the "
                 "configuration, the rest happens by itself. It says: %s",
                 log_escape(reload->why_pool, why));
    }
    reload->news.state = "";
    tell(reload, "refused", 0);
    reload_consider(reload);
}

static void signal_parent(keeper_reload_t *reload)
{
    keeper_t *keeper = reload->keeper;
    apr_pool_t *pool = NULL;
    int i;

    if (getppid() != keeper->plan->parent_pid) {
        return; /* it is gone, and so shall we be in a moment */
    }
    apr_pool_create(&pool, keeper->pool);
    reload->signalled = reload->news.last = reload->memory->last = apr_time_now();
    reload->refused = 0;
    reload->refusals = 0;
    set_why(reload, NULL);
    for (i = 0; i < keeper->certificates->nelts; ++i) {
        const keeper_certificate_t *certificate = keeper_certificate_at(keeper, i);

        if (certificate_waits_for_reload(certificate)) {
            reload_memory_ask(reload->memory, certificate->plan->id, certificate->best->number);
        }
    }
    if (reload_memory_save(keeper->store, reload->memory, pool) != APR_SUCCESS) {
        keeper_mend_later(keeper);
    }
    log_line(LOG_LEVEL_NOTICE, "Restarting httpd gracefully for new certificates");
    if (kill(keeper->plan->parent_pid, SIGUSR1) != 0) {
        log_line(LOG_LEVEL_ERROR,
                 "The parent process of httpd (pid %d) cannot be signalled; restart httpd "
                 "gracefully yourself",
                 keeper->plan->parent_pid);
    }
    apr_pool_destroy(pool);
    reload_consider(reload);
}

static void on_test(void *baton, const program_outcome_t *outcome)
{
    keeper_reload_t *reload = baton;
    apr_pool_t *pool = NULL;

    reload->testing = 0;
    apr_pool_create(&pool, reload->keeper->pool);
    if (outcome->started && !outcome->timed_out && outcome->status == 0) {
        signal_parent(reload);
    }
    else if (!outcome->started) {
        refuse(reload, apr_psprintf(pool, "%s could not be run: %s",
                                    reload->keeper->plan->httpd_program, strerror(outcome->error)));
    }
    else if (outcome->timed_out) {
        refuse(reload, "the test did not end within 60 seconds");
    }
    else {
        refuse(reload, one_line(outcome->output, pool));
    }
    apr_pool_destroy(pool);
}

/* The parent's executable and arguments, and -t; our environment is the parent's. */
static void start_test(keeper_reload_t *reload)
{
    const plan_t *plan = reload->keeper->plan;
    const char **argv;
    apr_pool_t *pool = NULL;
    int i, n = 0;

    apr_pool_create(&pool, reload->keeper->pool);
    argv = apr_pcalloc(pool, (apr_size_t)(plan->httpd_args->nelts + 3) * sizeof(char *));
    argv[n++] = plan->httpd_program;
    for (i = 0; i < plan->httpd_args->nelts; ++i) {
        argv[n++] = APR_ARRAY_IDX(plan->httpd_args, i, const char *);
    }
    argv[n] = "-t";
    reload->testing = 1;
    program_start(reload->keeper->loop, argv, 1, LIMIT_PROGRAM_OUTPUT, TEST_LIMIT, on_test, reload,
                  reload->keeper->pool);
    apr_pool_destroy(pool); /* the arguments were copied by the start */
}

void reload_consider(keeper_reload_t *reload)
{
    reload_facts_t facts;
    apr_time_t when;

    if (reload->testing) {
        return;
    }
    facts = gather(reload);
    if (!reload->keeper->plan->reload) {
        tell(reload, "off", 0);
        return;
    }
    when = reload_decide(apr_time_now(), &facts);
    if (when != 0 && reload->signalled != 0 && apr_time_now() < reload->signalled + SIGNAL_PATIENCE
        && apr_time_now() >= reload->signalled && when < reload->signalled + SIGNAL_PATIENCE) {
        when = reload->signalled + SIGNAL_PATIENCE;
    }
    loop_timer_set(reload->timer, when);
    tell(reload, when == 0 ? "idle" : (reload->refusals > 0 ? "refused" : "pending"), when);
}

static void on_due(void *baton)
{
    keeper_reload_t *reload = baton;
    reload_facts_t facts = gather(reload);
    apr_time_t when = reload_decide(apr_time_now(), &facts);

    if (when != 0 && when <= apr_time_now()) {
        start_test(reload);
    }
    else {
        reload_consider(reload);
    }
}

keeper_reload_t *reload_make(keeper_t *keeper)
{
    keeper_reload_t *reload = apr_pcalloc(keeper->pool, sizeof(*reload));

    reload->keeper = keeper;
    reload->timer = loop_timer_make(keeper->loop, on_due, reload);
    reload->news.state = keeper->plan->reload ? "idle" : "off";
    reload->memory = reload_memory_load(keeper->store, keeper->pool);
    reload->news.last = reload->memory->last;
    return reload;
}

const news_t *reload_news(const keeper_reload_t *reload)
{
    return &reload->news;
}
