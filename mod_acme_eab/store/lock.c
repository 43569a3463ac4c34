/* SPDX-License-Identifier: Apache-2.0 */
#include "store/lock.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <apr_strings.h>

#include "base/file.h"
#include "base/json.h"
#include "store/format.h"

#define LONGEST_TEXT 8192 /* bytes of the file that are looked at */

/* On a disk that is full or read-only the file may never have been made, and a directory with something
 * in it may be in its place: then the store's own is locked. */
static apr_status_t lock_open(int *pfd, const char *path, const char *dir)
{
    apr_status_t rv = file_open_lock(pfd, path);

    if (APR_STATUS_IS_ENOENT(rv) || rv == ENOSPC || rv == EDQUOT || rv == EROFS || rv == ENOTEMPTY
        || rv == EEXIST)
        rv = file_open_directory(pfd, dir);
    return rv;
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

lock_owner_t lock_owner_make(int keeper, int httpd, const char *server_root, apr_pool_t *p)
{
    lock_owner_t owner = { keeper, httpd, NULL, server_root };
    char host[256] = "";

    (void)gethostname(host, sizeof(host) - 1);
    owner.host = apr_pstrdup(p, host);
    return owner;
}

static lock_owner_t get_owner(int fd, apr_pool_t *ptemp)
{
    char *text = apr_palloc(ptemp, LONGEST_TEXT);
    ssize_t n = pread(fd, text, LONGEST_TEXT, 0);
    const json_t *json = n > 0 ? json_parse(ptemp, text, (apr_size_t)n, NULL) : NULL;
    lock_owner_t owner = { 0, 0, "", NULL };

    owner.keeper = (int)json_peek_int(json, "keeper", 0);
    owner.httpd = (int)json_peek_int(json, "httpd", 0);
    owner.host = json_peek_string(json, "host");
    owner.server_root = json_peek_string(json, "server_root");
    return owner;
}

static int is_elsewhere(const lock_owner_t *owner, const lock_owner_t *self)
{
    return owner->host != NULL && strcmp(owner->host, self->host) != 0;
}

/* "another httpd (process 4711, ServerRoot /etc/apache2), whose keeper is process 4712," */
static const char *describe_owner(const lock_owner_t *owner, const lock_owner_t *self,
                                  apr_pool_t *p)
{
    const char *root = owner->server_root;

    if (owner->keeper <= 0 || owner->httpd <= 0)
        return "another process";
    return apr_psprintf(p, "another httpd (process %d%s%s%s%s), whose keeper is process %d,",
                        owner->httpd, root != NULL ? ", ServerRoot " : "", root != NULL ? root : "",
                        is_elsewhere(owner, self) ? ", on the host " : "",
                        is_elsewhere(owner, self) ? owner->host : "", owner->keeper);
}

static const char *explain(const char *dir, const lock_owner_t *owner, const lock_owner_t *self,
                           apr_pool_t *p)
{
    return apr_psprintf(p,
                        "ACMEStoreDir %s is in use: %s holds its lock. Nothing is ordered or "
                        "renewed by this httpd until that one ends. Give each httpd an "
                        "ACMEStoreDir of its own, or stop the other one.",
                        dir, describe_owner(owner, self, p));
}

const char *lock_of_another(const char *dir, const lock_owner_t *self, apr_pool_t *p)
{
    const char *sentence = NULL;
    lock_owner_t owner = { 0, 0, NULL, NULL };
    int fd = -1;

    if (file_open(&fd, apr_pstrcat(p, dir, "/lock", NULL), LONGEST_TEXT) != APR_SUCCESS)
        return NULL;
    if (flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        owner = get_owner(fd, p);
        if (owner.httpd != self->httpd || is_elsewhere(&owner, self))
            sentence = explain(dir, &owner, self, p);
    }
    close(fd);
    return sentence;
}

static apr_status_t try_lock(int fd, const store_t *store, const char *path,
                             const lock_owner_t *self, eab_result_t *result, apr_pool_t *ptemp)
{
    lock_owner_t owner = { 0, 0, NULL, NULL };

    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        put_owner(fd, self, ptemp);
        return APR_SUCCESS;
    }
    if (errno != EWOULDBLOCK)
        return store_report(result, errno, path, "locked");
    owner = get_owner(fd, ptemp);
    return eab_result_set(result, APR_EBUSY, EAB_PROBLEM_STORE, "%s",
                          explain(store->dir, &owner, self, ptemp));
}

static apr_status_t close_lock(void *data)
{
    close((int)(intptr_t)data);
    return APR_SUCCESS;
}

apr_status_t lock_take(int *pfd, const store_t *store, int handed, const lock_owner_t *self,
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
    if ((rv = lock_open(&fd, path, store->dir)) != APR_SUCCESS) {
        store_report(result, rv, path, "opened");
        goto out;
    }
    if (handed >= 0 && is_same_file(fd, handed)) {
        close(fd);
        fd = handed;
        handed = -1;
    }
    rv = try_lock(fd, store, path, self, result, ptemp);
    if (rv == APR_SUCCESS) {
        apr_pool_cleanup_register(p, (void *)(intptr_t)fd, close_lock, apr_pool_cleanup_null);
        store_tidy(store, p);
        format_write(store, ptemp);
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
