/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/status.h"

#include <http_config.h>
#include <http_core.h>
#include <http_main.h>
#include <http_protocol.h>
#include <http_request.h>
#include <apr_strings.h>
#include <errno.h>
#include <signal.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/json.h"
#include "httpd/page.h"
#include "httpd/site.h"

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

static const char *explain(apr_pool_t *p, apr_status_t rv, const char *path)
{
    char reason[120];

    if (APR_STATUS_IS_ENOENT(rv))
        return "The agent has not reported yet since httpd was started. It does so within seconds; "
               "if this stays, httpd's error log says why.";
    return apr_psprintf(p, "The agent's report, %s, cannot be read: %s.", path,
                        apr_strerror(rv, reason, sizeof(reason)));
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

/* As an agent would report them that knows nothing but the configuration. */
static json_t *list_configured(const site_t *site)
{
    json_t *list = json_array();
    int i = 0;

    for (i = 0; i < site->domains->nelts; ++i) {
        const site_domain_t *domain = APR_ARRAY_IDX(site->domains, i, const site_domain_t *);
        json_t *entry = json_object();

        json_put_string(entry, "name", APR_ARRAY_IDX(domain->names, 0, const char *));
        json_put_strings(entry, "names", domain->names);
        json_put_string(entry, "where", domain->declared->where);
        json_object_set_new(entry, "keys", json_array());
        json_array_append_new(list, entry);
    }
    return list;
}

/* No keeper runs, so nobody else says why: the last report, or none, with that as the problem of each
 * certificate. */
static json_t *hold(json_t *status, const site_t *site, apr_pool_t *p)
{
    const char *advice = apr_pstrcat(p, site->held,
                                     " Until then nothing is renewed; it is tried again by itself, "
                                     "or at once after a graceful restart of httpd.",
                                     NULL);
    json_t *entry = NULL;
    size_t i = 0;

    if (!json_is_object(status)) {
        status = json_own(p, json_object());
        json_object_set_new(status, "version", json_integer(1));
    }
    json_put_time(status, "generated", apr_time_now());
    if (!json_is_array(json_object_get(status, "certificates")))
        json_object_set_new(status, "certificates", list_configured(site));
    json_array_foreach(json_object_get(status, "certificates"), i, entry)
    {
        json_put_string(entry, "state", "failing");
        json_object_set_new(entry, "problem",
                            json_pack("{s:s,s:s,s:s}", "type", EAB_PROBLEM_NOT_RUNNING, "detail",
                                      site->held, "advice", advice));
    }
    return status;
}

static int send_held(request_rec *r, const json_t *status)
{
    const char *text = json_text(r->pool, status);
    page_t page = { 0 };

    page.status = status;
    return wants_json(r) ? send_body(r, "application/json", text, strlen(text))
                         : send_page(r, &page);
}

/* Without a report ?format=json says so with 503, which a monitor understands. */
static int send_status(request_rec *r, const site_t *site)
{
    const char *path = apr_pstrcat(r->pool, site->run_dir, "/status.json", NULL);
    const char *text = NULL, *error = NULL;
    apr_size_t len = 0;
    page_t page = { 0 };
    apr_status_t rv = file_read(&text, &len, path, LIMIT_STATUS, r->pool);

    if (site->held != NULL) {
        json_t *last = rv == APR_SUCCESS ? json_parse(r->pool, text, len, &error) : NULL;

        if (!is_alive(agent_of(last)))
            return send_held(r, hold(last, site, r->pool));
    }
    if (rv != APR_SUCCESS && wants_json(r))
        return HTTP_SERVICE_UNAVAILABLE;
    if (rv == APR_SUCCESS && wants_json(r))
        return send_body(r, "application/json", text, len);
    if (rv != APR_SUCCESS)
        page.missing = explain(r->pool, rv, path);
    else if ((page.status = json_parse(r->pool, text, len, &error)) == NULL)
        page.missing =
            apr_psprintf(r->pool, "The agent's report, %s, is damaged: %s.", path, error);
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
