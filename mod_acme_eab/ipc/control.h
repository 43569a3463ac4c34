/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPC_CONTROL_H
#define IPC_CONTROL_H

/* ipc/control.h - the socket in the store by which root tells the keeper what to do (acmectl), and what is
 * said there. It is the keeper's that holds the lock of the store: mode 0600, in a directory that nobody
 * else may enter, and each side asks the kernel who the other one is.
 *
 * A connection is for one act. ASK names it: by an id that whoever asks has drawn, so that he can ask again
 * for the same after httpd, and with it the keeper, was restarted in the middle. What was carried out with
 * that id is not carried out twice.
 *
 * root to keeper:  ASK {id, command, arguments, wait, by}
 * keeper to root:  PART {key, ...} as often as there is something to tell, a later one of the same key in
 *                  the place of an earlier; then END {running, problem?}: the act is over, or goes on
 *                  without anybody who waits. ALIVE, while there is nothing to say. */

#include <apr_errno.h>
#include <apr_pools.h>
#include <sys/types.h>

/* Below ACMEStoreDir. */
#define CONTROL_SOCKET "control"

/* An id is as many hexadecimal digits: 128 bits. */
#define CONTROL_ID_LENGTH 32

typedef struct control_listener {
    int fd;     /* close-on-exec, without waiting; -1: there is none */
    dev_t dev;  /* of what is in the store */
    ino_t node; /* the same */
} control_listener_t;

/** Bind the socket in the store, anew, and listen. What is in its place and no socket of ours is set aside
 * (".damaged").
 * @param pnote   a sentence about what was in its place, in p; NULL: nothing was
 * @return APR_SUCCESS, or why not */
apr_status_t control_listen(control_listener_t *listener, const char **pnote, const char *store_dir,
                            apr_pool_t *p);

/** Is it still in its place? Somebody may have removed or replaced it. */
int control_is_there(const control_listener_t *listener, const char *store_dir, apr_pool_t *ptemp);

/** Connect to it.
 * @param pfd close-on-exec; -1 on failure
 * @return APR_ENOENT or APR_ECONNREFUSED when no keeper listens; APR_EACCES when the store is not ours to
 *         enter, or who listens is neither root nor this user; ... */
apr_status_t control_connect(int *pfd, const char *store_dir);

/** Who is at the other end, as the kernel knows. @return true when it is root, or the user of this process */
int control_peer_is_trusted(int fd, uid_t *puid, pid_t *ppid);

#endif
