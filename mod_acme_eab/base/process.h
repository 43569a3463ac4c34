/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

/* base/process.h - what a process of ours gives up, whichever it is, where it is, and how one ended. */

#include <apr_pools.h>

/** Close all descriptors above standard error but keep (-1: keep none): httpd's listeners, its
 * restart pipe, its logs. May be called between fork() and exec(). */
void process_close_inherited(int keep);

/** No core dumps, no ptrace and no reading of /proc/PID/mem by others of the same user. A change of
 * user or of program undoes some of it. */
void process_hide(void);

/** The same; and killed when the process that started it dies. */
void process_guard(void);

/** Let a process that lives for long give back what it has freed: else it keeps for ever what it needed once,
 * for a plan of thousands of certificates. For the pool of all its others, before they are made. */
void process_keep_little(apr_pool_t *p);

/** In which numbers of processes mean the same: equal texts are the same machine, or container. In p; NULL where
 * that cannot be told. */
const char *process_namespace(apr_pool_t *p);

/** What wait(2) says of a process that exited with this status, or that this signal ended; the other one is 0.
 * musl has no W_EXITCODE(). */
#define PROCESS_ENDED(exit_status, signal_number) ((exit_status) << 8 | (signal_number))

/** The signal that ended a process, by what wait(2) said, or the program that a shell ran in it, by
 * the shell's exit status; 0: none. */
int process_end_signal(int status);

/** How a process ended, from what wait(2) said: "exit status 3", "signal 11, Segmentation fault"; a
 * shell's "exit status 159" is one with a signal. */
const char *process_describe_end(apr_pool_t *p, int status);

#endif
