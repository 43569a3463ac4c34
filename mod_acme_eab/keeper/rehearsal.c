/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/rehearsal.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/bytes.h"
#include "ipc/rehearsal.h"
#include "keeper/program.h"

/* A server with ten thousand names takes a while, twice. */
#define LIMIT apr_time_from_sec(300)

#define WHY_MAX 1000
#define LEVEL_CRITICAL 2 /* APLOG_CRIT; lower is worse */

typedef struct rehearsal {
    const plan_t *plan;
    rehearsal_done_fn *done;
    void *baton;
    apr_pool_t *pool;
} rehearsal_t;

/* What the report says, line by line (httpd/rehearsal.h). */
typedef struct report {
    apr_array_header_t *worst;  /* const char *: lines of level crit and worse */
    apr_array_header_t *errors; /* of level error */
    apr_array_header_t *words;  /* what came on standard error */
    const char *changed;
    const char *trouble;
    const char *ended;
} report_t;

static void keep_line(apr_array_header_t *lines, const char *line)
{
    int i;

    for (i = 0; i < lines->nelts; ++i) {
        if (strcmp(APR_ARRAY_IDX(lines, i, const char *), line) == 0) {
            return;
        }
    }
    APR_ARRAY_PUSH(lines, const char *) = line;
}

/* httpd's last word in any case, and of no help. */
static int is_only_the_end(const char *line)
{
    return strstr(line, "AH00016") != NULL || strstr(line, "AH00020") != NULL
           || strstr(line, "AH02312") != NULL;
}

/* Lines of the report, and others that came on standard error. */
static void read_line(report_t *report, const char *line)
{
    static const char said[] = REHEARSAL_SAID, changed[] = REHEARSAL_CHANGED;
    static const char trouble[] = REHEARSAL_TROUBLE, ended[] = REHEARSAL_ENDED;

    if (strncmp(line, said, sizeof(said) - 1) == 0) {
        int level = atoi(line + sizeof(said) - 1);
        const char *text = strchr(line + sizeof(said) - 1, ' ');

        if (text != NULL && !is_only_the_end(text)) {
            keep_line(level <= LEVEL_CRITICAL ? report->worst : report->errors, text + 1);
        }
    }
    else if (strncmp(line, changed, sizeof(changed) - 1) == 0) {
        report->changed = line + sizeof(changed) - 1;
    }
    else if (strncmp(line, trouble, sizeof(trouble) - 1) == 0) {
        report->trouble = line + sizeof(trouble) - 1;
    }
    else if (strncmp(line, ended, sizeof(ended) - 1) == 0) {
        report->ended = line + sizeof(ended) - 1;
    }
    else if (*line != '\0') {
        keep_line(report->words, line);
    }
}

static void read_output(report_t *report, const secret_t *output, apr_pool_t *p)
{
    char *text = apr_pcalloc(p, output->len + 1);
    char *line, *last = NULL;

    memset(report, 0, sizeof(*report));
    memcpy(text, output->data, output->len);
    report->worst = apr_array_make(p, 4, sizeof(const char *));
    report->errors = apr_array_make(p, 4, sizeof(const char *));
    report->words = apr_array_make(p, 4, sizeof(const char *));
    for (line = apr_strtok(text, "\r\n", &last); line != NULL;
         line = apr_strtok(NULL, "\r\n", &last)) {
        read_line(report, line);
    }
}

/* On one line; of too many words the last: httpd dies with those. */
static const char *join(const apr_array_header_t *lines, apr_pool_t *p)
{
    const char *text = apr_array_pstrcat(p, lines, ' ');
    apr_size_t len = strlen(text);

    return len <= WHY_MAX ? text : apr_pstrcat(p, "...", text + len - WHY_MAX, NULL);
}

static const char *find_why(const report_t *report, const program_outcome_t *outcome, apr_pool_t *p)
{
    if (outcome->timed_out) {
        return apr_psprintf(p, "httpd did not come up within %d seconds", (int)apr_time_sec(LIMIT));
    }
    if (report->ended != NULL) {
        return report->ended;
    }
    if (report->worst->nelts > 0) {
        return join(report->worst, p);
    }
    if (report->words->nelts > 0) {
        return join(report->words, p);
    }
    if (report->errors->nelts > 0) {
        return join(report->errors, p);
    }
    if (report->trouble != NULL) {
        return report->trouble;
    }
    return apr_psprintf(p, "httpd ended without a word (%s)", program_describe_end(outcome, p));
}

static void on_end(void *baton, const program_outcome_t *ended)
{
    rehearsal_t *rehearsal = baton;
    apr_pool_t *pool = rehearsal->pool;
    rehearsal_outcome_t outcome = { 0, NULL, NULL, NULL };
    report_t report;

    if (!ended->started) {
        outcome.why = apr_psprintf(pool, "%s could not be run: %s", rehearsal->plan->stage_program,
                                   strerror(ended->error));
    }
    else {
        read_output(&report, ended->output, pool);
        outcome.passed = !ended->timed_out && ended->status == REHEARSAL_EXIT;
        outcome.changed = report.changed;
        outcome.bare = report.trouble;
        outcome.why = outcome.passed ? NULL : find_why(&report, ended, pool);
    }
    rehearsal->done(rehearsal->baton, &outcome);
    apr_pool_destroy(pool);
}

void rehearsal_start(loop_t *loop, const plan_t *plan, rehearsal_done_fn *done, void *baton,
                     apr_pool_t *p)
{
    apr_array_header_t *argv, *variables;
    rehearsal_t *rehearsal;
    apr_pool_t *pool = NULL;

    apr_pool_create(&pool, p);
    rehearsal = apr_pcalloc(pool, sizeof(*rehearsal));
    rehearsal->plan = plan;
    rehearsal->done = done;
    rehearsal->baton = baton;
    rehearsal->pool = pool;
    argv = apr_array_make(pool, 16, sizeof(const char *));
    APR_ARRAY_PUSH(argv, const char *) = plan->stage_program;
    APR_ARRAY_PUSH(argv, const char *) = "--stage";
    APR_ARRAY_PUSH(argv, const char *) = apr_itoa(pool, plan->parent_pid);
    APR_ARRAY_PUSH(argv, const char *) = plan->httpd_program;
    apr_array_cat(argv, plan->httpd_args);
    /* Not into the background: the stage ends with the first process. */
    APR_ARRAY_PUSH(argv, const char *) = "-DNO_DETACH";
    APR_ARRAY_PUSH(argv, const char *) = NULL;
    variables = apr_array_make(pool, 3, sizeof(const char *));
    APR_ARRAY_PUSH(variables, const char *) =
        apr_pstrcat(pool, REHEARSAL_KEYS "=", apr_array_pstrcat(pool, plan->held_keys, '\n'), NULL);
    APR_ARRAY_PUSH(variables, const char *) = apr_pstrcat(
        pool, REHEARSAL_LISTENERS "=", apr_array_pstrcat(pool, plan->listeners, ' '), NULL);
    APR_ARRAY_PUSH(variables, const char *) = apr_psprintf(
        pool, REHEARSAL_READ "=%s %" APR_TIME_T_FMT,
        plan->config_digest != NULL ? plan->config_digest : "", apr_time_sec(plan->config_read));
    /* In p: on_end() ends this pool, and the program goes on for a moment after that. */
    program_start_with(loop, (const char *const *)argv->elts, variables, 1, LIMIT_REHEARSAL, LIMIT,
                       on_end, rehearsal, p);
}
