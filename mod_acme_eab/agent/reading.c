/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/reading.h"

#include <errno.h>
#include <stdalign.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_tables.h>

#include "base/log.h"

#define HOST_MAX 255 /* of every file system that matters */

typedef struct expected {
    int watch; /* inotify's number; -1: free for another one */
    int seen;
    reading_fn *fn;
    void *baton;
    char host[HOST_MAX + 1];
} expected_t;

struct reading {
    int fd;                       /* -1: the kernel gave none yet */
    apr_array_header_t *expected; /* expected_t */
    int told;                     /* that it cannot be seen */
};

static apr_status_t reading_cleanup(void *data)
{
    reading_t *reading = data;

    if (reading->fd >= 0) {
        (void)close(reading->fd);
        reading->fd = -1;
    }
    return APR_SUCCESS;
}

static void begin(reading_t *reading)
{
    reading->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
}

reading_t *reading_make(apr_pool_t *p)
{
    reading_t *reading = apr_pcalloc(p, sizeof(*reading));

    begin(reading);
    reading->expected = apr_array_make(p, 8, sizeof(expected_t));
    apr_pool_cleanup_register(p, reading, reading_cleanup, apr_pool_cleanup_null);
    return reading;
}

int reading_fd(const reading_t *reading)
{
    return reading->fd;
}

static expected_t *find(const reading_t *reading, int watch)
{
    int i;

    for (i = 0; i < reading->expected->nelts; ++i) {
        expected_t *expected = &APR_ARRAY_IDX(reading->expected, i, expected_t);

        if (expected->watch == watch) {
            return expected;
        }
    }
    return NULL;
}

/* The kernel gives a directory that is watched already the number that it has. */
static expected_t *find_or_add(reading_t *reading, int watch)
{
    expected_t *expected = find(reading, watch);

    if (expected == NULL && (expected = find(reading, -1)) == NULL) {
        expected = apr_array_push(reading->expected);
    }
    return expected;
}

/* Once: it is the machine's limit, and the same for all. */
static void tell(reading_t *reading, int error)
{
    char reason[120];

    if (!reading->told) {
        reading->told = 1;
        log_line(LOG_LEVEL_INFO,
                 "When the CA asks this server cannot be seen, so the CA is asked for its result "
                 "after a "
                 "while: inotify: %s%s",
                 apr_strerror(error, reason, sizeof(reason)),
                 error == EMFILE ? " (fs.inotify.max_user_instances, for all processes of ACMEUser)"
                                 : "");
    }
}

int reading_expect(reading_t *reading, const char *directory, reading_fn *seen, void *baton)
{
    expected_t *expected;
    int watch = -1;

    if (reading->fd < 0) {
        begin(reading);
    }
    if (reading->fd >= 0) {
        watch = inotify_add_watch(reading->fd, directory, IN_CLOSE_NOWRITE | IN_ONLYDIR);
    }
    if (watch < 0) {
        tell(reading, errno);
        return 0;
    }
    expected = find_or_add(reading, watch);
    expected->watch = watch;
    expected->seen = 0;
    expected->fn = seen;
    expected->baton = baton;
    apr_cpystrn(expected->host, apr_filepath_name_get(directory), sizeof(expected->host));
    return 1;
}

void reading_forget(reading_t *reading, const void *baton)
{
    int i;

    for (i = 0; i < reading->expected->nelts; ++i) {
        expected_t *expected = &APR_ARRAY_IDX(reading->expected, i, expected_t);

        if (expected->watch >= 0 && expected->baton == baton) {
            (void)inotify_rm_watch(reading->fd, expected->watch);
            expected->watch = -1;
        }
    }
}

static void take(reading_t *reading, const struct inotify_event *event)
{
    expected_t *expected = find(reading, event->wd);
    int first;

    if (expected == NULL) {
        return; /* of a directory that was forgotten meanwhile */
    }
    if (event->mask & IN_IGNORED) {
        expected->watch = -1; /* the directory is gone */
        return;
    }
    if (event->mask & IN_ISDIR) {
        return; /* somebody has listed it */
    }
    first = !expected->seen;
    expected->seen = 1;
    expected->fn(expected->baton, first, expected->host);
}

void reading_serve(reading_t *reading)
{
    alignas(struct inotify_event) char buffer[4096]; /* a name is 255 bytes at most */
    ssize_t len, at;

    while ((len = read(reading->fd, buffer, sizeof(buffer))) > 0) {
        for (at = 0; at < len;) {
            const struct inotify_event *event = (const void *)(buffer + at);

            take(reading, event);
            at += (ssize_t)(sizeof(*event) + event->len);
        }
    }
}
