/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/row.h"

#include <apr_strings.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "httpd/accountbox.h"
#include "httpd/bar.h"
#include "httpd/problembox.h"
#include "httpd/words.h"
#include "report/grade.h"

static int is(const char *text, const char *word)
{
    return text != NULL && strcmp(text, word) == 0;
}

/* ---- words ----------------------------------------------------------------------------------- */

static const struct {
    const char *state;
    const char *words;
    const char *class;
} states[] = {
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

static const char *step_of(const char *what)
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
    apr_size_t i = 0;

    for (i = 0; what != NULL && i < sizeof(steps) / sizeof(steps[0]); ++i) {
        if (strcmp(what, steps[i].what) == 0)
            return steps[i].words;
    }
    return what;
}

static const char *describe_next(apr_pool_t *p, const json_t *next, apr_time_t now)
{
    const char *what = step_of(json_peek_string(next, "what"));
    const char *why = json_peek_string(next, "why");
    const char *when = words_time(p, json_peek_time(next, "at"), now);

    if (what == NULL)
        return NULL;
    return apr_pstrcat(p, what, when != NULL ? ": " : "", when != NULL ? when : "",
                       why != NULL ? ", " : "", why != NULL ? why : "", NULL);
}

/* The same where there is little room. */
static const char *describe_next_shortly(apr_pool_t *p, const json_t *next, apr_time_t now)
{
    const char *what = step_of(json_peek_string(next, "what"));
    apr_time_t at = json_peek_time(next, "at");

    if (what == NULL || at == 0)
        return what;
    return apr_pstrcat(p, what, " ", words_span(p, at, now), NULL);
}

/* ---- what is in it ----------------------------------------------------------------------------- */

/* "Issuer, Root": up to what the chain leads to. */
static const char *describe_chain(apr_pool_t *p, const json_t *key)
{
    apr_array_header_t *issuers = json_copy_strings(p, key, "chain");
    const char *issuer = json_peek_string(key, "issuer"), *text = NULL;
    int i = 0;

    for (i = 0; i < issuers->nelts; ++i)
        text = apr_pstrcat(p, text != NULL ? text : "", text != NULL ? " / " : "",
                           APR_ARRAY_IDX(issuers, i, const char *), NULL);
    return text != NULL ? text : issuer;
}

static const char *describe_generation(apr_pool_t *p, const json_t *key)
{
    const char *generation = json_peek_string(key, "generation");

    if (generation == NULL || !json_is_boolean(json_object_get(key, "loaded")))
        return generation;
    return apr_pstrcat(
        p, generation,
        json_peek_bool(key, "loaded", 0) ? ", in use by httpd" : ", not in use by httpd yet", NULL);
}

static const char *describe_files(apr_pool_t *p, const json_t *key)
{
    const char *chain = json_peek_string(key, "chain_file");
    const char *file = json_peek_string(key, "key_file");

    return chain != NULL && file != NULL ? apr_pstrcat(p, chain, " ", file, NULL) : NULL;
}

static void put_key(html_t *html, const json_t *key, apr_time_t now)
{
    apr_time_t from = json_peek_time(key, "not_before"), until = json_peek_time(key, "not_after");
    apr_time_t revoked = json_peek_time(json_object_get(key, "revoked"), "at");

    html_put(html, "<dl>\n");
    html_row(html, "Revoked", words_time(html->p, revoked, now), "bad");
    html_row(html, until != 0 && until <= now ? "Expired" : "Valid until",
             words_time(html->p, until, now), until <= now ? "bad" : "");
    html_row(html, "Issued", words_time(html->p, from, now), "");
    html_row(html, "Issuer", describe_chain(html->p, key), "");
    html_row(html, "Key", json_peek_string(key, "type"), "");
    html_row(html, "Serial number", json_peek_string(key, "serial"), "mono");
    html_row(html, "SHA-256", json_peek_string(key, "fingerprint_sha256"), "mono");
    html_row(html, "Generation", describe_generation(html->p, key), "");
    html_row(html, "Files", describe_files(html->p, key), "mono");
    html_put(html, "</dl>\n");
}

/* Which key type it is about, where there are several: " for p256". */
static const char *describe_type_of(apr_pool_t *p, const json_t *object, const json_t *certificate)
{
    const char *type = json_peek_string(object, "key_type");

    if (type == NULL || json_array_size(json_object_get(certificate, "key_types")) < 2)
        return "";
    return apr_pstrcat(p, " for ", type, NULL);
}

static void put_order(html_t *html, const json_t *certificate, apr_time_t now)
{
    const json_t *order = json_object_get(certificate, "order");
    const char *status = json_peek_string(order, "status");
    const char *since = words_time(html->p, json_peek_time(order, "since"), now);

    if (status == NULL)
        return;
    html_row(html,
             apr_pstrcat(html->p, "Order", describe_type_of(html->p, order, certificate), NULL),
             since != NULL ? apr_pstrcat(html->p, status, ", since ", since, NULL) : status, "");
    html_row(html, "Order URL", json_peek_string(order, "url"), "mono");
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

/* Until when clients get an OCSP response with the handshake, or why not. */
static void put_stapling(html_t *html, const json_t *stapling, apr_time_t now)
{
    const char *state = json_peek_string(stapling, "state");
    const char *why = json_peek_string(json_object_get(stapling, "problem"), "detail");
    const char *reason = json_peek_string(stapling, "revoked_reason");

    if (state == NULL)
        return;
    if (strcmp(state, "revoked") == 0)
        html_row(html, "Revoked",
                 apr_pstrcat(html->p, "As the CA says, since ",
                             words_time(html->p, json_peek_time(stapling, "revoked_at"), now),
                             reason != NULL ? ": " : NULL, reason, NULL),
                 "bad");
    else if (strcmp(state, "good") == 0)
        html_row(html, "OCSP response",
                 apr_pstrcat(html->p, "Good until ",
                             words_time(html->p, json_peek_time(stapling, "until"), now), NULL),
                 "");
    else
        html_row(html, "OCSP response",
                 why != NULL ? apr_pstrcat(html->p, "None yet: ", why, NULL) : "None yet",
                 json_is_true(json_object_get(stapling, "must_staple")) ? "bad" : "");
}

/* How it came to be served. Without a reason a restart is what there is. */
static const char *describe_activation(apr_pool_t *p, const json_t *certificate)
{
    const char *way = json_peek_string(certificate, "activation");
    const char *why = json_peek_string(certificate, "activation_why");

    if (way == NULL || (why == NULL && strcmp(way, "live") != 0))
        return NULL;
    if (strcmp(way, "staple") == 0)
        return apr_pstrcat(p, "Not yet, since ", why, NULL);
    return apr_pstrcat(p, strcmp(way, "live") == 0 ? "Without a restart of httpd" : "By a restart",
                       why == NULL                ? ""
                       : strcmp(way, "live") == 0 ? "; nobody could look: "
                                                  : ", since ",
                       why != NULL ? why : "", NULL);
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
    const char *until = words_time(p, json_peek_time(record, "until"), now);
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

/* Of dns-persist-01: what to put into the zone, and whether it is there. */
static void put_records(html_t *html, const json_t *records, apr_time_t now)
{
    json_t *record = NULL;
    size_t i = 0;

    json_array_foreach(records, i, record)
    {
        const char *state = json_peek_string(record, "state");
        int bad = state != NULL
                  && (strcmp(state, "missing") == 0 || strcmp(state, "wrong") == 0
                      || strcmp(state, "partly") == 0);

        html_row(html, "DNS record", json_peek_string(record, "line"), "mono");
        html_row(html, "In the DNS", describe_record(html->p, record, now), bad ? "bad" : "");
    }
}

static int has_string(const json_t *list, const char *text)
{
    const json_t *one = NULL;
    size_t i = 0;

    json_array_foreach(list, i, one)
    {
        if (is(json_string_value(one), text))
            return 1;
    }
    return 0;
}

/* How long the CA goes by its validation of a name; 0: not known. */
static apr_time_t lapse_of(const json_t *certificate, const char *name)
{
    const json_t *validation = NULL;
    size_t i = 0;

    json_array_foreach(json_object_get(certificate, "validations"), i, validation)
    {
        if (is(json_peek_string(validation, "name"), name))
            return json_peek_time(validation, "until");
    }
    return 0;
}

/* A validation that ends before it is needed is worth a mark of its own. */
static void put_name(html_t *html, const json_t *certificate, const char *name, apr_time_t now)
{
    apr_time_t lapse = lapse_of(certificate, name);
    apr_time_t needed = json_peek_time(json_object_get(certificate, "next"), "at");
    int missing = has_string(json_object_get(certificate, "missing_names"), name);
    int early = lapse != 0 && (lapse < now || lapse < needed);

    if (missing)
        html_put(html, "<li class=\"bad\"><span class=\"mark\">\xe2\x9c\x97</span> ");
    else if (json_array_size(json_object_get(certificate, "keys")) == 0)
        html_put(html, "<li><span class=\"mark\">\xc2\xb7</span> ");
    else
        html_put(html, "<li><span class=\"mark ok\">\xe2\x9c\x93</span> ");
    html_quote(html, name);
    if (missing)
        html_put(html, " <span class=\"tag\">missing</span>");
    if (lapse != 0) {
        html_format(html, " <span class=\"tag %s\">", early ? "late" : "soft");
        html_put(html, lapse < now ? "validation lapsed " : "validation lapses ");
        /* How far off it is matters where something is to be done; a list of many is easier to read without. */
        html_format(html, "%s</span>",
                    early || lapse < now
                        ? words_day(html->p, lapse, now)
                        : apr_psprintf(html->p, "%.10s", clock_format(html->p, lapse)));
    }
    html_put(html, "</li>\n");
}

/* Also names that are missing and not among those that are configured, should there be any. */
static void put_names(html_t *html, const json_t *certificate, apr_time_t now)
{
    const json_t *names = json_object_get(certificate, "names"), *name = NULL;
    const json_t *missing = json_object_get(certificate, "missing_names");
    size_t i = 0;

    if (json_array_size(names) + json_array_size(missing) == 0)
        return;
    html_put(html, "<dt>Names</dt><dd><ul class=\"names\">\n");
    json_array_foreach(names, i, name)
    {
        if (json_is_string(name))
            put_name(html, certificate, json_string_value(name), now);
    }
    json_array_foreach(missing, i, name)
    {
        if (json_is_string(name) && !has_string(names, json_string_value(name)))
            put_name(html, certificate, json_string_value(name), now);
    }
    html_put(html, "</ul></dd>\n");
}

static void put_users(html_t *html, const json_t *certificate)
{
    const json_t *users = json_object_get(certificate, "used_by"), *user = NULL;
    size_t i = 0;

    if (json_array_size(users) > 0) {
        html_put(html, "<dt>Used by</dt><dd><ul class=\"names\">\n");
        json_array_foreach(users, i, user)
        {
            html_put(html, "<li>");
            html_quote(html, json_string_value(user));
            html_put(html, "</li>\n");
        }
        html_put(html, "</ul></dd>\n");
    }
    html_row(html, "Configured in", json_peek_string(certificate, "where"), "");
}

static int waits_for_account(const json_t *certificate)
{
    return json_peek_bool(certificate, "waits_for_account", 0);
}

int row_has_trouble(const json_t *certificate)
{
    return json_is_object(json_object_get(certificate, "problem"))
           && !waits_for_account(certificate);
}

static void put_trouble(html_t *html, const json_t *certificate, const json_t *status,
                        apr_time_t now)
{
    if (!waits_for_account(certificate)) {
        problem_box(html, json_object_get(certificate, "problem"), now);
        return;
    }
    html_put(html, "<p class=\"advice\">It waits for ");
    account_link(html, json_object_get(status, "accounts"),
                 json_peek_string(certificate, "account"));
    html_put(html, ".</p>\n");
}

static void put_state(html_t *html, const json_t *certificate, apr_time_t now)
{
    const char *state = describe_state(certificate, now);
    const json_t *problem = json_object_get(certificate, "problem");
    const char *of_type =
        is(state, "failing") ? describe_type_of(html->p, problem, certificate) : "";
    const char *why = json_peek_string(certificate, "grade_why");
    apr_size_t i = find_state(state);

    html_row(html, "State",
             apr_pstrcat(html->p,
                         i < STATES      ? states[i].words
                         : state != NULL ? state
                                         : "Unknown",
                         of_type, why != NULL ? ": " : "", why, NULL),
             i == STATES                                ? ""
             : why != NULL && is(states[i].class, "ok") ? "late"
                                                        : states[i].class);
}

static apr_time_t renewal_of(const json_t *certificate)
{
    const json_t *next = json_object_get(certificate, "next");

    return is(json_peek_string(next, "what"), "renew") ? json_peek_time(next, "at") : 0;
}

static void put_keys(html_t *html, const json_t *certificate, apr_time_t now)
{
    const json_t *keys = json_object_get(certificate, "keys"), *key = NULL;
    size_t i = 0;

    json_array_foreach(keys, i, key)
    {
        if (json_array_size(keys) > 1)
            bar_put(html, json_peek_time(key, "not_before"), json_peek_time(key, "not_after"),
                    renewal_of(certificate), now);
        put_key(html, key, now);
    }
}

static void put_inside(html_t *html, const json_t *certificate, const json_t *status,
                       const char *location, apr_time_t now)
{
    const char *name = json_peek_string(certificate, "name");

    put_trouble(html, certificate, status, now);
    html_put(html, "<dl>\n");
    put_state(html, certificate, now);
    html_row(html, "Next", describe_next(html->p, json_object_get(certificate, "next"), now), "");
    html_row(html, "Notice", json_peek_string(certificate, "notice"), "bad");
    put_names(html, certificate, now);
    put_records(html, json_object_get(certificate, "records"), now);
    html_row(html, "Account", json_peek_string(certificate, "account"), "");
    put_order(html, certificate, now);
    html_put(html, "</dl>\n");
    put_keys(html, certificate, now);
    html_put(html, "<dl>\n");
    html_row(html, "Taken into use", describe_activation(html->p, certificate), "");
    put_stapling(html, json_object_get(certificate, "stapling"), now);
    put_users(html, certificate);
    html_put(html, "</dl>\n");
    if (location != NULL && name != NULL) {
        html_format(html, "<p class=\"lead\"><a href=\"%s/", location);
        html_format(html, "%s\">This certificate alone</a></p>\n", name);
    }
}

/* ---- the line -------------------------------------------------------------------------------- */

/* What a look at the line has to tell: what is the matter, or what comes. */
static const char *describe_shortly(apr_pool_t *p, const json_t *certificate, apr_time_t now)
{
    const char *next = describe_next_shortly(p, json_object_get(certificate, "next"), now);
    const char *state = describe_state(certificate, now), *words = NULL;
    size_t missing = json_array_size(json_object_get(certificate, "missing_names"));
    apr_size_t i = find_state(state);

    if (waits_for_account(certificate))
        return apr_pstrcat(p, "Waits for account ", json_peek_string(certificate, "account"), NULL);
    if (missing > 0)
        words = missing == 1 ? "1 name missing"
                             : apr_psprintf(p, "%lu names missing", (unsigned long)missing);
    else if (i < STATES && !is(state, "valid") && !is(state, "failing"))
        words = states[i].words;
    else if (is(state, "failing") && json_array_size(json_object_get(certificate, "key_types")) > 1)
        words = apr_pstrcat(
            p, "In trouble",
            describe_type_of(p, json_object_get(certificate, "problem"), certificate), NULL);
    if (words == NULL || next == NULL || is(state, "unknown")
        || (is(state, "ordering")
            && json_peek_time(json_object_get(certificate, "next"), "at") == 0))
        return words != NULL ? words : next;
    return apr_pstrcat(p, words, "; ", next, NULL);
}

/* Of the key whose certificate ends first. */
static void put_bar(html_t *html, const json_t *certificate, apr_time_t now)
{
    apr_time_t until = grade_expiry(certificate);
    const json_t *key = NULL;
    size_t i = 0;

    json_array_foreach(json_object_get(certificate, "keys"), i, key)
    {
        if (json_peek_time(key, "not_after") == until) {
            bar_put(html, json_peek_time(key, "not_before"), until, renewal_of(certificate), now);
            return;
        }
    }
}

void row_put(html_t *html, const json_t *certificate, const json_t *status, const char *location,
             int open, apr_time_t now)
{
    grade_t grade = grade_of(certificate, json_object_get(status, "reload"), now, NULL);

    html_format(html, "<details class=\"row %s\"", grade_word(grade));
    html_put(html, open ? " open>\n<summary>" : ">\n<summary>");
    html_format(html, "<span class=\"grade\">%s</span>",
                grade == GRADE_UNKNOWN ? "?" : grade_name(grade));
    html_format(html, "<h2>%s</h2>", json_peek_string(certificate, "name"));
    html_put(html, "<span class=\"life\">");
    put_bar(html, certificate, now);
    html_format(html, "</span><span class=\"until\">%s</span>",
                words_day(html->p, grade_expiry(certificate), now));
    html_format(html, "<span class=\"next\">%s</span></summary>\n<div class=\"inside\">\n",
                describe_shortly(html->p, certificate, now));
    put_inside(html, certificate, status, location, now);
    html_put(html, "</div>\n</details>\n");
}
