/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/known.h"

#include <apr_strings.h>
#include <errno.h>
#include <signal.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "httpd/report.h"
#include "report/summary.h"

#define REPORT_FILE "status.json"

/* How long an agent may take for its first report before a monitor is told. */
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

known_t known_read(const site_t *site, apr_time_t now, apr_pool_t *p)
{
    const char *why = NULL;
    json_t *status = site->enabled ? load_report(&why, site, p) : NULL;
    report_t report = report_choose(status, why, site_outline(site, p), now, p);
    known_t known = { report.json, report.notice, 0, 0, 0 };

    known.overdue =
        report.notice != NULL && (status == NULL || clock_steady() - site->started > PATIENCE);
    known.agent_pid = agent_of(known.json);
    known.agent_alive = is_alive(known.agent_pid);
    if (site->held != NULL && !known.agent_alive) {
        hold(known.json, site, p);
        json_object_del(known.json, "notice"); /* no other report comes */
        known.notice = NULL;
        known.overdue = 0;
    }
    summary_put(known.json, now);
    summary_put_files(known.json, site->store_dir, p);
    return known;
}
