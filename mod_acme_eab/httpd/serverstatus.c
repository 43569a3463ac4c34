/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/serverstatus.h"

#include <http_config.h>
#include <http_main.h>
#include <http_protocol.h>
#include <apr_optional_hooks.h>
#include <apr_strings.h>
#include <mod_status.h>

#include "base/json.h"
#include "httpd/html.h"
#include "httpd/known.h"
#include "httpd/words.h"
#include "report/grade.h"
#include "report/summary.h"

#define ROWS_MAX 20

static void put_lines(request_rec *r, const summary_t *summary)
{
    ap_rprintf(r, "ACMECertificates: %d\nACMEDown: %d\nACMEAtRisk: %d\n", summary->certificates,
               summary->by_grade[GRADE_DOWN], summary->by_grade[GRADE_AT_RISK]);
    if (summary->next_expiry != 0)
        ap_rprintf(r, "ACMENextExpiry: %" APR_INT64_T_FMT "\n",
                   (apr_int64_t)apr_time_sec(summary->next_expiry));
}

static void put_row(html_t *html, const json_t *certificate, const json_t *status, apr_time_t now)
{
    const char *why = NULL;
    grade_t grade = grade_of(certificate, json_object_get(status, "reload"), now, &why);
    const json_t *next = json_object_get(certificate, "next");

    html_format(html, "<tr><td>%s</td>", json_peek_string(certificate, "name"));
    html_format(html, "<td>%s</td>", grade_name(grade));
    html_format(html, "<td>%s</td>", why);
    html_format(html, "<td>%s</td>", words_time(html->p, grade_expiry(certificate), now));
    html_format(html, "<td>%s ", json_peek_string(next, "what"));
    html_format(html, "%s</td></tr>\n", words_time(html->p, json_peek_time(next, "at"), now));
}

static void put_table(request_rec *r, const known_t *known, const summary_t *summary,
                      apr_time_t now)
{
    apr_array_header_t *sorted = grade_sort(known->json, now, r->pool);
    html_t html = html_begin(r->pool);
    int i = 0;

    html_format(&html, "<hr />\n<h2>ACME certificates</h2>\n<p>%s.",
                summary_sentence(r->pool, summary));
    if (known->notice == NULL && json_peek_bool(known->json, "stale", 0))
        html_put(&html, " The agent has stopped to report.");
    html_format(&html, " %s</p>\n", known->notice);
    if (summary->certificates > 0)
        html_put(&html, "<table border=\"0\">\n<tr><th>Certificate</th><th>Grade</th><th>Why</th>"
                        "<th>Expires</th><th>Next</th></tr>\n");
    for (i = 0; i < sorted->nelts && i < ROWS_MAX; ++i)
        put_row(&html, APR_ARRAY_IDX(sorted, i, const json_t *), known->json, now);
    if (summary->certificates > 0)
        html_put(&html, "</table>\n");
    if (sorted->nelts > ROWS_MAX)
        html_format(&html, "<p>And %s more.</p>\n", apr_itoa(r->pool, sorted->nelts - ROWS_MAX));
    ap_rputs(html_end(&html), r);
}

static int serverstatus_hook(request_rec *r, int flags)
{
    const site_t *site = config_site(ap_server_conf);
    apr_time_t now = apr_time_now();
    summary_t summary;
    known_t known;

    if (site == NULL || !site->enabled)
        return OK;
    known = known_read(site, now, r->pool);
    summary_take(&summary, known.json, now);
    if (flags & AP_STATUS_SHORT)
        put_lines(r, &summary);
    else
        put_table(r, &known, &summary, now);
    return OK;
}

void serverstatus_register(void)
{
    APR_OPTIONAL_HOOK(ap, status_hook, serverstatus_hook, NULL, NULL, APR_HOOK_MIDDLE);
}
