/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/status.h"

#include <http_config.h>
#include <http_core.h>
#include <http_main.h>
#include <http_protocol.h>
#include <http_request.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "httpd/known.h"
#include "httpd/page.h"
#include "httpd/selection.h"
#include "httpd/site.h"
#include "httpd/wish.h"
#include "report/metrics.h"
#include "report/summary.h"

#define STATUS_HANDLER "acme-status"
#define METRICS_HANDLER "acme-metrics"

/* As deep below the location a name is looked for; there is none with a slash in it. */
#define DEPTH_MAX 3

static void set_headers(request_rec *r, const char *type)
{
    ap_set_content_type(r, type);
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    apr_table_mergen(r->headers_out, "Vary", "Accept");
    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
    apr_table_setn(r->headers_out, "Referrer-Policy", "no-referrer");
    apr_table_setn(r->headers_out, "Content-Security-Policy",
                   "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; "
                   "base-uri 'none'; form-action 'self'");
}

static int send_body(request_rec *r, const char *type, const char *text)
{
    apr_size_t len = strlen(text);

    set_headers(r, type);
    ap_set_content_length(r, (apr_off_t)len);
    if (!r->header_only)
        (void)ap_rwrite(text, (int)len, r);
    return OK;
}

static int send_line(request_rec *r, int status, const char *line)
{
    r->status = status;
    return send_body(r, "text/plain; charset=utf-8", apr_pstrcat(r->pool, line, "\n", NULL));
}

/* ---- a name below the location ----------------------------------------------------------------- */

typedef enum { ABOVE_OTHER, ABOVE_OURS, ABOVE_DENIED } above_t;

/* Who answers at a path. */
static above_t who_is_at(request_rec *r, const char *path)
{
    request_rec *there = ap_sub_req_lookup_uri(ap_os_escape_path(r->pool, path, 1), r, NULL);
    above_t above = ABOVE_OTHER;

    if (there->status == HTTP_UNAUTHORIZED || there->status == HTTP_FORBIDDEN)
        above = ABOVE_DENIED;
    else if (there->handler != NULL && strcmp(there->handler, r->handler) == 0)
        above = ABOVE_OURS;
    ap_destroy_sub_req(there);
    return above;
}

/* The path behind the location that has the handler, which no request tells: it is the longest for
 * which what is above it has another one. Where that is not for this client to know, the name of a
 * certificate is one: whoever may see one of them must not see all. NULL: the location itself. */
static const char *name_below(request_rec *r, const json_t *report, const char **plocation)
{
    const char *below = NULL, *path = r->uri;
    int depth = 0;

    for (depth = 0; depth < DEPTH_MAX && *path == '/'; ++depth) {
        const char *slash = strrchr(path, '/');
        const char *rest = r->uri + (slash - path) + 1;
        above_t above = ABOVE_OTHER;

        if (*rest == '\0' && slash == path)
            break;
        if (*rest != '\0') {
            above = who_is_at(r, apr_pstrmemdup(r->pool, path, (apr_size_t)(slash - path) + 1));
            if (above == ABOVE_OTHER || (above == ABOVE_DENIED && !selection_has(report, rest)))
                break;
            below = rest;
        }
        path = apr_pstrmemdup(r->pool, path, (apr_size_t)(slash - path));
    }
    *plocation = strcmp(path, "/") == 0 ? "" : ap_os_escape_path(r->pool, path, 1);
    return below;
}

/* ---- answers ----------------------------------------------------------------------------------- */

static int send_page(request_rec *r, const known_t *known, const wish_t *wish, const char *name,
                     const char *location)
{
    page_t page = { 0 };

    page.host = r->server->server_hostname;
    page.status = known->json;
    page.missing = known->notice;
    page.agent_alive = known->agent_alive;
    page.wish = *wish;
    page.name = name;
    page.location = location;
    page.now = apr_time_now();
    return send_body(r, "text/html; charset=utf-8", page_render(r->pool, &page));
}

static int send_json(request_rec *r, const json_t *json)
{
    char *text = json_dumps(json, JSON_INDENT(1));
    int rv = HTTP_INTERNAL_SERVER_ERROR;

    if (text != NULL)
        rv = send_body(r, "application/json", apr_pstrcat(r->pool, text, "\n", NULL));
    free(text);
    return rv;
}

static int send_metrics(request_rec *r, const known_t *known, wish_format_t format)
{
    metrics_format_t metrics =
        format == WISH_OPENMETRICS ? METRICS_OPENMETRICS : METRICS_PROMETHEUS;

    return send_body(
        r, metrics_type(metrics),
        metrics_text(r->pool, known->json, known->agent_alive, apr_time_now(), metrics));
}

/* What a monitor is told by the HTTP status alone. */
static int is_bad(const known_t *known)
{
    summary_t summary;

    summary_take(&summary, known->json, apr_time_now());
    return summary.by_grade[GRADE_DOWN] > 0 || known->overdue
           || (known->notice == NULL && json_peek_bool(known->json, "stale", 0));
}

static const char *check_line(apr_pool_t *p, const known_t *known)
{
    summary_t summary;

    summary_take(&summary, known->json, apr_time_now());
    return apr_pstrcat(p, summary_sentence(p, &summary),
                       known->notice != NULL ? ". "
                       : json_peek_bool(known->json, "stale", 0)
                           ? ". The agent has stopped to report."
                           : "",
                       known->notice, NULL);
}

static int send_status(request_rec *r, const site_t *site, const wish_t *wish)
{
    known_t known = known_read(site, apr_time_now(), r->pool);
    const char *name = NULL, *location = NULL;

    if (wish->format == WISH_PROMETHEUS || wish->format == WISH_OPENMETRICS)
        return send_metrics(r, &known, wish->format);
    name = name_below(r, known.json, &location);
    if (name != NULL && !selection_has(known.json, name))
        return send_line(r, HTTP_NOT_FOUND,
                         "No certificate that is managed here has this name; without it the "
                         "location shows all of them.");
    if (name != NULL)
        selection_keep_name(known.json, name);
    if (name != NULL || wish->format != WISH_HTML) {
        selection_keep(known.json, wish->state, wish->name);
        summary_put(known.json, apr_time_now());
    }
    if (wish->check ? is_bad(&known) : wish->format == WISH_JSON && known.overdue)
        r->status = HTTP_SERVICE_UNAVAILABLE;
    if (wish->format == WISH_JSON)
        return send_json(r, known.json);
    if (wish->format == WISH_LINE)
        return send_line(r, r->status, check_line(r->pool, &known));
    return send_page(r, &known, wish, name, location);
}

int status_handler(request_rec *r)
{
    const site_t *site = config_site(ap_server_conf);
    const char *why = NULL;
    int metrics = 0;
    wish_t wish;

    if (r->handler == NULL
        || (strcmp(r->handler, STATUS_HANDLER) != 0 && strcmp(r->handler, METRICS_HANDLER) != 0))
        return DECLINED;
    metrics = strcmp(r->handler, METRICS_HANDLER) == 0;
    ap_allow_standard_methods(r, REPLACE_ALLOW, M_GET, -1);
    if (r->method_number != M_GET)
        return HTTP_METHOD_NOT_ALLOWED;
    if (wish_read(&wish, r->args, apr_table_get(r->headers_in, "Accept"), metrics, &why, r->pool)
        != APR_SUCCESS)
        return send_line(r, HTTP_BAD_REQUEST, why);
    return site != NULL ? send_status(r, site, &wish) : HTTP_SERVICE_UNAVAILABLE;
}
