/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/query.h"

#include <http_core.h>
#include <http_main.h>

#include "httpd/live.h"
#include "mod_acme_eab.h"

static const site_vhost_t *vhost_of(const server_rec *s)
{
    const site_t *site = ap_server_conf != NULL ? config_site(ap_server_conf) : NULL;

    return site != NULL && site->enabled ? site_vhost(site, s) : NULL;
}

static int acme_eab_server_is_managed(server_rec *s)
{
    return vhost_of(s) != NULL;
}

static const char *acme_eab_server_state(server_rec *s)
{
    const site_vhost_t *vhost = vhost_of(s);

    return vhost != NULL ? live_state(vhost) : "unmanaged";
}

static const char *acme_eab_server_certificate(server_rec *s)
{
    const site_vhost_t *vhost = vhost_of(s);

    return vhost != NULL ? APR_ARRAY_IDX(vhost->domain->names, 0, const char *) : NULL;
}

void query_register(void)
{
    APR_REGISTER_OPTIONAL_FN(acme_eab_server_is_managed);
    APR_REGISTER_OPTIONAL_FN(acme_eab_server_state);
    APR_REGISTER_OPTIONAL_FN(acme_eab_server_certificate);
}
