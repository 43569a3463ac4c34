/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kit.h"

#include <apr_strings.h>

#define THREADS_MAX 4

/* "mod_acme_eab/0.1.0 (httpd/2.4.71) libcurl/7.88.1" (RFC 8555, 6.1) */
static const char *user_agent(const brief_t *brief, apr_pool_t *p)
{
    return apr_psprintf(p, "mod_acme_eab/%s (httpd/%s) %s", EAB_VERSION,
                        brief->httpd_version != NULL ? brief->httpd_version : "2.4",
                        acme_http_library());
}

kit_t *kit_make(link_t *link, brief_t *brief, apr_pool_t *p)
{
    kit_t *kit = apr_pcalloc(p, sizeof(*kit));

    kit->pool = p;
    kit->link = link;
    kit->brief = brief;
    kit->since = apr_time_now();
    kit->reading = reading_make(p);
    kit->pacing = pacing_make(p);
    kit->agenda = agenda_make(p);
    kit->http = acme_http_make(p, user_agent(brief, p));
    kit->aside = kit->http != NULL ? aside_make(THREADS_MAX, p) : NULL;
    kit->visitor = kit->aside != NULL ? visitor_make(p) : NULL;
    return kit->visitor != NULL ? kit : NULL;
}

void kit_touch(kit_t *kit)
{
    kit->touched = 1;
}
