/* SPDX-License-Identifier: Apache-2.0 */

/* acmectl renew, acmectl retry - another certificate, or another try, now. */

#include <string.h>

#include <apr_strings.h>

#include "base/json.h"
#include "cli/door.h"
#include "cli/output.h"
#include "cli/report.h"
#include "cli/table.h"

typedef struct telling {
    context_t *context;
    json_t *heard; /* the last step of each part, by its number */
} telling_t;

/* In their order. */
static const struct {
    const char *step;
    const char *words;
} steps[] = {
    { "asked", "the CA is being asked" },
    { "ordered", "the order is placed; its names are being validated" },
    { "validated", "the names are valid; the certificate is requested" },
    { "stored", "the new certificate is there" },
    { "served", "httpd serves the new certificate" },
};

#define STEPS ((int)(sizeof(steps) / sizeof(steps[0])))

/* STEPS: none of them. */
static int number_of(const char *step)
{
    int i = 0;

    while (i < STEPS && (step == NULL || strcmp(steps[i].step, step) != 0)) {
        ++i;
    }
    return i;
}

static int is_result(const json_t *part, const char *what)
{
    const char *result = json_peek_string(part, "result");

    return result != NULL && strcmp(result, what) == 0;
}

/* A CA's words may lack their end. */
static const char *as_sentence(apr_pool_t *p, const char *words)
{
    if (words == NULL || words[0] == '\0') {
        return "";
    }
    return words[strlen(words) - 1] == '.' ? words : apr_pstrcat(p, words, ".", NULL);
}

/* Half a sentence about one certificate. */
static const char *describe(const context_t *context, const json_t *part)
{
    apr_time_t at = json_peek_time(part, "at"), ends = json_peek_time(part, "not_after");
    const char *detail = json_peek_string(json_object_get(part, "problem"), "detail");
    const char *why = json_peek_string(part, "why");
    int step = number_of(json_peek_string(part, "step"));

    if (is_result(part, "nothing")) {
        return "nothing fails, and nothing is to be done";
    }
    if (is_result(part, "refused")) {
        return detail != NULL ? detail : "refused";
    }
    if (is_result(part, "failed")) {
        return apr_psprintf(
            context->pool, "it failed: %s%s%s%s \"acmectl show %s\" says what to do.",
            as_sentence(context->pool, detail), at != 0 ? " It is tried again " : "",
            at != 0 ? output_distance(context, at) : "", at != 0 ? "." : "",
            json_peek_string(part, "name"));
    }
    return apr_psprintf(context->pool, "%s%s%s%s%s", step < STEPS ? steps[step].words : "",
                        ends != 0 ? ", valid until " : "",
                        ends != 0 ? output_day(context, ends) : "", why != NULL ? ". " : "",
                        why != NULL ? why : "");
}

/* What was quicker than the keeper is asked. */
static void tell_between(const telling_t *telling, const json_t *part)
{
    const context_t *context = telling->context;
    const char *key = json_peek_string(part, "key"), *name = json_peek_string(part, "name");
    const char *type = json_peek_string(part, "key_type");
    int now = number_of(json_peek_string(part, "step"));
    int next = (int)json_peek_int(telling->heard, key, STEPS) + 1;

    for (; now < STEPS && next < now; ++next) {
        if (context->plain) {
            output_line(context, "%s\t%s\t%s\t-\t-", name, type != NULL ? type : "-",
                        steps[next].step);
        }
        else {
            output_note(context, "%s (%s): %s", name, type, steps[next].words);
        }
    }
    if (now < STEPS) {
        json_object_set_new(telling->heard, key, json_integer(now));
    }
}

static void hear(void *baton, const json_t *part)
{
    const telling_t *telling = baton;
    const context_t *context = telling->context;
    const char *name = json_peek_string(part, "name");
    const char *type = json_peek_string(part, "key_type");
    const char *step = json_peek_string(part, "step"), *result = json_peek_string(part, "result");
    const char *serial = json_peek_string(part, "serial");
    int bad = is_result(part, "refused") || is_result(part, "failed");

    tell_between(telling, part);
    if (context->plain) {
        output_line(context, "%s\t%s\t%s\t%s\t%s", name, type != NULL ? type : "-",
                    step != NULL ? step : "-", result != NULL ? result : "-",
                    serial != NULL ? serial : "-");
        return;
    }
    output_note(context, "%s (%s): %s", name, type,
                output_color(context,
                             bad                         ? COLOR_RED
                             : is_result(part, "issued") ? COLOR_GREEN
                                                         : COLOR_NONE,
                             describe(context, part)));
}

static json_t *list_results(json_t *parts)
{
    json_t *list = json_array(), *part;
    const char *key;

    json_object_foreach(parts, key, part)
    {
        json_array_append(list, part);
    }
    return list;
}

static int ask(context_t *context, const char *command)
{
    telling_t telling = { context, json_own(context->pool, json_object()) };
    json_t *parts = NULL, *arguments;
    apr_interval_time_t wait = door_wait(context);
    int code;

    if (wait < 0) {
        return output_failure(context, EXIT_USAGE);
    }
    if (context->operands->nelts == 0 && !command_has(context, "all")) {
        eab_result_set(context->result, APR_EINVAL, EAB_PROBLEM_REFUSED,
                       "Name a certificate, or say --all; see \"acmectl help %s\".", command);
        return output_failure(context, EXIT_USAGE);
    }
    arguments = json_pack("{s:b,s:b,s:b}", "all", command_has(context, "all"), "force",
                          command_has(context, "force"), "new_account",
                          command_has(context, "new-account"));
    json_put_strings(arguments, "names", context->operands);
    code = door_ask(context, command, arguments, wait, hear, &telling, &parts);
    output_json(context, json_pack("{s:o}", "results", list_results(parts)), code == EXIT_FINE);
    if (code == EXIT_UNDER_WAY) {
        output_warning(
            "It is still under way and goes on by itself; \"acmectl status\" shows how far "
            "it is.");
        return code;
    }
    if (code != EXIT_FINE) {
        return output_failure(context, code);
    }
    if (wait > 0) {
        report_await(parts, context);
    }
    else if (!context->plain) {
        output_note(context, "It goes on by itself; \"acmectl status\" shows how far it is.");
    }
    return code;
}

static int run_renew(context_t *context)
{
    return ask(context, "renew");
}

static int run_retry(context_t *context)
{
    return ask(context, "retry");
}

static const option_t renew_options[] = {
    { "all", NULL, 0, "all certificates" },
    { "wait", "TIME", 1,
      "stay until it is done, and show each step; TIME such as 90s, 5m, 2h; 1h "
      "without one" },
    { "force", NULL, 0,
      "also within an hour of the last one, and before the CA wants to be asked again" },
    { "new-account", NULL, 0,
      "with another account, which is registered before, as by account rollover --new-account" },
    { NULL, NULL, 0, NULL },
};

static const option_t retry_options[] = {
    { "all", NULL, 0, "all certificates" },
    { "wait", "TIME", 1, "stay until it is done, and show each step" },
    { "force", NULL, 0, "also before the CA wants to be asked again" },
    { NULL, NULL, 0, NULL },
};

const command_t command_renew = {
    "renew",
    "NAME... | --all",
    0,
    -1,
    "order another certificate now",
    "NAME is any name of the certificate, or a pattern such as '*.example.edu' in quotes. What is "
    "served stays until the new one is there. Where the CA gives renewal information, the order "
    "says "
    "which certificate it replaces.\n\n"
    "It is refused within an hour of the last certificate, and as long as the CA has asked to "
    "wait: "
    "CAs count orders. --force says that you know. If an attempt fails, it is repeated by itself, "
    "like "
    "any renewal.",
    renew_options,
    run_renew
};

const command_t command_retry = { "retry",
                                  "NAME... | --all",
                                  0,
                                  -1,
                                  "try again now what has failed",
                                  "For when something was mended outside of httpd: a name was "
                                  "approved, a record was published, a "
                                  "firewall was opened. The back-off of the certificate and of its "
                                  "account is forgotten. An order that "
                                  "is under way goes on.",
                                  retry_options,
                                  run_retry };
