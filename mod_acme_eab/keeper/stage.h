/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_STAGE_H
#define KEEPER_STAGE_H

/* keeper/stage.h - `acme-eab-keeper --stage PID ARGUMENT...`: run the program of process PID once more,
 * with these arguments, where it sees everything and can change nothing. Its mounts, processes and
 * System V IPC are its own; each file system is covered by an empty one in memory that takes what is
 * written; all of it is gone when it ends, with every process that it started. The network is that
 * of the machine: whoever is on the stage leaves it where that matters (httpd/rehearsal.h).
 *
 * The frame is that of PID: executable (also one that was replaced on disk), working directory,
 * umask, limits. The environment is the caller's, and REHEARSAL_VARIABLE in it.
 *
 * A machine may not allow this (a container without CAP_SYS_ADMIN). Then the program runs without a
 * stage, is told so by REHEARSAL_VARIABLE, and gets one more argument, -t. */

#include "ipc/rehearsal.h"

/** Standard output becomes REHEARSAL_FD as well.
 * @param argv "PID", the program's argument 0, and the others; ends with NULL
 * @return exit status of the program, 128 + n when signal n ended it; 127 when it could not be run, with
 * a sentence on standard error */
int stage_run(const char *const *argv);

#endif
