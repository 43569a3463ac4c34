/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/control.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/file.h"

#define BACKLOG 16

/* The path of the store may be longer than an address may be: then the way leads over its descriptor. */
static int fill_address(struct sockaddr_un *address, const char *store_dir, int dir)
{
    int n;

    memset(address, 0, sizeof(*address));
    address->sun_family = AF_UNIX;
    n = snprintf(address->sun_path, sizeof(address->sun_path), "%s/" CONTROL_SOCKET, store_dir);
    if (n < 0 || (size_t)n >= sizeof(address->sun_path)) {
        n = snprintf(address->sun_path, sizeof(address->sun_path),
                     "/proc/self/fd/%d/" CONTROL_SOCKET, dir);
    }
    return n > 0 && (size_t)n < sizeof(address->sun_path);
}

/* A socket of before goes; everything else may be somebody's and is kept. */
static apr_status_t clear_place(const char **pnote, const char *path, apr_pool_t *p)
{
    const char *aside = apr_pstrcat(p, path, ".damaged", NULL);
    struct stat st;
    apr_status_t rv = file_look(&st, path);

    if (APR_STATUS_IS_ENOENT(rv)) {
        return APR_SUCCESS;
    }
    if (rv == APR_SUCCESS && S_ISSOCK(st.st_mode) && st.st_uid == geteuid()) {
        return file_remove(path);
    }
    if (rv == APR_SUCCESS && (rv = file_rename(path, aside)) == APR_SUCCESS) {
        *pnote = apr_psprintf(p,
                              "%s was no socket of the keeper and was set aside as %s; remove that "
                              "if nobody needs it",
                              path, aside);
    }
    return rv;
}

/* Nobody else may connect, not even for the moment between two calls. */
static apr_status_t bind_closed(int fd, const struct sockaddr_un *address)
{
    mode_t mask = umask(0177);
    int done = bind(fd, (const struct sockaddr *)address, sizeof(*address));
    int error = errno;

    umask(mask);
    return done == 0 ? APR_SUCCESS : error;
}

static apr_status_t listen_at(int *pfd, const struct sockaddr_un *address)
{
    apr_status_t rv;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0) {
        return errno;
    }
    if ((rv = bind_closed(fd, address)) == APR_SUCCESS && listen(fd, BACKLOG) != 0) {
        rv = errno;
    }
    if (rv != APR_SUCCESS) {
        close(fd);
        return rv;
    }
    *pfd = fd;
    return APR_SUCCESS;
}

apr_status_t control_listen(control_listener_t *listener, const char **pnote, const char *store_dir,
                            apr_pool_t *p)
{
    const char *path = apr_pstrcat(p, store_dir, "/" CONTROL_SOCKET, NULL);
    struct sockaddr_un address;
    struct stat st = { 0 };
    int dir = -1;
    apr_status_t rv;

    listener->fd = -1;
    *pnote = NULL;
    if ((rv = clear_place(pnote, path, p)) != APR_SUCCESS
        || (rv = file_open_directory(&dir, store_dir)) != APR_SUCCESS) {
        return rv;
    }
    rv = fill_address(&address, store_dir, dir) ? listen_at(&listener->fd, &address) : ENAMETOOLONG;
    close(dir);
    if (rv == APR_SUCCESS && file_look(&st, path) == APR_SUCCESS) {
        listener->dev = st.st_dev;
        listener->node = st.st_ino;
    }
    return rv;
}

int control_is_there(const control_listener_t *listener, const char *store_dir, apr_pool_t *ptemp)
{
    struct stat st;

    return listener->fd >= 0
           && file_look(&st, apr_pstrcat(ptemp, store_dir, "/" CONTROL_SOCKET, NULL)) == APR_SUCCESS
           && st.st_dev == listener->dev && st.st_ino == listener->node;
}

int control_peer_is_trusted(int fd, uid_t *puid, pid_t *ppid)
{
    struct ucred peer = { 0, (uid_t)-1, (gid_t)-1 };
    socklen_t length = sizeof(peer);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0 || length != sizeof(peer)) {
        return 0;
    }
    *puid = peer.uid;
    *ppid = peer.pid;
    return peer.uid == 0 || peer.uid == geteuid();
}

apr_status_t control_connect(int *pfd, const char *store_dir)
{
    struct sockaddr_un address;
    int dir = -1, fd = -1;
    apr_status_t rv;
    uid_t uid;
    pid_t pid;

    *pfd = -1;
    if ((rv = file_open_directory(&dir, store_dir)) != APR_SUCCESS) {
        return rv;
    }
    if (!fill_address(&address, store_dir, dir)) {
        rv = ENAMETOOLONG;
    }
    else if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0
             || connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        rv = errno;
    }
    else if (!control_peer_is_trusted(fd, &uid, &pid)) {
        rv = APR_EACCES;
    }
    close(dir);
    if (rv != APR_SUCCESS && fd >= 0) {
        close(fd);
        fd = -1;
    }
    *pfd = fd;
    return rv;
}
