/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_PROGRAM_H
#define CLI_PROGRAM_H

/* cli/program.h - run another program and read what it says. */

#include <apr_pools.h>

typedef struct program_call {
    char **arguments;   /* the first is searched in PATH; ends with NULL */
    char **environment; /* NULL: that of acmectl */
    int input;          /* a descriptor; -1: nothing */
    int with_errors;    /* what it says on standard error is output as well, else it is acmectl's */
    apr_size_t max;     /* of the output; the rest is read and dropped */
} program_call_t;

typedef struct program_result {
    int status; /* its exit status; 128: a signal; -1: it could not be run */
    char *output;
    apr_size_t length;
    int cut; /* there was more */
} program_result_t;

/** Wait for its end. output is in p, and ends with NUL behind its length. */
program_result_t program_run(const program_call_t *call, apr_pool_t *p);

#endif
