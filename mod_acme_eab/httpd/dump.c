/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/dump.h"

#include <stdio.h>
#include <stdlib.h>

#include <http_config.h>
#include <http_core.h>

#include "httpd/config.h"
#include "httpd/site.h"
#include "ipc/plan.h"

/* Only with mistakes there is no site, and then httpd does not come as far as here. */
void dump_test_config(apr_pool_t *pconf, server_rec *main_server)
{
    const site_t *site = config_site(main_server);
    json_t *json;
    char *text;

    if (!ap_exists_config_define("DUMP_ACME") || site == NULL) {
        return;
    }
    json = plan_to_json(site_plan(site, pconf));
    if ((text = json_dumps(json, JSON_INDENT(1) | JSON_PRESERVE_ORDER)) != NULL) {
        puts(text);
        free(text);
    }
    json_decref(json);
}
