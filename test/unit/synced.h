/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_SYNCED_H
#define TEST_SYNCED_H

/* What a program under test makes durable: its fsync() is this one, which writes down the path and does
 * nothing else. For one source file of a test. */

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define SYNCED_MAX 100

static char synced_paths[SYNCED_MAX][1024];
static int synced_count;
static int synced_error; /* what it fails with from now on, 0: not */
static pthread_mutex_t synced_mutex = PTHREAD_MUTEX_INITIALIZER;

int fsync(int fd);

int fsync(int fd)
{
    char link[64];
    ssize_t len;

    pthread_mutex_lock(&synced_mutex);
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    if (synced_count < SYNCED_MAX) {
        len = readlink(link, synced_paths[synced_count], sizeof(synced_paths[0]) - 1);
        synced_paths[synced_count++][len > 0 ? len : 0] = '\0';
    }
    pthread_mutex_unlock(&synced_mutex);
    errno = synced_error;
    return synced_error != 0 ? -1 : 0;
}

/* From now on. */
static inline void synced_begin(void)
{
    synced_count = 0;
}

/* How often something was whose path ends like that; files have another name while they are written. */
static inline int synced(const char *end)
{
    int i, found = 0;

    for (i = 0; i < synced_count; i++) {
        size_t len = strlen(synced_paths[i]);

        found += len >= strlen(end) && strcmp(synced_paths[i] + len - strlen(end), end) == 0;
    }
    return found;
}

#endif
