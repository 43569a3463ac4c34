/* SPDX-License-Identifier: Apache-2.0 */

/* httpd/mod_acme_eab.c - the module: which of httpd's hooks lead to which file. */

#include <ap_mmn.h>
#include <httpd.h>
#include <http_config.h>
#include <http_protocol.h>
#include <http_ssl.h>
#include <mpm_common.h>
#include <apr_optional_hooks.h>

#if !AP_MODULE_MAGIC_AT_LEAST(20120211, 105)
#error "httpd 2.4.48 or newer is needed: older ones have no core hooks for certificates"
#endif

#include "httpd/alpn.h"
#include "httpd/answer.h"
#include "httpd/check.h"
#include "httpd/config.h"
#include "httpd/connection.h"
#include "httpd/dump.h"
#include "httpd/live.h"
#include "httpd/query.h"
#include "httpd/rehearsal.h"
#include "httpd/serverstatus.h"
#include "httpd/ssl.h"
#include "httpd/stapling.h"
#include "httpd/status.h"
#include "httpd/supervise.h"

static void register_hooks(apr_pool_t *p)
{
    static const char *const before_mod_ssl[] = { "mod_ssl.c", NULL };
    static const char *const before_mod_md[] = { "mod_md.c", NULL };

    (void)p;
    ap_hook_check_config(check_hook, NULL, NULL, APR_HOOK_LAST);
    ap_hook_test_config(dump_test_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(supervise_guard, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_post_config(check_tell, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(supervise_start, NULL, NULL, APR_HOOK_REALLY_LAST);
    ap_hook_monitor(supervise_monitor, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_ssl_add_cert_files(ssl_add_files, NULL, before_mod_md, APR_HOOK_MIDDLE);
    ap_hook_ssl_add_fallback_cert_files(ssl_add_fallback, NULL, before_mod_md, APR_HOOK_MIDDLE);
    ap_hook_ssl_answer_challenge(alpn_answer, NULL, before_mod_md, APR_HOOK_MIDDLE);
    ap_hook_post_config(alpn_post_config, NULL, NULL, APR_HOOK_MIDDLE);
    APR_OPTIONAL_HOOK(ssl, pre_handshake, connection_pre_handshake, NULL, NULL, APR_HOOK_MIDDLE);
    APR_OPTIONAL_HOOK(ssl, init_server, live_init_server, NULL, NULL, APR_HOOK_MIDDLE);
    APR_OPTIONAL_HOOK(ssl, init_server, stapling_init_server, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_protocol_propose(alpn_propose, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_protocol_switch(alpn_switch, NULL, before_mod_md, APR_HOOK_MIDDLE);
    ap_hook_protocol_get(alpn_get, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_read_request(alpn_post_read_request, NULL, before_mod_ssl, APR_HOOK_REALLY_FIRST);
    ap_hook_post_read_request(answer_post_read_request, NULL, before_mod_ssl, APR_HOOK_FIRST);
    ap_hook_post_read_request(live_post_read_request, NULL, NULL, APR_HOOK_FIRST + 1);
    ap_hook_log_transaction(answer_log_transaction, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_handler(status_handler, NULL, NULL, APR_HOOK_MIDDLE);
    query_register();
    serverstatus_register();
    rehearsal_register();
}

AP_DECLARE_MODULE(acme_eab) = {
    STANDARD20_MODULE_STUFF, NULL,           NULL, config_create, config_merge,
    config_commands,         register_hooks, 0
};
