/* SPDX-License-Identifier: Apache-2.0 */
#include "base/rundir.h"

#include <apr_strings.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

#define CHALLENGES "challenges"
#define STATUS "status.json"
#define MODE 0755
#define NAMES_MAX 16 /* that are looked at in somebody else's directory */

struct rundir {
    const char *path;
    const char *name; /* its last component */
    int parent;       /* the directory that holds it; -1 when that could not be opened */
    int uid;          /* -1 while there is none */
};

static const char *below(const char *path, const char *name, apr_pool_t *p)
{
    return apr_pstrcat(p, path, "/", name, NULL);
}

/* ---- made ------------------------------------------------------------------------------------ */

/* What is in it that nobody of us has made, or NULL. */
static const char *find_foreign(int dir, apr_pool_t *p)
{
    const apr_array_header_t *names = file_list_directory_at(dir, NAMES_MAX, p);
    int i = 0;

    for (i = 0; i < names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        if (strcmp(name, CHALLENGES) != 0 && strcmp(name, STATUS) != 0)
            return name;
    }
    return NULL;
}

static apr_status_t check_owner(int dir, const char *path, int uid, const char **pwhy,
                                apr_pool_t *p)
{
    struct stat st;
    const char *foreign = NULL;

    if (fstat(dir, &st) != 0)
        return errno;
    if (st.st_uid != (uid_t)uid && (foreign = find_foreign(dir, p)) != NULL) {
        *pwhy = apr_psprintf(p,
                             "ACMERunDir: %s belongs to another user (uid %lu) than ACMEUser and "
                             "holds other files (%s); remove them, or name a directory that is "
                             "used for nothing else",
                             path, (unsigned long)st.st_uid, foreign);
        return APR_EEXIST;
    }
    return APR_SUCCESS;
}

/* A file that has a second name is somebody else's. It has none at all when it is replaced while it is
 * looked at. */
static int is_kind(const struct stat *st, mode_t kind)
{
    return (st->st_mode & S_IFMT) == kind && (kind != S_IFREG || st->st_nlink <= 1);
}

/* @return APR_SUCCESS also when nothing was wrong; *pnote tells what was removed, or cannot be */
static apr_status_t clear(const char **pnote, const char *path, mode_t kind, apr_pool_t *p)
{
    struct stat st;
    apr_status_t rv = file_look(&st, path);
    const char *what = kind == S_IFDIR ? "a directory" : "a regular file of its own";

    *pnote = NULL;
    if (APR_STATUS_IS_ENOENT(rv) || (rv == APR_SUCCESS && is_kind(&st, kind)))
        return APR_SUCCESS;
    if (rv == APR_SUCCESS)
        rv = file_remove_tree(path, p);
    *pnote =
        rv == APR_SUCCESS
            ? apr_psprintf(p, "%s was not %s; it has been removed, to be made anew", path, what)
            : apr_psprintf(p, "%s is not %s and cannot be removed: %s; remove it", path, what,
                           file_reason(p, rv, path));
    return rv;
}

const char *rundir_clear_directory(const char *path, apr_pool_t *p)
{
    const char *note = NULL;

    (void)clear(&note, path, S_IFDIR, p);
    return note;
}

const char *rundir_clear_file(const char *path, apr_pool_t *p)
{
    const char *note = NULL;

    (void)clear(&note, path, S_IFREG, p);
    return note;
}

/* An owner before this one may have made it, and the user of now could not write it. */
static apr_status_t clear_owned(const char *path, int uid, apr_pool_t *p)
{
    struct stat st;

    if (file_look(&st, path) == APR_SUCCESS && st.st_uid != (uid_t)uid)
        return file_remove_tree(path, p);
    return APR_SUCCESS;
}

/* @param pwhy  set on failure: a user who is not trusted may have filled it with more than can be
 *              removed at once */
static apr_status_t clear_entry(const char *path, mode_t kind, int uid, apr_array_header_t *notes,
                                const char **pwhy, apr_pool_t *p)
{
    const char *note = NULL;
    apr_status_t rv = clear(&note, path, kind, p);

    if (rv == APR_SUCCESS && note != NULL)
        APR_ARRAY_PUSH(notes, const char *) = note;
    if (rv == APR_SUCCESS)
        rv = clear_owned(path, uid, p);
    if (rv != APR_SUCCESS)
        *pwhy = apr_psprintf(p, "ACMERunDir: %s cannot be removed: %s; remove it", path,
                             file_reason(p, rv, path));
    return rv;
}

static apr_status_t clear_all(const char *path, int uid, apr_array_header_t *notes,
                              const char **pwhy, apr_pool_t *p)
{
    const char *status = below(path, STATUS, p);
    apr_status_t rv = clear_entry(below(path, CHALLENGES, p), S_IFDIR, uid, notes, pwhy, p);

    if (rv == APR_SUCCESS)
        rv = clear_entry(status, S_IFREG, uid, notes, pwhy, p);
    return rv;
}

apr_status_t rundir_make(const char *path, int uid, int gid, apr_array_header_t **pnotes,
                         const char **pwhy, apr_pool_t *p)
{
    apr_status_t rv = APR_SUCCESS;
    int dir = -1;

    *pwhy = NULL;
    *pnotes = apr_array_make(p, 2, sizeof(const char *));
    file_fence(path);
    if ((rv = file_make_directory(path, MODE, p)) == APR_SUCCESS
        && (rv = file_open_directory(&dir, path)) == APR_SUCCESS
        && (rv = check_owner(dir, path, uid, pwhy, p)) == APR_SUCCESS
        && (rv = clear_all(path, uid, *pnotes, pwhy, p)) == APR_SUCCESS
        && (rv = file_give_directory(dir, geteuid() == 0 ? uid : -1, gid, MODE)) == APR_SUCCESS)
        /* The user before may have been at work until now. */
        rv = clear_all(path, uid, *pnotes, pwhy, p);
    if (dir >= 0)
        (void)close(dir);
    if (rv != APR_SUCCESS && *pwhy == NULL)
        *pwhy = apr_psprintf(p,
                             "ACMERunDir: %s cannot be used (%s); it must be a directory, not a "
                             "link, that belongs to ACMEUser",
                             path, file_reason(p, rv, path));
    return rv;
}

/* NULL: it is as it should be, or not there. */
static const char *flaw_of_entry(const char *path, mode_t kind, int uid, apr_pool_t *p)
{
    struct stat st;
    apr_status_t rv = file_look(&st, path);

    if (APR_STATUS_IS_ENOENT(rv))
        return NULL;
    if (rv != APR_SUCCESS)
        return apr_psprintf(p, "%s cannot be looked at: %s", path, file_reason(p, rv, path));
    if (!is_kind(&st, kind))
        return apr_psprintf(p, "%s is no %s", path, kind == S_IFDIR ? "directory" : "file");
    return st.st_uid == (uid_t)uid
               ? NULL
               : apr_psprintf(p, "%s belongs to user %d, not to %d", path, (int)st.st_uid, uid);
}

static const char *flaw_of_directory(int dir, const char *path, int uid, apr_pool_t *p)
{
    struct stat st;

    if (fstat(dir, &st) != 0)
        return apr_psprintf(p, "%s cannot be looked at: %s", path, file_reason(p, errno, path));
    if (st.st_uid != (uid_t)uid)
        return apr_psprintf(p, "%s belongs to user %d, not to %d", path, (int)st.st_uid, uid);
    return (st.st_mode & 07777) == MODE ? NULL
                                        : apr_psprintf(p, "%s has mode %04o, not %04o", path,
                                                       (unsigned)st.st_mode & 07777, MODE);
}

const char *rundir_flaw(const char *path, int uid, apr_pool_t *p)
{
    const char *flaw = NULL;
    int dir = -1;
    apr_status_t rv = file_open_directory(&dir, path);

    if (APR_STATUS_IS_ENOENT(rv))
        return apr_psprintf(p, "%s was not there", path);
    if (rv != APR_SUCCESS)
        return apr_psprintf(p, "%s cannot be opened: %s", path, file_reason(p, rv, path));
    if ((flaw = flaw_of_directory(dir, path, uid, p)) == NULL
        && (flaw = flaw_of_entry(below(path, CHALLENGES, p), S_IFDIR, uid, p)) == NULL)
        flaw = flaw_of_entry(below(path, STATUS, p), S_IFREG, uid, p);
    (void)close(dir);
    return flaw;
}

/* ---- read ------------------------------------------------------------------------------------ */

static apr_status_t rundir_cleanup(void *data)
{
    rundir_t *rundir = data;

    if (rundir->parent >= 0)
        (void)close(rundir->parent);
    rundir->parent = -1;
    return APR_SUCCESS;
}

rundir_t *rundir_hold(const char *path, int uid, apr_pool_t *p)
{
    rundir_t *rundir = apr_pcalloc(p, sizeof(*rundir));

    rundir->path = apr_pstrdup(p, path);
    rundir->uid = uid;
    file_fence(path);
    (void)file_open_parent(&rundir->parent, &rundir->name, rundir->path, p);
    apr_pool_cleanup_register(p, rundir, rundir_cleanup, apr_pool_cleanup_null);
    return rundir;
}

/* Where nobody else can put anything, root has given it away. */
static int is_roots_alone(int dir)
{
    struct stat st;

    return dir >= 0 && fstat(dir, &st) == 0 && st.st_uid == 0
           && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static int is_trusted(const rundir_t *rundir, int dir)
{
    struct stat st;

    if (rundir->uid < 0)
        return is_roots_alone(rundir->parent);
    return fstat(dir, &st) == 0 && st.st_uid == (uid_t)rundir->uid;
}

/* By name in the directory that holds it, so that a new one is found; by its path where that
 * directory is gone as well. */
static apr_status_t open_now(int *pdir, const rundir_t *rundir)
{
    apr_status_t rv = APR_ENOENT;

    if (rundir->parent >= 0)
        rv = file_open_directory_at(pdir, rundir->parent, rundir->name);
    if (APR_STATUS_IS_ENOENT(rv))
        rv = file_open_directory(pdir, rundir->path);
    if (rv == APR_SUCCESS && !is_trusted(rundir, *pdir)) {
        (void)close(*pdir);
        rv = APR_EACCES;
    }
    return rv;
}

apr_status_t rundir_read(const char **ptext, apr_size_t *plen, const rundir_t *rundir,
                         const char *name, apr_size_t max, apr_pool_t *p)
{
    int dir = -1;
    apr_status_t rv = open_now(&dir, rundir);

    *ptext = NULL;
    *plen = 0;
    if (rv != APR_SUCCESS)
        return rv;
    rv = file_read_at(ptext, plen, dir, name, max, p);
    (void)close(dir);
    return rv;
}

apr_array_header_t *rundir_list(const rundir_t *rundir, const char *name, int max, apr_pool_t *p)
{
    apr_array_header_t *names = NULL;
    int dir = -1, listed = -1;

    if (open_now(&dir, rundir) == APR_SUCCESS) {
        if (file_open_directory_at(&listed, dir, name) == APR_SUCCESS) {
            names = file_list_directory_at(listed, max, p);
            (void)close(listed);
        }
        (void)close(dir);
    }
    return names != NULL ? names : apr_array_make(p, 1, sizeof(const char *));
}
