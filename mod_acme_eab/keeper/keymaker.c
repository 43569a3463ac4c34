/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/keymaker.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/keypair.h"

#define THREADS_MAX 4

typedef struct job {
    struct job *next;
    const char *type;
    EVP_PKEY *pkey;
    keymaker_done_fn *done;
    void *baton;
} job_t;

/* Not in a pool: a thread that makes a key may outlive the pool. */
struct keymaker {
    pthread_mutex_t mutex;
    int closed; /* nobody wants the keys any more; the last thread frees the maker */
    job_t *waiting, **waiting_end;
    job_t *finished;
    int threads; /* running */
    int threads_max;
    int pipe[2]; /* a byte for each finished job */
};

static void free_jobs(job_t *job)
{
    job_t *next;

    for (; job != NULL; job = next) {
        next = job->next;
        EVP_PKEY_free(job->pkey);
        free(job);
    }
}

/* Without the mutex, as nobody else knows the maker any more. */
static void free_maker(keymaker_t *maker)
{
    free_jobs(maker->waiting);
    free_jobs(maker->finished);
    close(maker->pipe[0]);
    close(maker->pipe[1]);
    pthread_mutex_destroy(&maker->mutex);
    free(maker);
}

static apr_status_t close_maker(void *data)
{
    keymaker_t *maker = data;
    int last;

    pthread_mutex_lock(&maker->mutex);
    maker->closed = 1;
    last = (maker->threads == 0);
    pthread_mutex_unlock(&maker->mutex);
    if (last) {
        free_maker(maker);
    }
    return APR_SUCCESS;
}

/* Works off the queue and ends when it is empty. */
static void *work(void *arg)
{
    keymaker_t *maker = arg;
    job_t *job;
    int last;

    pthread_mutex_lock(&maker->mutex);
    while (!maker->closed && (job = maker->waiting) != NULL) {
        if ((maker->waiting = job->next) == NULL) {
            maker->waiting_end = &maker->waiting;
        }
        pthread_mutex_unlock(&maker->mutex);
        job->pkey = keypair_generate(job->type);
        pthread_mutex_lock(&maker->mutex);
        job->next = maker->finished;
        maker->finished = job;
        while (write(maker->pipe[1], "", 1) < 0) {
            ; /* EINTR; the pipe is never full: a byte a job, and jobs are few */
        }
    }
    last = (--maker->threads == 0 && maker->closed);
    pthread_mutex_unlock(&maker->mutex);
    if (last) {
        free_maker(maker);
    }
    return NULL;
}

static void on_finished(void *baton, short events)
{
    keymaker_t *maker = baton;
    job_t *job, *next;
    char bytes[64];

    (void)events;
    if (read(maker->pipe[0], bytes, sizeof(bytes)) <= 0) {
        return;
    }
    pthread_mutex_lock(&maker->mutex);
    job = maker->finished;
    maker->finished = NULL;
    pthread_mutex_unlock(&maker->mutex);
    for (; job != NULL; job = next) {
        next = job->next;
        job->done(job->baton, job->pkey);
        free(job);
    }
}

keymaker_t *keymaker_make(loop_t *loop, apr_pool_t *p)
{
    keymaker_t *maker = calloc(1, sizeof(*maker));
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    if (maker == NULL || pipe2(maker->pipe, O_CLOEXEC) != 0) {
        free(maker);
        return NULL;
    }
    pthread_mutex_init(&maker->mutex, NULL);
    apr_pool_cleanup_register(p, maker, close_maker, apr_pool_cleanup_null);
    fcntl(maker->pipe[0], F_SETFL, O_NONBLOCK);
    maker->waiting_end = &maker->waiting;
    maker->threads_max = (processors < 1) ? 1 : (int)processors;
    if (maker->threads_max > THREADS_MAX) {
        maker->threads_max = THREADS_MAX;
    }
    loop_watch(loop, maker->pipe[0], POLLIN, on_finished, maker);
    return maker;
}

/* With all signals blocked, so that they reach the loop's thread. */
static int start_thread(keymaker_t *maker)
{
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all, before;
    int rv;

    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rv = pthread_create(&thread, &attributes, work, maker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return rv;
}

void keymaker_start(keymaker_t *maker, const char *type, keymaker_done_fn *done, void *baton)
{
    job_t *job = calloc(1, sizeof(*job));
    int alone = 0;

    if (job == NULL) {
        abort();
    }
    job->type = type;
    job->done = done;
    job->baton = baton;
    pthread_mutex_lock(&maker->mutex);
    *maker->waiting_end = job;
    maker->waiting_end = &job->next;
    if (maker->threads < maker->threads_max) {
        ++maker->threads;
        if (start_thread(maker) != 0) {
            --maker->threads;
            alone = (maker->threads == 0);
            maker->threads += alone;
        }
    }
    pthread_mutex_unlock(&maker->mutex);
    if (alone) { /* no thread to be had: make it here, late rather than never */
        work(maker);
    }
}
