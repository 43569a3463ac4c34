/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/status.h"

#include <http_config.h>
#include <http_core.h>
#include <http_main.h>
#include <http_protocol.h>
#include <http_request.h>
#include <apr_strings.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "httpd/page.h"
#include "httpd/report.h"
#include "httpd/site.h"
#include "report/summary.h"

#define REPORT_FILE "status.json"

static void set_headers(request_rec *r, const char *type)
{
    ap_set_content_type(r, type);
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
    apr_table_setn(r->headers_out, "Referrer-Policy", "no-referrer");
    apr_table_setn(r->headers_out, "Content-Security-Policy",
                   "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; "
                   "base-uri 'none'; form-action 'none'");
}

static int send_body(request_rec *r, const char *type, const char *text, apr_size_t len)
{
    set_headers(r, type);
    ap_set_content_length(r, (apr_off_t)len);
    if (!r->header_only)
        (void)ap_rwrite(text, (int)len, r);
    return OK;
}

/* How long an agent may take for its first report before ?format=json has the status 503. */
#define PATIENCE apr_time_from_sec(60)

/* The agent's report, as it is in its file. @return NULL when there is none; *pwhy is NULL then if it
 * has not come yet */
static json_t *load_report(const char **pwhy, const site_t *site, apr_pool_t *p)
{
    const char *path = apr_pstrcat(p, site->run_dir, "/" REPORT_FILE, NULL);
    const char *text = NULL, *error = NULL;
    apr_size_t len = 0;
    /* It belongs to a user who is not trusted. */
    apr_size_t max = LIMIT_STATUS + (apr_size_t)site->certificates->nelts * LIMIT_STATUS_ENTRY;
    apr_status_t rv = APR_ENOENT;
    json_t *json = NULL;

    *pwhy = NULL;
    if (site->run != NULL)
        rv = rundir_read(&text, &len, site->run, REPORT_FILE, max, p);
    if (rv == APR_SUCCESS && json_is_object(json = json_parse(p, text, len, &error)))
        return json;
    if (rv == APR_SUCCESS)
        *pwhy = apr_psprintf(p, "The agent's report, %s, is damaged: %s.", path,
                             json == NULL ? error : "it holds no JSON object");
    else if (!APR_STATUS_IS_ENOENT(rv))
        *pwhy = apr_psprintf(p, "The agent's report, %s, cannot be read: %s.", path,
                             file_reason(p, rv, path));
    else if (site->store_in_use != NULL)
        *pwhy = apr_pstrcat(p, "When httpd was started: ", site->store_in_use, NULL);
    return NULL;
}

static int is_alive(int pid)
{
    return pid > 0 && (kill(pid, 0) == 0 || errno == EPERM);
}

static int agent_of(const json_t *status)
{
    return (int)json_peek_int(json_object_get(json_object_get(status, "processes"), "agent"), "pid",
                              0);
}

static int send_page(request_rec *r, page_t *page)
{
    const char *html = NULL;

    page->host = r->server->server_hostname;
    page->agent_pid = agent_of(page->status);
    page->agent_alive = is_alive(page->agent_pid);
    page->now = apr_time_now();
    html = page_render(r->pool, page);
    return send_body(r, "text/html; charset=utf-8", html, strlen(html));
}

static int wants_json(const request_rec *r)
{
    return r->args != NULL && strcmp(r->args, "format=json") == 0;
}

/* ?page=2 */
static int page_of(const request_rec *r)
{
    apr_int64_t number = r->args != NULL && strncmp(r->args, "page=", 5) == 0
                             ? apr_strtoi64(r->args + 5, NULL, 10)
                             : 1;

    return number > INT_MAX ? INT_MAX : number < 1 ? 1 : (int)number;
}

/* For a monitor: also the status of the answer says when something is wrong with the reporting. */
static int send_json(request_rec *r, const report_t *report, int overdue)
{
    char *text = json_dumps(report->json, JSON_INDENT(1));
    int rv = HTTP_INTERNAL_SERVER_ERROR;

    if (text != NULL) {
        if (overdue)
            r->status = HTTP_SERVICE_UNAVAILABLE;
        rv = send_body(r, "application/json", text, strlen(text));
    }
    free(text);
    return rv;
}

/* No keeper runs, so nobody else says why: what is known, with that as the problem of each
 * certificate. */
static void hold(json_t *status, const site_t *site, apr_pool_t *p)
{
    const char *advice = apr_pstrcat(p, site->held,
                                     " Until then nothing is renewed; it is tried again by itself, "
                                     "or at once after a graceful restart of httpd.",
                                     NULL);
    json_t *entry = NULL;
    size_t i = 0;

    json_put_time(status, "generated", apr_time_now());
    json_array_foreach(json_object_get(status, "certificates"), i, entry)
    {
        json_put_string(entry, "state", "failing");
        json_object_set_new(entry, "next",
                            json_pack("{s:s,s:s}", "what", "retry", "why", site->held));
        json_object_set_new(entry, "problem",
                            json_pack("{s:s,s:s,s:s}", "type", EAB_PROBLEM_NOT_RUNNING, "detail",
                                      site->held, "advice", advice));
    }
}

static int send_status(request_rec *r, const site_t *site)
{
    const char *why = NULL;
    json_t *status = site->enabled ? load_report(&why, site, r->pool) : NULL;
    report_t report =
        report_choose(status, why, site_outline(site, r->pool), apr_time_now(), r->pool);
    int overdue =
        report.notice != NULL && (status == NULL || clock_steady() - site->started > PATIENCE);
    page_t page = { 0 };

    if (site->held != NULL && !is_alive(agent_of(report.json))) {
        hold(report.json, site, r->pool);
        json_object_del(report.json, "notice"); /* no other report comes */
        report.notice = NULL;
        overdue = 0;
    }
    summary_put(report.json, apr_time_now());
    summary_put_files(report.json, site->store_dir, r->pool);
    if (wants_json(r))
        return send_json(r, &report, overdue);
    page.status = report.json;
    page.missing = report.notice;
    page.number = page_of(r);
    return send_page(r, &page);
}

int status_handler(request_rec *r)
{
    const site_t *site = config_site(ap_server_conf);

    if (r->handler == NULL || strcmp(r->handler, "acme-status") != 0)
        return DECLINED;
    ap_allow_standard_methods(r, REPLACE_ALLOW, M_GET, -1);
    if (r->method_number != M_GET)
        return HTTP_METHOD_NOT_ALLOWED;
    return site != NULL ? send_status(r, site) : HTTP_SERVICE_UNAVAILABLE;
}
