/* SPDX-License-Identifier: Apache-2.0 */
#include "enroll/errand.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"

#define SECONDS 60
#define SECONDS_MAX 600

const option_row_t errand_options[] = {
    { "out-key", OPTION_TEXT, "FILE", "make FILE, 0600, with the HMAC key; - is standard output" },
    { "i-know", OPTION_FLAG, NULL, "allow --out-key -, which shows the key" },
    { "print-config", OPTION_FLAG, NULL, "show the lines for httpd.conf" },
    { "contact", OPTION_TEXT, "ADDRESS", "of ACMEContact in these lines" },
    { "dry-run", OPTION_FLAG, NULL, "sign in and look, change nothing" },
    { "json", OPTION_FLAG, NULL, "tell the outcome as one JSON object" },
    { "api", OPTION_TEXT, "URL", "base address of the manager's interface" },
    { "ca-file", OPTION_TEXT, "FILE", "trust these certificates (PEM) instead of the system's" },
    { "proxy", OPTION_TEXT, "URL", "go through this proxy; the environment's are not used" },
    { "timeout", OPTION_NUMBER, "SECONDS", "for each answer (60)" },
    { "state-dir", OPTION_TEXT, "DIR", "where it is written down what was begun" },
    { NULL, OPTION_FLAG, NULL, NULL },
};

static apr_status_t read_ca_file(const options_t *options, const char **ppem, eab_result_t *result,
                                 apr_pool_t *p)
{
    const char *path = options_text(options, "ca-file", NULL);
    apr_size_t len = 0;
    apr_status_t rv = APR_SUCCESS;

    *ppem = NULL;
    if (path != NULL && (rv = file_read(ppem, &len, path, LIMIT_CA_FILE, p)) != APR_SUCCESS)
        return eab_result_set(result, rv, ENROLL_PROBLEM_FILE,
                              "The certificates of --ca-file cannot be read from %s: %s. Put PEM "
                              "there.",
                              path, file_reason(p, rv, path));
    if (path != NULL && strstr(*ppem, "-----BEGIN CERTIFICATE-----") == NULL)
        return eab_result_set(result, APR_EINVAL, ENROLL_PROBLEM_FILE,
                              "%s of --ca-file holds no certificate in PEM; put one there.", path);
    return APR_SUCCESS;
}

/* Whoever gives a password in it has shown it to all users of the machine. */
static int is_proxy(const char *url)
{
    const char *host = strstr(url, "://");

    return host != NULL && host[3] != '\0' && strchr(url, '@') == NULL
           && (strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0);
}

errand_t *errand_make(const char *manager, const options_t *options, eab_result_t *result,
                      apr_pool_t *p)
{
    errand_t *errand = apr_pcalloc(p, sizeof(*errand));
    const char *ca_pem = NULL;
    int seconds = options_number(options, "timeout", SECONDS);

    errand->pool = p;
    errand->manager = manager;
    errand->options = options;
    errand->result = result;
    errand->told = json_own(p, json_object());
    errand->json = options_has(options, "json");
    errand->key_on_stdout = strcmp(options_text(options, "out-key", ""), "-") == 0;
    if (errand->key_on_stdout && errand->json) {
        errand_refuse(errand, "--json and --out-key - cannot share standard output; give --out-key "
                              "a file.");
        return errand;
    }
    if (seconds > SECONDS_MAX) {
        errand_refuse(errand, "--timeout is %d seconds at most.", SECONDS_MAX);
        return errand;
    }
    if (options_has(options, "proxy") && !is_proxy(options_text(options, "proxy", ""))) {
        errand_refuse(errand,
                      "--proxy needs an address like http://proxy.example.edu:3128, without "
                      "a name and a password.");
        return errand;
    }
    if (read_ca_file(options, &ca_pem, result, p) == APR_SUCCESS)
        errand->exchange = exchange_make(ca_pem, options_text(options, "proxy", NULL), seconds, p);
    return errand;
}

void errand_say(errand_t *errand, const char *format, ...)
{
    const char *text = NULL;
    va_list args;

    if (errand->json)
        return;
    va_start(args, format);
    text = apr_pvsprintf(errand->pool, format, args);
    va_end(args);
    fprintf(errand->key_on_stdout ? stderr : stdout, "%s\n", log_escape(errand->pool, text));
}

void errand_row(errand_t *errand, ...)
{
    const char *text = NULL;
    const char *before = "";
    va_list args;

    if (errand->json)
        return;
    va_start(args, errand);
    while ((text = va_arg(args, const char *)) != NULL) {
        printf("%s%s", before, *text != '\0' ? log_escape(errand->pool, text) : "-");
        before = "\t";
    }
    va_end(args);
    printf("\n");
}

void errand_tell(errand_t *errand, const char *name, json_t *value)
{
    json_object_set_new(errand->told, name, value);
}

enroll_exit_t errand_end(errand_t *errand)
{
    enroll_exit_t status = enroll_problem_exit(errand->result);
    json_t *whole = NULL;

    if (status != ENROLL_DONE)
        fprintf(stderr, "acme-eab-enroll: %s\n", log_escape(errand->pool, errand->result->detail));
    if (errand->json) {
        whole = json_own(errand->pool, json_object());
        json_object_set_new(whole, "ok", json_boolean(status == ENROLL_DONE));
        json_put_string(whole, "manager", errand->manager);
        json_object_update(whole, errand->told);
        if (status != ENROLL_DONE)
            json_object_set_new(whole, "problem", eab_result_to_json(errand->result));
        printf("%s\n", json_text(errand->pool, whole));
    }
    if (fflush(stdout) != 0 && status == ENROLL_DONE)
        return ENROLL_FAILED;
    return status;
}

apr_status_t errand_secret(errand_t *errand, const char *option, secret_t **psecret)
{
    return source_read(psecret, options_source(errand->options, option), errand->result,
                       errand->pool);
}

apr_status_t errand_refuse(errand_t *errand, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    eab_result_set(errand->result, APR_EINVAL, ENROLL_PROBLEM_USAGE, "%s",
                   apr_pvsprintf(errand->pool, format, args));
    va_end(args);
    return APR_EINVAL;
}

const char *errand_need(errand_t *errand, const char *option, const char *why)
{
    const char *text = options_text(errand->options, option, NULL);

    if (text == NULL)
        errand_refuse(errand, "--%s is missing: %s.", option, why);
    return text;
}

const char *errand_url(errand_t *errand, const char *option, const char *other)
{
    const char *url = options_text(errand->options, option, other);
    apr_size_t len = strlen(url);

    if (!exchange_is_url(url)) {
        errand_refuse(errand, "--%s needs an address that begins with https:// and has a host.",
                      option);
        return NULL;
    }
    while (url[len - 1] == '/')
        --len;
    return apr_pstrmemdup(errand->pool, url, len);
}

apr_status_t errand_keyfile(errand_t *errand, keyfile_t **pkeyfile)
{
    const char *path =
        errand_need(errand, "out-key", "say in which new file the HMAC key is to be");

    *pkeyfile = NULL;
    if (path == NULL)
        return errand->result->rv;
    return keyfile_make(pkeyfile, path, options_has(errand->options, "i-know"), errand->result,
                        errand->pool);
}

/* ---- httpd.conf ---- */

/* A word that needs no quotes and cannot end a line. */
static int is_word(const char *text)
{
    const char *c = text;

    for (; *c != '\0'; ++c) {
        if (*c <= ' ' || *c > '~' || strchr("\"'\\<>#$", *c) != NULL)
            return 0;
    }
    return c != text;
}

static const char *quote(apr_pool_t *p, const char *text)
{
    const char *c = text;
    const char *quoted = "";

    if (is_word(text))
        return text;
    for (; *c != '\0'; ++c)
        quoted = apr_psprintf(p, "%s%s%c", quoted, *c == '"' || *c == '\\' ? "\\" : "", *c);
    return apr_pstrcat(p, "\"", quoted, "\"", NULL);
}

static void add_line(apr_array_header_t *lines, const char *line)
{
    APR_ARRAY_PUSH(lines, const char *) = line;
}

static apr_array_header_t *make_lines(errand_t *errand, const char *directory, const char *kid,
                                      const keyfile_t *keyfile, const apr_array_header_t *names)
{
    apr_pool_t *p = errand->pool;
    apr_array_header_t *lines = apr_array_make(p, 8, sizeof(const char *));
    const char *contact = options_text(errand->options, "contact", NULL);
    const char *path =
        keyfile_path(keyfile) != NULL ? keyfile_path(keyfile) : "/etc/apache2/acme/eab.key";
    const char *domains = "";
    int i;

    add_line(lines, apr_pstrcat(p, "ACMEServer         ", directory, NULL));
    add_line(lines, apr_pstrcat(p, "ACMEEABKid         ", kid, NULL));
    add_line(lines, apr_pstrcat(p, "ACMEEABKey         ",
                                quote(p, apr_pstrcat(p, "file:", path, NULL)), NULL));
    if (contact != NULL)
        add_line(lines, apr_pstrcat(p, "ACMEContact        ", quote(p, contact), NULL));
    add_line(lines, "# When you have read the terms of service of the CA:");
    add_line(lines, "# ACMETermsOfService accepted");
    for (i = 0; names != NULL && i < names->nelts; ++i)
        domains = apr_pstrcat(p, domains, " ", APR_ARRAY_IDX(names, i, const char *), NULL);
    if (*domains != '\0')
        add_line(lines, apr_pstrcat(p, "ACMEManagedDomain ", domains, NULL));
    return lines;
}

apr_status_t errand_config(errand_t *errand, const char *directory, const char *kid,
                           const keyfile_t *keyfile, const apr_array_header_t *names)
{
    if (!exchange_is_url(directory) || !is_word(kid))
        return eab_result_set(errand->result, APR_EINVAL, ENROLL_PROBLEM_ANSWER,
                              "The manager gave an address or a key id that cannot stand in "
                              "httpd.conf, and nothing was written; take both from its portal.");
    json_put_strings(errand->told, "config", make_lines(errand, directory, kid, keyfile, names));
    return APR_SUCCESS;
}

/* They are words that were looked at, and may be long. */
void errand_print_config(errand_t *errand)
{
    const json_t *lines = json_object_get(errand->told, "config");
    FILE *out = errand->key_on_stdout ? stderr : stdout;
    size_t i;

    if (errand->json || !options_has(errand->options, "print-config"))
        return;
    for (i = 0; i < json_array_size(lines); ++i)
        fprintf(out, "%s\n", json_string_value(json_array_get(lines, i)));
}
