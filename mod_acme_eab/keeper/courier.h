/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_COURIER_H
#define KEEPER_COURIER_H

/* keeper/courier.h - `acme-eab-keeper --tell FILE SECONDS USER PROGRAM ARGUMENT...`: tell a program of the
 * event in a file of the spool (store/spool.h). It is a process of its own, so that a program that was begun
 * may end although the keeper is replaced meanwhile, as it is with each restart of httpd; the next keeper
 * sees by the lock of the file that it runs, and reads in the file beside it how it has ended.
 *
 * The program runs as USER and with all its groups, in a session of its own and in /, with umask 077 and
 * without any descriptor but the event as its standard input (a file in memory, so that it may leave it
 * unread) and its output, of which LIMIT_EVENT_OUTPUT bytes go to the log. Unless it is root's it cannot get
 * more rights by running another program. Its environment is made here and holds nothing of the keeper's.
 * When its time is over it gets SIGTERM, and SIGKILL five seconds later, with its process group.
 *
 * A program that others than root and its user could replace is not run. */

/** How it ended when that was not the program's doing. */
#define COURIER_TIMED_OUT 124 /* as timeout(1) says it */
#define COURIER_CANNOT_RUN 126
#define COURIER_NOT_FOUND 127

/** The exit status when somebody else is telling it. There is no word about the end then. */
#define COURIER_BUSY 75

/** How long after its time is over a program is gone. */
#define COURIER_GRACE 5 /* seconds */

/** @param argv FILE and what follows; ends with NULL
 * @return the exit status for main() */
int courier_run(int argc, const char *const *argv);

#endif
