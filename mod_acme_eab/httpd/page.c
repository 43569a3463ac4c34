/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/page.h"

#include <apr_strings.h>
#include <apr_tables.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "httpd/accountbox.h"
#include "httpd/html.h"
#include "httpd/row.h"
#include "httpd/selection.h"
#include "httpd/style.h"
#include "httpd/words.h"
#include "report/summary.h"

#define SHOWN 100 /* certificates on a page */

/* If it is but one that is in trouble, it is open from the start: its advice is what somebody has come
 * for. More of them would hide each other. */
#define OPEN_MAX 1

/* With fewer there is nothing to choose from. */
#define FILTER_MIN 6

/* ---- certificates ---------------------------------------------------------------------------- */

/* A choice of the form, and how many there are. */
static void put_choice(html_t *html, const page_t *page, const char *value, const char *words,
                       int count)
{
    html_format(html, "<option value=\"%s\"", value);
    if (strcasecmp(page->wish.state != NULL ? page->wish.state : "", value) == 0)
        html_put(html, " selected");
    html_format(html, ">%s", words);
    html_format(html, " (%s)</option>\n", apr_itoa(html->p, count));
}

static void put_filter(html_t *html, const page_t *page, const summary_t *summary)
{
    static const grade_t choices[] = { GRADE_DOWN, GRADE_AT_RISK, GRADE_OK };
    const char *state = page->wish.state;
    int i = 0, known = state == NULL;

    if (page->wish.name == NULL && state == NULL && summary->certificates < FILTER_MIN)
        return;
    html_put(html, "<form method=\"get\"><label>Show <select name=\"state\">\n");
    put_choice(html, page, "", "all", summary->certificates);
    for (i = 0; i < (int)(sizeof(choices) / sizeof(choices[0])); ++i) {
        put_choice(html, page, grade_word(choices[i]), grade_name(choices[i]),
                   summary->by_grade[choices[i]]);
        known |= state != NULL && strcasecmp(state, grade_word(choices[i])) == 0;
    }
    if (!known) {
        html_format(html, "<option value=\"%s\" selected>", state);
        html_format(html, "%s</option>\n", state);
    }
    html_put(html, "</select></label>\n<label>with the name <input type=\"search\" name=\"name\"");
    html_format(html, " value=\"%s\"></label>\n<button>Show</button></form>\n", page->wish.name);
}

static void put_page_link(html_t *html, const page_t *page, int number, int pages,
                          const char *words)
{
    if (number < 1 || number > pages)
        return;
    html_format(html, " <a href=\"%s\">", wish_query(html->p, &page->wish, number));
    html_format(html, "%s</a>", words);
}

static void put_page_links(html_t *html, const page_t *page, int number, int pages)
{
    if (pages < 2)
        return;
    html_format(html, "<p class=\"lead\">%s",
                apr_psprintf(html->p, "Page %d of %d, the worst first.", number, pages));
    put_page_link(html, page, number - 1, pages, "Previous");
    put_page_link(html, page, number + 1, pages, "Next");
    html_put(html, "</p>\n");
}

/* Those that the client wants to see, the worst first. */
static apr_array_header_t *choose(const page_t *page, apr_pool_t *p)
{
    apr_array_header_t *sorted = grade_sort(page->status, page->now, p);
    apr_array_header_t *chosen = apr_array_make(p, sorted->nelts, sizeof(const json_t *));
    int i = 0;

    for (i = 0; i < sorted->nelts; ++i) {
        const json_t *certificate = APR_ARRAY_IDX(sorted, i, const json_t *);

        if (selection_takes(certificate, page->wish.state, page->wish.name))
            APR_ARRAY_PUSH(chosen, const json_t *) = certificate;
    }
    return chosen;
}

static int count_troubles(const apr_array_header_t *certificates)
{
    int i = 0, count = 0;

    for (i = 0; i < certificates->nelts; ++i)
        count += row_has_trouble(APR_ARRAY_IDX(certificates, i, const json_t *));
    return count;
}

static void put_rows(html_t *html, const page_t *page, const apr_array_header_t *certificates)
{
    int pages = (certificates->nelts + SHOWN - 1) / SHOWN, n = 0;
    int number = page->wish.page < 1 || pages == 0 ? 1
                 : page->wish.page > pages         ? pages
                                                   : page->wish.page;
    int open = count_troubles(certificates) <= OPEN_MAX;

    put_page_links(html, page, number, pages);
    html_put(html, "<div class=\"rows\">\n");
    for (n = (number - 1) * SHOWN; n < certificates->nelts && n < number * SHOWN; ++n) {
        const json_t *certificate = APR_ARRAY_IDX(certificates, n, const json_t *);

        row_put(html, certificate, page->status, page->name == NULL ? page->location : NULL,
                certificates->nelts == 1 || (open && row_has_trouble(certificate)), page->now);
    }
    html_put(html, "</div>\n");
    put_page_links(html, page, number, pages);
}

static void put_certificates(html_t *html, const page_t *page, const summary_t *summary)
{
    apr_array_header_t *chosen = choose(page, html->p);

    if (summary->certificates == 0) {
        html_put(html, "<p>No certificate is managed yet: name one with <span class=\"mono\">"
                       "ACMEManagedDomain</span>.</p>\n");
        return;
    }
    put_filter(html, page, summary);
    if (chosen->nelts == 0)
        html_put(html, "<p>None is like that.</p>\n");
    else
        put_rows(html, page, chosen);
}

/* ---- the rest -------------------------------------------------------------------------------- */

static int is_in_trouble(const json_t *account)
{
    return json_is_object(json_object_get(account, "problem"));
}

/* Those in trouble stand before the certificates, which wait for them. */
static void put_accounts(html_t *html, const page_t *page, int in_trouble)
{
    const json_t *account = NULL;
    int heading = 0;
    size_t i = 0;

    json_array_foreach(json_object_get(page->status, "accounts"), i, account)
    {
        if (is_in_trouble(account) != in_trouble)
            continue;
        if (!heading++)
            html_put(html, in_trouble ? "<h3>Accounts in trouble</h3>\n" : "<h3>Accounts</h3>\n");
        account_box(html, account, (int)i + 1, page->now);
    }
}

static void put_leftover(html_t *html, const json_t *leftover, const char *what, apr_time_t now)
{
    const char *name = json_peek_string(leftover, "directory");

    html_put(html, "<dl>\n");
    html_row(html, what, name != NULL ? name : json_peek_string(leftover, "name"), "");
    html_row(html, "Account URL", json_peek_string(leftover, "url"), "mono");
    html_row(html, "Seen since", words_time(html->p, json_peek_time(leftover, "since"), now), "");
    html_row(html, "Directories", words_names(html->p, json_object_get(leftover, "directories")),
             "mono");
    html_put(html, "</dl>\n");
}

static void put_leftovers(html_t *html, const json_t *leftovers, apr_time_t now)
{
    const json_t *certificates = json_object_get(leftovers, "certificates");
    const json_t *accounts = json_object_get(leftovers, "accounts");
    json_t *leftover = NULL;
    size_t i = 0;

    if (json_array_size(certificates) + json_array_size(accounts) == 0)
        return;
    html_put(html,
             "<h3>No longer configured</h3>\n<section class=\"card\">\n<p>These keys stay in the "
             "store until somebody removes them. If nothing needs one any more, remove its "
             "directories. An account may be needed again: an EAB key is often good for one "
             "registration only.</p>\n");
    json_array_foreach(certificates, i, leftover)
    {
        put_leftover(html, leftover, "Certificate", now);
    }
    json_array_foreach(accounts, i, leftover)
    {
        put_leftover(html, leftover, "Account at", now);
    }
    html_put(html, "</section>\n");
}

/* Files that other programs read. */
static void put_exports(html_t *html, const json_t *exports)
{
    json_t *export = NULL;
    size_t i = 0;

    if (json_array_size(exports) == 0)
        return;
    html_put(html, "<h3>Written for other programs</h3>\n<section class=\"card\"><table>\n");
    json_array_foreach(exports, i, export)
    {
        html_format(html, "<tr><td>%s</td>", json_peek_string(export, "name"));
        html_format(html, "<td>%s</td>", json_peek_string(export, "format"));
        html_put(html, "<td>");
        html_quote(html, json_peek_string(export, "path"));
        html_put(html, "</td><td>");
        html_quote(html, json_peek_string(export, "problem"));
        html_put(html, "</td></tr>\n");
    }
    html_put(html, "</table></section>\n");
}

static const char *event_words(const char *event)
{
    static const struct {
        const char *event;
        const char *words;
    } words[] = {
        { "ordered", "Ordered" },
        { "issued", "Issued" },
        { "deployed", "In use" },
        { "failing", "An attempt failed" },
        { "recovered", "Recovered" },
        { "abandoned", "The order was given up" },
        { "account-registered", "Account registered" },
        { "account-failing", "The account failed" },
        { "account-recovered", "The account recovered" },
        { "account-unknown", "The CA does not know the account" },
        { "account-rekeyed", "The account has another key" },
        { "account-deactivated", "The account was ended" },
        { "revoked", "Revoked" },
        { "not-revoked", "The CA did not revoke it" },
        { "key-blocked", "The key is never used again" },
        { "event-given-up", "A program could not be told" },
        { "restart", "httpd was restarted" },
        { "restart-refused", "A restart was refused" },
        { "restart-failed", "A restart did not help" },
        { "agent-restart", "The agent was started again" },
        { "keeper-restart", "The keeper was started again" },
        { "command", "acmectl" },
    };
    apr_size_t i = 0;

    for (i = 0; event != NULL && i < sizeof(words) / sizeof(words[0]); ++i) {
        if (strcmp(event, words[i].event) == 0)
            return words[i].words;
    }
    return event;
}

static void put_event(html_t *html, const json_t *event, apr_time_t now)
{
    const char *of = json_peek_string(event, "name");
    const char *more = json_peek_string(event, "detail");

    if (of == NULL)
        of = json_peek_string(event, "account");
    if (more == NULL)
        more = json_peek_string(event, "command");
    html_format(html, "<tr><td>%s</td>", words_time(html->p, json_peek_time(event, "at"), now));
    html_format(html, "<td>%s</td>", event_words(json_peek_string(event, "event")));
    html_format(html, "<td>%s</td><td>", of);
    html_quote(html, more);
    html_put(html, "</td></tr>\n");
}

/* The newest first. acmectl log has all of them. */
static void put_history(html_t *html, const json_t *history, apr_time_t now)
{
    size_t i = json_array_size(history);

    if (i == 0)
        return;
    html_put(html, "<h3>What happened last</h3>\n<section class=\"card\"><table>\n");
    while (i-- > 0)
        put_event(html, json_array_get(history, i), now);
    html_put(html, "</table></section>\n");
}

static const char *describe_process(apr_pool_t *p, const json_t *process, apr_time_t now)
{
    apr_int64_t pid = json_peek_int(process, "pid", 0);
    apr_int64_t restarts = json_peek_int(process, "restarts", 0);
    const char *since = words_time(p, json_peek_time(process, "since"), now);

    if (pid == 0)
        return NULL;
    return apr_psprintf(
        p, "process %" APR_INT64_T_FMT "%s%s%s", pid, since != NULL ? ", since " : "",
        since != NULL ? since : "",
        restarts > 0 ? apr_psprintf(p, ", restarts so far: %" APR_INT64_T_FMT, restarts) : "");
}

static void put_machinery(html_t *html, const json_t *status, apr_time_t now)
{
    const json_t *processes = json_object_get(status, "processes");
    const json_t *reload = json_object_get(status, "reload");
    const char *state = json_peek_string(reload, "state");

    html_put(html, "<h3>Processes</h3>\n<section class=\"card\"><dl>\n");
    html_row(html, "httpd", describe_process(html->p, json_object_get(processes, "httpd"), now),
             "");
    html_row(html, "Keeper", describe_process(html->p, json_object_get(processes, "keeper"), now),
             "");
    html_row(html, "Agent", describe_process(html->p, json_object_get(processes, "agent"), now),
             "");
    html_row(html, "Restart of httpd", json_peek_string(reload, "state"), "");
    if (state != NULL && strcmp(state, "pending") == 0) {
        html_row(html, "Next restart", words_time(html->p, json_peek_time(reload, "next"), now),
                 "");
        html_row(html, "Why then", json_peek_string(reload, "why"), "");
    }
    html_row(html, "Last restart", words_time(html->p, json_peek_time(reload, "last"), now), "");
    html_put(html, "</dl></section>\n");
}

static void put_banner(html_t *html, const char *what, const char *words)
{
    html_format(html, "<div class=\"trouble\" role=\"alert\"><p class=\"advice\">%s</p>", what);
    if (words != NULL) {
        html_put(html, "<p class=\"mono\">");
        html_quote(html, words);
        html_put(html, "</p>");
    }
    html_put(html, "</div>\n<br>\n");
}

static void put_banners(html_t *html, const page_t *page)
{
    const json_t *reload = json_object_get(page->status, "reload");
    const char *state = json_peek_string(reload, "state");

    if (page->missing != NULL)
        put_banner(html, page->missing, NULL);
    else if (!page->agent_alive)
        put_banner(html,
                   "The agent is not running, so what follows may be out of date and nothing is "
                   "renewed. It is started again by itself; if this stays, httpd's error log says "
                   "why.",
                   NULL);
    else if (json_peek_bool(page->status, "stale", 0))
        put_banner(
            html,
            apr_pstrcat(html->p, "The agent has not written its report since ",
                        words_time(html->p, summary_heartbeat(page->status), page->now),
                        ", so what follows may be out of date and nothing may be renewed. An "
                        "agent that hangs is ended and started again by itself; if this "
                        "stays, httpd's error log says why.",
                        NULL),
            NULL);
    if (state != NULL && strcmp(state, "refused") == 0)
        put_banner(html,
                   "A new certificate waits: httpd would not survive a restart now, so it is not "
                   "restarted. Mend what it says; the certificate then goes live by itself. If "
                   "that is not so in the running server, restart httpd gracefully yourself.",
                   json_peek_string(reload, "why"));
    else if (state != NULL && strcmp(state, "failed") == 0)
        put_banner(html, json_peek_string(reload, "why"), NULL);
    else if (state != NULL && strcmp(state, "off") == 0)
        put_banner(html,
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

static void put_head(html_t *html, const page_t *page)
{
    const char *host = page->host != NULL ? page->host : "this server";

    html_put(html, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                   "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
                   "<meta name=\"robots\" content=\"noindex\">\n");
    if (page->missing != NULL || is_busy(json_object_get(page->status, "certificates")))
        html_put(html, "<meta http-equiv=\"refresh\" content=\"10\">\n");
    html_format(html, "<title>Certificates of %s</title>\n<style>", host);
    html_put(html, style_sheet);
    html_put(html, style_small);
    html_format(html, "</style>\n</head>\n<body>\n<main>\n<h1>Certificates of %s</h1>\n", host);
}

/* "2 of 9 down, 1 at risk" */
static void put_summary(html_t *html, const page_t *page, const summary_t *summary)
{
    apr_time_t heartbeat = summary_heartbeat(page->status);
    const char *class = summary->by_grade[GRADE_DOWN] > 0      ? "bad"
                        : summary->by_grade[GRADE_AT_RISK] > 0 ? "late"
                        : summary->by_grade[GRADE_UNKNOWN] > 0 ? "busy"
                                                               : "ok";

    html_format(html, "<p class=\"sum %s\">", class);
    html_format(html, "%s</p>\n", summary_sentence(html->p, summary));
    html_put(html, "<p class=\"lead\">");
    if (heartbeat != 0)
        html_format(html, "As of %s", words_time(html->p, heartbeat, page->now));
    if (page->name != NULL)
        html_put(html, " <a href=\"./\">All certificates</a>");
    html_put(html, "</p>\n");
}

static void put_foot(html_t *html, const page_t *page)
{
    const char *version = json_peek_string(page->status, "module");

    html_put(html, "<p class=\"lead\"><a href=\"?format=json\">The same as JSON</a>");
    if (page->name == NULL)
        html_put(html, ", <a href=\"?format=prometheus\">as metrics</a>");
    if (version != NULL)
        html_format(html, ". mod_acme_eab %s", version);
    html_put(html, "</p>\n");
}

const char *page_render(apr_pool_t *p, const page_t *page)
{
    html_t html = html_begin(p);
    summary_t summary;

    put_head(&html, page);
    if (page->status != NULL) {
        summary_take(&summary, page->status, page->now);
        put_summary(&html, page, &summary);
    }
    put_banners(&html, page);
    if (page->status != NULL) {
        put_accounts(&html, page, 1);
        put_certificates(&html, page, &summary);
        if (page->name == NULL) {
            put_accounts(&html, page, 0);
            put_leftovers(&html, json_object_get(page->status, "leftovers"), page->now);
            put_exports(&html, json_object_get(page->status, "exports"));
            put_history(&html, json_object_get(page->status, "history"), page->now);
            put_machinery(&html, page->status, page->now);
        }
        put_foot(&html, page);
    }
    html_put(&html, "</main>\n</body>\n</html>\n");
    return html_end(&html);
}
