/* SPDX-License-Identifier: Apache-2.0 */
#include "enroll/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/bytes.h"

static const int caught[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
#define CAUGHT (sizeof(caught) / sizeof(*caught))

static volatile sig_atomic_t came;

static void note_signal(int number)
{
    came = number;
}

/* They must not end the program while the terminal shows nothing. */
static void catch_signals(struct sigaction before[CAUGHT])
{
    struct sigaction action;
    size_t i;

    memset(&action, 0, sizeof(action));
    action.sa_handler = note_signal; /* without SA_RESTART: read() must end */
    came = 0;
    for (i = 0; i < CAUGHT; ++i)
        sigaction(caught[i], &action, &before[i]);
}

static void release_signals(const struct sigaction before[CAUGHT])
{
    size_t i;

    for (i = 0; i < CAUGHT; ++i)
        sigaction(caught[i], &before[i], NULL);
    if (came != 0)
        raise(came);
}

static void say(int fd, const char *text)
{
    ssize_t n = write(fd, text, strlen(text));

    (void)n; /* a terminal that shows nothing can still be typed at */
}

/* A line, byte by byte, so that nothing stays in a buffer. */
static apr_status_t read_line(secret_t *line, int fd)
{
    apr_size_t len = 0;
    unsigned char c = 0;

    for (;;) {
        ssize_t n = read(fd, &c, 1);

        if (n < 0)
            return errno;
        if (n == 0 || c == '\n' || c == '\r')
            break;
        if (len == line->len)
            return EFBIG;
        line->data[len++] = c;
    }
    line->len = len;
    return APR_SUCCESS;
}

apr_status_t prompt_secret(secret_t **psecret, const char *what, apr_pool_t *p)
{
    struct sigaction signals[CAUGHT];
    struct termios before, silent;
    secret_t *line = secret_make(p, LIMIT_MANAGER_SECRET);
    apr_status_t rv;
    int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

    *psecret = NULL;
    if (fd < 0 || line == NULL || tcgetattr(fd, &before) != 0) {
        if (fd >= 0)
            close(fd);
        return APR_ENOTIMPL;
    }
    silent = before;
    silent.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
    catch_signals(signals);
    tcsetattr(fd, TCSAFLUSH, &silent);
    say(fd, apr_pstrcat(p, "The ", what, " (it is not shown): ", NULL));
    rv = read_line(line, fd);
    tcsetattr(fd, TCSAFLUSH, &before);
    say(fd, "\n");
    close(fd);
    release_signals(signals);
    if (rv == APR_SUCCESS)
        *psecret = line;
    else
        secret_cleanse(line);
    return rv;
}
