/* SPDX-License-Identifier: Apache-2.0 */
#include "enroll/option.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/name.h"
#include "enroll/problem.h"

#define NUMBER_MAX 2000000000L
#define ROWS_MAX 64
#define HELP_COLUMN 34

typedef struct value {
    const option_row_t *row;
    int given;
    const char *text;
    int number;
    apr_array_header_t *names;
    source_t source;
} value_t;

struct options {
    apr_pool_t *pool;
    value_t values[ROWS_MAX];
    int count;
};

/* The words as they come. */
typedef struct words {
    int argc;
    const char *const *argv;
    int next;
} words_t;

static apr_status_t refuse(eab_result_t *result, const char *sentence)
{
    return eab_result_set(result, APR_EINVAL, ENROLL_PROBLEM_USAGE, "%s", sentence);
}

static void add_rows(options_t *options, const option_row_t *rows)
{
    for (; rows != NULL && rows->name != NULL; ++rows) {
        value_t *value = &options->values[options->count++];

        assert(options->count <= ROWS_MAX);
        value->row = rows;
        value->names = apr_array_make(options->pool, 4, sizeof(const char *));
        value->source.what = rows->value;
        value->source.option = rows->name;
        value->source.fd = -1;
    }
}

static const value_t *find(const options_t *options, const char *name)
{
    int i;

    for (i = 0; i < options->count; ++i) {
        if (strcmp(options->values[i].row->name, name) == 0)
            return &options->values[i];
    }
    assert(0 && "an option that is in no table");
    return &options->values[0];
}

/* "--name-file" is --name for a secret, and its suffix the way it comes. */
static value_t *match(options_t *options, const char *name, apr_size_t len, const char **psuffix)
{
    int i;

    for (i = 0; i < options->count; ++i) {
        value_t *value = &options->values[i];
        apr_size_t known = strlen(value->row->name);

        *psuffix = "";
        if (known == len && strncmp(name, value->row->name, len) == 0)
            return value;
        if (value->row->kind == OPTION_SECRET && len > known + 1 && name[known] == '-'
            && strncmp(name, value->row->name, known) == 0) {
            *psuffix = apr_pstrmemdup(options->pool, name + known + 1, len - known - 1);
            if (strcmp(*psuffix, "file") == 0 || strcmp(*psuffix, "fd") == 0
                || strcmp(*psuffix, "credential") == 0)
                return value;
        }
    }
    return NULL;
}

static apr_status_t read_number(int *pnumber, const char *option, const char *text, long least,
                                eab_result_t *result)
{
    char *end = NULL;
    long number = strtol(text, &end, 10);

    if (*text == '\0' || *end != '\0' || number < least || number > NUMBER_MAX)
        return eab_result_set(result, APR_EINVAL, ENROLL_PROBLEM_USAGE,
                              "%s needs a number from %ld to %ld; \"%s\" is none.", option, least,
                              NUMBER_MAX, text);
    *pnumber = (int)number;
    return APR_SUCCESS;
}

static apr_status_t read_names(options_t *options, value_t *value, const char *text,
                               eab_result_t *result)
{
    char *rest = apr_pstrdup(options->pool, text);
    char *word = NULL;

    while ((word = apr_strtok(word == NULL ? rest : NULL, ", ", &rest)) != NULL) {
        const char *reason = NULL;
        const char *name = name_normalize(options->pool, word, &reason);

        if (name == NULL)
            return eab_result_set(result, APR_EINVAL, ENROLL_PROBLEM_USAGE,
                                  "--%s: \"%s\" %s; give DNS names with commas between them.",
                                  value->row->name, word, reason);
        if (!name_is_among(value->names, name))
            APR_ARRAY_PUSH(value->names, const char *) = name;
    }
    if (value->names->nelts == 0)
        return eab_result_set(result, APR_EINVAL, ENROLL_PROBLEM_USAGE,
                              "--%s needs DNS names with commas between them.", value->row->name);
    return APR_SUCCESS;
}

static apr_status_t read_secret(value_t *value, const char *suffix, const char *text,
                                eab_result_t *result)
{
    if (strcmp(suffix, "file") == 0)
        value->source.file = text;
    else if (strcmp(suffix, "credential") == 0)
        value->source.credential = text;
    else
        return read_number(&value->source.fd, value->row->name, text, 0, result);
    return APR_SUCCESS;
}

static apr_status_t take(options_t *options, value_t *value, const char *suffix, const char *text,
                         eab_result_t *result)
{
    if (value->given && value->row->kind != OPTION_NAMES)
        return eab_result_set(result, APR_EINVAL, ENROLL_PROBLEM_USAGE,
                              "--%s is given twice; give it once.", value->row->name);
    value->given = 1;
    value->text = text;
    switch (value->row->kind) {
    case OPTION_NUMBER:
        return read_number(&value->number, apr_pstrcat(options->pool, "--", value->row->name, NULL),
                           text, 1, result);
    case OPTION_NAMES:
        return read_names(options, value, text, result);
    case OPTION_SECRET:
        return read_secret(value, suffix, text, result);
    default:
        return APR_SUCCESS;
    }
}

/* Someone who writes it there has shown it already. */
static apr_status_t refuse_shown(const value_t *value, eab_result_t *result)
{
    return eab_result_set(result, APR_EINVAL, ENROLL_PROBLEM_USAGE,
                          "The %s is not taken from the command line, where every user of this "
                          "machine can read it; use --%s-file FILE, and replace a secret that was "
                          "written there.",
                          value->row->value, value->row->name);
}

static apr_status_t read_option(options_t *options, words_t *words, eab_result_t *result)
{
    const char *word = words->argv[words->next++] + 2;
    apr_size_t len = strcspn(word, "=");
    const char *suffix = "";
    const char *text = word[len] == '=' ? word + len + 1 : NULL;
    value_t *value = match(options, word, len, &suffix);

    if (value == NULL)
        return eab_result_set(result, APR_EINVAL, ENROLL_PROBLEM_USAGE,
                              "There is no option --%s here; --help lists those that there are.",
                              apr_pstrmemdup(options->pool, word, len));
    if (value->row->kind == OPTION_SECRET && *suffix == '\0')
        return refuse_shown(value, result);
    if (value->row->kind == OPTION_FLAG && text != NULL)
        return eab_result_set(result, APR_EINVAL, ENROLL_PROBLEM_USAGE,
                              "--%s takes no value; give it alone.", value->row->name);
    if (value->row->kind != OPTION_FLAG && text == NULL) {
        if (words->next >= words->argc)
            return eab_result_set(result, APR_EINVAL, ENROLL_PROBLEM_USAGE,
                                  "--%s needs a value after it.",
                                  apr_pstrmemdup(options->pool, word, len));
        text = words->argv[words->next++];
    }
    if (value->row->kind != OPTION_FLAG && *text == '\0')
        return eab_result_set(result, APR_EINVAL, ENROLL_PROBLEM_USAGE,
                              "--%s has an empty value; give one or leave it out.",
                              apr_pstrmemdup(options->pool, word, len));
    return take(options, value, suffix, text, result);
}

options_t *options_parse(const option_row_t *own, const option_row_t *common, int argc,
                         const char *const *argv, eab_result_t *result, apr_pool_t *p)
{
    options_t *options = apr_pcalloc(p, sizeof(*options));
    words_t words = { argc, argv, 0 };

    options->pool = p;
    add_rows(options, own);
    add_rows(options, common);
    while (words.next < argc) {
        if (strncmp(argv[words.next], "--", 2) != 0 || argv[words.next][2] == '\0') {
            /* Not shown: it may be a secret. */
            refuse(result, "All options begin with two dashes and a name; --help lists them.");
            return NULL;
        }
        if (read_option(options, &words, result) != APR_SUCCESS)
            return NULL;
    }
    return options;
}

int options_has(const options_t *options, const char *name)
{
    return find(options, name)->given;
}

const char *options_text(const options_t *options, const char *name, const char *other)
{
    const value_t *value = find(options, name);

    return value->given ? value->text : other;
}

int options_number(const options_t *options, const char *name, int other)
{
    const value_t *value = find(options, name);

    return value->given ? value->number : other;
}

const apr_array_header_t *options_names(const options_t *options, const char *name)
{
    return find(options, name)->names;
}

const source_t *options_source(const options_t *options, const char *name)
{
    return &find(options, name)->source;
}

static const char *form_of(const option_row_t *row, apr_pool_t *p)
{
    if (row->kind == OPTION_FLAG)
        return apr_pstrcat(p, "--", row->name, NULL);
    if (row->kind == OPTION_SECRET)
        return apr_pstrcat(p, "--", row->name, "-file FILE", NULL);
    return apr_pstrcat(p, "--", row->name, " ", row->value, NULL);
}

const char *options_help(const option_row_t *rows, apr_pool_t *p)
{
    const char *text = "";

    for (; rows->name != NULL; ++rows)
        text = apr_pstrcat(
            p, text, apr_psprintf(p, "  %-*s %s\n", HELP_COLUMN, form_of(rows, p), rows->help),
            NULL);
    return text;
}
