/* SPDX-License-Identifier: Apache-2.0 */
#include "store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <apr_strings.h>

#include "base/json.h"

#define LONGEST_TEXT 8192 /* bytes of the file that are looked at */

/* On a disk that is full or read-only the file is locked as it is; when it never was made, the
 * directory in its place. */
static int lock_open(const char *path, const char *dir)
{
    static const int flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    int fd = open(path, O_RDWR | O_CREAT | flags, S_IRUSR | S_IWUSR);

    if (fd < 0 && (errno == EROFS || errno == ENOSPC || errno == EDQUOT)) {
        fd = open(path, O_RDONLY | flags);
        if (fd < 0 && errno == ENOENT)
            fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    return fd;
}

static apr_status_t refuse_kind(eab_result_t *result, const char *path)
{
    return eab_result_set(
        result, APR_EINVAL, EAB_PROBLEM_STORE,
        "%s is to be a lock, and is not a regular file. Remove it; another one is "
        "made.",
        path);
}

/* The directory is the one kind that takes the place of the file. */
static apr_status_t open_checked(int *pfd, const char *path, const char *dir, eab_result_t *result)
{
    struct stat st;
    int fd = lock_open(path, dir);

    *pfd = -1;
    if (fd < 0 && (errno == ELOOP || errno == EISDIR || errno == ENXIO))
        return refuse_kind(result, path);
    if (fd < 0)
        return store_report(result, errno, path, "opened");
    if (fstat(fd, &st) != 0 || (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))) {
        close(fd);
        return refuse_kind(result, path);
    }
    *pfd = fd;
    return APR_SUCCESS;
}

static int is_same_file(int a, int b)
{
    struct stat sta, stb;

    return fstat(a, &sta) == 0 && fstat(b, &stb) == 0 && sta.st_dev == stb.st_dev
           && sta.st_ino == stb.st_ino;
}

static void put_owner(int fd, const lock_owner_t *owner, apr_pool_t *ptemp)
{
    json_t *json = json_own(ptemp, json_object());
    const char *text = NULL;

    json_object_set_new(json, "keeper", json_integer(owner->keeper));
    json_object_set_new(json, "httpd", json_integer(owner->httpd));
    json_put_string(json, "host", owner->host);
    json_put_string(json, "server_root", owner->server_root);
    text = apr_pstrcat(ptemp, json_text(ptemp, json), "\n", NULL);
    /* Not on disk is well too: it is a help for others, no more. */
    if (ftruncate(fd, 0) == 0)
        (void)!pwrite(fd, text, strlen(text), 0);
}

/* "an httpd (process 4711, ServerRoot /etc/apache2), whose keeper is process 4712," */
static const char *describe_owner(int fd, const lock_owner_t *self, apr_pool_t *ptemp)
{
    char *text = apr_palloc(ptemp, LONGEST_TEXT);
    ssize_t n = pread(fd, text, LONGEST_TEXT, 0);
    const json_t *json = n > 0 ? json_parse(ptemp, text, (apr_size_t)n, NULL) : NULL;
    const char *host = json_peek_string(json, "host");
    const char *root = json_peek_string(json, "server_root");
    int keeper = (int)json_peek_int(json, "keeper", 0);
    int httpd = (int)json_peek_int(json, "httpd", 0);

    if (keeper <= 0 || httpd <= 0)
        return "another process";
    return apr_psprintf(ptemp, "another httpd (process %d%s%s%s%s), whose keeper is process %d,",
                        httpd, root != NULL ? ", ServerRoot " : "", root != NULL ? root : "",
                        host != NULL && strcmp(host, self->host) != 0 ? ", on the host " : "",
                        host != NULL && strcmp(host, self->host) != 0 ? host : "", keeper);
}

static apr_status_t try_lock(int fd, const store_t *store, const char *path,
                             const lock_owner_t *owner, eab_result_t *result, apr_pool_t *ptemp)
{
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        put_owner(fd, owner, ptemp);
        return APR_SUCCESS;
    }
    if (errno != EWOULDBLOCK)
        return store_report(result, errno, path, "locked");
    return eab_result_set(result, APR_EBUSY, EAB_PROBLEM_STORE,
                          "ACMEStoreDir %s is in use: %s holds its lock. Nothing is ordered or "
                          "renewed by this httpd until that one ends. Give each httpd an "
                          "ACMEStoreDir of its own, or stop the other one.",
                          store->dir, describe_owner(fd, owner, ptemp));
}

static apr_status_t close_lock(void *data)
{
    close((int)(intptr_t)data);
    return APR_SUCCESS;
}

apr_status_t lock_take(int *pfd, const store_t *store, int handed, const lock_owner_t *owner,
                       eab_result_t *result, apr_pool_t *p)
{
    const char *path = NULL;
    apr_pool_t *ptemp = NULL;
    apr_status_t rv = apr_pool_create(&ptemp, p);
    int fd = -1;

    *pfd = -1;
    if (rv != APR_SUCCESS)
        return rv;
    path = store_path(ptemp, store, "lock", NULL, NULL);
    if ((rv = open_checked(&fd, path, store->dir, result)) != APR_SUCCESS)
        goto out;
    if (handed >= 0 && is_same_file(fd, handed)) {
        close(fd);
        fd = handed;
        handed = -1;
    }
    rv = try_lock(fd, store, path, owner, result, ptemp);
    if (rv == APR_SUCCESS) {
        apr_pool_cleanup_register(p, (void *)(intptr_t)fd, close_lock, apr_pool_cleanup_null);
        store_tidy(store, p);
        *pfd = fd;
    }
    else
        close(fd);
out:
    if (handed >= 0)
        close(handed);
    apr_pool_destroy(ptemp);
    return rv;
}
