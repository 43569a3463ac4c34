/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/rundir.h"

#include <apr_strings.h>
#include <apr_tables.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static int is_ours(const char *name)
{
    return strcmp(name, "challenges") == 0 || strcmp(name, "status.json") == 0;
}

static int holds_only_ours(const char *path, apr_pool_t *p)
{
    const apr_array_header_t *names = file_list_directory(path, p);
    int i = 0;

    for (i = 0; i < names->nelts; ++i) {
        if (!is_ours(APR_ARRAY_IDX(names, i, const char *)))
            return 0;
    }
    return 1;
}

static apr_status_t give(int fd, int uid, int gid)
{
    if ((geteuid() == 0 && fchown(fd, (uid_t)uid, (gid_t)gid) != 0) || fchmod(fd, 0755) != 0)
        return errno;
    return APR_SUCCESS;
}

static apr_status_t take_over(int fd, const char *path, int uid, int gid, const char **pwhy,
                              apr_pool_t *p)
{
    struct stat st;
    apr_status_t rv = APR_SUCCESS;

    if (fstat(fd, &st) != 0)
        return errno;
    if (st.st_uid == (uid_t)uid)
        return give(fd, uid, gid);
    if (!holds_only_ours(path, p)) {
        *pwhy = apr_psprintf(p,
                             "ACMERunDir: %s belongs to somebody else and holds other files; name "
                             "a directory that is used for nothing else",
                             path);
        return APR_EEXIST;
    }
    /* The owner before wrote what is in it; the agent makes it anew. */
    if ((rv = give(fd, uid, gid)) == APR_SUCCESS) {
        (void)file_remove_tree(apr_pstrcat(p, path, "/challenges", NULL), p);
        (void)unlinkat(fd, "status.json", 0);
    }
    return rv;
}

static apr_status_t make_challenges(int dir, int uid, int gid)
{
    apr_status_t rv = APR_SUCCESS;
    int fd = -1;

    if (mkdirat(dir, "challenges", 0755) != 0 && errno != EEXIST)
        return errno;
    if ((fd = openat(dir, "challenges", O_RDONLY | O_CLOEXEC | O_DIRECTORY | O_NOFOLLOW)) < 0)
        return errno;
    rv = give(fd, uid, gid);
    (void)close(fd);
    return rv;
}

apr_status_t rundir_make(const char *path, int uid, int gid, const char **pwhy, apr_pool_t *p)
{
    apr_status_t rv = APR_SUCCESS;
    char reason[120];
    int fd = -1;

    *pwhy = NULL;
    if ((rv = file_make_directory(path, 0755, p)) != APR_SUCCESS)
        goto out;
    if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_DIRECTORY | O_NOFOLLOW)) < 0) {
        rv = errno;
        goto out;
    }
    if ((rv = take_over(fd, path, uid, gid, pwhy, p)) == APR_SUCCESS)
        rv = make_challenges(fd, uid, gid);
out:
    if (fd >= 0)
        (void)close(fd);
    if (rv != APR_SUCCESS && *pwhy == NULL)
        *pwhy = apr_psprintf(p,
                             "ACMERunDir: %s cannot be used (%s); it must be a directory, not a "
                             "link, that belongs to ACMEUser",
                             path, apr_strerror(rv, reason, sizeof(reason)));
    return rv;
}
