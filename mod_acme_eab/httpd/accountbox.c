/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/accountbox.h"

#include <apr_strings.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "httpd/problembox.h"
#include "httpd/words.h"

/* Of this server, compared with the CA's. */
static void put_clock(html_t *html, apr_interval_time_t behind)
{
    if (behind > 0)
        html_row(html, "Clock",
                 apr_pstrcat(html->p, clock_span(html->p, behind), " behind the CA's", NULL), "");
    else if (behind < 0)
        html_row(html, "Clock",
                 apr_pstrcat(html->p, clock_span(html->p, -behind), " ahead of the CA's", NULL),
                 "");
}

/* Of the CA: what ACMEProfile may be, each with the CA's own description or link. */
static void put_profiles(html_t *html, json_t *profiles)
{
    const char *name = NULL, *list = NULL;
    json_t *text = NULL;

    json_object_foreach(profiles, name, text)
    {
        list = apr_pstrcat(html->p, list != NULL ? list : "", list != NULL ? ", " : "", name, NULL);
        if (json_string_length(text) > 0)
            list = apr_pstrcat(html->p, list, " (", json_string_value(text), ")", NULL);
    }
    html_row(html, "Profiles on offer", list, "");
}

/* What it says of itself, and when it did. */
static void put_ca(html_t *html, const json_t *ca, apr_time_t now)
{
    html_row(html, "Terms of service", json_peek_string(ca, "terms"), "mono");
    html_row(html, "Website of the CA", json_peek_string(ca, "website"), "mono");
    html_row(html, "In CAA records", words_names(html->p, json_object_get(ca, "caa_identities")),
             "mono");
    html_row(html, "Directory read", words_time(html->p, json_peek_time(ca, "seen"), now), "");
}

void account_box(html_t *html, const json_t *account, int number, apr_time_t now)
{
    const char *state = json_peek_string(account, "state");
    const char *class = "state busy";

    if (state != NULL && strcmp(state, "valid") == 0)
        class = "state ok";
    else if (state != NULL && strcmp(state, "failing") == 0)
        class = "state bad";
    html_format(html, "<section class=\"card\" id=\"account-%s\">\n<div class=\"head\">",
                apr_itoa(html->p, number));
    html_format(html, "<h2>%s</h2>", json_peek_string(account, "label"));
    html_format(html, "<span class=\"%s\">", class);
    html_format(html, "%s</span></div>\n", state);
    problem_box(html, json_object_get(account, "problem"), now);
    html_put(html, "<dl>\n");
    html_row(html, "Directory", json_peek_string(account, "directory"), "mono");
    html_row(html, "Account URL", json_peek_string(account, "url"), "mono");
    html_row(html, "EAB key id, hashed", json_peek_string(account, "kid_sha256"), "mono");
    put_clock(html, apr_time_from_sec(json_peek_int(account, "clock_behind", 0)));
    put_profiles(html, json_object_get(account, "profiles"));
    put_ca(html, json_object_get(account, "ca"), now);
    html_put(html, "</dl>\n</section>\n");
}

void account_link(html_t *html, const json_t *accounts, const char *label)
{
    const json_t *account = NULL;
    size_t i = 0;

    json_array_foreach(accounts, i, account)
    {
        const char *other = json_peek_string(account, "label");

        if (label != NULL && other != NULL && strcmp(label, other) == 0) {
            html_format(html, "<a href=\"#account-%s\">", apr_itoa(html->p, (int)i + 1));
            html_format(html, "account %s</a>", label);
            return;
        }
    }
    html_format(html, "account %s", label);
}
