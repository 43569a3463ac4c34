/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/ssl.h"

#include <http_config.h>
#include <http_core.h>
#include <http_main.h>
#include <http_log.h>
#include <apr_strings.h>

#include "base/file.h"
#include "base/name.h"
#include "httpd/fallback.h"
#include "httpd/site.h"
#include "store/generation.h"

extern module AP_MODULE_DECLARE_DATA acme_eab_module;
APLOG_USE_MODULE(acme_eab);

static void use(site_certificate_t *certificate, const generation_t *generation, apr_pool_t *p)
{
    certificate->chain_path = apr_pstrdup(p, generation->chain_path);
    certificate->key_path = apr_pstrdup(p, generation->key_path);
}

/* The first of httpd's two passes says nothing: the second will. */
static int is_real_pass(void)
{
    return ap_state_query(AP_SQ_MAIN_STATE) != AP_SQ_MS_CREATE_PRE_CONFIG;
}

/* After the first name of a managed domain was changed its certificate still lies under the old
 * name: better than none, until the new one is there. One that covers all names is preferred. */
static void borrow(const site_t *site, site_certificate_t *certificate, apr_pool_t *ptemp)
{
    const store_t *store = site_store(site, ptemp);
    const apr_array_header_t *names = certificate->planned.names;
    apr_array_header_t *stored =
        file_list_directory(store_path(ptemp, store, "live", NULL, NULL), ptemp);
    eab_result_t *result = eab_result_make(ptemp);
    int i = 0;

    for (i = 0; i < stored->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(stored, i, const char *);
        generation_t *generation = NULL;
        int whole = 0;

        if (!name_is_file(name)
            || generation_find(&generation, store, name, names, apr_time_now(), result, ptemp)
                   != APR_SUCCESS)
            continue;
        whole = name_covers_all(generation->facts->names, names);
        if (whole || certificate->chain_path == NULL)
            use(certificate, generation, site->pool);
        if (whole)
            return;
    }
}

static void report(const site_t *site, const site_certificate_t *certificate,
                   const generation_t *generation, const eab_result_t *why)
{
    const char *name = APR_ARRAY_IDX(certificate->planned.names, 0, const char *);
    const char *detail = why->detail != NULL ? why->detail : "it cannot be read";

    if (!is_real_pass())
        return;
    if (generation != NULL)
        ap_log_error(
            APLOG_MARK, APLOG_ERR, 0, site->main,
            "the current certificate of %s is not usable, generation %s is used instead: %s", name,
            generation->number, detail);
    else
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, site->main,
                     "no stored certificate of %s is usable, a new one will be ordered: %s", name,
                     detail);
}

static void decide(const site_t *site, site_certificate_t *certificate)
{
    plan_certificate_t *planned = &certificate->planned;
    apr_pool_t *ptemp = NULL;
    generation_t *generation = NULL;
    eab_result_t *result = NULL;
    apr_status_t rv = APR_SUCCESS;

    certificate->decided = 1;
    if (apr_pool_create(&ptemp, site->pool) != APR_SUCCESS)
        return;
    result = eab_result_make(ptemp);
    rv = generation_find(&generation, site_store(site, ptemp), planned->id, planned->names,
                         apr_time_now(), result, ptemp);
    if (rv == APR_SUCCESS) {
        use(certificate, generation, site->pool);
        planned->loaded = apr_pstrdup(site->pool, generation->number);
    }
    if (result->rv != APR_SUCCESS && !APR_STATUS_IS_ENOENT(rv))
        report(site, certificate, generation, result);
    if (rv != APR_SUCCESS)
        borrow(site, certificate, ptemp);
    apr_pool_destroy(ptemp);
}

static site_vhost_t *vhost_of(const server_rec *s)
{
    const site_t *site = config_site(ap_server_conf);

    return site != NULL && site->enabled ? site_vhost(site, s) : NULL;
}

int ssl_add_files(server_rec *s, apr_pool_t *p, apr_array_header_t *cert_files,
                  apr_array_header_t *key_files)
{
    site_vhost_t *vhost = vhost_of(s);
    site_certificate_t *certificate = vhost != NULL ? vhost->certificate : NULL;
    int copies = 1;

    (void)p;
    if (certificate == NULL)
        return DECLINED;
    certificate->planned.served = 1;
    if (!certificate->decided)
        decide(config_site(ap_server_conf), certificate);
    if (certificate->chain_path == NULL) {
        vhost->state = cert_files->nelts > 0 ? "own" : "fallback";
        return DECLINED;
    }
    /* mod_ssl drops the administrator's SSLCertificateChainFile, which would take the place of our
     * chain, only when there are more files after this hook than before it. */
    if (vhost->extra_copies)
        copies += cert_files->nelts;
    apr_array_clear(cert_files);
    apr_array_clear(key_files);
    for (; copies > 0; --copies) {
        APR_ARRAY_PUSH(cert_files, const char *) = certificate->chain_path;
        APR_ARRAY_PUSH(key_files, const char *) = certificate->key_path;
    }
    vhost->state = "valid";
    return OK;
}

static apr_status_t make_fallback(site_t *site, site_certificate_t *certificate)
{
    if (site->fallback == NULL && (site->fallback = fallback_make(site->pool)) == NULL)
        return APR_EGENERAL;
    return fallback_certificate(site->fallback, certificate->planned.names,
                                &certificate->fallback_path, &certificate->fallback_key_path);
}

int ssl_add_fallback(server_rec *s, apr_pool_t *p, apr_array_header_t *cert_files,
                     apr_array_header_t *key_files)
{
    site_vhost_t *vhost = vhost_of(s);
    site_certificate_t *certificate = vhost != NULL ? vhost->certificate : NULL;

    (void)p;
    if (certificate == NULL)
        return DECLINED;
    if (certificate->fallback_path == NULL) {
        apr_status_t rv = make_fallback(config_site(ap_server_conf), certificate);

        if (rv != APR_SUCCESS) {
            ap_log_error(APLOG_MARK, APLOG_ERR, rv, s,
                         "the temporary certificate of %s cannot be made; check that /proc is "
                         "mounted or /tmp is writable",
                         APR_ARRAY_IDX(certificate->planned.names, 0, const char *));
            return DECLINED;
        }
    }
    APR_ARRAY_PUSH(cert_files, const char *) = certificate->fallback_path;
    APR_ARRAY_PUSH(key_files, const char *) = certificate->fallback_key_path;
    certificate->planned.fallback = 1;
    vhost->state = "fallback";
    return OK;
}
