/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void close_inherited(void)
{
    long fd, max = sysconf(_SC_OPEN_MAX);

#ifdef SYS_close_range
    if (syscall(SYS_close_range, 3U, ~0U, 0U) == 0) {
        return;
    }
#endif
    for (fd = 3; fd < max; ++fd) {
        close((int)fd);
    }
}

static void guard_process(void)
{
    struct rlimit none = { 0, 0 };

    prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L);
    prctl(PR_SET_PDEATHSIG, (long)SIGKILL, 0L, 0L, 0L);
}

void sandbox_enter(void)
{
    close_inherited();
    guard_process();
    umask(022);
    signal(SIGPIPE, SIG_IGN);
}

int sandbox_drop(uid_t uid, gid_t gid)
{
    if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0) {
        return errno;
    }
    if (uid != 0 && setuid(0) == 0) {
        return EPERM; /* the way back must be closed */
    }
    if (prctl(PR_GET_NO_NEW_PRIVS, 0L, 0L, 0L, 0L) != 1) {
        return EPERM;
    }
    guard_process(); /* a change of user undoes some of it */
    return 0;
}
