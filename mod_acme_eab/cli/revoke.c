/* SPDX-License-Identifier: Apache-2.0 */

/* acmectl revoke, acmectl compromised - a certificate is to be trusted no more. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/json.h"
#include "cli/door.h"
#include "cli/output.h"
#include "cli/table.h"

/* RFC 5280, 5.3.1: all that have a name; a subscriber may ask a CA for those that have advice (and some CAs
 * for fewer). */
static const struct {
    int number;
    const char *name;
    const char *use; /* NULL: not for a subscriber */
} reasons[] = {
    { 0, "unspecified", "no reason is told" },
    { 1, "keyCompromise", "others may know the key; \"acmectl compromised\" does more" },
    { 2, "cACompromise", NULL },
    { 3, "affiliationChanged", "the organisation has another name" },
    { 4, "superseded", "another certificate is in its place" },
    { 5, "cessationOfOperation", "the name or the service is given up" },
    { 6, "certificateHold", NULL },
    { 8, "removeFromCRL", NULL },
    { 9, "privilegeWithdrawn", NULL },
    { 10, "aACompromise", NULL },
};

#define REASONS (sizeof(reasons) / sizeof(reasons[0]))
#define REASON_WORDS \
    "unspecified, keyCompromise, affiliationChanged, superseded or cessationOfOperation"

/* @return -1 with the reason why in context->result */
static int parse_reason(const context_t *context, const char *text)
{
    char *end = NULL;
    long number = strtol(text, &end, 10);
    size_t i;

    for (i = 0; i < REASONS; ++i) {
        if (strcasecmp(reasons[i].name, text) == 0
            || (*end == '\0' && end != text && number == reasons[i].number)) {
            if (reasons[i].use != NULL) {
                return reasons[i].number;
            }
            eab_result_set(context->result, APR_EINVAL, EAB_PROBLEM_REFUSED,
                           "%s (%d) is a reason that only a CA gives; say " REASON_WORDS ".",
                           reasons[i].name, reasons[i].number);
            return -1;
        }
    }
    eab_result_set(context->result, APR_EINVAL, EAB_PROBLEM_REFUSED,
                   "%s is no reason for a revocation; say " REASON_WORDS ".", text);
    return -1;
}

/* ---- what is told ---- */

static int is_result(const json_t *part, const char *what)
{
    const char *result = json_peek_string(part, "result");

    return result != NULL && strcmp(result, what) == 0;
}

static const char *describe_wait(const context_t *context, const json_t *part)
{
    apr_time_t at = json_peek_time(part, "at");
    const char *why = json_peek_string(part, "why"), *step = json_peek_string(part, "step");
    int stored = step != NULL && strcmp(step, "stored") == 0;

    return apr_psprintf(context->pool, "%s%s%s%s%s",
                        stored ? "another one is there, and is revoked for when httpd serves it"
                               : "another one is ordered; it is revoked when httpd serves that",
                        why != NULL ? "; " : "", why != NULL ? why : "",
                        at != 0 ? " It is tried again " : "",
                        at != 0 ? output_distance(context, at) : "");
}

/* Half a sentence about one certificate. */
static const char *describe(const context_t *context, const json_t *part)
{
    const char *detail = json_peek_string(json_object_get(part, "problem"), "detail");
    const char *reason = json_peek_string(part, "reason"), *step = json_peek_string(part, "step");
    apr_time_t at = json_peek_time(part, "at");

    if (is_result(part, "revoked")) {
        return apr_psprintf(context->pool, "revoked (%s)", reason != NULL ? reason : "unspecified");
    }
    if (is_result(part, "expired")) {
        return "it is over, so there is nothing to revoke";
    }
    if (is_result(part, "failed")) {
        return apr_psprintf(context->pool, "not revoked: %s%s", detail != NULL ? detail : "",
                            json_peek_bool(part, "replaced", 0)
                                ? " Another one was ordered in its place all the same."
                                : "");
    }
    if (detail != NULL) {
        return apr_psprintf(context->pool, "not revoked yet: %s It is tried again %s", detail,
                            output_distance(context, at));
    }
    return step != NULL && strcmp(step, "revoking") == 0 ? "the CA is asked to revoke it"
                                                         : describe_wait(context, part);
}

static void hear(void *baton, const json_t *part)
{
    const context_t *context = baton;
    const char *name = json_peek_string(part, "name");
    const char *serial = json_peek_string(part, "serial");
    const char *step = json_peek_string(part, "step"), *result = json_peek_string(part, "result");

    if (context->plain) {
        output_line(context, "%s\t%s\t%s\t%s", name != NULL ? name : "-",
                    serial != NULL ? serial : "-", step != NULL ? step : "-",
                    result != NULL ? result : "-");
        return;
    }
    output_note(context, "%s%sserial %s: %s", name != NULL ? name : "", name != NULL ? ", " : "",
                serial,
                output_color(context,
                             is_result(part, "failed")    ? COLOR_RED
                             : is_result(part, "revoked") ? COLOR_GREEN
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

static int ask(context_t *context, const char *command, json_t *arguments, const char *afterwards)
{
    json_t *parts = NULL;
    apr_interval_time_t wait = door_wait(context);
    int code;

    if (wait < 0) {
        json_decref(arguments);
        return output_failure(context, EXIT_USAGE);
    }
    code = door_ask(context, command, arguments, wait, hear, context, &parts);
    output_json(context, json_pack("{s:o}", "results", list_results(parts)), code == EXIT_FINE);
    if (code == EXIT_UNDER_WAY) {
        output_warning(
            "It is still under way and goes on by itself, also after a restart; CAs owe a "
            "revocation within 24 hours of being asked.");
        return code;
    }
    if (code != EXIT_FINE) {
        return output_failure(context, code);
    }
    if (!context->plain) {
        output_note(context, "%s",
                    wait == 0 ? "It goes on by itself, also after a restart; \"acmectl "
                                "log\" tells when it is done."
                              : afterwards);
    }
    return code;
}

/* ---- revoke ---- */

static int refuse(const context_t *context, const char *why)
{
    eab_result_set(context->result, APR_EINVAL, EAB_PROBLEM_REFUSED, "%s", why);
    return output_failure(context, EXIT_USAGE);
}

/* The keeper is somewhere else. */
static const char *whole_path(const context_t *context, const char *path)
{
    char *real = path != NULL ? realpath(path, NULL) : NULL;
    const char *copy = real != NULL ? apr_pstrdup(context->pool, real) : path;

    free(real);
    return copy;
}

/* What was said with --reason, or is said now. NULL: nobody says it. */
static const char *find_reason(const context_t *context)
{
    const char *said = command_value(context, "reason");
    size_t i;

    if (said != NULL || context->yes || !isatty(0)) {
        return said;
    }
    for (i = 0; i < REASONS; ++i) {
        if (reasons[i].use != NULL) {
            fprintf(stderr, "%d  %-21s %s\n", reasons[i].number, reasons[i].name, reasons[i].use);
        }
    }
    return output_prompt(context, "Why is it to be revoked? A name or a number:");
}

static int check_operands(const context_t *context)
{
    int ways = (context->operands->nelts > 0) + command_has(context, "serial")
               + command_has(context, "cert");

    if (ways != 1) {
        return refuse(context,
                      "Name a certificate, or its --serial, or its file with --cert; one of "
                      "these.");
    }
    if (command_has(context, "key") && !command_has(context, "cert")) {
        return refuse(context,
                      "--key belongs to --cert: the keys of our own certificates are known.");
    }
    return EXIT_FINE;
}

static int run_revoke(context_t *context)
{
    json_t *arguments;
    int code = check_operands(context), reason;
    const char *why;

    if (code != EXIT_FINE) {
        return code;
    }
    if ((why = find_reason(context)) == NULL) {
        return refuse(context, "Say why with --reason: " REASON_WORDS ".");
    }
    if ((reason = parse_reason(context, why)) < 0) {
        return output_failure(context, EXIT_USAGE);
    }
    if (!output_ask(context, "A revocation cannot be taken back. Revoke?")) {
        return refuse(context, "Nothing was done; say --yes if nobody is there to be asked.");
    }
    arguments = json_pack("{s:i,s:b,s:b,s:b}", "reason", reason, "now", command_has(context, "now"),
                          "keep", command_has(context, "keep"), "by_certificate_key",
                          command_has(context, "by-certificate-key"));
    json_put_strings(arguments, "names", context->operands);
    json_put_string(arguments, "serial", command_value(context, "serial"));
    json_put_string(arguments, "certificate", whole_path(context, command_value(context, "cert")));
    json_put_string(arguments, "key", whole_path(context, command_value(context, "key")));
    json_put_string(arguments, "account", command_value(context, "account"));
    return ask(
        context, "revoke", arguments,
        "Clients hear of it by the CA's lists, some only after days; most CAs have no OCSP any "
        "more.");
}

/* ---- compromised ---- */

static int run_compromised(context_t *context)
{
    json_t *arguments;

    if (!output_ask(
            context,
            "Another certificate with another key is ordered; when httpd serves it, all that "
            "have the key of now are revoked, and the key is removed. Go on?")) {
        return refuse(context, "Nothing was done; say --yes if nobody is there to be asked.");
    }
    arguments = json_pack("{s:b,s:b}", "now", command_has(context, "now"), "new_account",
                          command_has(context, "new-account"));
    json_put_strings(arguments, "names", context->operands);
    return ask(context, "compromised", arguments,
               "Left to you: other servers with that key, clients that have it pinned, and, if the "
               "machine was broken into, whatever else lay on it: the account (\"acmectl account "
               "rollover\"), the EAB key at the CA, keys for other machines.");
}

static const option_t revoke_options[] = {
    { "reason", "REASON", 0, REASON_WORDS "; or 0, 1, 3, 4, 5" },
    { "serial", "NUMBER", 0, "one of the store by its serial number, in place of a name" },
    { "cert", "FILE", 0, "the one in that file (PEM), in place of a name" },
    { "key", "FILE", 0, "its key, where it is not in the store: it signs" },
    { "account", "LABEL", 0, "with --cert: the account at the CA of the certificate" },
    { "now", NULL, 0, "also the one that httpd serves, before another is in its place" },
    { "keep", NULL, 0, "go on serving it, and order none in its place; it is revoked now" },
    { "by-certificate-key", NULL, 0,
      "sign with the certificate's key, not the account's; CAs then record keyCompromise" },
    { "wait", "TIME", 1, "stay until it is done, and show each step" },
    { NULL, NULL, 0, NULL },
};

static const option_t compromised_options[] = {
    { "now", NULL, 0,
      "revoke first, and accept that the site is down until there is another certificate" },
    { "new-account", NULL, 0,
      "order with another account, which is registered before: whoever was on the machine may have "
      "the "
      "account's key; it needs the EAB key again" },
    { "wait", "TIME", 1, "stay until it is done, and show each step" },
    { NULL, NULL, 0, NULL },
};

const command_t command_revoke = {
    "revoke",
    "NAME... | --serial NUMBER | --cert FILE [--key FILE]",
    0,
    -1,
    "revoke a certificate",
    "The one that httpd serves is not revoked before another one is served in its place: that is "
    "ordered at once. --now revokes at once and orders afterwards; until then, and after a restart "
    "of "
    "httpd, the site may be down.\n\n"
    "It is signed by the account; for keyCompromise first by the certificate's own key, so that "
    "the CA "
    "blocks that key, and then the key is never used again here either, and is removed. A "
    "certificate "
    "that was revoked before, or is over, is no failure.\n\n"
    "CAs take different reasons: CERTInext none without one (say superseded or "
    "cessationOfOperation), "
    "others no affiliationChanged. What a CA refuses is told with its words.",
    revoke_options,
    run_revoke
};

const command_t command_compromised = {
    "compromised",
    "NAME...",
    1,
    -1,
    "others may know the key: another key, another certificate, the old one revoked",
    "The key of the certificate in place is blocked for ever, also for imports. Another "
    "certificate "
    "with another key is ordered; when httpd serves it, after a restart so that no session of "
    "before "
    "lives on, every certificate with the old key is revoked by that key (keyCompromise), and the "
    "key "
    "is removed. Each step survives a crash, and all goes on by itself.",
    compromised_options,
    run_compromised
};
