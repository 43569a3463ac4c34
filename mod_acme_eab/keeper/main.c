/* SPDX-License-Identifier: Apache-2.0 */

/* acme-eab-keeper - holds every secret of mod_acme_eab and has no network. Started by httpd's parent
 * with a socket as standard input, over which the plan comes and whose end is its end. Without httpd acmectl
 * starts it in the same way, with --once and the store, which has the last plan. */

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/process.h"
#include "base/text.h"
#include "ipc/frame.h"
#include "ipc/message.h"
#include "keeper/check.h"
#include "keeper/courier.h"
#include "keeper/keeper.h"
#include "keeper/sandbox.h"
#include "keeper/stage.h"
#include "keeper/witness.h"
#include "live/stapled.h"
#include "store/lock.h"

#define PLAN_FILE "plan.json"
#define PLAN_PATIENCE 30 /* seconds for the next part of the plan */
#define LOCK_POLL 20 /* milliseconds between two tries, as long as an earlier keeper may end ... */
#define LOCK_QUIET 1000                        /* ... which takes no longer than this */
#define LOCK_WAIT 1000                         /* milliseconds between two tries later */
#define LOCK_WORD apr_time_from_sec(24 * 3600) /* between two words about it */

#define EXIT_PARENT_GONE 0
#define EXIT_UNUSABLE 1

/* @return 0 when the parent is gone */
static int wait_for_parent(frame_channel_t *parent, int milliseconds)
{
    struct pollfd pfd = { 0, POLLIN, 0 };

    pfd.fd = frame_channel_fd(parent);
    if (poll(&pfd, 1, milliseconds) > 0) {
        apr_status_t rv = frame_fill(parent);

        return rv == APR_SUCCESS || APR_STATUS_IS_EAGAIN(rv);
    }
    return 1;
}

/* Descriptors that come with the plan; -1: none did. */
typedef struct handed {
    int lock;
    int segment;
} handed_t;

/* @return APR_EOF when the parent is gone */
static apr_status_t collect_plan(plan_t *plan, eab_result_t *result, handed_t *handed,
                                 frame_channel_t *parent, apr_pool_t *ptemp)
{
    int patience = PLAN_PATIENCE;
    json_t *body = NULL;
    apr_status_t rv;
    int type = 0;

    frame_accept_descriptor(parent);
    for (;;) {
        rv = frame_take(parent, &type, &body, ptemp);
        if (rv == APR_SUCCESS && type == MESSAGE_LOCK) {
            handed->lock = frame_take_descriptor(parent);
            continue;
        }
        if (rv == APR_SUCCESS && type == MESSAGE_SEGMENT) {
            handed->segment = frame_take_descriptor(parent);
            continue;
        }
        if (rv == APR_SUCCESS) {
            rv = plan_take(plan, type, body, result);
            apr_pool_clear(ptemp);
            if (!APR_STATUS_IS_EAGAIN(rv)) {
                return rv;
            }
            patience = PLAN_PATIENCE;
        }
        else if (!APR_STATUS_IS_EAGAIN(rv)) {
            return rv;
        }
        else if (patience-- == 0) {
            return APR_TIMEUP;
        }
        else if (!wait_for_parent(parent, 1000)) {
            return APR_EOF;
        }
    }
}

static plan_t *receive_plan(handed_t *handed, frame_channel_t *parent, apr_pool_t *p)
{
    eab_result_t *result = eab_result_make(p);
    apr_pool_t *pool = NULL;
    plan_t *plan = plan_make(p);
    apr_status_t rv;

    apr_pool_create(&pool, p);
    rv = collect_plan(plan, result, handed, parent, pool);
    apr_pool_destroy(pool);
    if (rv != APR_SUCCESS && !APR_STATUS_IS_EOF(rv)) {
        log_line(LOG_LEVEL_ERROR, "The keeper did not understand httpd: %s",
                 result->detail != NULL ? result->detail : "no whole plan came");
    }
    return rv == APR_SUCCESS ? plan : NULL;
}

static apr_status_t tell_parent(frame_channel_t *parent, int type)
{
    json_t *nothing = json_object();
    apr_status_t rv = frame_send(parent, type, nothing);

    json_decref(nothing);
    return rv;
}

/* The lock comes from the keeper before, through httpd, or is free. Otherwise somebody else uses the
 * store: then this is said, and it is waited for. @return 0 to give up */
static int lock_store(const store_t *store, const plan_t *plan, int handed, frame_channel_t *parent,
                      apr_pool_t *p)
{
    lock_owner_t self = lock_owner_make((int)getpid(), plan->parent_pid, plan->server_root, p);
    apr_time_t word = clock_steady() + apr_time_from_msec(LOCK_QUIET);
    eab_result_t *result = NULL;
    apr_pool_t *pool = NULL;
    apr_status_t rv;
    int told = 0, fd = -1;

    apr_pool_create(&pool, p);
    for (;;) {
        apr_pool_clear(pool);
        result = eab_result_make(pool);
        rv = lock_take(&fd, store, handed, &self, result, p);
        handed = -1;
        if (!APR_STATUS_IS_EBUSY(rv) || plan->once) {
            break;
        }
        if (clock_steady() >= word) {
            log_line(LOG_LEVEL_ERROR, "%s", result->detail);
            word = clock_steady() + LOCK_WORD;
            told = 1;
        }
        if (!wait_for_parent(parent, told ? LOCK_WAIT : LOCK_POLL)
            || (told && tell_parent(parent, MESSAGE_ALIVE) != APR_SUCCESS)) {
            return 0;
        }
    }
    if (rv != APR_SUCCESS) {
        log_line(LOG_LEVEL_ERROR, "%s", result->detail);
        return 0;
    }
    if (plan->once) {
        return 1;
    }
    frame_send_descriptor(frame_channel_fd(parent), MESSAGE_LOCK, fd);
    if (told) {
        log_line(LOG_LEVEL_NOTICE,
                 "ACMEStoreDir %s is free now; this httpd orders and renews from now on",
                 store->dir);
    }
    return 1;
}

/* What is needed to go on without httpd. It holds no secret. */
static void remember_plan(const store_t *store, const plan_t *plan, apr_pool_t *p)
{
    apr_pool_t *pool = NULL;
    text_t text = { 0 };
    const char *path;
    apr_status_t rv;

    if (store->trouble != NULL || plan->once) {
        return;
    }
    apr_pool_create(&pool, p);
    plan_print(plan, &text);
    path = store_path(pool, store, PLAN_FILE, NULL, NULL);
    rv = text.failed ? APR_ENOMEM : store_replace(path, text.data, text.len, pool);
    text_free(&text);
    if (rv != APR_SUCCESS) {
        log_line(LOG_LEVEL_WARNING,
                 "%s cannot be written: %s. While httpd does not run, acmectl goes by an older "
                 "configuration, or none.",
                 path, file_reason(pool, rv, path));
    }
    apr_pool_destroy(pool);
}

/* @return NULL with the reason in result */
static plan_t *recall_plan(const char *store_dir, eab_result_t *result, apr_pool_t *p)
{
    const char *path = apr_pstrcat(p, store_dir, "/" PLAN_FILE, NULL);
    const char *text = NULL, *why = NULL;
    plan_t *plan = NULL;
    json_t *json = NULL;
    apr_size_t len = 0;
    apr_status_t rv;

    file_fence(store_dir);
    rv = file_read(&text, &len, path, LIMIT_PLAN, p);
    if (APR_STATUS_IS_ENOENT(rv)) {
        eab_result_set(
            result, rv, EAB_PROBLEM_STORE,
            "httpd does not run, and has never run with the store %s: what is configured "
            "is not known. Start httpd.",
            store_dir);
        return NULL;
    }
    if (rv != APR_SUCCESS || (json = json_parse(p, text, len, &why)) == NULL) {
        eab_result_set(result, APR_EINVAL, EAB_PROBLEM_STORE, "%s cannot be read: %s. Start httpd.",
                       path, why != NULL ? why : file_reason(p, rv, path));
        return NULL;
    }
    if (plan_from_json(&plan, json, result, p) == APR_SUCCESS) {
        plan->store_dir = apr_pstrdup(p, store_dir);
        plan_without_httpd(plan);
    }
    return plan;
}

typedef struct parent_watch {
    frame_channel_t *channel;
    loop_t *loop;
    loop_timer_t *beat;
} parent_watch_t;

/* A parent that does not read has more of it than it needs. */
static void on_beat(void *baton)
{
    parent_watch_t *watch = baton;
    apr_status_t rv = frame_wants_write(watch->channel)
                          ? frame_flush(watch->channel)
                          : tell_parent(watch->channel, MESSAGE_ALIVE);

    if (rv != APR_SUCCESS) {
        loop_stop(watch->loop);
        return;
    }
    loop_timer_set(watch->beat, apr_time_now() + MESSAGE_ALIVE_INTERVAL);
}

static void on_parent(void *baton, short events)
{
    parent_watch_t *watch = baton;
    apr_status_t rv;

    (void)events;
    rv = frame_fill(watch->channel);
    if (rv != APR_SUCCESS && !APR_STATUS_IS_EAGAIN(rv)) {
        loop_stop(watch->loop);
    }
}

/* NULL: there is none, or it cannot be used, which is logged. */
static segment_t *open_segment(int fd, const plan_t *plan, apr_pool_t *p)
{
    segment_t *segment = NULL;

    if (fd >= 0
        && segment_open(&segment, fd, STAPLED_SLOTS(plan->certificates->nelts), p) != APR_SUCCESS) {
        log_line(LOG_LEVEL_ERROR, "The memory for new certificates that httpd hands over cannot be "
                                  "used; httpd is restarted gracefully for them instead");
    }
    return segment;
}

static int keep(frame_channel_t *parent, plan_t *plan, const handed_t *handed, apr_pool_t *p)
{
    eab_result_t *result = eab_result_make(p);
    eab_result_t *failed = eab_result_make(p);
    parent_watch_t watch = { parent, NULL, NULL };
    store_t *store = NULL;
    keeper_t *keeper;

    if (store_open(&store, plan->store_dir, result, p) != APR_SUCCESS) {
        log_line(LOG_LEVEL_ERROR,
                 "%s Nothing is renewed until that is mended; it is looked at again "
                 "every minute",
                 result->detail);
        store = store_refuse(plan->store_dir, result, p);
    }
    else if (!lock_store(store, plan, handed->lock, parent, p)) {
        return EXIT_UNUSABLE;
    }
    watch.loop = loop_make(p);
    loop_watch(watch.loop, frame_channel_fd(parent), POLLIN, on_parent, &watch);
    if ((keeper = keeper_make(watch.loop, plan, store, open_segment(handed->segment, plan, p),
                              failed, p))
        == NULL) {
        log_line(LOG_LEVEL_ERROR, "%s", failed->detail);
        return EXIT_UNUSABLE;
    }
    keeper_start(keeper);
    watch.beat = loop_timer_make(watch.loop, on_beat, &watch);
    if (tell_parent(parent, MESSAGE_READY) != APR_SUCCESS) {
        keeper_stop(keeper);
        return EXIT_PARENT_GONE;
    }
    remember_plan(store, plan, p);
    on_beat(&watch);
    loop_run(watch.loop);
    keeper_stop(keeper);
    return mending_wants_another(keeper->mending) || succession_wants_another(keeper->succession)
               ? KEEPER_ANEW
               : EXIT_PARENT_GONE;
}

/* acmectl hears the reason when nothing comes of it. */
static int keep_once(const char *store_dir, apr_pool_t *p)
{
    handed_t handed = { -1, -1 };
    eab_result_t *result = eab_result_make(p);
    frame_channel_t *parent;
    plan_t *plan;
    json_t *body;

    sandbox_enter();
    parent = frame_channel_make(p, 0, LIMIT_FRAME);
    plan = recall_plan(store_dir, result, p);
    if (plan == NULL) {
        body = json_pack("{s:o}", "problem", eab_result_to_json(result));
        frame_send(parent, MESSAGE_PROBLEM, body);
        json_decref(body);
        return EXIT_UNUSABLE;
    }
    log_set_level(plan->log_level);
    return keep(parent, plan, &handed, p);
}

int main(int argc, const char *const *argv)
{
    apr_pool_t *pool = NULL;
    handed_t handed = { -1, -1 };
    frame_channel_t *parent;
    plan_t *plan;
    int status;

    if (argc > 3 && strcmp(argv[1], "--stage") == 0) {
        return stage_run(argv + 2);
    }
    if (argc > 2 && strcmp(argv[1], "--tell") == 0) {
        return courier_run(argc - 2, argv + 2);
    }
    if (argc > 1 && strcmp(argv[1], "--witness") == 0) {
        return witness_run(argc - 2, argv + 2);
    }
    apr_initialize();
    apr_pool_create(&pool, NULL);
    process_keep_little(pool);
    secret_init();
    if (argc == 2 && strcmp(argv[1], "--check") == 0) {
        status = check_run(pool);
    }
    else if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        printf("acme-eab-keeper %s\n", EAB_VERSION);
        status = 0;
    }
    else if (argc == 3 && strcmp(argv[1], "--once") == 0) {
        status = keep_once(argv[2], pool);
    }
    else if (argc != 1 || isatty(0)) {
        fprintf(stderr, "acme-eab-keeper is started by httpd with mod_acme_eab, not by hand.\n");
        status = 2;
    }
    else {
        sandbox_enter();
        parent = frame_channel_make(pool, 0, LIMIT_PLAN);
        plan = receive_plan(&handed, parent, pool);
        status = EXIT_UNUSABLE;
        if (plan != NULL) {
            log_set_level(plan->log_level);
            status = keep(parent, plan, &handed, pool);
        }
    }
    /* Cleanups cleanse what is secret. Threads that make keys may still run: leave without the
     * library's own clean-up, which they could be using. */
    apr_pool_destroy(pool);
    fflush(NULL);
    _exit(status);
}
