/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/answer.h"

#include <http_config.h>
#include <http_core.h>
#include <http_main.h>
#include <http_log.h>
#include <http_protocol.h>
#include <apr_strings.h>
#include <errno.h>

#include "base/address.h"
#include "base/bytes.h"
#include "base/name.h"
#include "httpd/pending.h"
#include "httpd/site.h"

extern module AP_MODULE_DECLARE_DATA acme_eab_module;
APLOG_USE_MODULE(acme_eab);

#define PREFIX "/.well-known/acme-challenge/"
#define LIMIT_ANSWER (LIMIT_TOKEN + 1 + 43) /* token, '.', SHA-256 in base64url */

static const char *host_directory(request_rec *r)
{
    const char *why = NULL, *name = NULL;

    if (r->hostname == NULL)
        return NULL;
    /* RFC 8738, 5: a CA that validates an address has it in its Host header. */
    if ((name = address_of_host(r->pool, r->hostname)) == NULL)
        name = name_normalize(r->pool, r->hostname, &why);
    return name != NULL ? name_file(r->pool, name) : NULL;
}

/* Somebody else's doing: no such answer is pending. */
static int is_of_wrong_kind(apr_status_t rv)
{
    return rv == APR_EINVAL || rv == EFBIG || APR_STATUS_IS_ENOTDIR(rv);
}

static void report_unreadable(request_rec *r, const site_t *site, const char *host, apr_status_t rv)
{
    ap_log_rerror(APLOG_MARK, APLOG_ERR, rv, r,
                  "the answer to an http-01 validation of %s cannot be read; let the user of "
                  "httpd's workers read %s/challenges",
                  host, site->run_dir);
}

/* The answer to this request, or NULL when it is none of ours. What a pending token is asked for does
 * not matter, as nobody can guess it: a redirection may have led the CA to another name of this
 * server, or to its address.
 * @param phost  whose it is */
static const char *find_answer(request_rec *r, const char **phost, apr_size_t *plen)
{
    const site_t *site = config_site(ap_server_conf);
    const char *token = r->uri + sizeof(PREFIX) - 1, *text = NULL;
    apr_status_t rv = APR_ENOENT;

    *phost = NULL;
    if (site == NULL || site->run == NULL || !base64url_is_valid(token, LIMIT_TOKEN))
        return NULL;
    if ((*phost = host_directory(r)) != NULL)
        rv = pending_read(&text, plen, site->run, *phost, token, LIMIT_ANSWER, r->pool);
    if (rv != APR_SUCCESS && !APR_STATUS_IS_ENOENT(rv) && !is_of_wrong_kind(rv))
        report_unreadable(r, site, *phost, rv);
    if (rv != APR_SUCCESS)
        (void)pending_find(&text, plen, phost, site->run, token, LIMIT_ANSWER, r->pool);
    return text;
}

/* httpd ends the response when the hook returns DONE. */
static void send_answer(request_rec *r, const char *text, apr_size_t len)
{
    conn_rec *c = r->connection;

    r->status = HTTP_OK;
    /* httpd ends a connection after a request that is answered this early; say so. An HTTP/2
     * connection lives on, only its stream ends. */
    if (c->master == NULL)
        c->keepalive = AP_CONN_CLOSE;
    ap_set_content_type(r, "application/octet-stream");
    ap_set_content_length(r, (apr_off_t)len);
    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    if (!r->header_only)
        (void)ap_rwrite(text, (int)len, r);
}

/* That this request came as far as here, whatever became of it. */
static void mark_seen(request_rec *r)
{
    ap_set_module_config(r->request_config, &acme_eab_module, r);
}

static int was_seen(const request_rec *r)
{
    return ap_get_module_config(r->request_config, &acme_eab_module) != NULL;
}

int answer_post_read_request(request_rec *r)
{
    const char *text = NULL, *host = NULL;
    apr_size_t len = 0;

    /* M_GET is HEAD as well. */
    if (r->method_number != M_GET || r->main != NULL || r->prev != NULL || r->uri == NULL
        || strncmp(r->uri, PREFIX, sizeof(PREFIX) - 1) != 0)
        return DECLINED;
    mark_seen(r);
    if ((text = find_answer(r, &host, &len)) == NULL)
        return DECLINED;
    ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r, "answered an http-01 validation of %s", host);
    send_answer(r, text, len);
    return DONE;
}

/* The modules that look at a request before this one does. */
static const char *list_earlier(apr_pool_t *p)
{
    const apr_array_header_t *hooks = ap_hook_get_post_read_request();
    const char *list = "";
    int i;

    for (i = 0; hooks != NULL && i < hooks->nelts; ++i) {
        const ap_LINK_post_read_request_t *hook =
            &APR_ARRAY_IDX(hooks, i, ap_LINK_post_read_request_t);

        if (hook->pFunc == answer_post_read_request)
            break;
        if (strcmp(hook->szName, "mod_acme_eab.c") != 0)
            list = apr_pstrcat(p, list, *list != '\0' ? ", " : "", hook->szName, NULL);
    }
    return *list != '\0' ? list : "none";
}

/* Whoever knows a pending token is the CA, so that nobody else can fill the log with this. */
int answer_log_transaction(request_rec *r)
{
    const char *host = NULL;
    apr_size_t len = 0;

    if (r->method_number != M_GET || r->uri == NULL
        || strncmp(r->uri, PREFIX, sizeof(PREFIX) - 1) != 0 || r->main != NULL || was_seen(r)
        || find_answer(r, &host, &len) == NULL)
        return DECLINED;
    ap_log_rerror(
        APLOG_MARK, APLOG_WARNING, 0, r,
        "the CA asked this server to prove %s and got status %d, from httpd itself or from "
        "a module that comes before mod_acme_eab (%s); let it pass what is below %s",
        host, r->status, list_earlier(r->pool), PREFIX);
    return DECLINED;
}
