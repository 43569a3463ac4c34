/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENROLL_OPTION_H
#define ENROLL_OPTION_H

/* enroll/option.h - the command line by tables: what is not in them is refused, and the help text is
 * made of them. A secret is never a word of the command line, where every user of the machine sees it:
 * an option of that kind says where it comes from. */

#include <apr_pools.h>
#include <apr_tables.h>

#include "base/result.h"
#include "enroll/source.h"

typedef enum {
    OPTION_FLAG,   /* --name */
    OPTION_TEXT,   /* --name TEXT, or --name=TEXT */
    OPTION_NUMBER, /* the same, 1 to 2,000,000,000 */
    OPTION_NAMES,  /* DNS names with commas between, or given again */
    OPTION_SECRET  /* --name-file FILE, --name-fd N, --name-credential NAME, or a prompt */
} option_kind_t;

typedef struct option_row {
    const char *name; /* without dashes; NULL ends a table */
    option_kind_t kind;
    const char *value; /* as the help text shows it: "FILE"; of a secret: what it is */
    const char *help;  /* one line */
} option_row_t;

typedef struct options options_t;

/** Read the words after the manager's name.
 * @param own     the manager's table
 * @param common  that of all managers
 * @param result  what is wrong, and what to do, as ENROLL_PROBLEM_USAGE
 * @return NULL on failure */
options_t *options_parse(const option_row_t *own, const option_row_t *common, int argc,
                         const char *const *argv, eab_result_t *result, apr_pool_t *p);

/** Was it given? For each kind. */
int options_has(const options_t *options, const char *name);

/** The text, or other (may be NULL) when it was not given. Lives as long as the options. */
const char *options_text(const options_t *options, const char *name, const char *other);

/** The number, or other. */
int options_number(const options_t *options, const char *name, int other);

/** The names, of const char *, normalized, each once; empty when there are none. */
const apr_array_header_t *options_names(const options_t *options, const char *name);

/** Where a secret comes from: the prompt when nothing was said. */
const source_t *options_source(const options_t *options, const char *name);

/** The lines of the help text for a table. In p. */
const char *options_help(const option_row_t *rows, apr_pool_t *p);

#endif
