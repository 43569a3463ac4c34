/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_SANDBOX_H
#define AGENT_SANDBOX_H

/* agent/sandbox.h - what the process that talks to the network gives up before it reads a byte. */

#include <sys/types.h>

/** Close all descriptors but standard input, output and error; no core dumps, no ptrace; never gain
 * a privilege again; killed when the keeper dies; umask 022; SIGPIPE ignored. */
void sandbox_enter(void);

/** Become this user with this group and no others, for good.
 * @return 0, or the errno of what failed: then do not go on */
int sandbox_drop(uid_t uid, gid_t gid);

#endif
