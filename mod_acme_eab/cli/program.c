/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/program.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_strings.h>

#define PIECE 65536

extern char **environ;

/* Read to the end, which is where the last of those that have the pipe closes it. */
static void collect(program_result_t *result, int fd, apr_size_t max, apr_pool_t *p)
{
    apr_size_t room = PIECE;
    char *data = malloc(room + 1);
    ssize_t n;

    while (data != NULL && (n = read(fd, data + result->length, room - result->length)) > 0) {
        result->length += (apr_size_t)n;
        if (result->length > max) {
            result->length = max;
            result->cut = 1;
        }
        if (room - result->length < PIECE / 2) {
            char *more = realloc(data, 2 * room + 1);

            if (more == NULL) {
                break;
            }
            data = more;
            room *= 2;
        }
    }
    result->output = apr_pstrmemdup(p, data != NULL ? data : "", data != NULL ? result->length : 0);
    free(data);
}

static int spawn(pid_t *ppid, const program_call_t *call, int output)
{
    posix_spawn_file_actions_t actions;
    int rv;

    posix_spawn_file_actions_init(&actions);
    if (call->input >= 0) {
        posix_spawn_file_actions_adddup2(&actions, call->input, 0);
    }
    else {
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    }
    posix_spawn_file_actions_adddup2(&actions, output, 1);
    if (call->with_errors) {
        posix_spawn_file_actions_adddup2(&actions, output, 2);
    }
    rv = posix_spawnp(ppid, call->arguments[0], &actions, NULL, call->arguments,
                      call->environment != NULL ? call->environment : environ);
    posix_spawn_file_actions_destroy(&actions);
    return rv;
}

program_result_t program_run(const program_call_t *call, apr_pool_t *p)
{
    program_result_t result = { -1, NULL, 0, 0 };
    int pipes[2], status = 0, rv;
    pid_t pid = 0;

    result.output = apr_pstrdup(p, "");
    if (pipe2(pipes, O_CLOEXEC) != 0) {
        return result;
    }
    rv = spawn(&pid, call, pipes[1]);
    close(pipes[1]);
    if (rv == 0) {
        collect(&result, pipes[0], call->max, p);
    }
    close(pipes[0]);
    if (rv != 0) {
        return result;
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        ;
    }
    result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
    return result;
}
