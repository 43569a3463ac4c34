/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

const command_t *command_find(const char *name)
{
    int i;

    for (i = 0; name != NULL && command_table[i] != NULL; ++i) {
        if (strcmp(command_table[i]->name, name) == 0) {
            return command_table[i];
        }
    }
    return NULL;
}

int command_has(const context_t *context, const char *option)
{
    return apr_table_get(context->options, option) != NULL;
}

const char *command_value(const context_t *context, const char *option)
{
    const char *value = apr_table_get(context->options, option);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

apr_interval_time_t command_span(const char *text)
{
    static const struct {
        const char *unit;
        int seconds;
    } units[] = { { "", 1 }, { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 } };
    char *end = NULL;
    long number = text != NULL ? strtol(text, &end, 10) : -1;
    size_t i;

    if (end == NULL || end == text || number < 0 || number > 1000000) {
        return -1;
    }
    for (i = 0; i < sizeof(units) / sizeof(units[0]); ++i) {
        if (strcmp(end, units[i].unit) == 0) {
            return apr_time_from_sec((apr_time_t)number * units[i].seconds);
        }
    }
    return -1;
}

static const option_t *find_option(const option_t *options, const char *name, apr_size_t length)
{
    for (; options != NULL && options->name != NULL; ++options) {
        if (strlen(options->name) == length && strncmp(options->name, name, length) == 0) {
            return options;
        }
    }
    return NULL;
}

static int refuse(context_t *context, const char *what, const char *word)
{
    eab_result_set(context->result, APR_EINVAL, EAB_PROBLEM_REFUSED,
                   "%s%s; see \"acmectl help%s%s\".", what, word,
                   context->command != NULL ? " " : "",
                   context->command != NULL ? context->command->name : "");
    return EXIT_USAGE;
}

/* The short ones that people type everywhere. */
static const char *long_name(const char *word)
{
    static const struct {
        const char *word;
        const char *name;
    } shorts[] = { { "-q", "--quiet" },    { "-h", "--help" },   { "-y", "--yes" },
                   { "-n", "--lines" },    { "-f", "--follow" }, { "-w", "--warning" },
                   { "-c", "--critical" }, { "-V", "--version" } };
    size_t i;

    for (i = 0; i < sizeof(shorts) / sizeof(shorts[0]); ++i) {
        if (strcmp(shorts[i].word, word) == 0) {
            return shorts[i].name;
        }
    }
    return word;
}

/* @param pi  of the word; moved on when the value is a word of its own */
static int take_option(context_t *context, const char *word, int argc, const char *const *argv,
                       int *pi)
{
    const char *name = word + 2;
    const char *equals = strchr(name, '=');
    apr_size_t length = equals != NULL ? (apr_size_t)(equals - name) : strlen(name);
    const option_t *option = find_option(command_globals, name, length);
    const char *value = equals != NULL ? equals + 1 : NULL;

    if (option == NULL && context->command != NULL) {
        option = find_option(context->command->options, name, length);
    }
    if (option == NULL) {
        return refuse(context, "There is no option ", word);
    }
    if (option->value == NULL && value != NULL) {
        return refuse(context, "No value goes with --", option->name);
    }
    if (option->value != NULL && value == NULL && !option->may_lack) {
        if (*pi + 1 >= argc) {
            return refuse(context, "A value is missing after --", option->name);
        }
        value = argv[++*pi];
    }
    apr_table_setn(context->options, option->name, value != NULL ? value : "");
    return EXIT_FINE;
}

/* "acmectl" alone is "acmectl status"; options may stand before the command. */
static void choose_command(context_t *context, int argc, const char *const *argv)
{
    int i;

    context->command = command_find("status");
    for (i = 1; i < argc; ++i) {
        const option_t *option =
            strncmp(argv[i], "--", 2) == 0
                ? find_option(command_globals, argv[i] + 2, strlen(argv[i] + 2))
                : NULL;

        if (option != NULL && option->value != NULL && !option->may_lack) {
            ++i; /* its value */
        }
        else if (argv[i][0] != '-') {
            context->command = command_find(argv[i]);
            return;
        }
    }
}

static int count_operands(context_t *context)
{
    const command_t *command = context->command;

    if (context->operands->nelts < command->least) {
        return refuse(context, "Something is missing after ", command->name);
    }
    if (command->most >= 0 && context->operands->nelts > command->most) {
        return refuse(context, "Too much stands after ", command->name);
    }
    return EXIT_FINE;
}

int command_parse(context_t *context, int argc, const char *const *argv)
{
    int i, named = 0, only_operands = 0, code = EXIT_FINE;

    choose_command(context, argc, argv);
    for (i = 1; i < argc && code == EXIT_FINE; ++i) {
        const char *word = only_operands ? argv[i] : long_name(argv[i]);

        if (!only_operands && strcmp(word, "--") == 0) {
            only_operands = 1;
        }
        else if (!only_operands && word[0] == '-' && word[1] == '-') {
            code = take_option(context, word, argc, argv, &i);
        }
        else if (!only_operands && word[0] == '-' && word[1] != '\0') {
            code = refuse(context, "There is no option ", word);
        }
        else if (!named) {
            named = 1;
            if (context->command == NULL) {
                code = refuse(context, "There is no command ", word);
            }
        }
        else {
            APR_ARRAY_PUSH(context->operands, const char *) = word;
        }
    }
    if (code != EXIT_FINE || command_has(context, "help") || command_has(context, "version")) {
        return code;
    }
    return count_operands(context);
}
