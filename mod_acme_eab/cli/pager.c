/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/pager.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/table.h"

/* It ends by itself where all fits on one screen, and lets our colors through. */
#define PAGER "less -FRSX"

extern char **environ;

static pid_t pager; /* 0: there is none */

/* The others act, or say something while it happens. */
static int is_read(const context_t *context)
{
    const command_t *const readers[] = { &command_status, &command_show, &command_log,
                                         &command_help };
    size_t i;

    for (i = 0; i < sizeof(readers) / sizeof(readers[0]); ++i) {
        if (context->command == readers[i]) {
            return !command_has(context, "follow");
        }
    }
    return command_has(context, "help");
}

static const char *choose(void)
{
    const char *text = getenv("ACMECTL_PAGER");

    if (text == NULL) {
        text = getenv("PAGER");
    }
    return text != NULL ? text : PAGER;
}

static int start(const char *text, int input)
{
    char shell[] = "sh", flag[] = "-c", *arguments[4] = { shell, flag, NULL, NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t pipe_signal;
    int rv;

    arguments[2] = strdup(text);
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&actions, input, 0);
    posix_spawnattr_setsigdefault(&attributes, &pipe_signal);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    rv = posix_spawn(&pager, "/bin/sh", &actions, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    free(arguments[2]);
    if (rv != 0) {
        pager = 0;
    }
    return rv == 0;
}

void pager_begin(const context_t *context)
{
    const char *text = choose();
    int pipes[2];

    if (!isatty(1) || context->json || context->plain || command_has(context, "no-pager")
        || !is_read(context) || text[0] == '\0' || strcmp(text, "cat") == 0
        || pipe2(pipes, O_CLOEXEC) != 0) {
        return;
    }
    setenv("LESSSECURE", "1", 1); /* who reads for others as root is not to get a shell of it */
    if (start(text, pipes[0])) {
        fflush(stdout);
        dup2(pipes[1], 1);
    }
    close(pipes[0]);
    close(pipes[1]);
}

void pager_end(void)
{
    if (pager == 0) {
        return;
    }
    fflush(stdout);
    fclose(stdout);
    while (waitpid(pager, NULL, 0) < 0 && errno == EINTR) {
        ;
    }
    pager = 0;
}
