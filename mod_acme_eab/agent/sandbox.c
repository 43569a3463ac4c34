/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/process.h"

static void guard(void)
{
    process_guard();
    prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L);
}

void sandbox_enter(void)
{
    process_close_inherited(-1);
    guard();
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
    guard(); /* a change of user undoes some of it */
    return 0;
}
