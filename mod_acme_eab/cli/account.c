/* SPDX-License-Identifier: Apache-2.0 */

/* acmectl account - the accounts at the CAs. */

#include <string.h>

#include <apr_strings.h>

#include "base/json.h"
#include "base/name.h"
#include "cli/door.h"
#include "cli/output.h"
#include "cli/report.h"
#include "cli/table.h"

static const char *const columns[] = { "STATE", "ACCOUNT", "DIRECTORY", "URL", NULL };

static int is_called(const json_t *account, const char *label)
{
    const char *own = json_peek_string(account, "label");

    return own != NULL && strcmp(own, label) == 0;
}

/* Who knows the name of a certificate need not know how its account is called. Without a report the word is
 * taken as it is. */
static const char *label_of(context_t *context, const char *word)
{
    cli_report_t report = { 0 };
    const json_t *account;
    const char *label;
    size_t i;

    if (report_load(&report, context) != EXIT_FINE) {
        eab_result_clear(context->result);
        return word;
    }
    json_array_foreach(json_object_get(report.json, "accounts"), i, account)
    {
        if (is_called(account, word)) {
            return word;
        }
    }
    label = report_account(&report, name_lower(context->pool, word));
    return label != NULL ? label : word;
}

static color_t color_of(const char *state)
{
    return state == NULL                   ? COLOR_NONE
           : strcmp(state, "valid") == 0   ? COLOR_GREEN
           : strcmp(state, "failing") == 0 ? COLOR_RED
                                           : COLOR_YELLOW;
}

static void add_row(output_table_t *table, const char *state, const char *label,
                    const json_t *account)
{
    const char *cells[4];

    cells[0] = state;
    cells[1] = label;
    cells[2] = json_peek_string(account, "directory");
    cells[3] = json_peek_string(account, "url");
    output_row(table, color_of(state), cells);
}

static int list(context_t *context)
{
    output_table_t *table = output_table(context, columns);
    cli_report_t report = { 0 };
    const json_t *account;
    int code = report_load(&report, context);
    size_t i;

    if (code != EXIT_FINE) {
        return output_failure(context, code);
    }
    json_array_foreach(json_object_get(report.json, "accounts"), i, account)
    {
        add_row(table, json_peek_string(account, "state"), json_peek_string(account, "label"),
                account);
    }
    json_array_foreach(json_object_get(json_object_get(report.json, "leftovers"), "accounts"), i,
                       account)
    {
        add_row(table, "leftover", json_peek_string(account, "name"), account);
    }
    if ((code = output_print(table)) != EXIT_FINE) {
        return code;
    }
    output_json(context,
                json_pack("{s:O*,s:O*}", "accounts", json_object_get(report.json, "accounts"),
                          "leftovers",
                          json_object_get(json_object_get(report.json, "leftovers"), "accounts")),
                1);
    return report_warn(&report, context);
}

static void print(const context_t *context, const json_t *account)
{
    const json_t *problem = json_object_get(account, "problem");
    const json_t *ca = json_object_get(account, "ca");
    const char *state = json_peek_string(account, "state");

    output_field(context, "account", json_peek_string(account, "label"));
    output_field(context, "state",
                 output_color(context, color_of(state), state != NULL ? state : "unknown"));
    output_field(context, "directory", json_peek_string(account, "directory"));
    output_field(context, "url", json_peek_string(account, "url"));
    output_field(context, "EAB key id",
                 json_peek_string(account, "kid_sha256") != NULL ? apr_pstrcat(
                     context->pool, "SHA-256 ", json_peek_string(account, "kid_sha256"), NULL)
                                                                 : NULL);
    output_field(context, "terms", json_peek_string(ca, "terms"));
    output_field(context, "website", json_peek_string(ca, "website"));
    if (json_is_object(problem)) {
        report_show_problem(context, problem);
    }
}

/* @return false: none in the store is called so */
static int show_leftover(const context_t *context, const cli_report_t *report, const char *id)
{
    const json_t *account;
    size_t i;

    json_array_foreach(json_object_get(json_object_get(report->json, "leftovers"), "accounts"), i,
                       account)
    {
        const char *name = json_peek_string(account, "name");

        if (name != NULL && strcmp(name, id) == 0) {
            output_field(context, "account", name);
            output_field(context, "state", "leftover: nothing that is configured uses it");
            output_field(context, "directory", json_peek_string(account, "directory"));
            output_field(context, "url", json_peek_string(account, "url"));
            output_json(context, json_pack("{s:O}", "account", account), 1);
            return 1;
        }
    }
    return 0;
}

static int show(context_t *context, const char *label)
{
    cli_report_t report = { 0 };
    const json_t *account;
    int code = report_load(&report, context);
    size_t i;

    if (code != EXIT_FINE) {
        return output_failure(context, code);
    }
    json_array_foreach(json_object_get(report.json, "accounts"), i, account)
    {
        if (is_called(account, label)) {
            const char *state = json_peek_string(account, "state");

            print(context, account);
            output_json(context, json_pack("{s:O}", "account", account), 1);
            code = report_warn(&report, context);
            return code != EXIT_FINE                                ? code
                   : state != NULL && strcmp(state, "failing") == 0 ? EXIT_TROUBLE
                                                                    : EXIT_FINE;
        }
    }
    if (show_leftover(context, &report, label)) {
        return report_warn(&report, context);
    }
    eab_result_set(context->result, APR_ENOENT, EAB_PROBLEM_NO_SUCH,
                   "No account is called %s; \"acmectl account list\" lists those that there are.",
                   label);
    return output_failure(context, EXIT_NO_SUCH);
}

static int act(context_t *context, const char *command, const char *label, const char *done)
{
    int code = door_ask(context, command, json_pack("{s:s}", "account", label),
                        apr_time_from_sec(120), NULL, NULL, NULL);

    output_json(context, json_pack("{s:s}", "account", label), code == EXIT_FINE);
    if (code == EXIT_UNDER_WAY) {
        output_warning("The CA has not answered yet; it goes on by itself.");
        return code;
    }
    if (code == EXIT_FINE) {
        output_note(context, "%s: %s", label, done);
    }
    return code == EXIT_FINE ? code : output_failure(context, code);
}

static int forget(context_t *context, const char *label)
{
    if (!output_ask(context, "The account's key is removed for good, and with it the way to the "
                             "account. Go on?")) {
        eab_result_set(context->result, APR_EINVAL, EAB_PROBLEM_REFUSED,
                       "Nothing was removed. Say --yes where nobody can be asked.");
        return output_failure(context, EXIT_USAGE);
    }
    return act(context, "forget", label, "removed from the store; the CA was not told");
}

/* ---- what the CA is asked for ---- */

typedef struct action {
    const char *name;
    const char *command; /* of the keeper */
    const char *question;
    const char *done;
} action_t;

static const action_t actions[] = {
    { "rollover", "account rollover", NULL, "it has another key" },
    { "rollover --new-account", "account new", NULL, "another account is in its place" },
    { "deactivate", "account deactivate",
      "A deactivated account cannot be used again, and nothing can be renewed or revoked with it. "
      "Deactivate?",
      "it is deactivated at the CA" },
};

typedef struct telling {
    const context_t *context;
    const action_t *action;
} telling_t;

static void hear_step(void *baton, const json_t *part)
{
    const telling_t *telling = baton;
    const context_t *context = telling->context;
    const char *label = json_peek_string(part, "label"), *result = json_peek_string(part, "result");
    const char *detail = json_peek_string(json_object_get(part, "problem"), "detail");
    const char *step = json_peek_string(part, "step");
    int done = result != NULL && strcmp(result, "done") == 0;

    if (context->plain) {
        output_line(context, "%s\t%s", label, result != NULL ? result : "-");
        return;
    }
    output_note(context, "%s: %s", label,
                done             ? output_color(context, COLOR_GREEN, telling->action->done)
                : result != NULL ? output_color(context, COLOR_RED, "it stays as it is")
                : detail != NULL ? detail
                : step != NULL && strcmp(step, "registering") == 0
                    ? "another account is being registered in its place"
                    : "the CA is asked, when no order of the account is under way");
}

static const action_t *find_action(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof(actions) / sizeof(actions[0]); ++i) {
        if (strcmp(actions[i].name, name) == 0) {
            return &actions[i];
        }
    }
    return NULL;
}

static int refuse(const context_t *context, const char *why)
{
    eab_result_set(context->result, APR_EINVAL, EAB_PROBLEM_REFUSED, "%s", why);
    return output_failure(context, EXIT_USAGE);
}

static int carry_out(context_t *context, const action_t *action, const char *label)
{
    const telling_t telling = { context, action };
    json_t *parts = NULL, *arguments;
    apr_interval_time_t wait = door_wait(context);
    int code;

    if (wait < 0) {
        return output_failure(context, EXIT_USAGE);
    }
    if (action->question != NULL && !output_ask(context, action->question)) {
        return refuse(context, "Nothing was done; say --yes if nobody is there to be asked.");
    }
    arguments = json_pack("{s:s,s:b}", "label", label, "force", command_has(context, "force"));
    code = door_ask(context, action->command, arguments, wait, hear_step, (void *)&telling, &parts);
    output_json(context, json_pack("{s:O?}", "result", json_object_get(parts, label)),
                code == EXIT_FINE);
    if (code == EXIT_FINE && wait > 0) {
        report_await(parts, context);
    }
    if (code == EXIT_UNDER_WAY) {
        output_warning("It is still under way and goes on by itself, also after a restart.");
        return code;
    }
    return code == EXIT_FINE ? code : output_failure(context, code);
}

static int run(context_t *context)
{
    const char *const *words = (const char *const *)context->operands->elts;
    const char *what = context->operands->nelts > 0 ? words[0] : "list";
    const char *label = context->operands->nelts > 1 ? words[1] : NULL;

    if (label != NULL && strcmp(what, "forget") != 0) {
        label = label_of(context, label);
    }
    if (strcmp(what, "list") == 0 && label == NULL) {
        return list(context);
    }
    if (strcmp(what, "show") == 0 && label != NULL) {
        return show(context, label);
    }
    if (strcmp(what, "update") == 0 && label != NULL) {
        return act(context, "update", label, "the CA has the configured contacts");
    }
    if (strcmp(what, "forget") == 0 && label != NULL) {
        return forget(context, label);
    }
    if (command_has(context, "new-account")) {
        if (strcmp(what, "rollover") != 0 || label == NULL) {
            return refuse(context, "--new-account goes with account rollover LABEL.");
        }
        what = "rollover --new-account";
    }
    if (find_action(what) != NULL && label != NULL) {
        return carry_out(context, find_action(what), label);
    }
    eab_result_set(context->result, APR_EINVAL, EAB_PROBLEM_REFUSED,
                   "Say account list, or account show, update, rollover, deactivate or forget and "
                   "the account's "
                   "label; see \"acmectl help account\".");
    return output_failure(context, EXIT_USAGE);
}

static const option_t options[] = {
    { "new-account", NULL, 0,
      "rollover: register another account in the place of this one; it needs the EAB key again" },
    { "force", NULL, 0, "deactivate it although certificates are configured with it" },
    { "wait", "TIME", 1, "rollover, deactivate: stay until it is done" },
    { NULL, NULL, 0, NULL },
};

const command_t command_account = {
    "account",
    "[list] | show LABEL|ID | update LABEL | rollover LABEL | deactivate LABEL|ID | forget ID",
    0,
    2,
    "the accounts at the CAs",
    "list and show read the report, for which nobody needs to be "
    "root. For LABEL, a name that a certificate is for will do: its account is meant. update tells "
    "the CA the configured "
    "contacts now. forget removes an account that is not "
    "configured any more from the store, by its id as "
    "list shows it: its key is gone then, and the CA is not told.\n\n"
    "rollover has a new key made, and tells the CA (RFC 8555, 7.3.5). "
    "The account keeps its URL, so that records for dns-persist-01 and "
    "CAA stay valid. It waits until no order of the account is under "
    "way, 10 minutes at most. Not every CA offers it; one that cannot be reached is asked again, "
    "also when nobody waits any more. With --new-account another account is registered "
    "for the same directory and EAB key id, for which the EAB key is needed again; if the CA "
    "refuses it, all stays as it is. The one before is kept in the store, and shown as one that "
    "nothing uses when no certificate is in use that it has ordered; then deactivate ends it at "
    "the "
    "CA, or forget removes it here alone.\n\n"
    "deactivate gives the account up for ever (RFC 8555, 7.3.6). "
    "Certificates are not revoked by that; revoke first what is to be. "
    "Its key is removed here, its record stays. An account that another one took the place of is "
    "named by its id, as list shows it. One of another CA or key id than is configured now has to "
    "be "
    "in an <ACMEAccount> for that, which no certificate needs to use: the way to its CA stands "
    "there.",
    options,
    run
};
