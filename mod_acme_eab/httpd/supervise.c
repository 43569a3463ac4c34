/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/supervise.h"

#include <ap_mpm.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <http_main.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/process.h"
#include "base/rundir.h"
#include "httpd/fallback.h"
#include "httpd/handover.h"
#include "httpd/live.h"
#include "httpd/program.h"
#include "httpd/rehearsal.h"
#include "httpd/relay.h"
#include "httpd/site.h"
#include "ipc/frame.h"
#include "ipc/message.h"
#include "live/segment.h"
#include "store/lock.h"

extern module AP_MODULE_DECLARE_DATA acme_eab_module;
APLOG_USE_MODULE(acme_eab);

#define SUPERVISOR_KEY "acme_eab:supervisor"
#define SEND_TIMEOUT apr_time_from_sec(10)
#define STEADY \
    apr_time_from_sec(5) /* one that lived this long after READY is not in a crash loop */
#define PAUSE_UNIT apr_time_from_sec(10)
#define PAUSE_MAX 64
#define END_MILLISECONDS 3000
#define SILENT_MAX 12 /* looks, one each ten seconds */
#define SILENT_MAX_AT_START \
    60                    /* until it is ready: it may wait for the lock, or read a large store */
#define EXIT_STATUS_MAX 2 /* of the keeper */

typedef struct supervisor {
    apr_pool_t *pool; /* pconf's: ends with the configuration */
    server_rec *main;
    site_t *site;
    pid_t parent; /* the pool exists in workers as well, and must do nothing there */
    int starts;
    int failures;    /* in a row */
    apr_time_t next; /* by clock_steady(): when to start it again; 0: it runs */

    apr_pool_t *keeper_pool; /* of the keeper that runs; NULL when none does */
    pid_t pid;               /* for messages; httpd clears proc.pid */
    apr_proc_t proc;
    frame_channel_t *channel; /* our end of its standard input */
    relay_t *relay;           /* of its lines; NULL: they go to standard error */
    int ready;                /* it has said so */
    int silent;               /* looks in a row at which it had said nothing */
    apr_time_t since;
} supervisor_t;

static void start(supervisor_t *supervisor);

/* For leave_behind(), which has no argument. */
static process_rec *guarded;  /* NULL: nothing is */
static supervisor_t *present; /* NULL: there is none */

/* In each process that is forked from httpd's parent, at any time and by whichever module: workers, the daemons
 * of mod_cgid and mod_wsgi. None may have the lock of the store, speak to the keeper in httpd's name, write
 * what others serve, or read what is for the log. What is executed has none of it anyway. The keeper is forked
 * before there is a channel to it, and needs the pipes. */
static void leave_behind(void)
{
    if (guarded != NULL)
        handover_drop(guarded);
    if (present == NULL || getpid() == present->parent)
        return;
    if (present->keeper_pool != NULL && present->channel != NULL) {
        frame_channel_close(present->channel);
        relay_let_go(present->relay);
    }
    if (present->site->segment != NULL)
        segment_close_descriptor(present->site->segment);
}

int supervise_guard(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server)
{
    (void)pconf;
    (void)plog;
    (void)ptemp;
    if (guarded == NULL)
        (void)pthread_atfork(NULL, NULL, leave_behind); /* until this module is unloaded */
    guarded = main_server->process;
    return OK;
}

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

/* What it has said since the last look; the lock stays with the channel. */
static void listen_to_keeper(supervisor_t *supervisor)
{
    apr_pool_t *pool = NULL;
    json_t *body = NULL;
    int type = 0;

    apr_status_t rv = APR_EAGAIN;

    if (apr_pool_create(&pool, supervisor->keeper_pool) != APR_SUCCESS)
        return;
    supervisor->silent++;
    while (APR_STATUS_IS_EAGAIN(rv) && frame_fill(supervisor->channel) == APR_SUCCESS) {
        while ((rv = frame_take(supervisor->channel, &type, &body, pool)) == APR_SUCCESS) {
            supervisor->ready |= type == MESSAGE_READY;
            supervisor->silent = 0;
        }
    }
    apr_pool_destroy(pool);
}

/* For the next keeper, before this one lets go of it. */
static apr_status_t keep_lock(void *data)
{
    supervisor_t *supervisor = data;

    if (getpid() == supervisor->parent) {
        listen_to_keeper(supervisor);
        handover_put(supervisor->main->process, frame_take_descriptor(supervisor->channel));
    }
    return APR_SUCCESS;
}

/* Looks are counted, not the time: after httpd or the machine has slept, there is one look. */
static void end_when_silent(supervisor_t *supervisor)
{
    listen_to_keeper(supervisor);
    if (supervisor->silent <= (supervisor->ready ? SILENT_MAX : SILENT_MAX_AT_START))
        return;
    ap_log_error(APLOG_MARK, APLOG_ERR, 0, supervisor->main,
                 "the keeper (process %" APR_PID_T_FMT
                 ") has said nothing for minutes; it is ended "
                 "and started again",
                 supervisor->pid);
    (void)kill(supervisor->pid, SIGKILL); /* httpd finds it dead, and calls maintain() */
    supervisor->silent = 0;
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
    supervisor->channel = NULL;
    supervisor->relay = NULL;
}

/* httpd hands on what waitpid() said, or only the number of the signal or the exit status in it. The
 * keeper's own exit statuses are small, and no signal with such a number can be meant for it. */
static const char *describe_end(apr_pool_t *p, int status)
{
    if (status == -1)
        return "it is gone";
    if (status > 0 && status <= EXIT_STATUS_MAX)
        status = PROCESS_ENDED(status, 0);
    return process_describe_end(p, status);
}

/* It has asked for that itself: no failure, and nothing to wait for. */
static int begins_anew(supervisor_t *supervisor, int status)
{
    if (!supervisor->ready || (status != KEEPER_ANEW && status != PROCESS_ENDED(KEEPER_ANEW, 0)))
        return 0;
    ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, supervisor->main,
                 "the keeper (process %" APR_PID_T_FMT ") begins anew with what is in ACMEStoreDir",
                 supervisor->pid);
    let_go(supervisor);
    start(supervisor);
    return 1;
}

static void note_end(supervisor_t *supervisor, int status)
{
    apr_interval_time_t pause = 0;
    int stopping = 0;
    const char *how = describe_end(supervisor->keeper_pool, status);

    if (ap_mpm_query(AP_MPMQ_MPM_STATE, &stopping) == APR_SUCCESS && stopping == AP_MPMQ_STOPPING)
        return;
    listen_to_keeper(supervisor);
    if (begins_anew(supervisor, status))
        return;
    if (supervisor->ready && clock_steady() - supervisor->since >= STEADY)
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

/* The cleanups run in reverse: httpd forgets the child, the lock is taken from it, the socket is closed,
 * the child is awaited. */
static void adopt(supervisor_t *supervisor, pid_t pid, int fd)
{
    supervisor->pid = pid;
    supervisor->proc.pid = pid;
    supervisor->ready = 0;
    supervisor->silent = 0;
    supervisor->since = clock_steady();
    supervisor->next = 0;
    apr_pool_cleanup_register(supervisor->keeper_pool, supervisor, reap, apr_pool_cleanup_null);
    supervisor->channel = frame_channel_make(supervisor->keeper_pool, fd, LIMIT_FRAME);
    supervisor->ready = 0;
    frame_accept_descriptor(supervisor->channel);
    apr_pool_cleanup_register(supervisor->keeper_pool, supervisor, keep_lock,
                              apr_pool_cleanup_null);
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
    /* What is its standard output is standard error of the agent that it will start. */
    supervisor->relay = relay_start(supervisor->main, supervisor->keeper_pool);
    rv = program_start(&pid, KEEPER_PROGRAM, NULL, sockets[1], relay_for_agent(supervisor->relay),
                       relay_for_keeper(supervisor->relay));
    relay_hand_over(supervisor->relay);
    (void)close(sockets[1]);
    if (rv == APR_SUCCESS)
        adopt(supervisor, pid, sockets[0]);
    else
        (void)close(sockets[0]);
    return rv;
}

/* Without it the keeper takes it anew, if nobody else has. */
static void send_lock(supervisor_t *supervisor)
{
    int lock = handover_get(supervisor->main->process);

    if (lock < 0)
        return;
    (void)frame_send_descriptor(frame_channel_fd(supervisor->channel), MESSAGE_LOCK, lock);
    (void)close(lock);
}

/* Without it the keeper activates by restarts. */
static void send_segment(const supervisor_t *supervisor)
{
    if (supervisor->site->segment != NULL)
        (void)frame_send_descriptor(frame_channel_fd(supervisor->channel), MESSAGE_SEGMENT,
                                    segment_descriptor(supervisor->site->segment));
}

static apr_status_t send_part(void *baton, int type, json_t *body)
{
    const supervisor_t *supervisor = baton;
    apr_status_t rv =
        frame_send_blocking(frame_channel_fd(supervisor->channel), type, body, SEND_TIMEOUT);

    json_decref(body);
    return rv;
}

static apr_status_t send_plan(supervisor_t *supervisor)
{
    apr_pool_t *pool = NULL;
    plan_t *plan = NULL;
    apr_status_t rv = apr_pool_create(&pool, supervisor->keeper_pool);

    if (rv != APR_SUCCESS)
        return rv;
    plan = site_plan(supervisor->site, pool);
    plan->restarts = supervisor->starts - 1;
    rv = plan_send(plan, send_part, supervisor);
    apr_pool_destroy(pool);
    return rv;
}

/* Sites that have their certificates go on; the agent will say what it cannot do. */
static void make_rundir(const supervisor_t *supervisor)
{
    const site_t *site = supervisor->site;
    apr_array_header_t *notes = NULL;
    apr_pool_t *ptemp = NULL;
    const char *why = NULL;
    int i = 0;

    if (apr_pool_create(&ptemp, supervisor->pool) != APR_SUCCESS)
        return;
    /* Sites that have their certificates go on. The keeper looks at it again, and mends it. */
    if (rundir_make(site->run_dir, site->uid, site->gid, &notes, &why, ptemp) != APR_SUCCESS)
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, site->main, "%s", why);
    for (i = 0; i < notes->nelts; ++i)
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, site->main, "%s",
                     APR_ARRAY_IDX(notes, i, const char *));
    apr_pool_destroy(ptemp);
}

/* The user of the agent may be missing for a while, and with him the directory that is his. */
static int find_user(supervisor_t *supervisor)
{
    if (supervisor->site->uid != SITE_NO_USER)
        return 1;
    if (!site_find_user(supervisor->site))
        return 0;
    make_rundir(supervisor);
    supervisor->site->run =
        rundir_hold(supervisor->site->run_dir, supervisor->site->uid, supervisor->pool);
    return 1;
}

/* Not now: the status says why, and it is tried again after a pause. */
static void hold(supervisor_t *supervisor, apr_status_t rv, const char *why)
{
    ap_log_error(APLOG_MARK, APLOG_ERR, rv, supervisor->main,
                 "%s Certificates are served, but not renewed; it is tried again after a pause",
                 why);
    supervisor->site->held = why;
    supervisor->failures++;
    supervisor->next = clock_steady() + pause_after(supervisor->failures + 1);
}

static void start(supervisor_t *supervisor)
{
    apr_status_t rv = APR_SUCCESS;

    if (!find_user(supervisor)) {
        hold(supervisor, APR_SUCCESS,
             apr_pstrcat(supervisor->pool, "The system has no unprivileged user '",
                         supervisor->site->user,
                         "', as whom the process that talks to the CA is to run (ACMEUser): make "
                         "it, or name another.",
                         NULL));
        return;
    }
    supervisor->starts++;
    rv = apr_pool_create(&supervisor->keeper_pool, supervisor->pool);
    if (rv == APR_SUCCESS)
        rv = start_program(supervisor);
    if (rv != APR_SUCCESS) {
        let_go(supervisor);
        hold(supervisor, rv,
             "The keeper program " KEEPER_PROGRAM " cannot be started: install it again.");
        return;
    }
    supervisor->site->held = NULL;
    send_lock(supervisor);
    send_segment(supervisor);
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

/* When httpd ends, its piped logs are the first to go. The last lines of the keeper come before. */
static apr_status_t end_before_logs(void *data)
{
    supervisor_t *supervisor = data;

    if (getpid() == supervisor->parent && supervisor->keeper_pool != NULL) {
        supervisor->next = 0;
        let_go(supervisor);
    }
    return APR_SUCCESS;
}

/* At a restart this code is unloaded, and httpd's own pool lives on. */
static apr_status_t forget_end(void *data)
{
    supervisor_t *supervisor = data;

    present = NULL;
    apr_pool_cleanup_kill(supervisor->main->process->pool, supervisor, end_before_logs);
    return APR_SUCCESS;
}

static supervisor_t *supervisor_make(site_t *site)
{
    supervisor_t *supervisor = apr_pcalloc(site->pool, sizeof(*supervisor));

    (void)apr_pool_create(&supervisor->pool, site->pool);
    supervisor->main = site->main;
    supervisor->site = site;
    supervisor->parent = getpid();
    apr_pool_pre_cleanup_register(site->main->process->pool, supervisor, end_before_logs);
    apr_pool_cleanup_register(supervisor->pool, supervisor, forget_end, apr_pool_cleanup_null);
    apr_pool_userdata_setn(supervisor, SUPERVISOR_KEY, NULL, site->pool);
    present = supervisor;
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

/* For the status page: the keeper will wait then, and there is no agent that could report it. */
static const char *look_for_another(const site_t *site)
{
    lock_owner_t self = lock_owner_make(0, (int)getpid(), ap_server_root, site->pool);

    return lock_of_another(site->store_dir, &self, site->pool);
}

int supervise_start(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server)
{
    site_t *site = config_site(main_server);
    supervisor_t *supervisor = NULL;

    (void)pconf;
    (void)plog;
    (void)ptemp;
    if (site == NULL)
        return OK;
    fallback_close(site->fallback);
    note_run(site);
    if (rehearsal_active() || ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG)
        return OK;
    if (!site->enabled) {
        handover_drop(main_server->process); /* there is nothing to keep a store for */
        return OK;
    }
    site->store_in_use = look_for_another(site);
    supervisor = supervisor_make(site);
    if (site->uid != SITE_NO_USER)
        make_rundir(supervisor);
    site->run = rundir_hold(site->run_dir, site->uid, site->pool);
    live_prepare(site);
    start(supervisor);
    return OK;
}

int supervise_monitor(apr_pool_t *p, server_rec *main_server)
{
    supervisor_t *supervisor = supervisor_find(main_server);

    (void)p;
    if (supervisor == NULL)
        return DECLINED;
    relay_monitor(supervisor->relay);
    if (supervisor->next != 0 && clock_steady() >= supervisor->next)
        start(supervisor);
    else if (supervisor->keeper_pool != NULL)
        end_when_silent(supervisor);
    return DECLINED;
}
