/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/aside.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define THREADS_MAX 4

typedef struct task {
    struct task *next;
    aside_fn *work, *done, *forget;
    void *data;
} task_t;

/* Not in a pool: a thread may outlive the pool. */
struct aside {
    pthread_mutex_t mutex;
    int closed; /* nobody wants to know any more; the last thread frees it */
    task_t *waiting, **waiting_end;
    task_t *finished;
    int threads;
    int pipe[2]; /* a byte for each finished task */
};

static void free_task(task_t *task)
{
    task->forget(task->data);
    free(task);
}

static void free_tasks(task_t *task)
{
    task_t *next;

    for (; task != NULL; task = next) {
        next = task->next;
        free_task(task);
    }
}

/* Without the mutex, as nobody else knows it any more. */
static void free_aside(aside_t *aside)
{
    free_tasks(aside->waiting);
    free_tasks(aside->finished);
    close(aside->pipe[0]);
    close(aside->pipe[1]);
    pthread_mutex_destroy(&aside->mutex);
    free(aside);
}

static apr_status_t close_aside(void *data)
{
    aside_t *aside = data;
    int last;

    pthread_mutex_lock(&aside->mutex);
    aside->closed = 1;
    last = (aside->threads == 0);
    pthread_mutex_unlock(&aside->mutex);
    if (last) {
        free_aside(aside);
    }
    return APR_SUCCESS;
}

static void *work(void *arg)
{
    aside_t *aside = arg;
    task_t *task;
    int last;

    pthread_mutex_lock(&aside->mutex);
    while (!aside->closed && (task = aside->waiting) != NULL) {
        if ((aside->waiting = task->next) == NULL) {
            aside->waiting_end = &aside->waiting;
        }
        pthread_mutex_unlock(&aside->mutex);
        task->work(task->data);
        pthread_mutex_lock(&aside->mutex);
        task->next = aside->finished;
        aside->finished = task;
        if (write(aside->pipe[1], "", 1) < 0) {
            ; /* it is full, and will be read: whatever is finished is served then */
        }
    }
    last = (--aside->threads == 0 && aside->closed);
    pthread_mutex_unlock(&aside->mutex);
    if (last) {
        free_aside(aside);
    }
    return NULL;
}

aside_t *aside_make(apr_pool_t *p)
{
    aside_t *aside = calloc(1, sizeof(*aside));

    if (aside == NULL || pipe2(aside->pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
        free(aside);
        return NULL;
    }
    pthread_mutex_init(&aside->mutex, NULL);
    aside->waiting_end = &aside->waiting;
    apr_pool_cleanup_register(p, aside, close_aside, apr_pool_cleanup_null);
    return aside;
}

int aside_fd(const aside_t *aside)
{
    return aside->pipe[0];
}

void aside_serve(aside_t *aside)
{
    task_t *task, *next;
    char bytes[64];

    if (read(aside->pipe[0], bytes, sizeof(bytes)) <= 0) {
        return;
    }
    pthread_mutex_lock(&aside->mutex);
    task = aside->finished;
    aside->finished = NULL;
    pthread_mutex_unlock(&aside->mutex);
    for (; task != NULL; task = next) {
        next = task->next;
        task->done(task->data);
        free_task(task);
    }
}

/* With all signals blocked, so that they reach the loop's thread. */
static int start_thread(aside_t *aside)
{
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all, before;
    int rv;

    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rv = pthread_create(&thread, &attributes, work, aside);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return rv;
}

static void enqueue(aside_t *aside, task_t *task, int first)
{
    if (aside->waiting == NULL || !first) {
        *aside->waiting_end = task;
        aside->waiting_end = &task->next;
        return;
    }
    task->next = aside->waiting;
    aside->waiting = task;
}

void aside_run(aside_t *aside, int first, aside_fn *run, aside_fn *done, aside_fn *forget,
               void *data)
{
    task_t *task = calloc(1, sizeof(*task));
    int alone = 0;

    if (task == NULL) {
        abort();
    }
    task->work = run;
    task->done = done;
    task->forget = forget;
    task->data = data;
    pthread_mutex_lock(&aside->mutex);
    enqueue(aside, task, first);
    if (aside->threads < THREADS_MAX) {
        ++aside->threads;
        if (start_thread(aside) != 0) {
            --aside->threads;
            alone = (aside->threads == 0);
            aside->threads += alone;
        }
    }
    pthread_mutex_unlock(&aside->mutex);
    if (alone) { /* no thread to be had: here, late rather than never */
        work(aside);
    }
}
