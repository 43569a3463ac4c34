/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/sandbox.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* httpd's child inherits its listeners, its restart pipe, its logs. */
static void close_inherited(void)
{
    DIR *dir = opendir("/proc/self/fd");
    struct dirent *entry;
    int fd;

    if (dir == NULL) {
        for (fd = 3; fd < 1024; ++fd) {
            close(fd);
        }
        return;
    }
    while ((entry = readdir(dir)) != NULL) {
        fd = atoi(entry->d_name);
        if (fd > 2 && fd != dirfd(dir)) {
            close(fd);
        }
    }
    closedir(dir);
}

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
    struct rlimit none = { 0, 0 };

    prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
    setrlimit(RLIMIT_CORE, &none);
    close_inherited();
    open_missing();
    setpgid(0, 0);
    umask(077);
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, (long)SIGKILL, 0L, 0L, 0L);
}
