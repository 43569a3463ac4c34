/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_SANDBOX_H
#define KEEPER_SANDBOX_H

/* keeper/sandbox.h - what a process that holds secrets gives up when it begins. */

/** No core dumps, no ptrace and no reading of /proc/PID/mem by others of the same user; all
 * descriptors above standard error closed; a process group of its own; umask 077; killed when
 * httpd's parent dies in a way that leaves its pipes open. SIGPIPE is ignored. */
void sandbox_enter(void);

#endif
