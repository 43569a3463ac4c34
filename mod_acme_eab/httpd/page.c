/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/page.h"

#include <apr_strings.h>
#include <apr_tables.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"

#define SHOWN 100 /* certificates on a page */

static const char style[] =
    ":root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--text:#1c2430;--soft:#5b6675;"
    "--line:#dfe3e8;--ok:#1a7f4b;--busy:#1f5fbf;--bad:#b3261e;--badbg:#fdecea;--bar:#e6e9ed}"
    "@media(prefers-color-scheme:dark){:root{--bg:#12161c;--card:#1b212a;--text:#e6eaf0;"
    "--soft:#9aa6b5;--line:#2e3744;--ok:#4cc38a;--busy:#79a8ff;--bad:#ff8a80;--badbg:#3a1d1d;"
    "--bar:#2a323d}}"
    "*{box-sizing:border-box}"
    "body{margin:0;background:var(--bg);color:var(--text);"
    "font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}"
    "main{max-width:60rem;margin:0 auto;padding:1.5rem 1rem 3rem}"
    "h1{font-size:1.5rem;margin:0}h2{font-size:1.15rem;margin:0;overflow-wrap:anywhere}"
    "h3{font-size:1rem;margin:2rem 0 .5rem}"
    ".lead{color:var(--soft);margin:.25rem 0 1.5rem}"
    ".card{background:var(--card);border:1px solid var(--line);border-radius:.75rem;"
    "padding:1rem 1.25rem;margin:0 0 1rem}"
    ".head{display:flex;flex-wrap:wrap;gap:.25rem .75rem;align-items:baseline;"
    "justify-content:space-between}"
    ".state{font-weight:600}.ok{color:var(--ok)}.busy{color:var(--busy)}.bad{color:var(--bad)}"
    "dl{display:grid;grid-template-columns:9rem 1fr;gap:.25rem 1rem;margin:.75rem 0 0}"
    "dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}"
    ".mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.875em}"
    "progress{width:100%;height:.5rem;margin:.75rem 0 0;border:0;border-radius:.25rem;"
    "background:var(--bar);accent-color:var(--ok);display:block}"
    ".trouble{background:var(--badbg);border-left:.25rem solid var(--bad);border-radius:.25rem;"
    "padding:.75rem 1rem;margin:1rem 0 0;overflow-wrap:anywhere}"
    ".trouble p{margin:.25rem 0}.advice{font-weight:600}"
    "bdi{unicode-bidi:isolate;white-space:pre-wrap}"
    "a{color:var(--busy)}"
    "@media(max-width:36rem){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5rem}}";

/* ---- building -------------------------------------------------------------------------------- */

typedef struct out {
    apr_pool_t *p;
    apr_array_header_t *parts; /* const char * */
} out_t;

static void put(out_t *out, const char *html)
{
    APR_ARRAY_PUSH(out->parts, const char *) = html;
}

static void put_text(out_t *out, const char *text)
{
    put(out, page_escape(out->p, text));
}

/* html with one %s in it, filled with text, escaped. */
static void put_format(out_t *out, const char *html, const char *text)
{
    const char *hole = strstr(html, "%s");

    put(out, apr_pstrmemdup(out->p, html, (apr_size_t)(hole - html)));
    put_text(out, text);
    put(out, hole + 2);
}

/* Remote words: kept apart from ours in direction and in line breaks. */
static void put_quote(out_t *out, const char *text)
{
    put_format(out, "<bdi>%s</bdi>", text);
}

static void put_row(out_t *out, const char *term, const char *text, const char *class)
{
    if (text == NULL || *text == '\0')
        return;
    put_format(out, "<dt>%s</dt>", term);
    put_format(out, "<dd class=\"%s\">", class);
    put_quote(out, text);
    put(out, "</dd>\n");
}

static const char *entity_of(unsigned char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return (c < ' ' && c != '\n' && c != '\t') || c == 0x7f ? "\xef\xbf\xbd" : NULL;
    }
}

const char *page_escape(apr_pool_t *p, const char *text)
{
    char *escaped = NULL, *to = NULL;

    if (text == NULL)
        return "";
    to = escaped = apr_palloc(p, strlen(text) * 6 + 1);
    for (; *text != '\0'; ++text) {
        const char *entity = entity_of((unsigned char)*text);

        if (entity != NULL)
            to = apr_cpystrn(to, entity, 7);
        else
            *to++ = *text;
    }
    *to = '\0';
    return escaped;
}

/* ---- words ----------------------------------------------------------------------------------- */

static const struct {
    const char *state;
    const char *words;
    const char *class;
} states[] = {
    /* In the order in which the page shows them: those in trouble first. */
    { "failing", "In trouble", "bad" },
    { "renewing, expired", "Expired, being renewed", "bad" },
    { "missing", "Not there yet", "busy" },
    { "ordering", "Being ordered", "busy" },
    { "renewing", "Valid, being renewed", "busy" },
    { "waiting-for-reload", "Waits for a restart of httpd", "busy" },
    { "unknown", "Not reported yet", "busy" },
    { "valid", "Valid", "ok" },
};

#define STATES (sizeof(states) / sizeof(states[0]))

/* STATES for a word that is not known. */
static apr_size_t find_state(const char *state)
{
    apr_size_t i = 0;

    while (i < STATES && (state == NULL || strcmp(state, states[i].state) != 0))
        ++i;
    return i;
}

static void put_state(out_t *out, const char *state, const char *whose)
{
    apr_size_t i = find_state(state);

    if (i < STATES) {
        put_format(out, "<span class=\"state %s\">", states[i].class);
        put_format(out, "%s", states[i].words);
        put_format(out, "%s</span>", whose);
        return;
    }
    put_format(out, "<span class=\"state\">%s</span>", state != NULL ? state : "Unknown");
}

/* "2026-11-21 21:05 UTC (in 66 days)" */
static const char *describe_time(apr_pool_t *p, apr_time_t time, apr_time_t now)
{
    const char *text = NULL;

    if (time == 0)
        return NULL;
    text = clock_format(p, time);
    text = apr_psprintf(p, "%.10s %.5s UTC", text, text + 11);
    if (time > now)
        return apr_psprintf(p, "%s (in %s)", text, clock_span(p, time - now));
    return apr_psprintf(p, "%s (%s ago)", text, clock_span(p, now - time));
}

static const char *describe_names(apr_pool_t *p, const json_t *names)
{
    apr_array_header_t *all = apr_array_make(p, 4, sizeof(const char *));
    json_t *name = NULL;
    size_t i = 0;

    json_array_foreach(names, i, name)
    {
        if (json_is_string(name))
            APR_ARRAY_PUSH(all, const char *) = json_string_value(name);
    }
    return all->nelts > 0 ? apr_array_pstrcat(p, all, ' ') : NULL;
}

static const char *describe_next(apr_pool_t *p, const json_t *next, apr_time_t now)
{
    static const struct {
        const char *what;
        const char *words;
    } steps[] = {
        { "order", "Order" },
        { "renew", "Renewal" },
        { "retry", "Next try" },
        { "poll", "The CA is asked again" },
        { "reload", "Graceful restart of httpd" },
        { "report", "The agent's report" },
    };
    const char *what = json_peek_string(next, "what"), *why = json_peek_string(next, "why");
    const char *when = describe_time(p, json_peek_time(next, "at"), now);
    apr_size_t i = 0;

    if (what == NULL)
        return NULL;
    for (i = 0; i < sizeof(steps) / sizeof(steps[0]); ++i) {
        if (strcmp(what, steps[i].what) == 0)
            what = steps[i].words;
    }
    return apr_pstrcat(p, what, when != NULL ? ": " : "", when != NULL ? when : "",
                       why != NULL ? ", " : "", why != NULL ? why : "", NULL);
}

/* ---- trouble --------------------------------------------------------------------------------- */

static void put_link(out_t *out, const char *url)
{
    if (url == NULL || (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0))
        return;
    put_format(out, "<p>Read: <a rel=\"noreferrer noopener\" href=\"%s\">", url);
    put_format(out, "%s</a></p>\n", url);
}

static const char *describe_type(apr_pool_t *p, const json_t *problem)
{
    const char *type = json_peek_string(problem, "type");
    apr_int64_t status = json_peek_int(problem, "status", 0);

    if (status == 0)
        return type;
    return apr_psprintf(p, "%s%sHTTP %" APR_INT64_T_FMT, type != NULL ? type : "",
                        type != NULL ? ", " : "", status);
}

static const char *subject_of(const json_t *problem)
{
    return json_peek_string(json_object_get(problem, "identifier"), "value");
}

static void put_subproblems(out_t *out, const json_t *list)
{
    json_t *problem = NULL;
    size_t i = 0;

    if (json_array_size(list) == 0)
        return;
    put(out, "<ul>\n");
    json_array_foreach(list, i, problem)
    {
        put_format(out, "<li>%s", subject_of(problem));
        put(out, subject_of(problem) != NULL ? ": " : "");
        put_quote(out, json_peek_string(problem, "detail"));
        put_format(out, " <span class=\"mono\">%s</span></li>\n", describe_type(out->p, problem));
    }
    put(out, "</ul>\n");
}

static void put_attempts(out_t *out, const json_t *problem, apr_time_t now)
{
    const char *since = describe_time(out->p, json_peek_time(problem, "since"), now);
    apr_int64_t attempts = json_peek_int(problem, "attempts", 0);

    if (since != NULL)
        put_format(out, "<p>Since %s", since);
    if (since != NULL && attempts > 1)
        put_format(out, ", %s attempts", apr_psprintf(out->p, "%" APR_INT64_T_FMT, attempts));
    if (since != NULL)
        put(out, "</p>\n");
}

static void put_problem(out_t *out, const json_t *problem, apr_time_t now)
{
    const char *advice = json_peek_string(problem, "advice"), *type = NULL;
    const char *detail = json_peek_string(problem, "detail");

    type = describe_type(out->p, problem);
    if (advice == NULL && detail == NULL && type == NULL)
        return;
    put(out, "<div class=\"trouble\">\n");
    if (advice != NULL)
        put_format(out, "<p class=\"advice\">%s</p>\n", advice);
    if (detail != NULL) {
        put(out, "<p>");
        put_quote(out, detail);
        put(out, "</p>\n");
    }
    if (type != NULL)
        put_format(out, "<p class=\"mono\">%s</p>\n", type);
    put_subproblems(out, json_object_get(problem, "subproblems"));
    put_link(out, json_peek_string(problem, "instance"));
    put_attempts(out, problem, now);
    put(out, "</div>\n");
}

/* ---- certificates ---------------------------------------------------------------------------- */

static void put_lifetime(out_t *out, apr_time_t from, apr_time_t until, apr_time_t now)
{
    apr_int64_t life = apr_time_sec(until - from), left = apr_time_sec(until - now);

    if (from == 0 || life <= 0)
        return;
    if (left < 0)
        left = 0;
    put(out, apr_psprintf(out->p,
                          "<progress max=\"%" APR_INT64_T_FMT "\" value=\"%" APR_INT64_T_FMT
                          "\" aria-label=\"remaining life\"></progress>\n",
                          life, left < life ? left : life));
}

static void put_key(out_t *out, const json_t *key, apr_time_t now)
{
    apr_time_t from = json_peek_time(key, "not_before"), until = json_peek_time(key, "not_after");

    put_lifetime(out, from, until, now);
    put(out, "<dl>\n");
    put_row(out, until != 0 && until <= now ? "Expired" : "Valid until",
            describe_time(out->p, until, now), until <= now ? "bad" : "");
    put_row(out, "Issued", describe_time(out->p, from, now), "");
    put_row(out, "Issuer", json_peek_string(key, "issuer"), "");
    put_row(out, "Key", json_peek_string(key, "type"), "");
    put_row(out, "Serial number", json_peek_string(key, "serial"), "mono");
    put_row(out, "SHA-256", json_peek_string(key, "fingerprint_sha256"), "mono");
    put(out, "</dl>\n");
}

/* Which key type it is about, where there are several: " for p256". */
static const char *describe_type_of(apr_pool_t *p, const json_t *object, const json_t *certificate)
{
    const char *type = json_peek_string(object, "key_type");

    if (type == NULL || json_array_size(json_object_get(certificate, "key_types")) < 2)
        return "";
    return apr_pstrcat(p, " for ", type, NULL);
}

static void put_order(out_t *out, const json_t *certificate, apr_time_t now)
{
    const json_t *order = json_object_get(certificate, "order");
    const char *status = json_peek_string(order, "status");
    const char *since = describe_time(out->p, json_peek_time(order, "since"), now);

    if (status == NULL)
        return;
    put_row(out, apr_pstrcat(out->p, "Order", describe_type_of(out->p, order, certificate), NULL),
            since != NULL ? apr_pstrcat(out->p, status, ", since ", since, NULL) : status, "");
    put_row(out, "Order URL", json_peek_string(order, "url"), "mono");
}

/* One that is over is still what is served while it is renewed. */
static const char *describe_state(const json_t *certificate, apr_time_t now)
{
    const char *state = json_peek_string(certificate, "state");
    json_t *key = NULL;
    size_t i = 0;

    if (state == NULL || strcmp(state, "renewing") != 0)
        return state;
    json_array_foreach(json_object_get(certificate, "keys"), i, key)
    {
        apr_time_t until = json_peek_time(key, "not_after");

        if (until != 0 && until <= now)
            return "renewing, expired";
    }
    return state;
}

/* How it came to be served. Without a reason a restart is what there is. */
static const char *describe_activation(apr_pool_t *p, const json_t *certificate)
{
    const char *way = json_peek_string(certificate, "activation");
    const char *why = json_peek_string(certificate, "activation_why");

    if (way == NULL || (why == NULL && strcmp(way, "live") != 0))
        return NULL;
    return apr_pstrcat(p, strcmp(way, "live") == 0 ? "Without a restart of httpd" : "By a restart",
                       why == NULL                ? ""
                       : strcmp(way, "live") == 0 ? "; nobody could look: "
                                                  : ", since ",
                       why != NULL ? why : "", NULL);
}

/* Beside the state, since a valid certificate without some names is no whole one. */
static void put_missing(out_t *out, const json_t *names)
{
    size_t count = json_array_size(names);

    if (count > 0)
        put_format(out, "<span class=\"state bad\">%s missing</span>",
                   count == 1 ? "1 name" : apr_psprintf(out->p, "%lu names", (unsigned long)count));
}

/* What stands in the DNS, in a word, and what is the matter with it. */
static const char *describe_record(apr_pool_t *p, const json_t *record, apr_time_t now)
{
    static const struct {
        const char *state;
        const char *words;
    } words[] = {
        { "published", "Published" },     { "partly", "Not everywhere yet" },
        { "wrong", "Published wrongly" }, { "missing", "To be published" },
        { "unknown", "Not looked up" },
    };
    const char *state = json_peek_string(record, "state"), *why = json_peek_string(record, "why");
    const char *until = describe_time(p, json_peek_time(record, "until"), now);
    apr_int64_t servers = json_peek_int(record, "servers", 0);
    const char *text = state;
    apr_size_t i = 0;

    for (i = 0; state != NULL && i < sizeof(words) / sizeof(words[0]); ++i) {
        if (strcmp(state, words[i].state) == 0)
            text = words[i].words;
    }
    if (servers > 0)
        text = apr_psprintf(p, "%s, at %" APR_INT64_T_FMT " of %" APR_INT64_T_FMT " name servers",
                            text, json_peek_int(record, "having", 0), servers);
    return apr_pstrcat(p, text, why != NULL ? ": " : "", why != NULL ? why : "",
                       until != NULL ? "; it counts until " : "", until != NULL ? until : "", NULL);
}

/* "www.example.edu 2027-03-01 10:00 UTC (in 66 days)" for each, the next one first as the CA has them. */
static void put_validations(out_t *out, const json_t *list, apr_time_t now)
{
    const char *text = NULL;
    json_t *one = NULL;
    size_t i = 0;

    json_array_foreach(list, i, one)
    {
        const char *name = json_peek_string(one, "name");
        const char *until = describe_time(out->p, json_peek_time(one, "until"), now);

        if (name != NULL && until != NULL)
            text = apr_pstrcat(out->p, text != NULL ? text : "", text != NULL ? "; " : "", name,
                               " until ", until, NULL);
    }
    put_row(out, "Validated", text, "");
}

/* Of dns-persist-01: what to put into the zone, and whether it is there. */
static void put_records(out_t *out, const json_t *records, apr_time_t now)
{
    json_t *record = NULL;
    size_t i = 0;

    json_array_foreach(records, i, record)
    {
        const char *state = json_peek_string(record, "state");
        int bad = state != NULL
                  && (strcmp(state, "missing") == 0 || strcmp(state, "wrong") == 0
                      || strcmp(state, "partly") == 0);

        put_row(out, "DNS record", json_peek_string(record, "line"), "mono");
        put_row(out, "In the DNS", describe_record(out->p, record, now), bad ? "bad" : "");
    }
}

static void put_certificate(out_t *out, const json_t *certificate, apr_time_t now)
{
    const json_t *missing = json_object_get(certificate, "missing_names");
    const json_t *problem = json_object_get(certificate, "problem");
    const char *state = describe_state(certificate, now);
    int failing = state != NULL && strcmp(state, "failing") == 0;
    json_t *key = NULL;
    size_t i = 0;

    put(out, "<section class=\"card\">\n<div class=\"head\">");
    put_format(out, "<h2>%s</h2>", json_peek_string(certificate, "name"));
    put_state(out, state, failing ? describe_type_of(out->p, problem, certificate) : "");
    put_missing(out, missing);
    put(out, "</div>\n");
    put_problem(out, problem, now);
    json_array_foreach(json_object_get(certificate, "keys"), i, key)
    {
        put_key(out, key, now);
    }
    put(out, "<dl>\n");
    put_row(out, "Next", describe_next(out->p, json_object_get(certificate, "next"), now), "");
    put_row(out, "Names", describe_names(out->p, json_object_get(certificate, "names")), "");
    put_row(out, "Missing", describe_names(out->p, missing), "bad");
    put_row(out, "Account", json_peek_string(certificate, "account"), "");
    put_order(out, certificate, now);
    put_row(out, "Taken into use", describe_activation(out->p, certificate), "");
    put_row(out, "Notice", json_peek_string(certificate, "notice"), "bad");
    put_validations(out, json_object_get(certificate, "validations"), now);
    put_records(out, json_object_get(certificate, "records"), now);
    put(out, "</dl>\n</section>\n");
}

/* Many of them: how many there are in each state. */
static void put_summary(out_t *out, size_t all, apr_array_header_t *const *by_state)
{
    apr_size_t i = 0;

    put_format(out, "<section class=\"card\">\n<h2>%s certificates</h2>\n<dl>\n",
               apr_psprintf(out->p, "%" APR_SIZE_T_FMT, all));
    for (i = 0; i < STATES; ++i) {
        if (by_state[i]->nelts > 0)
            put_row(out, states[i].words, apr_itoa(out->p, by_state[i]->nelts), states[i].class);
    }
    put(out, "</dl>\n</section>\n");
}

static void put_page_link(out_t *out, int number, int pages, const char *words)
{
    if (number < 1 || number > pages)
        return;
    put_format(out, " <a href=\"?page=%s\">", apr_itoa(out->p, number));
    put_format(out, "%s</a>", words);
}

static void put_page_links(out_t *out, int number, int pages)
{
    if (pages < 2)
        return;
    put_format(out, "<p class=\"lead\">%s",
               apr_psprintf(out->p, "Page %d of %d, those in trouble first.", number, pages));
    put_page_link(out, number - 1, pages, "Previous");
    put_page_link(out, number + 1, pages, "Next");
    put(out, "</p>\n");
}

/* Sorted by state, and within one as they are configured. */
static void put_certificates(out_t *out, const json_t *list, int number, apr_time_t now)
{
    apr_array_header_t *by_state[STATES + 1] = { NULL }, *sorted = NULL;
    int pages = (int)(json_array_size(list) + SHOWN - 1) / SHOWN, n = 0;
    json_t *certificate = NULL;
    size_t i = 0;

    if (json_array_size(list) == 0)
        put(out, "<p>No certificate is managed yet: name one with <span class=\"mono\">"
                 "ACMEManagedDomain</span>.</p>\n");
    for (i = 0; i <= STATES; ++i)
        by_state[i] = apr_array_make(out->p, 4, sizeof(const json_t *));
    json_array_foreach(list, i, certificate)
    {
        APR_ARRAY_PUSH(by_state[find_state(describe_state(certificate, now))], const json_t *) =
            certificate;
    }
    sorted = apr_array_make(out->p, (int)json_array_size(list), sizeof(const json_t *));
    for (i = 0; i <= STATES; ++i)
        apr_array_cat(sorted, by_state[i]);
    number = number < 1 || pages == 0 ? 1 : number > pages ? pages : number;
    if (pages > 1)
        put_summary(out, json_array_size(list), by_state);
    put_page_links(out, number, pages);
    for (n = (number - 1) * SHOWN; n < sorted->nelts && n < number * SHOWN; ++n)
        put_certificate(out, APR_ARRAY_IDX(sorted, n, const json_t *), now);
    put_page_links(out, number, pages);
}

/* ---- the rest -------------------------------------------------------------------------------- */

/* Of this server, compared with the CA's. */
static void put_clock(out_t *out, apr_interval_time_t behind)
{
    if (behind > 0)
        put_row(out, "Clock",
                apr_pstrcat(out->p, clock_span(out->p, behind), " behind the CA's", NULL), "");
    else if (behind < 0)
        put_row(out, "Clock",
                apr_pstrcat(out->p, clock_span(out->p, -behind), " ahead of the CA's", NULL), "");
}

/* Of the CA: what ACMEProfile may be, each with the CA's own description or link. */
static void put_profiles(out_t *out, json_t *profiles)
{
    const char *name = NULL, *list = NULL;
    json_t *text = NULL;

    json_object_foreach(profiles, name, text)
    {
        list = apr_pstrcat(out->p, list != NULL ? list : "", list != NULL ? ", " : "", name, NULL);
        if (json_string_length(text) > 0)
            list = apr_pstrcat(out->p, list, " (", json_string_value(text), ")", NULL);
    }
    put_row(out, "Profiles on offer", list, "");
}

/* What it says of itself, and when it did. */
static void put_ca(out_t *out, const json_t *ca, apr_time_t now)
{
    put_row(out, "Terms of service", json_peek_string(ca, "terms"), "mono");
    put_row(out, "Website of the CA", json_peek_string(ca, "website"), "mono");
    put_row(out, "In CAA records", describe_names(out->p, json_object_get(ca, "caa_identities")),
            "mono");
    put_row(out, "Directory read", describe_time(out->p, json_peek_time(ca, "seen"), now), "");
}

static void put_account(out_t *out, const json_t *account, apr_time_t now)
{
    const char *state = json_peek_string(account, "state");
    const char *class = "state busy";

    if (state != NULL && strcmp(state, "valid") == 0)
        class = "state ok";
    else if (state != NULL && strcmp(state, "failing") == 0)
        class = "state bad";
    put(out, "<section class=\"card\">\n<div class=\"head\">");
    put_format(out, "<h2>%s</h2>", json_peek_string(account, "label"));
    put_format(out, "<span class=\"%s\">", class);
    put_format(out, "%s</span></div>\n", state);
    put_problem(out, json_object_get(account, "problem"), now);
    put(out, "<dl>\n");
    put_row(out, "Directory", json_peek_string(account, "directory"), "mono");
    put_row(out, "Account URL", json_peek_string(account, "url"), "mono");
    put_row(out, "EAB key id, hashed", json_peek_string(account, "kid_sha256"), "mono");
    put_clock(out, apr_time_from_sec(json_peek_int(account, "clock_behind", 0)));
    put_profiles(out, json_object_get(account, "profiles"));
    put_ca(out, json_object_get(account, "ca"), now);
    put(out, "</dl>\n</section>\n");
}

static void put_accounts(out_t *out, const json_t *list, apr_time_t now)
{
    json_t *account = NULL;
    size_t i = 0;

    if (json_array_size(list) == 0)
        return;
    put(out, "<h3>Accounts</h3>\n");
    json_array_foreach(list, i, account)
    {
        put_account(out, account, now);
    }
}

/* "/store/archive/a /store/live/a" */
static void put_leftover(out_t *out, const json_t *leftover, const char *what, apr_time_t now)
{
    const char *name = json_peek_string(leftover, "directory");

    put(out, "<dl>\n");
    put_row(out, what, name != NULL ? name : json_peek_string(leftover, "name"), "");
    put_row(out, "Account URL", json_peek_string(leftover, "url"), "mono");
    put_row(out, "Seen since", describe_time(out->p, json_peek_time(leftover, "since"), now), "");
    put_row(out, "Directories", describe_names(out->p, json_object_get(leftover, "directories")),
            "mono");
    put(out, "</dl>\n");
}

static void put_leftovers(out_t *out, const json_t *leftovers, apr_time_t now)
{
    const json_t *certificates = json_object_get(leftovers, "certificates");
    const json_t *accounts = json_object_get(leftovers, "accounts");
    json_t *leftover = NULL;
    size_t i = 0;

    if (json_array_size(certificates) + json_array_size(accounts) == 0)
        return;
    put(out, "<h3>No longer configured</h3>\n<section class=\"card\">\n<p>These keys stay in the "
             "store until somebody removes them. If nothing needs one any more, remove its "
             "directories. An account may be needed again: an EAB key is often good for one "
             "registration only.</p>\n");
    json_array_foreach(certificates, i, leftover)
    {
        put_leftover(out, leftover, "Certificate", now);
    }
    json_array_foreach(accounts, i, leftover)
    {
        put_leftover(out, leftover, "Account at", now);
    }
    put(out, "</section>\n");
}

static const char *describe_process(apr_pool_t *p, const json_t *process, apr_time_t now)
{
    apr_int64_t pid = json_peek_int(process, "pid", 0);
    apr_int64_t restarts = json_peek_int(process, "restarts", 0);
    const char *since = describe_time(p, json_peek_time(process, "since"), now);

    if (pid == 0)
        return NULL;
    return apr_psprintf(
        p, "process %" APR_INT64_T_FMT "%s%s%s", pid, since != NULL ? ", since " : "",
        since != NULL ? since : "",
        restarts > 0 ? apr_psprintf(p, ", restarts so far: %" APR_INT64_T_FMT, restarts) : "");
}

static void put_machinery(out_t *out, const json_t *status, apr_time_t now)
{
    const json_t *processes = json_object_get(status, "processes");
    const json_t *reload = json_object_get(status, "reload");
    const char *state = json_peek_string(reload, "state");

    put(out, "<h3>Processes</h3>\n<section class=\"card\"><dl>\n");
    put_row(out, "httpd", describe_process(out->p, json_object_get(processes, "httpd"), now), "");
    put_row(out, "Keeper", describe_process(out->p, json_object_get(processes, "keeper"), now), "");
    put_row(out, "Agent", describe_process(out->p, json_object_get(processes, "agent"), now), "");
    put_row(out, "Restart of httpd", json_peek_string(reload, "state"), "");
    if (state != NULL && strcmp(state, "pending") == 0) {
        put_row(out, "Next restart", describe_time(out->p, json_peek_time(reload, "next"), now),
                "");
        put_row(out, "Why then", json_peek_string(reload, "why"), "");
    }
    put_row(out, "Last restart", describe_time(out->p, json_peek_time(reload, "last"), now), "");
    put(out, "</dl></section>\n");
}

static void put_banner(out_t *out, const char *what, const char *words)
{
    put_format(out, "<div class=\"trouble\" role=\"alert\"><p class=\"advice\">%s</p>", what);
    if (words != NULL) {
        put(out, "<p class=\"mono\">");
        put_quote(out, words);
        put(out, "</p>");
    }
    put(out, "</div>\n<br>\n");
}

static void put_banners(out_t *out, const page_t *page)
{
    const json_t *reload = json_object_get(page->status, "reload");
    const char *state = json_peek_string(reload, "state");

    if (page->missing != NULL)
        put_banner(out, page->missing, NULL);
    else if (!page->agent_alive)
        put_banner(out,
                   "The agent is not running, so what follows may be out of date and nothing is "
                   "renewed. It is started again by itself; if this stays, httpd's error log says "
                   "why.",
                   NULL);
    if (state != NULL && strcmp(state, "refused") == 0)
        put_banner(out,
                   "A new certificate waits: httpd would not survive a restart now, so it is not "
                   "restarted. Mend what it says; the certificate then goes live by itself. If "
                   "that is not so in the running server, restart httpd gracefully yourself.",
                   json_peek_string(reload, "why"));
    else if (state != NULL && strcmp(state, "failed") == 0)
        put_banner(out, json_peek_string(reload, "why"), NULL);
    else if (state != NULL && strcmp(state, "off") == 0)
        put_banner(out,
                   "ACMEReload is off, or httpd cannot restart itself: new certificates are used "
                   "after the next restart of httpd.",
                   NULL);
}

/* While something is under way the page looks again by itself. */
static int is_busy(const json_t *certificates)
{
    static const char *const busy[] = { "missing", "ordering", "renewing", "waiting-for-reload" };
    json_t *certificate = NULL;
    size_t i = 0, k = 0;

    json_array_foreach(certificates, i, certificate)
    {
        const char *state = json_peek_string(certificate, "state");

        for (k = 0; state != NULL && k < sizeof(busy) / sizeof(busy[0]); ++k) {
            if (strcmp(state, busy[k]) == 0)
                return 1;
        }
    }
    return 0;
}

static void put_head(out_t *out, const page_t *page)
{
    apr_time_t generated = json_peek_time(page->status, "generated");

    put(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
             "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
             "<meta name=\"robots\" content=\"noindex\">\n");
    if (page->missing != NULL || is_busy(json_object_get(page->status, "certificates")))
        put(out, "<meta http-equiv=\"refresh\" content=\"10\">\n");
    put_format(out, "<title>Certificates of %s</title>\n<style>",
               page->host != NULL ? page->host : "this server");
    put(out, style);
    put_format(out, "</style>\n</head>\n<body>\n<main>\n<h1>Certificates of %s</h1>\n",
               page->host != NULL ? page->host : "this server");
    put_format(out, "<p class=\"lead\">%s</p>\n",
               generated != 0 ? apr_pstrcat(out->p, "As of ",
                                            describe_time(out->p, generated, page->now), NULL)
                              : "");
}

const char *page_render(apr_pool_t *p, const page_t *page)
{
    out_t out = { p, apr_array_make(p, 256, sizeof(const char *)) };

    put_head(&out, page);
    put_banners(&out, page);
    if (page->status != NULL) {
        put_certificates(&out, json_object_get(page->status, "certificates"), page->number,
                         page->now);
        put_accounts(&out, json_object_get(page->status, "accounts"), page->now);
        put_leftovers(&out, json_object_get(page->status, "leftovers"), page->now);
        put_machinery(&out, page->status, page->now);
        put(&out, "<p class=\"lead\"><a href=\"?format=json\">The same as JSON</a></p>\n");
    }
    put(&out, "</main>\n</body>\n</html>\n");
    return apr_array_pstrcat(p, out.parts, 0);
}
