/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/sandbox.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/process.h"

static void open_missing(void)
{
    int fd;

    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= 2);
    if (fd > 2) {
        close(fd);
    }
}

void sandbox_enter(void)
{
    process_guard();
    process_close_inherited(-1);
    open_missing();
    setpgid(0, 0);
    umask(077);
    signal(SIGPIPE, SIG_IGN);
}
