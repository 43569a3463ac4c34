/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

/* cli/command.h - a command of acmectl: what it is called, what it takes, what the help and the manual page
 * say of it, and what it does. Each has a file of its own with its row, and a line in cli/table.c. */

#include <apr_pools.h>
#include <apr_tables.h>
#include <jansson.h>

#include "base/result.h"

/* What acmectl ends with. */
typedef enum {
    EXIT_FINE = 0,
    EXIT_FAILED = 1,      /* refused, or failed: the CA, the disk */
    EXIT_USAGE = 2,       /* also a name that could be several */
    EXIT_TROUBLE = 3,     /* status, show: a certificate is down or at risk */
    EXIT_NO_SUCH = 4,     /* name, account, serial number */
    EXIT_NOT_ALLOWED = 5, /* not root */
    EXIT_UNDER_WAY = 6,   /* still, when --wait ended */
    EXIT_NOT_RUNNING = 7  /* keeper or agent; or the report is stale */
} exit_code_t;

typedef struct option {
    const char *name;  /* "wait"; NULL ends a table */
    const char *value; /* what the help calls its value; NULL: it takes none */
    int may_lack;      /* the value: --wait, or --wait=5m */
    const char *text;  /* half a sentence */
} option_t;

typedef struct context context_t;

typedef struct command {
    const char *name;
    const char *operands;    /* "NAME... | --all", for the usage; "" for none */
    int least, most;         /* how many operands it takes; most -1: any number */
    const char *summary;     /* half a sentence */
    const char *details;     /* paragraphs, separated by an empty line; or NULL */
    const option_t *options; /* ends with one without a name */
    int (*run)(context_t *context);
} command_t;

/* One call of acmectl. */
struct context {
    apr_pool_t *pool;
    const command_t *command;
    apr_table_t *options;         /* of the command, and of all: by name; "" without a value */
    apr_array_header_t *operands; /* const char * */
    const char *store_dir;
    const char *run_dir; /* NULL: the one that root has configured, or else: */
    const char *default_run_dir;
    int is_other_store; /* than by default: what is reported in default_run_dir is not of it */
    int json, plain, quiet, yes, utc, color;
    eab_result_t *result; /* why it failed */
    const char *line;     /* the whole call, as it was typed */
};

/** All commands, in the order in which the help lists them; NULL ends them. */
extern const command_t *const command_table[];

/** What every command takes. */
extern const option_t command_globals[];

/** NULL: there is none. */
const command_t *command_find(const char *name);

/** Was the option given? And its value; NULL: it was not given, or without one. */
int command_has(const context_t *context, const char *option);
const char *command_value(const context_t *context, const char *option);

/** "90", "90s", "5m", "2h", "1d". @return -1 when it is none of that */
apr_interval_time_t command_span(const char *text);

/** Fill options and operands of context.
 * @return EXIT_FINE, or EXIT_USAGE with the reason in context->result */
int command_parse(context_t *context, int argc, const char *const *argv);

#endif
