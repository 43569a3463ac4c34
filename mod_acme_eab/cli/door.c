/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/door.h"

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/once.h"
#include "cli/output.h"
#include "ipc/control.h"
#include "ipc/frame.h"
#include "ipc/message.h"
#include "store/store.h"

#define PATIENCE apr_time_from_sec(30) /* with an httpd that is restarted in the middle */
#define RETURN apr_time_from_sec(10)   /* within which an httpd starts its keeper again */
#define SILENCE apr_time_from_sec(60)  /* of a keeper that says at least ALIVE */
#define PAUSE apr_time_from_msec(100)  /* between two tries to connect */
#define WAIT_DEFAULT apr_time_from_sec(3600)

typedef struct call {
    context_t *context;
    json_t *ask;
    door_part_fn *part;
    void *baton;
    json_t *parts;
    apr_time_t until; /* of the wait, by clock_steady(); 0: none */
    int started;      /* a keeper without httpd */
    int heard;        /* of the keeper, since it was last lost */
    apr_time_t lost;  /* when httpd's keeper was, by clock_steady(); 0: it was not met */
} call_t;

static const char *draw_id(apr_pool_t *p)
{
    unsigned char bytes[CONTROL_ID_LENGTH / 2];

    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes)) {
        abort();
    }
    return hex_encode(p, bytes, sizeof(bytes));
}

static void put_login(json_t *by, apr_pool_t *p)
{
    const char *text = NULL;
    apr_size_t length = 0;
    unsigned long uid;

    if (file_read(&text, &length, "/proc/self/loginuid", 32, p) == APR_SUCCESS && length > 0) {
        uid = strtoul(text, NULL, 10);
        if (uid != (unsigned long)(uid_t)-1) {
            json_object_set_new(by, "loginuid", json_integer((json_int_t)uid));
        }
    }
}

/* For the history: who it is that is root now. */
static json_t *describe_caller(const context_t *context)
{
    const struct passwd *user = getpwuid(getuid());
    const char *sudo = getenv("SUDO_USER");
    const char *tty = NULL;
    json_t *by = json_object();
    int fd;

    for (fd = 0; fd <= 2 && tty == NULL; ++fd) {
        tty = ttyname(fd);
    }
    json_put_string(by, "user", sudo != NULL ? sudo : user != NULL ? user->pw_name : "root");
    json_put_string(by, "sudo_user", sudo);
    json_put_string(by, "tty", tty);
    json_put_string(by, "line", context->line);
    put_login(by, context->pool);
    return by;
}

static int refuse(context_t *context, int code, apr_status_t rv, const char *type,
                  const char *sentence)
{
    eab_result_set(context->result, rv, type, "%s", sentence);
    return code;
}

/* ---- to be connected ---- */

static int is_no_keeper(apr_status_t rv)
{
    return APR_STATUS_IS_ENOENT(rv) || APR_STATUS_IS_ECONNREFUSED(rv);
}

static int not_allowed(context_t *context)
{
    return refuse(context, EXIT_NOT_ALLOWED, APR_EACCES, NULL,
                  apr_psprintf(context->pool,
                               "Only root may do that: %s is closed to you. Say sudo acmectl ...",
                               context->store_dir));
}

/* The lock is held: by a keeper that starts or ends, or by one that hangs. */
static int not_running(context_t *context)
{
    return refuse(context, EXIT_NOT_RUNNING, APR_TIMEUP, EAB_PROBLEM_NOT_RUNNING,
                  apr_psprintf(context->pool,
                               "httpd runs with the store %s, but its keeper did not answer for %d "
                               "seconds; see httpd's error log.",
                               context->store_dir, (int)apr_time_sec(PATIENCE)));
}

/* Nobody listens: then nobody has the lock, or it is waited for who has it. It is free also for the moment
 * in which an httpd starts its keeper again. */
static int stand_in(call_t *call)
{
    context_t *context = call->context;
    apr_status_t rv;

    if ((call->lost != 0 && clock_steady() - call->lost < RETURN) || once_is_locked(context)) {
        return EXIT_FINE;
    }
    rv = once_start(context);
    if (rv == APR_SUCCESS || APR_STATUS_IS_EBUSY(rv)) {
        call->started |= rv == APR_SUCCESS;
        return EXIT_FINE;
    }
    return output_code(context->result);
}

static int connect_to_keeper(int *pfd, call_t *call)
{
    context_t *context = call->context;
    apr_time_t end = clock_steady() + PATIENCE;
    apr_status_t rv;
    int code;

    for (;;) {
        rv = control_connect(pfd, context->store_dir);
        if (rv == APR_SUCCESS) {
            return EXIT_FINE;
        }
        if (APR_STATUS_IS_EACCES(rv) || rv == EPERM) {
            return not_allowed(context);
        }
        if (APR_STATUS_IS_ENOENT(rv) && access(context->store_dir, F_OK) != 0) {
            return refuse(context, EXIT_NOT_RUNNING, rv, EAB_PROBLEM_NOT_RUNNING,
                          apr_psprintf(context->pool,
                                       "There is no store at %s. Start httpd with mod_acme_eab, or "
                                       "name its ACMEStoreDir with --store.",
                                       context->store_dir));
        }
        /* A store of a newer version, or of another owner: no keeper has it, of httpd's neither. */
        if (is_no_keeper(rv) && store_judge(context->store_dir, context->result) != APR_SUCCESS) {
            return output_code(context->result);
        }
        if (is_no_keeper(rv) && (code = stand_in(call)) != EXIT_FINE) {
            return code;
        }
        if (clock_steady() >= end) {
            return not_running(context);
        }
        apr_sleep(PAUSE);
    }
}

/* ---- to be told ---- */

static void hear_part(call_t *call, json_t *part)
{
    const char *key = json_peek_string(part, "key");
    const json_t *before = key != NULL ? json_object_get(call->parts, key) : NULL;

    json_object_del(part, "n");
    if (key == NULL || (before != NULL && json_equal(before, part))) {
        return; /* told again, after a restart */
    }
    json_object_set(call->parts, key, part);
    if (call->part != NULL) {
        call->part(call->baton, part);
    }
}

/* @return EXIT_... when the last word was said; -1 when the connection is lost */
static int listen_to_end(call_t *call, frame_channel_t *channel, apr_pool_t *p)
{
    apr_time_t silent = clock_steady() + SILENCE;
    struct pollfd pfd = { 0, POLLIN, 0 };
    json_t *body = NULL;
    int type = 0;
    apr_status_t rv;

    pfd.fd = frame_channel_fd(channel);
    for (;;) {
        while ((rv = frame_take(channel, &type, &body, p)) == APR_SUCCESS) {
            silent = clock_steady() + SILENCE;
            call->heard = 1;
            if (type == MESSAGE_PART) {
                hear_part(call, body);
            }
            else if (type == MESSAGE_END) {
                eab_result_from_json(call->context->result, json_object_get(body, "problem"));
                return call->context->result->rv == APR_SUCCESS ? EXIT_FINE : EXIT_FAILED;
            }
        }
        if (!APR_STATUS_IS_EAGAIN(rv) || clock_steady() >= silent) {
            return -1;
        }
        if (call->until != 0 && clock_steady() >= call->until) {
            return EXIT_UNDER_WAY;
        }
        (void)poll(&pfd, 1, 250);
        rv = frame_fill(channel);
        if (rv != APR_SUCCESS && !APR_STATUS_IS_EAGAIN(rv)) {
            return -1;
        }
    }
}

static int ask_once(call_t *call)
{
    apr_pool_t *pool = NULL;
    frame_channel_t *channel;
    int fd = -1, code = connect_to_keeper(&fd, call);

    if (code != EXIT_FINE) {
        return code;
    }
    apr_pool_create(&pool, call->context->pool);
    channel = frame_channel_make(pool, fd, LIMIT_FRAME);
    code = -1;
    if (frame_send_blocking(fd, MESSAGE_ASK, call->ask, apr_time_from_sec(10)) == APR_SUCCESS) {
        code = listen_to_end(call, channel, pool);
    }
    if (code == -1 && !call->started) {
        call->lost = clock_steady();
    }
    apr_pool_destroy(pool);
    return code;
}

int door_ask(context_t *context, const char *command, json_t *arguments, apr_interval_time_t wait,
             door_part_fn *part, void *baton, json_t **pparts)
{
    apr_time_t since = 0;
    call_t call = { context, NULL, part, baton, NULL, 0, 0, 0, 0 };
    int code;

    call.parts = json_own(context->pool, json_object());
    call.until = wait > 0 ? clock_steady() + wait : 0;
    call.ask =
        json_own(context->pool, json_pack("{s:s,s:s,s:o,s:b,s:o}", "id", draw_id(context->pool),
                                          "command", command, "arguments", arguments, "wait",
                                          wait > 0, "by", describe_caller(context)));
    if (pparts != NULL) {
        *pparts = call.parts;
    }
    while ((code = ask_once(&call)) == -1) { /* httpd was restarted: by the same id again */
        if (call.until != 0 && clock_steady() >= call.until) {
            return EXIT_UNDER_WAY;
        }
        if (since == 0 || call.heard) {
            since = clock_steady();
            call.heard = 0;
        }
        else if (clock_steady() - since > PATIENCE) {
            return not_running(context);
        }
        apr_sleep(PAUSE);
    }
    if (code == EXIT_FAILED) {
        return output_code(context->result);
    }
    return code;
}

apr_interval_time_t door_wait(context_t *context)
{
    const char *value = command_value(context, "wait");
    apr_interval_time_t wait = value != NULL ? command_span(value) : WAIT_DEFAULT;

    if (!command_has(context, "wait")) {
        return 0;
    }
    if (wait <= 0) {
        eab_result_set(context->result, APR_EINVAL, EAB_PROBLEM_REFUSED,
                       "--wait takes a time such as 90s, 5m or 2h, not %s.", value);
        return -1;
    }
    return wait;
}
