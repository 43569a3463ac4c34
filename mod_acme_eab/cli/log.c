/* SPDX-License-Identifier: Apache-2.0 */

/* acmectl log - what has happened: orders, failures, restarts, and what was asked for by root. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/clock.h"
#include "base/json.h"
#include "cli/output.h"
#include "cli/table.h"
#include "store/history.h"

#define PAUSE apr_time_from_sec(1) /* between two looks of --follow */
#define LINES_DEFAULT 1000

/* "2026-11-30", "2026-11-30 12:00", "2026-11-30T12:00:00Z", "2h" (ago), "today", "yesterday". */
static int parse_time(apr_time_t *ptime, const char *text)
{
    apr_interval_time_t ago = command_span(text);
    time_t now = time(NULL);
    struct tm parts;
    const char *end;

    *ptime = 0;
    if (text == NULL || clock_parse(ptime, text) == APR_SUCCESS) {
        return 1;
    }
    if (ago > 0) {
        *ptime = apr_time_now() - ago;
        return 1;
    }
    localtime_r(&now, &parts);
    parts.tm_hour = parts.tm_min = parts.tm_sec = 0;
    parts.tm_isdst = -1;
    if (strcmp(text, "yesterday") == 0) {
        --parts.tm_mday;
    }
    else if (strcmp(text, "today") != 0) {
        end = strptime(text, "%Y-%m-%d", &parts);
        if (end != NULL && *end != '\0') {
            end = strptime(end, " %H:%M", &parts);
        }
        if (end == NULL || *end != '\0') {
            return 0;
        }
    }
    *ptime = apr_time_from_sec(mktime(&parts));
    return 1;
}

static const char *name_of(const json_t *entry)
{
    const char *name = json_peek_string(entry, "name");

    return name != NULL ? name : json_peek_string(entry, "account");
}

/* What is worth to be said of it, whichever event it is. */
static const char *describe(const context_t *context, const json_t *entry)
{
    static const char *const members[] = { "command", "by",     "result", "key_type", "serial",
                                           "issuer",  "reason", "why",    "outcome" };
    const char *text = "";
    const char *detail = json_peek_string(json_object_get(entry, "problem"), "detail");
    size_t i;

    for (i = 0; i < sizeof(members) / sizeof(members[0]); ++i) {
        const char *value = json_peek_string(entry, members[i]);

        if (value != NULL) {
            text = apr_pstrcat(context->pool, text, text[0] != '\0' ? ", " : "",
                               strcmp(members[i], "by") == 0       ? "by "
                               : strcmp(members[i], "serial") == 0 ? "serial "
                                                                   : "",
                               value, NULL);
        }
    }
    if (detail != NULL) {
        text = apr_pstrcat(context->pool, text, text[0] != '\0' ? ": " : "", detail, NULL);
    }
    return text;
}

/* --json: a line for each, so that a reader need not wait for the end. */
static void print(const context_t *context, const json_t *entry)
{
    const char *event = json_peek_string(entry, "event"), *name = name_of(entry);
    apr_time_t at = json_peek_time(entry, "at");
    char *text;

    if (context->json) {
        if ((text = json_dumps(entry, JSON_COMPACT)) != NULL) {
            puts(text);
            free(text);
        }
    }
    else if (context->plain) {
        output_line(context, "%s\t%s\t%s\t%s", clock_format(context->pool, at),
                    event != NULL ? event : "-", name != NULL ? name : "-",
                    describe(context, entry));
    }
    else {
        output_line(context, "%s  %-20s %s%s%s", output_moment(context, at),
                    event != NULL ? event : "-", name != NULL ? name : "", name != NULL ? "  " : "",
                    describe(context, entry));
    }
}

/* What is new since the last look: entries are only added. */
static void follow(const context_t *context, const store_t *store, history_query_t query)
{
    apr_pool_t *pool = NULL;
    apr_array_header_t *list;
    apr_time_t from = apr_time_now();
    int i, printed;

    apr_pool_create(&pool, context->pool);
    query.limit = 0;
    query.since = apr_time_from_sec(apr_time_sec(from));
    printed = history_read(store, &query, pool)->nelts;
    while (fflush(stdout) == 0) {
        apr_sleep(PAUSE);
        apr_pool_clear(pool);
        list = history_read(store, &query, pool);
        for (i = printed; i < list->nelts; ++i) {
            print(context, APR_ARRAY_IDX(list, i, const json_t *));
        }
        printed = list->nelts;
    }
}

static int run(context_t *context)
{
    const char *lines = command_value(context, "lines");
    history_query_t query = { 0, 0, NULL, LINES_DEFAULT };
    apr_array_header_t *list;
    store_t *store;
    int i;

    if (access(context->store_dir, R_OK | X_OK) != 0) {
        if (errno == ENOENT) {
            eab_result_set(context->result, APR_ENOENT, EAB_PROBLEM_NOT_RUNNING,
                           "There is no store at %s. Start httpd with mod_acme_eab, or name its "
                           "ACMEStoreDir with --store.",
                           context->store_dir);
            return output_failure(context, EXIT_NOT_RUNNING);
        }
        eab_result_set(context->result, APR_EACCES, NULL,
                       "Only root may read the history in %s. Say sudo acmectl ...",
                       context->store_dir);
        return output_failure(context, EXIT_NOT_ALLOWED);
    }
    if (!parse_time(&query.since, command_value(context, "since"))
        || !parse_time(&query.until, command_value(context, "until"))
        || (lines != NULL && (query.limit = atoi(lines)) <= 0)) {
        eab_result_set(
            context->result, APR_EINVAL, EAB_PROBLEM_REFUSED,
            "Times are such as 2h, today, 2026-11-30 or 2026-11-30T12:00:00Z, and --lines "
            "takes a number.");
        return output_failure(context, EXIT_USAGE);
    }
    if (context->operands->nelts > 0) {
        query.name = APR_ARRAY_IDX(context->operands, 0, const char *);
    }
    store = store_refuse(context->store_dir, NULL, context->pool);
    list = history_read(store, &query, context->pool);
    for (i = 0; i < list->nelts; ++i) {
        print(context, APR_ARRAY_IDX(list, i, const json_t *));
    }
    if (command_has(context, "follow")) {
        follow(context, store, query);
    }
    return EXIT_FINE;
}

static const option_t options[] = {
    { "since", "TIME", 0, "from then on: 2h, today, yesterday, 2026-11-30, '2026-11-30 12:00'" },
    { "until", "TIME", 0, "no later than that" },
    { "lines", "N", 0, "the newest N (-n); 1000 without it" },
    { "follow", NULL, 0, "go on with what happens from now on (-f)" },
    { NULL, NULL, 0, NULL },
};

const command_t command_log = { "log",
                                "[NAME]",
                                0,
                                1,
                                "what has happened: orders, failures, restarts, commands",
                                "From the history in the store, the newest last. With --json each "
                                "line is an object of its own. Acts "
                                "of root are in it with who asked for them.",
                                options,
                                run };
