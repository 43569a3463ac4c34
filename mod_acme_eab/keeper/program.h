/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_PROGRAM_H
#define KEEPER_PROGRAM_H

/* keeper/program.h - running a program of the administrator's (exec: key source, httpd -t) and
 * reading what it prints, with a limit on its time and its output. Its output is treated as a
 * secret, since it may be one. */

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

#include "base/result.h"
#include "crypto/secret.h"
#include "keeper/loop.h"

typedef struct program_outcome {
    int started;            /* 0: it could not be run, see error */
    int error;              /* errno of the start */
    int timed_out;          /* killed, with all its process group */
    int status;             /* exit status; 128 + n when signal n ended it */
    int signal;             /* that ended it, or 0 */
    const secret_t *output; /* at most the limit; cleansed when the callback returns */
} program_outcome_t;

typedef void program_done_fn(void *baton, const program_outcome_t *outcome);

/** How it ended, when it was started and not too slow: "exit status 3", "signal 31, Bad system call". */
const char *program_describe_end(const program_outcome_t *outcome, apr_pool_t *p);

/** CAUSE_SIGNAL when one ended it, other than ours at its limit. */
eab_cause_t program_cause(const program_outcome_t *outcome);

/** Start argv[0] with the keeper's environment, standard input from /dev/null, standard output (and
 * with both also standard error) captured; without both standard error is the keeper's, which ends in httpd's error log.
 * done is called once, later, from the loop. All memory is freed after that. A program that still
 * runs when p ends is killed, with its process group.
 * @param p parent of the program's own pool; done must not end it */
void program_start(loop_t *loop, const char *const *argv, int both, apr_size_t max_output,
                   apr_interval_time_t limit, program_done_fn *done, void *baton, apr_pool_t *p);

/** The same with more variables ("NAME=VALUE", const char *) in the program's environment; they
 * replace the keeper's own of the same name. */
void program_start_with(loop_t *loop, const char *const *argv, const apr_array_header_t *variables,
                        int both, apr_size_t max_output, apr_interval_time_t limit,
                        program_done_fn *done, void *baton, apr_pool_t *p);

/** The same for one that may go on although p ends: it is not killed then, and nobody hears of its end. Its
 * standard error is the keeper's. */
void program_start_lasting(loop_t *loop, const char *const *argv, apr_interval_time_t limit,
                           program_done_fn *done, void *baton, apr_pool_t *p);

#endif
