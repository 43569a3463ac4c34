/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/supervise.h"

#include <ap_mpm.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/rundir.h"
#include "httpd/fallback.h"
#include "httpd/program.h"
#include "httpd/rehearsal.h"
#include "httpd/site.h"
#include "ipc/frame.h"
#include "ipc/message.h"

extern module AP_MODULE_DECLARE_DATA acme_eab_module;
APLOG_USE_MODULE(acme_eab);

#define SUPERVISOR_KEY "acme_eab:supervisor"
#define SEND_TIMEOUT apr_time_from_sec(10)
#define STEADY \
    apr_time_from_sec(5) /* one that lived this long after READY is not in a crash loop */
#define PAUSE_UNIT apr_time_from_sec(10)
#define PAUSE_MAX 64
#define END_MILLISECONDS 3000
#define EXIT_STATUS_MAX 2 /* of the keeper */

typedef struct supervisor {
    apr_pool_t *pool; /* pconf's: ends with the configuration */
    server_rec *main;
    const site_t *site;
    pid_t parent; /* the pool exists in workers as well, and must do nothing there */
    int starts;
    int failures;    /* in a row */
    apr_time_t next; /* by clock_steady(): when to start it again; 0: it runs */

    apr_pool_t *keeper_pool; /* of the keeper that runs; NULL when none does */
    pid_t pid;               /* for messages; httpd clears proc.pid */
    apr_proc_t proc;
    frame_channel_t *channel; /* our end of its standard input */
    apr_time_t since;
} supervisor_t;

static void start(supervisor_t *supervisor);

static int is_running(pid_t pid)
{
    return waitpid(pid, NULL, WNOHANG) == 0;
}

/* The socket is closed by now. A new keeper wants the lock of the store, and httpd warns about
 * children that it does not know: so wait for this one. It is made to be killed at any moment. */
static apr_status_t reap(void *data)
{
    supervisor_t *supervisor = data;
    pid_t pid = supervisor->proc.pid;
    int waited = 0;

    if (getpid() != supervisor->parent || pid <= 0)
        return APR_SUCCESS;
    for (waited = 0; is_running(pid); waited += 5) {
        if (waited >= END_MILLISECONDS) {
            (void)kill(pid, SIGKILL);
            (void)waitpid(pid, NULL, 0);
            break;
        }
        apr_sleep(apr_time_from_msec(5));
    }
    supervisor->proc.pid = -1;
    return APR_SUCCESS;
}

static int was_ready(supervisor_t *supervisor)
{
    json_t *body = NULL;
    int type = 0;

    (void)frame_fill(supervisor->channel);
    while (frame_take(supervisor->channel, &type, &body, supervisor->keeper_pool) == APR_SUCCESS) {
        if (type == MESSAGE_READY)
            return 1;
    }
    return 0;
}

/* At once the first time, then after 10, 20, 40 ... 640 seconds. */
static apr_interval_time_t pause_after(int failures)
{
    if (failures < 2)
        return 0;
    return PAUSE_UNIT * (failures - 2 < 6 ? 1 << (failures - 2) : PAUSE_MAX);
}

static void let_go(supervisor_t *supervisor)
{
    apr_pool_destroy(supervisor->keeper_pool);
    supervisor->keeper_pool = NULL;
}

/* httpd hands on what waitpid() said, or only the number of the signal or the exit status in it. The
 * keeper's own exit statuses are small, and no signal with such a number can be meant for it. */
static const char *describe_end(apr_pool_t *p, int status)
{
    if (status == -1)
        return "it is gone";
    if (status >= 256)
        return apr_psprintf(p, "exit status %d", WEXITSTATUS(status));
    return apr_psprintf(p, status <= EXIT_STATUS_MAX ? "exit status %d" : "signal %d",
                        status & 127);
}

static void note_end(supervisor_t *supervisor, int status)
{
    apr_interval_time_t pause = 0;
    int stopping = 0;
    const char *how = describe_end(supervisor->keeper_pool, status);

    if (ap_mpm_query(AP_MPMQ_MPM_STATE, &stopping) == APR_SUCCESS && stopping == AP_MPMQ_STOPPING)
        return;
    if (was_ready(supervisor) && clock_steady() - supervisor->since >= STEADY)
        supervisor->failures = 0;
    pause = pause_after(++supervisor->failures);
    ap_log_error(APLOG_MARK, APLOG_ERR, 0, supervisor->main,
                 "the keeper (process %" APR_PID_T_FMT ") ended without being asked to (%s); it is "
                 "started again %s, nothing is lost",
                 supervisor->pid, how,
                 pause == 0 ? "at once"
                            : apr_pstrcat(supervisor->keeper_pool, "in about ",
                                          clock_span(supervisor->keeper_pool, pause), NULL));
    let_go(supervisor);
    if (pause == 0)
        start(supervisor);
    else
        supervisor->next = clock_steady() + pause;
}

/* Called by httpd for its "other children". */
static void maintain(int reason, void *data, int status)
{
    supervisor_t *supervisor = data;

    if (getpid() != supervisor->parent || supervisor->keeper_pool == NULL)
        return;
    if (reason == APR_OC_REASON_DEATH || reason == APR_OC_REASON_LOST)
        note_end(supervisor, reason == APR_OC_REASON_DEATH ? status : -1);
}

/* The cleanups run in reverse: httpd forgets the child, the socket is closed, the child is awaited. */
static void adopt(supervisor_t *supervisor, pid_t pid, int fd)
{
    supervisor->pid = pid;
    supervisor->proc.pid = pid;
    supervisor->since = clock_steady();
    supervisor->next = 0;
    apr_pool_cleanup_register(supervisor->keeper_pool, supervisor, reap, apr_pool_cleanup_null);
    supervisor->channel = frame_channel_make(supervisor->keeper_pool, fd, LIMIT_FRAME);
    apr_proc_other_child_register(&supervisor->proc, maintain, supervisor, NULL,
                                  supervisor->keeper_pool);
}

static apr_status_t start_program(supervisor_t *supervisor)
{
    int sockets[2] = { -1, -1 };
    pid_t pid = -1;
    apr_status_t rv = APR_SUCCESS;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0)
        return errno;
    rv = program_start(&pid, KEEPER_PROGRAM, NULL, sockets[1], -1);
    (void)close(sockets[1]);
    if (rv == APR_SUCCESS)
        adopt(supervisor, pid, sockets[0]);
    else
        (void)close(sockets[0]);
    return rv;
}

static apr_status_t send_plan(supervisor_t *supervisor)
{
    plan_t *plan = site_plan(supervisor->site, supervisor->keeper_pool);
    const json_t *json = NULL;

    plan->restarts = supervisor->starts - 1;
    json = json_own(supervisor->keeper_pool, plan_to_json(plan));
    return frame_send_blocking(frame_channel_fd(supervisor->channel), MESSAGE_PLAN, json,
                               SEND_TIMEOUT);
}

static void start(supervisor_t *supervisor)
{
    apr_status_t rv = apr_pool_create(&supervisor->keeper_pool, supervisor->pool);

    supervisor->starts++;
    if (rv == APR_SUCCESS)
        rv = start_program(supervisor);
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_ERR, rv, supervisor->main,
                     "the keeper program " KEEPER_PROGRAM " cannot be started; certificates are "
                     "served, but not renewed. Install it again; it is tried again after a pause");
        let_go(supervisor);
        supervisor->failures++;
        supervisor->next = clock_steady() + pause_after(supervisor->failures + 1);
        return;
    }
    /* One that does not read its plan will be ended by the closed socket, and is then restarted. */
    if ((rv = send_plan(supervisor)) != APR_SUCCESS)
        ap_log_error(APLOG_MARK, APLOG_ERR, rv, supervisor->main,
                     "the keeper (process %" APR_PID_T_FMT ") does not take its configuration",
                     supervisor->pid);
    else
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, supervisor->main,
                     "keeper started (process %" APR_PID_T_FMT ") for %d certificate%s",
                     supervisor->pid, supervisor->site->certificates->nelts,
                     supervisor->site->certificates->nelts == 1 ? "" : "s");
}

static supervisor_t *supervisor_make(const site_t *site)
{
    supervisor_t *supervisor = apr_pcalloc(site->pool, sizeof(*supervisor));

    (void)apr_pool_create(&supervisor->pool, site->pool);
    supervisor->main = site->main;
    supervisor->site = site;
    supervisor->parent = getpid();
    apr_pool_userdata_setn(supervisor, SUPERVISOR_KEY, NULL, site->pool);
    return supervisor;
}

static supervisor_t *supervisor_find(const server_rec *main_server)
{
    const site_t *site = config_site(main_server);
    void *found = NULL;

    if (site != NULL)
        apr_pool_userdata_get(&found, SUPERVISOR_KEY, site->pool);
    return found;
}

/* What the status of this run is told by from one of before. */
static void note_run(site_t *site)
{
    site->parent = (int)getpid();
    site->since = apr_time_now();
    site->started = clock_steady();
    if (ap_mpm_query(AP_MPMQ_GENERATION, &site->restarts) != APR_SUCCESS)
        site->restarts = 0;
}

int supervise_start(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server)
{
    site_t *site = config_site(main_server);
    apr_array_header_t *notes = NULL;
    const char *why = NULL;
    int i = 0;

    (void)pconf;
    (void)plog;
    if (site == NULL)
        return OK;
    fallback_close(site->fallback);
    note_run(site);
    if (!site->enabled || rehearsal_active()
        || ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG)
        return OK;
    if (rundir_make(site->run_dir, site->uid, site->gid, &notes, &why, ptemp) != APR_SUCCESS) {
        /* Sites that have their certificates go on. The keeper looks at it again, and mends it. */
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, main_server, "%s", why);
    }
    for (i = 0; i < notes->nelts; ++i)
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, main_server, "%s",
                     APR_ARRAY_IDX(notes, i, const char *));
    site->run = rundir_hold(site->run_dir, site->uid, site->pool);
    start(supervisor_make(site));
    return OK;
}

int supervise_monitor(apr_pool_t *p, server_rec *main_server)
{
    supervisor_t *supervisor = supervisor_find(main_server);

    (void)p;
    if (supervisor != NULL && supervisor->next != 0 && clock_steady() >= supervisor->next)
        start(supervisor);
    return DECLINED;
}

void supervise_child_init(apr_pool_t *pchild, server_rec *main_server)
{
    supervisor_t *supervisor = supervisor_find(main_server);

    (void)pchild;
    /* With -X the worker is the parent. */
    if (supervisor == NULL || supervisor->keeper_pool == NULL || getpid() == supervisor->parent)
        return;
    (void)close(frame_channel_fd(supervisor->channel));
}
