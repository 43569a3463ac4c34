/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/report.h"

#include <errno.h>
#include <fnmatch.h>
#include <signal.h>
#include <string.h>

#include <apr_strings.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/name.h"
#include "base/process.h"
#include "cli/once.h"
#include "cli/output.h"
#include "report/summary.h"
#include "store/store.h"

/* Of ten thousand certificates it is some 30 MB. */
#define REPORT_MAX (4 * LIMIT_PLAN)

#define AWAIT_MAX apr_time_from_sec(10)
#define AWAIT_PAUSE apr_time_from_msec(100)

static int is(const char *text, const char *word)
{
    return text != NULL && word != NULL && strcmp(text, word) == 0;
}

/* That of the httpd that has the store; NULL: only root can read it. */
static const char *planned_run_dir(const context_t *context)
{
    const char *text = NULL, *dir = NULL;
    apr_size_t length = 0;

    if (file_read(&text, &length,
                  apr_pstrcat(context->pool, context->store_dir, "/plan.json", NULL), LIMIT_PLAN,
                  context->pool)
        == APR_SUCCESS) {
        dir = json_copy_string(context->pool, json_parse(context->pool, text, length, NULL),
                               "run_dir");
    }
    return dir;
}

/* Where root has configured it; for others, where it is by default. NULL: that cannot be known. */
static const char *find_run_dir(const context_t *context, const char *planned)
{
    return context->run_dir != NULL  ? context->run_dir
           : planned != NULL         ? planned
           : context->is_other_store ? NULL
                                     : context->default_run_dir;
}

/* The processes that are seen here are those that the agent sees: both are in the same container, or in none. */
static int sees_processes(const context_t *context, const json_t *report)
{
    return is(json_peek_string(report, "pid_namespace"), process_namespace(context->pool));
}

/* httpd has the lock of its store as long as it runs, if it can use that, and its process has an id. */
static int is_running(const context_t *context, const json_t *report, int is_of_store)
{
    const json_t *processes = json_object_get(report, "processes");
    apr_int64_t pid = json_peek_int(json_object_get(processes, "httpd"), "pid", 0);

    if (is_of_store
        && store_judge(context->store_dir, eab_result_make(context->pool)) == APR_SUCCESS) {
        return once_is_locked(context);
    }
    if (pid <= 1 || !sees_processes(context, report)) {
        return -1;
    }
    return kill((pid_t)pid, 0) == 0 || errno == EPERM;
}

static int refuse(context_t *context, apr_status_t rv, const char *path)
{
    if (APR_STATUS_IS_EACCES(rv)) {
        eab_result_set(context->result, rv, NULL,
                       "%s cannot be read: permission denied. Say sudo "
                       "acmectl ...",
                       path);
        return EXIT_NOT_ALLOWED;
    }
    eab_result_set(
        context->result, rv, EAB_PROBLEM_NOT_RUNNING,
        "There is no report at %s: %s. Does httpd run with mod_acme_eab? If ACMERunDir is "
        "another directory, name it with --run.",
        path, file_reason(context->pool, rv, path));
    return EXIT_NOT_RUNNING;
}

int report_load(cli_report_t *report, context_t *context)
{
    const char *planned = planned_run_dir(context), *dir = find_run_dir(context, planned);
    const char *path, *text = NULL;
    apr_size_t length = 0;
    apr_status_t rv;

    if (dir == NULL) {
        eab_result_set(context->result, APR_ENOENT, EAB_PROBLEM_NOT_RUNNING,
                       "Which report is that of the store %s is not known: httpd has not run with "
                       "it, or only root may see that. Name its ACMERunDir with --run.",
                       context->store_dir);
        return EXIT_NOT_RUNNING;
    }
    path = apr_pstrcat(context->pool, dir, "/status.json", NULL);
    file_fence(dir);
    rv = file_read(&text, &length, path, REPORT_MAX, context->pool);
    if (rv != APR_SUCCESS) {
        return refuse(context, rv, path);
    }
    report->json = json_parse(context->pool, text, length, NULL);
    if (!json_is_array(json_object_get(report->json, "certificates"))) {
        eab_result_set(context->result, APR_EINVAL, EAB_PROBLEM_NOT_RUNNING,
                       "%s is no report of the agent; restart httpd gracefully.", path);
        return EXIT_NOT_RUNNING;
    }
    report->now = apr_time_now();
    report->reload = json_object_get(report->json, "reload");
    report->written = summary_heartbeat(report->json);
    report->stale = summary_is_stale(report->json, report->now);
    report->running =
        is_running(context, report->json, planned != NULL && strcmp(planned, dir) == 0);
    if (report->running >= 0) {
        json_object_set_new(report->json, "running", json_boolean(report->running));
    }
    summary_put(report->json, report->now);
    summary_put_files(report->json, context->store_dir, context->pool);
    return EXIT_FINE;
}

int report_warn(const cli_report_t *report, const context_t *context)
{
    if (report->running == 0) {
        output_warning(
            "httpd is not running with this store: nothing is served or renewed until it is. "
            "What is told here was so %s.",
            report->written != 0 ? output_distance(context, report->written)
                                 : "at an unknown time");
        return EXIT_NOT_RUNNING;
    }
    if (!report->stale) {
        return EXIT_FINE;
    }
    output_warning(
        "The report is stale: it was written %s. httpd does not run, or the agent hangs; "
        "see httpd's error log.",
        report->written != 0 ? output_distance(context, report->written) : "at an unknown time");
    return EXIT_NOT_RUNNING;
}

static int fits(const json_t *entry, const char *wanted, int as_pattern)
{
    const json_t *names = json_object_get(entry, "names"), *name;
    size_t i;

    json_array_foreach(names, i, name)
    {
        const char *text = json_string_value(name);

        if (text != NULL
            && (as_pattern ? fnmatch(wanted, text, 0) == 0 : strcmp(wanted, text) == 0)) {
            return 1;
        }
    }
    return 0;
}

const char *report_account(const cli_report_t *report, const char *name)
{
    const json_t *entry;
    size_t i;

    json_array_foreach(json_object_get(report->json, "certificates"), i, entry)
    {
        if (fits(entry, name, 0)) {
            return json_peek_string(entry, "account");
        }
    }
    return NULL;
}

static int count_fitting(const apr_array_header_t *all, const char *wanted, int as_pattern)
{
    int i, n = 0;

    for (i = 0; i < all->nelts; ++i) {
        n += fits(APR_ARRAY_IDX(all, i, const json_t *), wanted, as_pattern);
    }
    return n;
}

/* A wildcard that is configured is a name like others. */
static int take(unsigned char *marks, const apr_array_header_t *all, const char *wanted)
{
    int as_pattern = count_fitting(all, wanted, 0) == 0;
    int i, n = 0;

    for (i = 0; i < all->nelts; ++i) {
        if (fits(APR_ARRAY_IDX(all, i, const json_t *), wanted, as_pattern)) {
            marks[i] = 1;
            ++n;
        }
    }
    return n;
}

int report_choose(const apr_array_header_t **plist, const cli_report_t *report, context_t *context)
{
    apr_pool_t *p = context->pool;
    apr_array_header_t *all = grade_sort(report->json, report->now, p);
    apr_array_header_t *list = apr_array_make(p, all->nelts + 1, sizeof(const json_t *));
    unsigned char *marks = apr_pcalloc(p, (apr_size_t)all->nelts + 1);
    int i;

    *plist = all;
    if (context->operands->nelts == 0) {
        return EXIT_FINE;
    }
    for (i = 0; i < context->operands->nelts; ++i) {
        const char *wanted = name_lower(p, APR_ARRAY_IDX(context->operands, i, const char *));

        if (take(marks, all, wanted) == 0) {
            eab_result_set(context->result, APR_ENOENT, EAB_PROBLEM_NO_SUCH,
                           "No managed domain has the name %s; \"acmectl status\" lists those that "
                           "are configured%s.",
                           wanted, name_is_ascii(wanted) ? "" : ", in their xn-- form");
            return EXIT_NO_SUCH;
        }
    }
    for (i = 0; i < all->nelts; ++i) {
        if (marks[i]) {
            APR_ARRAY_PUSH(list, const json_t *) = APR_ARRAY_IDX(all, i, const json_t *);
        }
    }
    *plist = list;
    return EXIT_FINE;
}

int report_choose_one(const json_t **pentry, const cli_report_t *report, context_t *context)
{
    const apr_array_header_t *list = NULL;
    int i, code = report_choose(&list, report, context);
    const char *names = NULL;

    if (code == EXIT_FINE && list->nelts > 1) {
        for (i = 0; i < list->nelts && i < 20; ++i) {
            const char *name = json_peek_string(APR_ARRAY_IDX(list, i, const json_t *), "name");

            names = apr_pstrcat(context->pool, names != NULL ? names : "",
                                names != NULL ? ", " : "", name, NULL);
        }
        eab_result_set(context->result, APR_EINVAL, EAB_PROBLEM_REFUSED,
                       "%s could be several certificates: %s%s. Name one.",
                       APR_ARRAY_IDX(context->operands, 0, const char *), names,
                       list->nelts > 20 ? ", ..." : "");
        return EXIT_USAGE;
    }
    if (code == EXIT_FINE) {
        *pentry = APR_ARRAY_IDX(list, 0, const json_t *);
    }
    return code;
}

void report_sum(summary_t *summary, const cli_report_t *report, const apr_array_header_t *list)
{
    json_t *part = json_copy(report->json), *array = json_array();
    int i;

    for (i = 0; i < list->nelts; ++i) {
        json_array_append(array, APR_ARRAY_IDX(list, i, json_t *));
    }
    json_object_set_new(part, "certificates", array);
    summary_take(summary, part, report->now);
    json_decref(part);
}

static int has_loaded(const json_t *entry, const char *serial)
{
    const json_t *key;
    size_t i;

    json_array_foreach(json_object_get(entry, "keys"), i, key)
    {
        const char *other = json_peek_string(key, "serial");

        if (other != NULL && strcmp(other, serial) == 0) {
            return json_peek_bool(key, "loaded", 0);
        }
    }
    return 0;
}

/* An account that has come has its URL; one that has gone is not valid any more, or not left over. */
static int shows_account(const cli_report_t *report, const char *label, const char *url,
                         int is_closed)
{
    const json_t *leftovers = json_object_get(report->json, "leftovers"), *account;
    size_t i;

    json_array_foreach(json_object_get(report->json, "accounts"), i, account)
    {
        if (is(json_peek_string(account, "label"), label)) {
            return is_closed ? !is(json_peek_string(account, "state"), "valid")
                             : is(json_peek_string(account, "url"), url);
        }
    }
    json_array_foreach(json_object_get(leftovers, "accounts"), i, account)
    {
        if (is(json_peek_string(account, "name"), label)) {
            return 0;
        }
    }
    return 1;
}

static int shows(const cli_report_t *report, const json_t *part)
{
    const char *name = json_peek_string(part, "name"), *serial = json_peek_string(part, "serial");
    const char *step = json_peek_string(part, "step"), *label = json_peek_string(part, "label");
    const json_t *entry;
    size_t i;

    if (label != NULL) {
        return !is(json_peek_string(part, "result"), "done")
               || shows_account(report, label, json_peek_string(part, "url"), is(step, "closed"));
    }
    if (name == NULL || serial == NULL || step == NULL || strcmp(step, "served") != 0) {
        return 1;
    }
    json_array_foreach(json_object_get(report->json, "certificates"), i, entry)
    {
        const char *other = json_peek_string(entry, "name");

        if (other != NULL && strcmp(other, name) == 0 && has_loaded(entry, serial)) {
            return 1;
        }
    }
    return 0;
}

static int shows_all(const json_t *parts, const context_t *context)
{
    context_t own = *context;
    cli_report_t report = { 0 };
    json_t *all = (json_t *)parts, *part;
    const char *key;
    int good;

    apr_pool_create(&own.pool, context->pool);
    own.result = eab_result_make(own.pool);
    good = report_load(&report, &own) == EXIT_FINE;
    json_object_foreach(all, key, part)
    {
        good = good && shows(&report, part);
    }
    apr_pool_destroy(own.pool);
    return good;
}

void report_await(const json_t *parts, const context_t *context)
{
    apr_time_t until = clock_steady() + AWAIT_MAX;

    while (!shows_all(parts, context) && clock_steady() < until) {
        apr_sleep(AWAIT_PAUSE);
    }
}

int report_color(grade_t grade)
{
    return grade == GRADE_DOWN ? COLOR_RED : grade == GRADE_OK ? COLOR_GREEN : COLOR_YELLOW;
}

/* RFC 8555, 6.7.1: some names have a problem each. */
static void show_subproblems(const context_t *context, const json_t *list)
{
    const json_t *one;
    size_t i;

    json_array_foreach(list, i, one)
    {
        const char *name = json_peek_string(json_object_get(one, "identifier"), "value");
        const char *detail = json_peek_string(one, "detail");

        output_field(context, "in it",
                     apr_pstrcat(context->pool, name != NULL ? name : "", name != NULL ? ": " : "",
                                 detail != NULL ? detail : "", NULL));
    }
}

void report_show_problem(const context_t *context, const json_t *problem)
{
    const char *type = json_peek_string(problem, "type");

    output_field(context, "problem", json_peek_string(problem, "advice"));
    output_field(context,
                 type != NULL && strncmp(type, EAB_PROBLEM, strlen(EAB_PROBLEM)) == 0
                     ? "what failed"
                     : "the CA says",
                 json_peek_string(problem, "detail"));
    show_subproblems(context, json_object_get(problem, "subproblems"));
    output_field(context, "read", json_peek_string(problem, "instance"));
    output_field(context, "type", type);
}

const char *report_keys(const context_t *context, const json_t *entry)
{
    const char *text = "";
    const json_t *key;
    size_t i;

    json_array_foreach(json_object_get(entry, "keys"), i, key)
    {
        const char *type = json_peek_string(key, "type");

        if (type != NULL) {
            text = apr_pstrcat(context->pool, text, text[0] != '\0' ? "," : "", type, NULL);
        }
    }
    return text;
}

const char *report_next(const context_t *context, const json_t *entry)
{
    const json_t *next = json_object_get(entry, "next");
    const char *what = json_peek_string(next, "what");
    apr_time_t at = json_peek_time(next, "at");

    if (what == NULL) {
        return "";
    }
    if (at == 0) {
        return what;
    }
    return at - apr_time_now() < apr_time_from_sec(2 * 86400)
               ? apr_pstrcat(context->pool, what, " ", output_distance(context, at), NULL)
               : apr_psprintf(context->pool, "%s %s (%s)", what, output_day(context, at),
                              output_distance(context, at));
}
