/* SPDX-License-Identifier: Apache-2.0 */

/* test/module/mod_eab_probe.c - asks mod_acme_eab about the server of a request, as another module
 * would, and answers in plain text: "SetHandler eab-probe". "EABProbeRefuse STATUS PATH" refuses
 * requests for what is below PATH before any other module sees them.
 *
 * OpenSSL has one callback of a kind for all modules. "EABProbeChoose on" takes the place of that for the
 * choice of a certificate, "EABProbeName on" of that for the server's name, and "EABProbeStaple alone|before"
 * of that for OCSP responses: without, or before asking who was there. */

#include <httpd.h>
#include <http_config.h>
#include <http_protocol.h>
#include <apr_optional_hooks.h>
#include <openssl/ssl.h>

#include "mod_acme_eab.h"

static APR_OPTIONAL_FN_TYPE(acme_eab_server_is_managed) * is_managed;
static APR_OPTIONAL_FN_TYPE(acme_eab_server_state) * state;
static APR_OPTIONAL_FN_TYPE(acme_eab_server_certificate) * certificate;

static void retrieve(void)
{
    is_managed = APR_RETRIEVE_OPTIONAL_FN(acme_eab_server_is_managed);
    state = APR_RETRIEVE_OPTIONAL_FN(acme_eab_server_state);
    certificate = APR_RETRIEVE_OPTIONAL_FN(acme_eab_server_certificate);
}

static int handler(request_rec *r)
{
    const char *name = NULL;

    if (r->handler == NULL || strcmp(r->handler, "eab-probe") != 0)
        return DECLINED;
    ap_set_content_type(r, "text/plain");
    if (is_managed == NULL || state == NULL || certificate == NULL) {
        ap_rputs("mod_acme_eab is not loaded\n", r);
        return OK;
    }
    name = certificate(r->server);
    ap_rprintf(r, "managed=%d state=%s certificate=%s\n", is_managed(r->server), state(r->server),
               name != NULL ? name : "-");
    return OK;
}

static int refusal;
static const char *refused;

static const char *set_refusal(cmd_parms *cmd, void *config, const char *status, const char *path)
{
    (void)cmd;
    (void)config;
    refusal = atoi(status);
    refused = path;
    return NULL;
}

static int refuse(request_rec *r)
{
    return refused != NULL && strncmp(r->uri, refused, strlen(refused)) == 0 ? refusal : DECLINED;
}

typedef int ssl_HOOK_init_server_t(server_rec *s, apr_pool_t *p, int is_proxy, SSL_CTX *ctx);

static int chooses;

static const char *set_chooses(cmd_parms *cmd, void *config, int on)
{
    (void)cmd;
    (void)config;
    chooses = on;
    return NULL;
}

static int choose(SSL *ssl, void *data)
{
    (void)ssl;
    (void)data;
    return 1;
}

static int take_choice(server_rec *s, apr_pool_t *p, int is_proxy, SSL_CTX *ctx)
{
    (void)s;
    (void)p;
    if (chooses && !is_proxy)
        SSL_CTX_set_cert_cb(ctx, choose, NULL);
    return DECLINED;
}

static const char *staples;

static const char *set_staples(cmd_parms *cmd, void *config, const char *manner)
{
    (void)cmd;
    (void)config;
    staples = manner;
    return NULL;
}

typedef struct before {
    int (*status)(SSL *, void *);
    void *arg;
} before_t;

static int staple(SSL *ssl, void *data)
{
    const before_t *before = data;

    return before->status != NULL ? before->status(ssl, before->arg) : SSL_TLSEXT_ERR_NOACK;
}

static int take_stapling(server_rec *s, apr_pool_t *p, int is_proxy, SSL_CTX *ctx)
{
    before_t *before = apr_pcalloc(p, sizeof(*before));

    (void)s;
    if (staples == NULL || is_proxy)
        return DECLINED;
    if (strcmp(staples, "before") == 0) {
        (void)SSL_CTX_get_tlsext_status_cb(ctx, &before->status);
        (void)SSL_CTX_get_tlsext_status_arg(ctx, &before->arg);
    }
    (void)SSL_CTX_set_tlsext_status_cb(ctx, staple);
    (void)SSL_CTX_set_tlsext_status_arg(ctx, before);
    return DECLINED;
}

static int names;

static const char *set_names(cmd_parms *cmd, void *config, int on)
{
    (void)cmd;
    (void)config;
    names = on;
    return NULL;
}

static int name(SSL *ssl, int *alert, void *data)
{
    (void)ssl;
    (void)alert;
    (void)data;
    return SSL_TLSEXT_ERR_OK;
}

static int take_name(server_rec *s, apr_pool_t *p, int is_proxy, SSL_CTX *ctx)
{
    (void)s;
    (void)p;
    if (names && !is_proxy)
        (void)SSL_CTX_set_tlsext_servername_callback(ctx, name);
    return DECLINED;
}

static const command_rec commands[] = {
    AP_INIT_FLAG("EABProbeChoose", set_chooses, NULL, RSRC_CONF, "on or off"),
    AP_INIT_FLAG("EABProbeName", set_names, NULL, RSRC_CONF, "on or off"),
    AP_INIT_TAKE1("EABProbeStaple", set_staples, NULL, RSRC_CONF, "alone or before"),
    AP_INIT_TAKE2("EABProbeRefuse", set_refusal, NULL, RSRC_CONF, "a status and a path"),
    { NULL, { NULL }, NULL, 0, TAKE1, NULL },
};

static void register_hooks(apr_pool_t *p)
{
    (void)p;
    ap_hook_optional_fn_retrieve(retrieve, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_handler(handler, NULL, NULL, APR_HOOK_MIDDLE);
    APR_OPTIONAL_HOOK(ssl, init_server, take_choice, NULL, NULL, APR_HOOK_LAST);
    APR_OPTIONAL_HOOK(ssl, init_server, take_name, NULL, NULL, APR_HOOK_LAST);
    APR_OPTIONAL_HOOK(ssl, init_server, take_stapling, NULL, NULL, APR_HOOK_LAST);
    ap_hook_post_read_request(refuse, NULL, NULL, APR_HOOK_REALLY_FIRST);
}

AP_DECLARE_MODULE(eab_probe) = { STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, commands,
                                 register_hooks,          0 };
