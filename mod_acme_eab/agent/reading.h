/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_READING_H
#define AGENT_READING_H

/* agent/reading.h - who has read an answer in the run directory? The kernel tells (inotify) when a
 * worker of httpd did, and that is when the CA has asked for it. */

#include <apr_pools.h>

typedef struct reading reading_t;

/** Called once for each answer, when it is read for the first time, and again each time after.
 * @param host the last part of the directory */
typedef void reading_fn(void *baton, int first, const char *host);

/** Lives in p. Where the kernel gives no inotify now, it is asked again with each reading_expect(). */
reading_t *reading_make(apr_pool_t *p);

/** To be polled for POLLIN; -1 while there is none. */
int reading_fd(const reading_t *reading);

/** Tell of the readers of the files in that directory, which exist already, until it is removed.
 * @return 0 when that cannot be seen, which the log says once */
int reading_expect(reading_t *reading, const char *directory, reading_fn *seen, void *baton);

/** Nothing is told to that baton any more. */
void reading_forget(reading_t *reading, const void *baton);

/** What has happened since. */
void reading_serve(reading_t *reading);

#endif
