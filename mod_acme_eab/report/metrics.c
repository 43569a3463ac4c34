/* SPDX-License-Identifier: Apache-2.0 */
#include "report/metrics.h"

#include <apr_strings.h>
#include <apr_tables.h>
#include <stdarg.h>
#include <string.h>

#include "base/json.h"
#include "report/grade.h"
#include "report/summary.h"

/* An agent that has not written for so long is not up, though it may not be called stale yet. */
#define UP_WITHIN apr_time_from_sec(120)

typedef struct text {
    apr_pool_t *p;
    apr_array_header_t *parts; /* const char * */
    const json_t *status;
    int agent_alive;
    apr_time_t now;
    metrics_format_t format;
    const struct family *family; /* the one that is written */
    int begun;                   /* it has a sample */
} text_t;

typedef struct family {
    const char *name; /* of a counter without "_total" */
    const char *type;
    const char *help;
    void (*put)(text_t *text);
} family_t;

/* ---- the formats ----------------------------------------------------------------------------- */

static void put(text_t *text, const char *part)
{
    APR_ARRAY_PUSH(text->parts, const char *) = part;
}

static int is(const char *text, const char *word)
{
    return text != NULL && strcmp(text, word) == 0;
}

/* Backslash, quote and line feed are escaped; NULL is the empty label. */
static const char *escape(apr_pool_t *p, const char *label)
{
    char *escaped, *to;

    if (label == NULL)
        return "";
    if (label[strcspn(label, "\\\"\n")] == '\0')
        return label;
    to = escaped = apr_palloc(p, strlen(label) * 2 + 1);
    for (; *label != '\0'; ++label) {
        if (*label == '\\' || *label == '"' || *label == '\n')
            *to++ = '\\';
        *to++ = *label == '\n' ? 'n' : *label;
    }
    *to = '\0';
    return escaped;
}

static const char *total_of(const text_t *text)
{
    return is(text->family->type, "counter") ? "_total" : "";
}

/* OpenMetrics calls a counter without its "_total". */
static void put_head(text_t *text)
{
    const char *name = text->family->name;

    if (text->format == METRICS_PROMETHEUS)
        name = apr_pstrcat(text->p, name, total_of(text), NULL);
    put(text, apr_pstrcat(text->p, "# HELP ", name, " ", text->family->help, "\n# TYPE ", name, " ",
                          text->family->type, "\n", NULL));
}

/* One sample; what follows are names of labels and their values, and NULL. suffix is that of a part
 * of a histogram, or NULL. */
static void sample_text(text_t *text, const char *suffix, const char *value, va_list labels)
{
    const char *label, *before = "{";

    if (!text->begun)
        put_head(text);
    text->begun = 1;
    put(text, text->family->name);
    put(text, suffix != NULL ? suffix : total_of(text));
    while ((label = va_arg(labels, const char *)) != NULL) {
        put(text, before);
        put(text, label);
        put(text, "=\"");
        put(text, escape(text->p, va_arg(labels, const char *)));
        put(text, "\"");
        before = ",";
    }
    put(text, *before == ',' ? "} " : " ");
    put(text, value);
    put(text, "\n");
}

static void sample(text_t *text, apr_int64_t value, ...)
{
    va_list labels;

    va_start(labels, value);
    sample_text(text, NULL, apr_psprintf(text->p, "%" APR_INT64_T_FMT, value), labels);
    va_end(labels);
}

/* A number of the status; anything else has no sample. */
static void sample_json(text_t *text, const char *suffix, const json_t *value, ...)
{
    va_list labels;
    const char *number;

    if (json_is_integer(value))
        number = apr_psprintf(text->p, "%" APR_INT64_T_FMT, (apr_int64_t)json_integer_value(value));
    else if (json_is_real(value))
        number = apr_psprintf(text->p, "%.3f", json_real_value(value));
    else
        return;
    va_start(labels, value);
    sample_text(text, suffix, number, labels);
    va_end(labels);
}

/* ---- the server ------------------------------------------------------------------------------ */

static const json_t *process_of(const text_t *text, const char *process)
{
    return json_object_get(json_object_get(text->status, "processes"), process);
}

static void put_build(text_t *text)
{
    sample(text, 1, "version", json_peek_string(text->status, "module"), "httpd",
           json_peek_string(process_of(text, "httpd"), "version"), "openssl",
           json_peek_string(text->status, "openssl"), NULL);
}

static void put_up(text_t *text)
{
    apr_time_t heartbeat = summary_heartbeat(text->status);

    /* Where nothing is managed there is none. */
    if (!text->agent_alive && json_is_array(json_object_get(text->status, "certificates"))
        && json_array_size(json_object_get(text->status, "certificates")) == 0)
        return;
    sample(text,
           text->agent_alive && !json_peek_bool(text->status, "before_restart", 0)
               && text->now - heartbeat < UP_WITHIN && heartbeat - text->now < UP_WITHIN,
           NULL);
}

static void put_heartbeat(text_t *text)
{
    apr_time_t heartbeat = summary_heartbeat(text->status);

    if (heartbeat != 0)
        sample(text, apr_time_sec(heartbeat), NULL);
}

static void put_starts(text_t *text)
{
    static const char *const processes[] = { "keeper", "agent" };
    size_t i;

    for (i = 0; i < sizeof(processes) / sizeof(processes[0]); ++i) {
        apr_time_t since = json_peek_time(process_of(text, processes[i]), "since");

        if (since != 0)
            sample(text, apr_time_sec(since), "process", processes[i], NULL);
    }
}

/* ---- certificates ---------------------------------------------------------------------------- */

typedef void certificate_fn(text_t *text, const json_t *certificate, const char *name);

static void each_certificate(text_t *text, certificate_fn *put_one)
{
    const json_t *certificate;
    size_t i;

    json_array_foreach(json_object_get(text->status, "certificates"), i, certificate)
    {
        const char *name = json_peek_string(certificate, "name");

        if (name != NULL)
            put_one(text, certificate, name);
    }
}

static void put_certificate_info(text_t *text, const json_t *certificate, const char *name)
{
    const json_t *key;
    size_t i;

    json_array_foreach(json_object_get(certificate, "keys"), i, key)
    {
        sample(text, 1, "name", name, "key_type", json_peek_string(key, "type"), "account",
               json_peek_string(certificate, "account"), "issuer", json_peek_string(key, "issuer"),
               "serial", json_peek_string(key, "serial"), NULL);
    }
}

static void put_infos(text_t *text)
{
    each_certificate(text, put_certificate_info);
}

static void put_key_time(text_t *text, const json_t *certificate, const char *name,
                         const char *member)
{
    const json_t *key;
    size_t i;

    json_array_foreach(json_object_get(certificate, "keys"), i, key)
    {
        apr_time_t time = json_peek_time(key, member);

        if (time != 0)
            sample(text, apr_time_sec(time), "name", name, "key_type",
                   json_peek_string(key, "type"), NULL);
    }
}

static void put_not_before(text_t *text, const json_t *certificate, const char *name)
{
    put_key_time(text, certificate, name, "not_before");
}

static void put_begins(text_t *text)
{
    each_certificate(text, put_not_before);
}

static void put_not_after(text_t *text, const json_t *certificate, const char *name)
{
    put_key_time(text, certificate, name, "not_after");
}

static void put_ends(text_t *text)
{
    each_certificate(text, put_not_after);
}

static void put_loaded(text_t *text, const json_t *certificate, const char *name)
{
    const json_t *key;
    size_t i;

    json_array_foreach(json_object_get(certificate, "keys"), i, key)
    {
        if (json_is_boolean(json_object_get(key, "loaded")))
            sample(text, json_peek_bool(key, "loaded", 0), "name", name, "key_type",
                   json_peek_string(key, "type"), NULL);
    }
}

static void put_all_loaded(text_t *text)
{
    each_certificate(text, put_loaded);
}

static void put_state(text_t *text, const json_t *certificate, const char *name)
{
    static const char *const states[] = { "missing",  "ordering",           "valid",
                                          "renewing", "waiting-for-reload", "failing" };
    const char *state = json_peek_string(certificate, "state");
    size_t i;

    for (i = 0; i < sizeof(states) / sizeof(states[0]); ++i)
        sample(text, is(state, states[i]), "name", name, "state", states[i], NULL);
}

static void put_states(text_t *text)
{
    each_certificate(text, put_state);
}

static void put_grade(text_t *text, const json_t *certificate, const char *name)
{
    grade_t grade,
        found = grade_of(certificate, json_object_get(text->status, "reload"), text->now, NULL);

    for (grade = GRADE_DOWN; grade <= GRADE_OK; ++grade) {
        if (grade != GRADE_UNKNOWN)
            sample(text, grade == found, "name", name, "grade", grade_word(grade), NULL);
    }
}

static void put_grades(text_t *text)
{
    each_certificate(text, put_grade);
}

static void put_missing(text_t *text, const json_t *certificate, const char *name)
{
    sample(text, (apr_int64_t)json_array_size(json_object_get(certificate, "missing_names")),
           "name", name, NULL);
}

static void put_all_missing(text_t *text)
{
    each_certificate(text, put_missing);
}

static void put_attempts(text_t *text, const json_t *certificate, const char *name)
{
    sample(text, json_peek_int(json_object_get(certificate, "problem"), "attempts", 0), "name",
           name, NULL);
}

static void put_all_attempts(text_t *text)
{
    each_certificate(text, put_attempts);
}

/* The last word of a type that is one of ACME's or ours: a CA may say what it likes. */
static const char *problem_word(const json_t *problem)
{
    static const char *const known[] = {
        /* RFC 8555, 6.7, and what was registered since */
        "accountDoesNotExist", "alreadyReplaced", "alreadyRevoked", "badAttestationStatement",
        "badCSR", "badNonce", "badPublicKey", "badRevocationReason", "badSignatureAlgorithm", "caa",
        "compound", "conflict", "connection", "dns", "externalAccountRequired", "incorrectResponse",
        "invalidContact", "invalidProfile", "malformed", "onionCAARequired", "orderNotReady",
        "rateLimited", "rejectedIdentifier", "serverInternal", "tls", "unauthorized",
        "unsupportedContact", "unsupportedIdentifier", "userActionRequired",
        /* base/result.h */
        "accountNotReady", "accountStatus", "answerFile", "badToken", "caAnswer", "caBroken",
        "caBusy", "caRefused", "caUnreachable", "caUntrusted", "chainRejected", "dnsCommand",
        "eabHost", "eabKey", "eabMissing", "eabUsed", "fewerNames", "internal", "nameDropped",
        "noChallenge", "noDirectory", "nonceLoop", "notRunning", "orderChanged", "orderInvalid",
        "orderLost", "persistRecord", "noSuch", "profileNotOffered", "proxyUntrusted", "refused",
        "revoked", "store", "termsNotAccepted", "unusable", "stapling", "validationFailed",
        "validationLapsed"
    };
    const char *type = json_peek_string(problem, "type"), *word;
    size_t i;

    word = type != NULL ? strrchr(type, ':') : NULL;
    for (i = 0; word != NULL && i < sizeof(known) / sizeof(known[0]); ++i) {
        if (strcmp(word + 1, known[i]) == 0)
            return known[i];
    }
    return "other";
}

static void put_problem(text_t *text, const json_t *certificate, const char *name)
{
    const json_t *problem = json_object_get(certificate, "problem");

    if (json_is_object(problem))
        sample(text, 1, "name", name, "type", problem_word(problem), NULL);
}

static void put_problems(text_t *text)
{
    each_certificate(text, put_problem);
}

static void put_next(text_t *text, const json_t *certificate, const char *name)
{
    const json_t *next = json_object_get(certificate, "next");
    apr_time_t at = json_peek_time(next, "at");

    if (at != 0)
        sample(text, apr_time_sec(at), "name", name, "what", json_peek_string(next, "what"), NULL);
}

static void put_nexts(text_t *text)
{
    each_certificate(text, put_next);
}

static void put_validation(text_t *text, const json_t *certificate, const char *name)
{
    apr_time_t first = 0;
    const json_t *validation;
    size_t i;

    json_array_foreach(json_object_get(certificate, "validations"), i, validation)
    {
        apr_time_t until = json_peek_time(validation, "until");

        if (until != 0 && (first == 0 || until < first))
            first = until;
    }
    if (first != 0)
        sample(text, apr_time_sec(first), "name", name, NULL);
}

static void put_validations(text_t *text)
{
    each_certificate(text, put_validation);
}

/* ---- accounts -------------------------------------------------------------------------------- */

static void put_account_infos(text_t *text)
{
    const json_t *account;
    size_t i;

    json_array_foreach(json_object_get(text->status, "accounts"), i, account)
    {
        sample(text, 1, "account", json_peek_string(account, "label"), "directory",
               json_peek_string(account, "directory"), "kid_sha256",
               json_peek_string(account, "kid_sha256"), NULL);
    }
}

static void put_account_states(text_t *text)
{
    static const char *const states[] = { "unregistered", "valid", "failing", "deactivated" };
    const json_t *account;
    size_t i, k;

    json_array_foreach(json_object_get(text->status, "accounts"), i, account)
    {
        for (k = 0; k < sizeof(states) / sizeof(states[0]); ++k)
            sample(text, is(json_peek_string(account, "state"), states[k]), "account",
                   json_peek_string(account, "label"), "state", states[k], NULL);
    }
}

static void put_clocks(text_t *text)
{
    const json_t *account;
    size_t i;

    json_array_foreach(json_object_get(text->status, "accounts"), i, account)
    {
        sample_json(text, NULL, json_object_get(account, "clock_behind"), "account",
                    json_peek_string(account, "label"), NULL);
    }
}

/* ---- counters -------------------------------------------------------------------------------- */

static const json_t *counter(const text_t *text, const char *name)
{
    return json_object_get(json_object_get(text->status, "counters"), name);
}

static void put_orders(text_t *text)
{
    const json_t *row;
    size_t i;

    json_array_foreach(counter(text, "orders"), i, row)
    {
        sample_json(text, NULL, json_object_get(row, "count"), "account",
                    json_peek_string(row, "account"), "result", json_peek_string(row, "result"),
                    NULL);
    }
}

/* Each bucket holds those below it. */
static void put_durations(text_t *text)
{
    const json_t *row, *bucket;
    size_t i, k;

    json_array_foreach(counter(text, "order_duration"), i, row)
    {
        const char *account = json_peek_string(row, "account");

        json_array_foreach(json_object_get(row, "buckets"), k, bucket)
        {
            sample_json(text, "_bucket", json_object_get(bucket, "count"), "account", account, "le",
                        apr_psprintf(text->p, "%" APR_INT64_T_FMT, json_peek_int(bucket, "le", 0)),
                        NULL);
        }
        sample_json(text, "_bucket", json_object_get(row, "count"), "account", account, "le",
                    "+Inf", NULL);
        sample_json(text, "_sum", json_object_get(row, "sum"), "account", account, NULL);
        sample_json(text, "_count", json_object_get(row, "count"), "account", account, NULL);
    }
}

static void put_requests(text_t *text)
{
    const json_t *row;
    size_t i;

    json_array_foreach(counter(text, "requests"), i, row)
    {
        sample_json(text, NULL, json_object_get(row, "count"), "account",
                    json_peek_string(row, "account"), "resource", json_peek_string(row, "resource"),
                    "code", json_peek_string(row, "code"), NULL);
    }
}

static void put_each(text_t *text, const char *counters, const char *label,
                     const char *const *values, size_t count)
{
    size_t i;

    for (i = 0; i < count; ++i)
        sample_json(text, NULL, json_object_get(counter(text, counters), values[i]), label,
                    values[i], NULL);
}

static void put_restarts(text_t *text)
{
    static const char *const processes[] = { "keeper", "agent" };

    put_each(text, "restarts", "process", processes, 2);
}

static void put_reload_state(text_t *text)
{
    static const char *const states[] = { "idle", "pending", "refused", "failed", "off" };
    const char *state = json_peek_string(json_object_get(text->status, "reload"), "state");
    size_t i;

    for (i = 0; state != NULL && i < sizeof(states) / sizeof(states[0]); ++i)
        sample(text, is(state, states[i]), "state", states[i], NULL);
}

static void put_reloads(text_t *text)
{
    static const char *const results[] = { "done", "refused", "failed" };

    put_each(text, "reloads", "result", results, 3);
}

static void put_events_pending(text_t *text)
{
    sample_json(text, NULL, json_object_get(counter(text, "events"), "pending"), NULL);
}

static void put_events(text_t *text)
{
    static const char *const results[] = { "delivered", "given_up" };

    put_each(text, "events", "result", results, 2);
}

/* ---- all of it ------------------------------------------------------------------------------- */

static const family_t families[] = {
    { "acme_build_info", "gauge", "Versions of mod_acme_eab, httpd and OpenSSL.", put_build },
    { "acme_agent_up", "gauge", "1 while the agent runs and reports.", put_up },
    { "acme_report_timestamp_seconds", "gauge", "When the agent last wrote its report.",
      put_heartbeat },
    { "acme_process_start_timestamp_seconds", "gauge", "When the process was started.",
      put_starts },
    { "acme_process_restarts", "counter", "How often the process ended and was started again.",
      put_restarts },
    { "acme_certificate_info", "gauge", "The certificate in the store.", put_infos },
    { "acme_certificate_not_before_timestamp_seconds", "gauge", "When the certificate begins.",
      put_begins },
    { "acme_certificate_not_after_timestamp_seconds", "gauge", "When the certificate ends.",
      put_ends },
    { "acme_certificate_loaded", "gauge", "1 if httpd serves it.", put_all_loaded },
    { "acme_certificate_state", "gauge", "1 for the state that it is in.", put_states },
    { "acme_certificate_grade", "gauge", "1 for the grade that it has: down, at-risk, ok.",
      put_grades },
    { "acme_certificate_missing_names", "gauge", "Names that are configured and not covered.",
      put_all_missing },
    { "acme_certificate_failed_attempts", "gauge", "Failures since the last success.",
      put_all_attempts },
    { "acme_certificate_problem", "gauge", "1 while there is a problem of that type.",
      put_problems },
    { "acme_certificate_next_timestamp_seconds", "gauge", "When something is done next.",
      put_nexts },
    { "acme_certificate_validation_expires_timestamp_seconds", "gauge",
      "When the CA forgets the first of its validations of the names.", put_validations },
    { "acme_account_info", "gauge", "The account at the CA.", put_account_infos },
    { "acme_account_state", "gauge", "1 for the state that the account is in.",
      put_account_states },
    { "acme_clock_behind_seconds", "gauge", "How far this clock is behind that of the CA.",
      put_clocks },
    { "acme_orders", "counter", "Orders that ended.", put_orders },
    { "acme_order_duration_seconds", "histogram", "From newOrder to the certificate.",
      put_durations },
    { "acme_requests", "counter", "Requests to the CA.", put_requests },
    { "acme_reload_state", "gauge", "1 for the state of the restart of httpd.", put_reload_state },
    { "acme_reloads", "counter", "Restarts of httpd for certificates.", put_reloads },
    { "acme_events_pending", "gauge", "Events that wait to be delivered.", put_events_pending },
    { "acme_events", "counter", "Events that ended.", put_events },
};

const char *metrics_type(metrics_format_t format)
{
    return format == METRICS_OPENMETRICS
               ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
               : "text/plain; version=0.0.4; charset=utf-8";
}

const char *metrics_text(apr_pool_t *p, const json_t *status, int agent_alive, apr_time_t now,
                         metrics_format_t format)
{
    text_t text = {
        p, apr_array_make(p, 4096, sizeof(const char *)), status, agent_alive, now, format, NULL, 0
    };
    size_t i;

    for (i = 0; i < sizeof(families) / sizeof(families[0]); ++i) {
        text.family = &families[i];
        text.begun = 0;
        families[i].put(&text);
    }
    if (format == METRICS_OPENMETRICS)
        put(&text, "# EOF\n");
    return apr_array_pstrcat(p, text.parts, 0);
}
