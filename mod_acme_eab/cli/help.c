/* SPDX-License-Identifier: Apache-2.0 */

/* acmectl help, acmectl version - from the tables of the commands. */

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "cli/help.h"
#include "cli/output.h"
#include "cli/table.h"

#define WIDTH 78

/* Words in lines of WIDTH, each after indent blanks. */
static void print_text(const context_t *context, const char *text, int indent)
{
    char *copy = apr_pstrdup(context->pool, text), *word, *last = NULL;
    const char *line = "";

    for (word = apr_strtok(copy, " ", &last); word != NULL; word = apr_strtok(NULL, " ", &last)) {
        if (line[0] != '\0' && (int)(strlen(line) + strlen(word)) + 1 + indent > WIDTH) {
            output_line(context, "%*s%s", indent, "", line);
            line = "";
        }
        line = apr_pstrcat(context->pool, line, line[0] != '\0' ? " " : "", word, NULL);
    }
    output_line(context, "%*s%s", indent, "", line);
}

static void print_paragraphs(const context_t *context, const char *text)
{
    const char *end;

    while (text != NULL) {
        end = strstr(text, "\n\n");
        output_line(context, "%s", "");
        print_text(context,
                   end != NULL ? apr_pstrndup(context->pool, text, (apr_size_t)(end - text)) : text,
                   0);
        text = end != NULL ? end + 2 : NULL;
    }
}

static void print_options(const context_t *context, const option_t *options)
{
    for (; options != NULL && options->name != NULL; ++options) {
        output_line(context, "  --%s%s%s%s", options->name,
                    options->value == NULL ? ""
                    : options->may_lack    ? "[="
                                           : "=",
                    options->value != NULL ? options->value : "", options->may_lack ? "]" : "");
        print_text(context, options->text, 8);
    }
}

void help_print(const context_t *context, const command_t *command)
{
    output_line(context, "acmectl %s%s%s%s", command->name,
                command->options != NULL && command->options->name != NULL ? " [options]" : "",
                command->operands[0] != '\0' ? " " : "", command->operands);
    output_line(context, "  %s", command->summary);
    print_paragraphs(context, command->details);
    if (command->options != NULL && command->options->name != NULL) {
        output_line(context, "%s", "");
        print_options(context, command->options);
    }
}

void help_print_all(const context_t *context)
{
    int i;

    output_line(context, "acmectl [options] COMMAND ...");
    output_line(context, "%s", "");
    for (i = 0; command_table[i] != NULL; ++i) {
        output_line(context, "  %-12s %s", command_table[i]->name, command_table[i]->summary);
    }
    output_line(context, "%s", "");
    output_line(context, "Every command takes:");
    print_options(context, command_globals);
    output_line(context, "%s", "");
    output_line(context, "\"acmectl help COMMAND\" tells more of one. It ends with:");
    output_line(context, "  0 done, all well             4 no such name or account");
    output_line(context, "  1 refused, or failed         5 not root");
    output_line(context, "  2 wrong usage                6 still under way when --wait ended");
    output_line(context, "  3 a certificate is down or   7 keeper or agent does not run, or the");
    output_line(context, "    at risk (status, show)       report is stale");
}

static int run_help(context_t *context)
{
    const char *name =
        context->operands->nelts > 0 ? APR_ARRAY_IDX(context->operands, 0, const char *) : NULL;
    const command_t *command = command_find(name);

    if (name == NULL) {
        help_print_all(context);
        return EXIT_FINE;
    }
    if (command == NULL) {
        eab_result_set(context->result, APR_EINVAL, EAB_PROBLEM_NO_SUCH,
                       "There is no command %s; \"acmectl help\" lists them.", name);
        return output_failure(context, EXIT_USAGE);
    }
    help_print(context, command);
    return EXIT_FINE;
}

static int run_version(context_t *context)
{
    output_line(context, "acmectl %s", EAB_VERSION);
    output_json(context, json_pack("{s:s}", "version", EAB_VERSION), 1);
    return EXIT_FINE;
}

const command_t command_help = { "help", "[COMMAND]", 0,       1, "what the commands do",
                                 NULL,   NULL,        run_help };

const command_t command_version = { "version", "",   0,          0, "the version of acmectl",
                                    NULL,      NULL, run_version };
