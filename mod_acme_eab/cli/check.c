/* SPDX-License-Identifier: Apache-2.0 */

/* acmectl check - is everything there that certificates need? Without an order, and without the EAB key. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/door.h"
#include "cli/once.h"
#include "cli/output.h"
#include "cli/program.h"
#include "cli/table.h"
#include "store/store.h"

#define ENVIRONMENT_MAX (256 * 1024)
#define OUTPUT_MAX 16384

extern char **environ;

typedef struct checking {
    context_t *context;
    int faults;
    json_t *list;
} checking_t;

static void tell(checking_t *checking, const char *grade, const char *check, const char *subject,
                 const char *text)
{
    const context_t *context = checking->context;
    color_t color = strcmp(grade, "ok") == 0        ? COLOR_GREEN
                    : strcmp(grade, "fault") == 0   ? COLOR_RED
                    : strcmp(grade, "warning") == 0 ? COLOR_YELLOW
                                                    : COLOR_NONE;

    checking->faults += strcmp(grade, "fault") == 0;
    json_array_append_new(checking->list, json_pack("{s:s,s:s,s:s*,s:s*}", "grade", grade, "check",
                                                    check, "subject", subject, "text", text));
    if (context->plain) {
        output_line(context, "%s\t%s\t%s\t%s", grade, check, subject != NULL ? subject : "-",
                    text != NULL ? text : "-");
    }
    else {
        output_note(context, "%s%*s %-14s %s%s%s", output_color(context, color, grade),
                    8 - (int)strlen(grade), "", check, subject != NULL ? subject : "",
                    subject != NULL ? ": " : "", text != NULL ? text : "");
    }
}

static void hear(void *baton, const json_t *part)
{
    const char *grade = json_peek_string(part, "grade"), *check = json_peek_string(part, "check");

    if (grade != NULL && check != NULL) {
        tell(baton, grade, check, json_peek_string(part, "subject"),
             json_peek_string(part, "text"));
    }
}

/* ---- the configuration ---- */

/* As httpd was started: on Debian its configuration holds variables. */
static char **environment_of(const context_t *context, apr_int64_t pid)
{
    apr_array_header_t *list = apr_array_make(context->pool, 32, sizeof(char *));
    const char *text = NULL, *entry;
    apr_size_t length = 0;

    if (pid <= 1
        || file_read(&text, &length,
                     apr_psprintf(context->pool, "/proc/%" APR_INT64_T_FMT "/environ", pid),
                     ENVIRONMENT_MAX, context->pool)
               != APR_SUCCESS
        || length == 0) {
        return environ;
    }
    for (entry = text; entry < text + length; entry += strlen(entry) + 1) {
        APR_ARRAY_PUSH(list, char *) = apr_pstrdup(context->pool, entry);
    }
    APR_ARRAY_PUSH(list, char *) = NULL;
    return (char **)list->elts;
}

static char **arguments_of(const context_t *context, const json_t *plan)
{
    const apr_array_header_t *given = json_copy_strings(context->pool, plan, "httpd_args");
    apr_array_header_t *list = apr_array_make(context->pool, 16, sizeof(char *));
    int i;

    APR_ARRAY_PUSH(list, char *) =
        apr_pstrdup(context->pool, json_peek_string(plan, "httpd_program"));
    for (i = 0; i < given->nelts; ++i) {
        APR_ARRAY_PUSH(list, char *) =
            apr_pstrdup(context->pool, APR_ARRAY_IDX(given, i, const char *));
    }
    APR_ARRAY_PUSH(list, char *) = apr_pstrdup(context->pool, "-t");
    APR_ARRAY_PUSH(list, char *) = NULL;
    return (char **)list->elts;
}

static json_t *read_plan(const context_t *context)
{
    const char *text = NULL;
    apr_size_t length = 0;

    if (file_read(&text, &length,
                  apr_pstrcat(context->pool, context->store_dir, "/plan.json", NULL), LIMIT_PLAN,
                  context->pool)
        != APR_SUCCESS) {
        return NULL;
    }
    return json_parse(context->pool, text, length, NULL);
}

/* "1 account", "2 accounts" */
static const char *count(const context_t *context, const json_t *plan, const char *list,
                         const char *one)
{
    int number = (int)json_array_size(json_object_get(plan, list));

    return number == 1 ? apr_pstrcat(context->pool, "1 ", one, NULL)
                       : apr_psprintf(context->pool, "%d %s", number, list);
}

static void check_configuration(checking_t *checking)
{
    const context_t *context = checking->context;
    const json_t *plan = read_plan(context);
    program_call_t call = { NULL, NULL, -1, 1, OUTPUT_MAX };
    program_result_t said;

    if (json_peek_string(plan, "httpd_program") == NULL) {
        tell(checking, "not run", "configuration", NULL,
             "how httpd is started is not known, or not to be read; run httpd -t yourself");
        return;
    }
    call.arguments = arguments_of(context, plan);
    call.environment = environment_of(context, json_peek_int(plan, "parent_pid", 0));
    said = program_run(&call, context->pool);
    if (said.status == 0) {
        tell(checking, "ok", "configuration", NULL,
             apr_psprintf(context->pool, "httpd -t passes; %s, %s",
                          count(context, plan, "certificates", "certificate"),
                          count(context, plan, "accounts", "account")));
        return;
    }
    tell(checking, "fault", "configuration", NULL,
         said.status < 0 ? apr_pstrcat(context->pool, json_peek_string(plan, "httpd_program"),
                                       " cannot be run", NULL)
                         : said.output);
}

static void check_httpd(checking_t *checking)
{
    eab_result_t *problem = eab_result_make(checking->context->pool);

    if (store_judge(checking->context->store_dir, problem) != APR_SUCCESS) {
        tell(checking, "fault", "store", NULL, problem->detail);
    }
    else if (once_is_locked(checking->context)) {
        tell(checking, "ok", "httpd", NULL, "it runs with this store");
    }
    else {
        tell(checking, "fault", "httpd", NULL,
             "it is not running with this store: nothing is served or renewed until it is started");
    }
}

static int run(context_t *context)
{
    checking_t checking = { context, 0, json_own(context->pool, json_array()) };
    json_t *arguments = json_object();
    int code = EXIT_FINE;

    if (access(context->store_dir, R_OK | X_OK) != 0 && errno == EACCES) {
        json_decref(arguments);
        eab_result_set(context->result, APR_EACCES, NULL,
                       "Only root may check: %s is closed to you. Say sudo acmectl ...",
                       context->store_dir);
        return output_failure(context, EXIT_NOT_ALLOWED);
    }
    check_httpd(&checking);
    check_configuration(&checking);
    json_put_strings(arguments, "names", context->operands);
    json_object_set_new(arguments, "all", json_boolean(context->operands->nelts == 0));
    json_object_set_new(arguments, "order", json_boolean(command_has(context, "order")));
    json_object_set_new(arguments, "register", json_boolean(command_has(context, "register")));
    if (command_has(context, "offline")) {
        json_decref(arguments);
    }
    else {
        code = door_ask(context, "check", arguments, apr_time_from_sec(300), hear, &checking, NULL);
    }
    if (!command_has(context, "order")) {
        tell(&checking, "not run", "order", NULL, "it costs an order at the CA; --order does it");
    }
    output_json(context, json_pack("{s:O}", "checks", checking.list),
                code == EXIT_FINE && checking.faults == 0);
    if (code != EXIT_FINE) {
        if (code == EXIT_UNDER_WAY) {
            output_warning("Not all was answered within five minutes.");
            return code;
        }
        return output_failure(context, code);
    }
    return checking.faults > 0 ? EXIT_FAILED : EXIT_FINE;
}

static const option_t options[] = {
    { "offline", NULL, 0, "only what needs no network" },
    { "order", NULL, 0,
      "place an order and do not finalize it: which names are valid, which are to be validated, "
      "and how? It is kept, "
      "and used for the next certificate while the CA takes it" },
    { "register", NULL, 0,
      "register an account that is not registered yet, with its EAB key, which may be spent by "
      "that; it is kept" },
    { NULL, NULL, 0, NULL },
};

const command_t command_check = {
    "check",
    "[NAME...]",
    0,
    -1,
    "is everything there that certificates need?",
    "Whether httpd runs, the configuration (httpd -t), the directory of each CA, the "
    "clock, whether the CA knows the account, "
    "until when it goes by its validations as of the last order, "
    "the addresses of the names as this machine sees them, their CAA "
    "records (RFC 8659, 8657), and whether this httpd is met at port "
    "80 (http-01) and 443 (tls-alpn-01) of each address. The ports "
    "are a hint: a CA looks from elsewhere. A line for each: ok, "
    "warning or fault; it ends with 1 if there is a fault. Neither "
    "an order nor the EAB key is spent, but with --order and "
    "--register.",
    options,
    run
};
