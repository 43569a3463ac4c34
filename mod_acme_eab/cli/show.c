/* SPDX-License-Identifier: Apache-2.0 */

/* acmectl show - everything of one certificate. */

#include <string.h>

#include <apr_strings.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/output.h"
#include "cli/report.h"
#include "cli/table.h"

static const json_t *find_validation(const json_t *entry, const char *name)
{
    const json_t *validation;
    size_t i;

    json_array_foreach(json_object_get(entry, "validations"), i, validation)
    {
        const char *other = json_peek_string(validation, "name");

        if (other != NULL && strcmp(other, name) == 0) {
            return validation;
        }
    }
    return NULL;
}

static int is_missing(const json_t *entry, const char *name)
{
    const json_t *other;
    size_t i;

    json_array_foreach(json_object_get(entry, "missing_names"), i, other)
    {
        if (json_is_string(other) && strcmp(json_string_value(other), name) == 0) {
            return 1;
        }
    }
    return 0;
}

static void show_names(const context_t *context, const json_t *entry)
{
    const json_t *name;
    size_t i;

    json_array_foreach(json_object_get(entry, "names"), i, name)
    {
        const char *text = json_string_value(name);
        apr_time_t until = text != NULL ? json_peek_time(find_validation(entry, text), "until") : 0;

        if (text != NULL) {
            output_field(context, i == 0 || context->plain ? "names" : "",
                         apr_psprintf(context->pool, "%s%s%s%s", text,
                                      is_missing(entry, text) ? " (not on the certificate)" : "",
                                      until != 0 ? ", validated until " : "",
                                      until != 0 ? output_day(context, until) : ""));
        }
    }
}

static void show_key(const context_t *context, const json_t *key)
{
    const json_t *revoked = json_object_get(key, "revoked");
    apr_time_t ends = json_peek_time(key, "not_after");

    output_gap(context);
    output_field(context, "key", json_peek_string(key, "type"));
    output_field(context, "issuer", json_peek_string(key, "issuer"));
    output_field(context, "serial", json_peek_string(key, "serial"));
    output_field(context, "valid",
                 apr_psprintf(context->pool, "%s to %s (%s)",
                              output_day(context, json_peek_time(key, "not_before")),
                              output_moment(context, ends), output_distance(context, ends)));
    output_field(context, "sha256", json_peek_string(key, "fingerprint_sha256"));
    if (json_is_boolean(json_object_get(key, "loaded"))) {
        output_field(context, "in use", json_peek_bool(key, "loaded", 0) ? "yes" : "not yet");
    }
    if (json_is_object(revoked)) {
        output_field(context, "revoked", output_moment(context, json_peek_time(revoked, "at")));
    }
    output_field(context, "key file", json_peek_string(key, "key_file"));
    output_field(context, "chain file", json_peek_string(key, "chain_file"));
}

static void show_problem(const context_t *context, const json_t *problem, const char *name)
{
    int attempts = (int)json_peek_int(problem, "attempts", 1);

    if (!json_is_object(problem)) {
        return;
    }
    output_gap(context);
    report_show_problem(context, problem);
    if (json_peek_time(problem, "since") != 0) {
        output_field(context, "tried",
                     apr_psprintf(context->pool, "%d %s since %s", attempts,
                                  attempts == 1 ? "time" : "times",
                                  output_moment(context, json_peek_time(problem, "since"))));
    }
    output_field(
        context, "mended?",
        apr_psprintf(context->pool,
                     "acmectl retry %s; after a change of httpd's configuration: reload httpd",
                     name));
}

/* The certificates themselves, from the paths that do not change. */
static int print_chain(context_t *context, const json_t *entry)
{
    const char *all = "";
    const json_t *key;
    size_t i;

    json_array_foreach(json_object_get(entry, "keys"), i, key)
    {
        const char *path = json_peek_string(key, "chain_file"), *text = NULL;
        apr_size_t length = 0;
        apr_status_t rv =
            file_read(&text, &length, path != NULL ? path : "", LIMIT_CHAIN, context->pool);

        if (rv != APR_SUCCESS) {
            eab_result_set(context->result, rv, NULL, "%s cannot be read: %s. Say sudo acmectl ...",
                           path, file_reason(context->pool, rv, path));
            return APR_STATUS_IS_EACCES(rv) ? EXIT_NOT_ALLOWED : EXIT_FAILED;
        }
        all = apr_pstrcat(context->pool, all, apr_pstrndup(context->pool, text, length), NULL);
    }
    output_line(context, "%s",
                apr_pstrndup(context->pool, all, all[0] != '\0' ? strlen(all) - 1 : 0));
    output_json(context, json_pack("{s:s}", "chain", all), 1);
    return EXIT_FINE;
}

static void print(const context_t *context, const cli_report_t *report, const json_t *entry)
{
    const char *why = NULL, *name = json_peek_string(entry, "name");
    grade_t grade = grade_of(entry, report->reload, report->now, &why);
    const json_t *order = json_object_get(entry, "order"), *key;
    size_t i;

    output_field(context, "certificate", name);
    output_field(context, "state",
                 output_color(context, (color_t)report_color(grade),
                              apr_pstrcat(context->pool, grade_name(grade), why != NULL ? ": " : "",
                                          why != NULL ? why : "", NULL)));
    show_names(context, entry);
    output_field(context, "account", json_peek_string(entry, "account"));
    output_field(context, "configured", json_peek_string(entry, "where"));
    output_field(context, "next", report_next(context, entry));
    output_field(context, "because", json_peek_string(json_object_get(entry, "next"), "why"));
    output_field(context, "notice", json_peek_string(entry, "notice"));
    if (json_is_object(order)) {
        const char *url = json_peek_string(order, "url");

        output_field(context, "order",
                     apr_psprintf(context->pool, "%s since %s", url != NULL ? url : "placed",
                                  output_moment(context, json_peek_time(order, "since"))));
    }
    json_array_foreach(json_object_get(entry, "keys"), i, key)
    {
        show_key(context, key);
    }
    show_problem(context, json_object_get(entry, "problem"), name);
}

static int run(context_t *context)
{
    cli_report_t report = { 0 };
    const json_t *entry = NULL;
    grade_t grade;
    int code = report_load(&report, context);

    if (code == EXIT_FINE) {
        code = report_choose_one(&entry, &report, context);
    }
    if (code == EXIT_FINE && command_has(context, "chain")) {
        code = print_chain(context, entry);
        return code == EXIT_FINE ? code : output_failure(context, code);
    }
    if (code != EXIT_FINE) {
        return output_failure(context, code);
    }
    grade = grade_of(entry, report.reload, report.now, NULL);
    print(context, &report, entry);
    output_json(context, json_pack("{s:O}", "certificate", entry), grade == GRADE_OK);
    code = report_warn(&report, context);
    return code != EXIT_FINE                               ? code
           : grade == GRADE_DOWN || grade == GRADE_AT_RISK ? EXIT_TROUBLE
                                                           : EXIT_FINE;
}

static const option_t options[] = {
    { "chain", NULL, 0, "print the certificates themselves, as PEM; for root" },
    { NULL, NULL, 0, NULL },
};

const command_t command_show = { "show",
                                 "NAME",
                                 1,
                                 1,
                                 "everything of one certificate",
                                 "Its names and until when the CA goes by its validations of them, "
                                 "keys and their files, the order in "
                                 "flight, what is the matter. NAME is any of its names, or a "
                                 "pattern that fits one certificate. No key "
                                 "is shown.",
                                 options,
                                 run };
