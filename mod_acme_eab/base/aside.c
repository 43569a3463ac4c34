/* SPDX-License-Identifier: Apache-2.0 */
#include "base/aside.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

struct aside_task {
    struct aside_task *next;
    aside_fn *work, *forget;
    aside_fn *done; /* NULL: nobody wants to know; only the loop's thread looks at it */
    void *data;
};

typedef struct queue {
    aside_task_t *first, **end;
} queue_t;

/* Not in a pool: a thread may outlive the pool. */
struct aside {
    pthread_mutex_t mutex;
    int closed; /* nobody wants to know any more; the last thread frees it */
    queue_t waiting, finished;
    int threads; /* running */
    int threads_max;
    int pipe[2]; /* a byte for each finished task */
};

static void queue_add(queue_t *queue, aside_task_t *task, int first)
{
    task->next = first ? queue->first : NULL;
    if (!first || queue->first == NULL) {
        *queue->end = task;
        queue->end = &task->next;
    }
    else {
        queue->first = task;
    }
}

static aside_task_t *queue_take(queue_t *queue)
{
    aside_task_t *task = queue->first;

    if (task != NULL && (queue->first = task->next) == NULL) {
        queue->end = &queue->first;
    }
    return task;
}

static void free_task(aside_task_t *task)
{
    task->forget(task->data);
    free(task);
}

static void free_tasks(queue_t *queue)
{
    aside_task_t *task;

    while ((task = queue_take(queue)) != NULL) {
        free_task(task);
    }
}

/* Without the mutex, as nobody else knows it any more. */
static void free_aside(aside_t *aside)
{
    free_tasks(&aside->waiting);
    free_tasks(&aside->finished);
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

/* Works off the queue and ends when it is empty. */
static void *work(void *arg)
{
    aside_t *aside = arg;
    aside_task_t *task;
    int last;

    pthread_mutex_lock(&aside->mutex);
    while (!aside->closed && (task = queue_take(&aside->waiting)) != NULL) {
        pthread_mutex_unlock(&aside->mutex);
        task->work(task->data);
        pthread_mutex_lock(&aside->mutex);
        queue_add(&aside->finished, task, 0);
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

aside_t *aside_make(int threads_max, apr_pool_t *p)
{
    aside_t *aside = calloc(1, sizeof(*aside));

    if (aside == NULL || pipe2(aside->pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
        free(aside);
        return NULL;
    }
    pthread_mutex_init(&aside->mutex, NULL);
    aside->threads_max = threads_max;
    aside->waiting.end = &aside->waiting.first;
    aside->finished.end = &aside->finished.first;
    apr_pool_cleanup_register(p, aside, close_aside, apr_pool_cleanup_null);
    return aside;
}

int aside_fd(const aside_t *aside)
{
    return aside->pipe[0];
}

static aside_task_t *take_finished(aside_t *aside)
{
    aside_task_t *task;

    pthread_mutex_lock(&aside->mutex);
    task = queue_take(&aside->finished);
    pthread_mutex_unlock(&aside->mutex);
    return task;
}

void aside_serve(aside_t *aside)
{
    aside_task_t *task;
    char bytes[64];

    if (read(aside->pipe[0], bytes, sizeof(bytes)) <= 0) {
        return;
    }
    while ((task = take_finished(aside)) != NULL) {
        if (task->done != NULL) {
            task->done(task->data);
        }
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

aside_task_t *aside_run(aside_t *aside, int first, aside_fn *run, aside_fn *done, aside_fn *forget,
                        void *data)
{
    aside_task_t *task = calloc(1, sizeof(*task));
    int alone = 0;

    if (task == NULL) {
        abort();
    }
    task->work = run;
    task->done = done;
    task->forget = forget;
    task->data = data;
    pthread_mutex_lock(&aside->mutex);
    queue_add(&aside->waiting, task, first);
    if (aside->threads < aside->threads_max) {
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
    return task;
}

void aside_forget(aside_task_t *task)
{
    task->done = NULL;
}
