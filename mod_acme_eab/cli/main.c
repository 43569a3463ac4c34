/* SPDX-License-Identifier: Apache-2.0 */

/* acmectl - what an administrator does with mod_acme_eab: look, and tell the keeper what to do. */

#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "cli/help.h"
#include "cli/output.h"
#include "cli/pager.h"
#include "cli/table.h"

static const char *choose_directory(const context_t *context, const char *option,
                                    const char *variable, const char *other)
{
    const char *value = command_value(context, option);

    if (value == NULL) {
        value = getenv(variable);
    }
    return value != NULL && value[0] != '\0' ? value : other;
}

/* "-NAME" behind the directories; "" without; NULL for what could lead elsewhere. */
static const char *instance_suffix(const context_t *context)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    const char *name = command_value(context, "instance");

    if (name == NULL) {
        return "";
    }
    return strspn(name, letters) == strlen(name) ? apr_pstrcat(context->pool, "-", name, NULL)
                                                 : NULL;
}

/* Where the store and the report are: as it was said, as the environment has it, as it is by default. */
static int choose_directories(context_t *context)
{
    const char *suffix = instance_suffix(context);

    if (suffix == NULL || (suffix[0] != '\0' && command_has(context, "store"))) {
        eab_result_set(context->result, APR_EINVAL, EAB_PROBLEM_REFUSED,
                       "--instance takes a name of letters, digits, -, _ and ., and says which "
                       "store it is; --store is not needed with it.");
        return EXIT_USAGE;
    }
    if (suffix[0] != '\0') {
        context->store_dir = apr_pstrcat(context->pool, DEFAULT_STORE_DIR, suffix, NULL);
        context->run_dir = command_value(context, "run");
        context->default_run_dir = apr_pstrcat(context->pool, DEFAULT_RUN_DIR, suffix, NULL);
        return EXIT_FINE;
    }
    context->store_dir = choose_directory(context, "store", "ACME_STORE_DIR", DEFAULT_STORE_DIR);
    context->run_dir = choose_directory(context, "run", "ACME_RUN_DIR", NULL);
    context->default_run_dir = DEFAULT_RUN_DIR;
    context->is_other_store = strcmp(context->store_dir, DEFAULT_STORE_DIR) != 0;
    return EXIT_FINE;
}

static int wants_color(const context_t *context)
{
    const char *when = command_value(context, "color");
    const char *none = getenv("NO_COLOR");

    if (context->json || context->plain) {
        return 0;
    }
    if (when != NULL && strcmp(when, "auto") != 0) {
        return strcmp(when, "always") == 0;
    }
    return isatty(1) && (none == NULL || none[0] == '\0');
}

static const char *join(apr_pool_t *p, int argc, const char *const *argv)
{
    const char *line = "acmectl";
    int i;

    for (i = 1; i < argc; ++i) {
        line = apr_pstrcat(p, line, " ", argv[i], NULL);
    }
    return strlen(line) < 1000 ? line : apr_pstrcat(p, apr_pstrndup(p, line, 1000), " ...", NULL);
}

static int run(context_t *context, int argc, const char *const *argv)
{
    int code = command_parse(context, argc, argv);

    context->json = command_has(context, "json");
    context->plain = command_has(context, "plain");
    context->quiet = command_has(context, "quiet");
    context->yes = command_has(context, "yes");
    context->utc = command_has(context, "utc");
    context->color = wants_color(context);
    if (code != EXIT_FINE || (code = choose_directories(context)) != EXIT_FINE) {
        return output_failure(context, code);
    }
    pager_begin(context);
    if (command_has(context, "version")) {
        return command_version.run(context);
    }
    if (command_has(context, "help")) {
        if (argc > 2) {
            help_print(context, context->command);
        }
        else {
            help_print_all(context);
        }
        return EXIT_FINE;
    }
    return context->command->run(context);
}

int main(int argc, const char *const *argv)
{
    context_t context = { 0 };
    apr_pool_t *pool = NULL;
    int code;

    setlocale(LC_CTYPE, "");
    signal(SIGPIPE, SIG_IGN);
    apr_initialize();
    apr_pool_create(&pool, NULL);
    context.pool = pool;
    context.options = apr_table_make(pool, 8);
    context.operands = apr_array_make(pool, 4, sizeof(const char *));
    context.result = eab_result_make(pool);
    context.line = join(pool, argc, argv);
    code = run(&context, argc, argv);
    pager_end();
    fflush(stdout);
    apr_pool_destroy(pool);
    apr_terminate();
    return code;
}
