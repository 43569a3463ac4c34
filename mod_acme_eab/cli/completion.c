/* SPDX-License-Identifier: Apache-2.0 */

/* acmectl completion - what shells need to complete its words. */

#include <string.h>

#include <apr_strings.h>

#include "cli/output.h"
#include "cli/table.h"

#define NAMES "acmectl status --plain --columns=name --no-legend 2>/dev/null"

static const char *list_commands(const context_t *context)
{
    const char *list = "";
    int i;

    for (i = 0; command_table[i] != NULL; ++i) {
        list = apr_pstrcat(context->pool, list, i > 0 ? " " : "", command_table[i]->name, NULL);
    }
    return list;
}

static const char *list_options(const context_t *context, const option_t *options)
{
    const char *list = "";

    for (; options != NULL && options->name != NULL; ++options) {
        list = apr_pstrcat(context->pool, list, list[0] != '\0' ? " " : "", "--", options->name,
                           options->value != NULL ? "=" : "", NULL);
    }
    return list;
}

static int takes_names(const command_t *command)
{
    return strstr(command->operands, "NAME") != NULL;
}

/* A line for each command; %s: its name, its options, whether names go with it. */
static void print_cases(const context_t *context, const char *before, const char *middle,
                        const char *names, const char *none, const char *after)
{
    int i;

    for (i = 0; command_table[i] != NULL; ++i) {
        const command_t *command = command_table[i];

        output_line(context, "%s%s%s%s%s%s", before, command->name, middle,
                    list_options(context, command->options), takes_names(command) ? names : none,
                    after);
    }
}

/* A name with a colon is an IPv6 address, and a colon parts words there. */
static void print_bash(const context_t *context)
{
    output_line(context,
                "# bash completion of acmectl; for /usr/share/bash-completion/completions/acmectl");
    output_line(context, "_acmectl() {");
    output_line(context, "    local cur words cword command= options= names= i");
    output_line(context, "    cur=${COMP_WORDS[COMP_CWORD]}");
    output_line(context, "    if declare -F _get_comp_words_by_ref >/dev/null; then");
    output_line(context, "        _get_comp_words_by_ref -n :\\= cur words cword");
    output_line(context, "    else");
    output_line(context, "        words=(\"${COMP_WORDS[@]}\") cword=$COMP_CWORD");
    output_line(context, "    fi");
    output_line(context, "    for ((i = 1; i < cword; ++i)); do");
    output_line(context,
                "        case ${words[i]} in -*) ;; *) command=${words[i]}; break ;; esac");
    output_line(context, "    done");
    output_line(context, "    case $command in");
    output_line(context, "    '') options='%s' ;;", list_commands(context));
    print_cases(context, "    ", ") options='", "' names=1", "' names=", " ;;");
    output_line(context, "    esac");
    output_line(context, "    options=\"$options %s\"", list_options(context, command_globals));
    output_line(context, "    case $cur in");
    output_line(context, "    -*) ;;");
    output_line(context, "    *) [ -z \"$names\" ] || options=\"$options $(" NAMES ")\" ;;");
    output_line(context, "    esac");
    output_line(context, "    COMPREPLY=($(set -f; compgen -W \"$options\" -- \"$cur\"))");
    output_line(context, "    case $COMPREPLY in *=) compopt -o nospace ;; esac");
    output_line(context, "    declare -F __ltrim_colon_completions >/dev/null && "
                         "__ltrim_colon_completions \"$cur\"");
    output_line(context, "}");
    output_line(context, "complete -F _acmectl acmectl");
}

static void print_zsh(const context_t *context)
{
    output_line(context, "#compdef acmectl");
    output_line(context, "# zsh completion of acmectl; for _acmectl in a directory of $fpath");
    output_line(context, "_acmectl() {");
    output_line(context, "    local -a list");
    output_line(context, "    local command= options= names= word");
    output_line(context, "    for word in ${words[2,CURRENT-1]}; do");
    output_line(context, "        case $word in -*) ;; *) command=$word; break ;; esac");
    output_line(context, "    done");
    output_line(context, "    case $command in");
    output_line(context, "    '') options='%s' ;;", list_commands(context));
    print_cases(context, "    ", ") options='", "' names=1", "' names=", " ;;");
    output_line(context, "    esac");
    output_line(context, "    list=(${=options} %s)", list_options(context, command_globals));
    output_line(context, "    [[ -z $names ]] || list+=(${(f)\"$(" NAMES ")\"})");
    output_line(context, "    compadd -- $list");
    output_line(context, "}");
    output_line(context, "_acmectl \"$@\"");
}

static void print_fish_options(const context_t *context, const char *condition,
                               const option_t *options)
{
    for (; options != NULL && options->name != NULL; ++options) {
        output_line(context, "complete -c acmectl%s -l %s%s -d \"%s\"", condition, options->name,
                    options->value != NULL && !options->may_lack ? " -r" : "", options->text);
    }
}

static void print_fish(const context_t *context)
{
    int i;

    output_line(context, "# fish completion of acmectl; for vendor_completions.d/acmectl.fish");
    output_line(context, "complete -c acmectl -f");
    print_fish_options(context, "", command_globals);
    for (i = 0; command_table[i] != NULL; ++i) {
        const command_t *command = command_table[i];
        const char *condition = apr_pstrcat(context->pool, " -n \"__fish_seen_subcommand_from ",
                                            command->name, "\"", NULL);

        output_line(context, "complete -c acmectl -n __fish_use_subcommand -a %s -d \"%s\"",
                    command->name, command->summary);
        print_fish_options(context, condition, command->options);
        if (takes_names(command)) {
            output_line(context, "complete -c acmectl%s -a \"(" NAMES ")\"", condition);
        }
    }
}

static int run(context_t *context)
{
    static const struct {
        const char *shell;
        void (*print)(const context_t *context);
    } shells[] = { { "bash", print_bash }, { "zsh", print_zsh }, { "fish", print_fish } };
    const char *shell = APR_ARRAY_IDX(context->operands, 0, const char *);
    size_t i;

    for (i = 0; i < sizeof(shells) / sizeof(shells[0]); ++i) {
        if (strcmp(shells[i].shell, shell) == 0) {
            shells[i].print(context);
            return EXIT_FINE;
        }
    }
    eab_result_set(context->result, APR_EINVAL, EAB_PROBLEM_REFUSED,
                   "There is a completion for bash, zsh and fish, not for %s.", shell);
    return output_failure(context, EXIT_USAGE);
}

const command_t command_completion = {
    "completion",
    "bash|zsh|fish",
    1,
    1,
    "what a shell needs to complete the words",
    "Commands, options, and the names of certificates. For bash: acmectl completion bash > "
    "/usr/share/bash-completion/completions/acmectl",
    NULL,
    run
};
