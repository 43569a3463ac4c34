/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#ifdef SYS_openat2
#include <linux/openat2.h>
#endif

#include "base/bytes.h"

/* musl has neither this nor the function. */
#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE (1 << 0)
#endif

#define FENCES_MAX 16
#define REMOVED_MAX 200000 /* entries of one tree */
#define BATCH 512          /* names that are held at once while a tree is removed */
#define FLAGS (O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
#define DIRECTORY (O_CLOEXEC | O_DIRECTORY)

static char fences[FENCES_MAX][PATH_MAX];
static unsigned fence_next;

/* The entry of a directory that a path leads to. */
typedef struct place {
    int dir;             /* open with O_PATH */
    int nofollow;        /* O_NOFOLLOW, or 0 where links are root's choice */
    const char *name;    /* in text */
    char text[PATH_MAX]; /* the path without slashes at its end */
} place_t;

static apr_status_t status_of(int outcome)
{
    return outcome == 0 ? APR_SUCCESS : errno;
}

/* The length without slashes at the end. */
static apr_size_t trimmed(const char *path, apr_size_t len)
{
    while (len > 1 && path[len - 1] == '/')
        --len;
    return len;
}

/* ---- where a path leads ---------------------------------------------------------------------- */

void file_fence(const char *dir)
{
    apr_size_t len = trimmed(dir, strlen(dir));
    unsigned i;

    if (len >= PATH_MAX)
        return; /* no such path can be opened */
    for (i = 0; i < FENCES_MAX; ++i) {
        if (strncmp(fences[i], dir, len) == 0 && fences[i][len] == '\0')
            return;
    }
    memcpy(fences[fence_next], dir, len);
    fences[fence_next][len] = '\0';
    fence_next = (fence_next + 1) % FENCES_MAX;
}

/* The part of a path behind its outermost fence, or NULL. */
static char *behind_fence(char *path)
{
    char *rest = NULL;
    unsigned i;

    for (i = 0; i < FENCES_MAX; ++i) {
        apr_size_t len = strlen(fences[i]);

        if (len > 0 && strncmp(path, fences[i], len) == 0 && path[len] == '/'
            && (rest == NULL || path + len < rest))
            rest = path + len;
    }
    return rest;
}

static int is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Nothing but names with one slash each between them. */
static int is_plain(const char *name)
{
    apr_size_t len;

    for (;; name += len + 1) {
        len = strcspn(name, "/");
        if (len == 0 || (name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.'))))
            return 0;
        if (name[len] == '\0')
            return 1;
    }
}

/* The walk of below in one call, where the kernel has it (Linux 5.6; a sandbox may refuse what it does not
 * know). @return as open(); ENOSYS: go step by step */
static int leap(int dir, const char *name)
{
#ifdef SYS_openat2
    const struct open_how how = { O_PATH | DIRECTORY, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
    int fd = (int)syscall(SYS_openat2, dir, name, &how, sizeof(how));

    if (fd < 0 && errno == ELOOP)
        errno = ENOTDIR;
    else if (fd < 0 && (errno == EPERM || errno == EINVAL || errno == EAGAIN))
        errno = ENOSYS;
    return fd;
#else
    (void)dir;
    (void)name;
    errno = ENOSYS;
    return -1;
#endif
}

/* The same as walk() for all but the last component, if it can be had at once.
 * @return that component; NULL with ENOSYS when it cannot, and with another errno */
static char *try_leap(int *pdir, char *name)
{
    char *slash = strrchr(name, '/');
    int next;

    errno = ENOSYS;
    if (slash == NULL || slash == name || !is_plain(name))
        return NULL;
    *slash = '\0';
    next = leap(*pdir, name);
    if (next < 0) {
        *slash = '/';
        return NULL;
    }
    close(*pdir);
    *pdir = next;
    return slash + 1;
}

/* Go from *pdir, which is closed, to the directory that the last component of name is in.
 * @return that component, in name, whose slashes are overwritten; NULL with errno */
static char *walk(int *pdir, char *name)
{
    char *last = try_leap(pdir, name);

    if (last != NULL || errno != ENOSYS)
        return last;
    for (;;) {
        char *slash = NULL;
        int next;

        while (*name == '/')
            ++name;
        if ((slash = strchr(name, '/')) != NULL)
            *slash = '\0';
        if (*name == '\0' || is_dots(name)) {
            errno = EINVAL;
            return NULL;
        }
        if (slash == NULL)
            return name;
        next = openat(*pdir, name, O_PATH | O_NOFOLLOW | DIRECTORY);
        if (next < 0)
            return NULL;
        close(*pdir);
        *pdir = next;
        name = slash + 1;
    }
}

static void place_close(place_t *place)
{
    if (place->dir >= 0)
        close(place->dir);
    place->dir = -1;
}

/* Links are root's choice. */
static void place_open_free(place_t *place)
{
    char *slash = strrchr(place->text, '/');
    const char *parent = ".";

    if (slash != NULL) {
        place->name = slash[1] != '\0' ? slash + 1 : ".";
        parent = slash == place->text ? "/" : place->text;
        *slash = '\0';
    }
    place->dir = open(parent, O_PATH | DIRECTORY);
}

static void place_open_fenced(place_t *place, char *rest)
{
    int error;

    *rest = '\0';
    place->nofollow = O_NOFOLLOW;
    place->dir = open(place->text, O_PATH | DIRECTORY);
    if (place->dir >= 0 && (place->name = walk(&place->dir, rest + 1)) == NULL) {
        error = errno;
        place_close(place);
        errno = error;
    }
}

static apr_status_t place_open(place_t *place, const char *path)
{
    apr_size_t len = trimmed(path, strlen(path));
    char *rest;

    place->dir = -1;
    place->nofollow = 0;
    if (len == 0)
        return ENOENT;
    if (len >= sizeof(place->text))
        return ENAMETOOLONG;
    memcpy(place->text, path, len);
    place->text[len] = '\0';
    place->name = place->text;
    if ((rest = behind_fence(place->text)) != NULL)
        place_open_fenced(place, rest);
    else
        place_open_free(place);
    return place->dir >= 0 ? APR_SUCCESS : errno;
}

/* The same for a name below an open directory of somebody who is not trusted. */
static apr_status_t place_open_at(place_t *place, int dir, const char *name)
{
    apr_size_t len = strlen(name);

    place->dir = -1;
    place->nofollow = O_NOFOLLOW;
    if (len >= sizeof(place->text))
        return ENAMETOOLONG;
    memcpy(place->text, name, len + 1);
    if ((place->dir = openat(dir, ".", O_PATH | DIRECTORY)) < 0)
        return errno;
    if ((place->name = walk(&place->dir, place->text)) == NULL) {
        apr_status_t rv = errno;

        place_close(place);
        return rv;
    }
    return APR_SUCCESS;
}

static apr_status_t place_look(struct stat *st, const place_t *place)
{
    return status_of(
        fstatat(place->dir, place->name, st, place->nofollow != 0 ? AT_SYMLINK_NOFOLLOW : 0));
}

/* An old kernel, or a filter around httpd, may have no files in memory. */
static int make_nameless(void)
{
    int fd = memfd_create("acme-eab", MFD_CLOEXEC);

    return fd >= 0 ? fd : open("/tmp", O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
}

int file_of_text(const char *text)
{
    apr_size_t len = strlen(text), done = 0;
    int fd = make_nameless();

    while (fd >= 0 && done < len) {
        ssize_t n = write(fd, text + done, len - done);

        if (n < 0 && errno != EINTR) {
            (void)close(fd);
            return -1;
        }
        done += n > 0 ? (apr_size_t)n : 0;
    }
    if (fd >= 0)
        (void)lseek(fd, 0, SEEK_SET);
    return fd;
}

apr_status_t file_look(struct stat *st, const char *path)
{
    place_t place;
    apr_status_t rv = place_open(&place, path);

    if (rv == APR_SUCCESS)
        rv = place_look(st, &place);
    place_close(&place);
    return rv;
}

int file_is_regular(const char *path)
{
    struct stat st;

    return file_look(&st, path) == APR_SUCCESS && S_ISREG(st.st_mode);
}

/* ---- why not --------------------------------------------------------------------------------- */

static const char *kind_of(mode_t mode)
{
    if (S_ISLNK(mode))
        return "a symbolic link, which is not followed here";
    if (S_ISDIR(mode))
        return "a directory, not a regular file";
    if (S_ISFIFO(mode))
        return "a FIFO, not a regular file";
    if (S_ISSOCK(mode))
        return "a socket, not a regular file";
    return S_ISREG(mode) ? NULL : "a device, not a regular file";
}

/* The first component that is no directory where one has to be; NULL when there is none. */
static const char *find_obstacle(apr_pool_t *p, const char *path)
{
    char *part = apr_pstrdup(p, path);
    char *end = behind_fence(part);
    struct stat st;

    for (end = end != NULL ? strchr(end + 1, '/') : NULL; end != NULL; end = strchr(end + 1, '/')) {
        *end = '\0';
        if (lstat(part, &st) == 0 && !S_ISDIR(st.st_mode))
            return apr_psprintf(p, "%s is %s", part,
                                S_ISLNK(st.st_mode) ? kind_of(st.st_mode) : "not a directory");
        *end = '/';
    }
    return NULL;
}

const char *file_reason(apr_pool_t *p, apr_status_t rv, const char *path)
{
    struct stat st;
    const char *what = NULL;
    char reason[128];

    if (rv == EFBIG)
        return "it is far longer than such a file can be";
    if (rv == EPERM && path != NULL)
        return "others than its owner can write to it or to its directory";
    if (rv == E2BIG)
        return "there is more in it than can be removed at once";
    if (path != NULL && (rv == ENOTDIR || rv == ELOOP))
        what = find_obstacle(p, path);
    else if (path != NULL && (rv == APR_EINVAL || rv == EISDIR) && lstat(path, &st) == 0
             && (what = kind_of(st.st_mode)) != NULL)
        what = apr_pstrcat(p, "it is ", what, NULL);
    return what != NULL ? what : apr_pstrdup(p, apr_strerror(rv, reason, sizeof(reason)));
}

/* A sticky directory lets nobody but the owner of an entry replace it. */
static int is_open_to_others(const struct stat *st, uid_t user)
{
    int shared = (st->st_mode & (S_IWGRP | S_IWOTH)) != 0;

    if (st->st_uid != 0 && st->st_uid != user && st->st_uid != geteuid())
        return 1;
    return shared && !(S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX) != 0);
}

const char *file_changeable_by(apr_pool_t *p, const char *path, uid_t user)
{
    char *real = realpath(path, NULL), *part, *end;
    struct stat st;

    if (real == NULL)
        return apr_psprintf(p, "%s cannot be found: %s", path, strerror(errno));
    part = apr_pstrdup(p, real);
    free(real);
    for (end = part + strlen(part); end != NULL; end = strrchr(part, '/')) {
        *end = '\0';
        if (stat(*part != '\0' ? part : "/", &st) != 0 || is_open_to_others(&st, user))
            return apr_psprintf(
                p,
                "%s could be changed by others than root; give it to root, and take "
                "group's and others' right to write away: chown root %s; chmod go-w "
                "%s",
                *part != '\0' ? part : "/", *part != '\0' ? part : "/", *part != '\0' ? part : "/");
    }
    return NULL;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* @param alone  a second name is refused */
static apr_status_t check_regular(const struct stat *st, apr_size_t max, int alone)
{
    if (!S_ISREG(st->st_mode) || (alone && st->st_nlink > 1))
        return APR_EINVAL;
    return (apr_uint64_t)st->st_size > max ? EFBIG : APR_SUCCESS;
}

/* Looked at before as well: to open a device may do something. What is there instead a moment later
 * is opened without waiting, and looked at again. */
static apr_status_t open_regular(int *pfd, apr_size_t *psize, const place_t *place, apr_size_t max,
                                 int alone)
{
    struct stat st;
    apr_status_t rv = place_look(&st, place);
    int fd;

    *pfd = -1;
    if (rv == APR_SUCCESS)
        rv = check_regular(&st, max, alone);
    if (rv != APR_SUCCESS)
        return rv;
    if ((fd = openat(place->dir, place->name, O_RDONLY | FLAGS | place->nofollow)) < 0)
        return errno == ELOOP || errno == ENXIO ? APR_EINVAL : errno;
    rv = fstat(fd, &st) == 0 ? check_regular(&st, max, alone) : errno;
    if (rv != APR_SUCCESS) {
        close(fd);
        return rv;
    }
    *pfd = fd;
    *psize = (apr_size_t)st.st_size;
    return APR_SUCCESS;
}

apr_status_t file_open(int *pfd, const char *path, apr_size_t max)
{
    place_t place;
    apr_size_t size = 0;
    apr_status_t rv = place_open(&place, path);

    *pfd = -1;
    if (rv == APR_SUCCESS)
        rv = open_regular(pfd, &size, &place, max, 0);
    place_close(&place);
    return rv;
}

/* A directory with the sticky bit protects what its owner has put there. */
static int others_can_write(const struct stat *st)
{
    return (st->st_mode & (S_IWGRP | S_IWOTH)) != 0
           && !(S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX) != 0);
}

apr_status_t file_open_guarded(int *pfd, const char *path, apr_size_t max)
{
    struct stat file, dir;
    place_t place;
    apr_size_t size = 0;
    apr_status_t rv = place_open(&place, path);

    *pfd = -1;
    if (rv == APR_SUCCESS)
        rv = open_regular(pfd, &size, &place, max, 0);
    if (rv == APR_SUCCESS && (fstat(*pfd, &file) != 0 || fstat(place.dir, &dir) != 0))
        rv = errno;
    else if (rv == APR_SUCCESS && (others_can_write(&file) || others_can_write(&dir)))
        rv = EPERM;
    if (rv != APR_SUCCESS && *pfd >= 0) {
        close(*pfd);
        *pfd = -1;
    }
    place_close(&place);
    return rv;
}

static apr_status_t read_all(int fd, char *data, apr_size_t *plen)
{
    apr_size_t len = 0;

    while (len < *plen) {
        ssize_t n = read(fd, data + len, *plen - len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        if (n == 0)
            break;
        len += (apr_size_t)n;
    }
    *plen = len;
    return APR_SUCCESS;
}

static apr_status_t read_place(const char **pdata, apr_size_t *plen, const place_t *place,
                               apr_size_t max, int alone, apr_pool_t *p)
{
    apr_size_t len = 0;
    char *data = NULL;
    int fd = -1;
    apr_status_t rv = open_regular(&fd, &len, place, max, alone);

    if (rv != APR_SUCCESS)
        return rv;
    data = apr_palloc(p, len + 1);
    rv = read_all(fd, data, &len);
    close(fd);
    if (rv != APR_SUCCESS)
        return rv;
    data[len] = '\0';
    *pdata = data;
    *plen = len;
    return APR_SUCCESS;
}

apr_status_t file_read(const char **pdata, apr_size_t *plen, const char *path, apr_size_t max,
                       apr_pool_t *p)
{
    place_t place;
    apr_status_t rv = place_open(&place, path);

    *pdata = NULL;
    *plen = 0;
    if (rv == APR_SUCCESS)
        rv = read_place(pdata, plen, &place, max, 0, p);
    place_close(&place);
    return rv;
}

apr_status_t file_read_at(const char **pdata, apr_size_t *plen, int dir, const char *name,
                          apr_size_t max, apr_pool_t *p)
{
    place_t place;
    apr_status_t rv = place_open_at(&place, dir, name);

    *pdata = NULL;
    *plen = 0;
    if (rv == APR_SUCCESS)
        rv = read_place(pdata, plen, &place, max, 1, p);
    place_close(&place);
    return rv;
}

/* The directory stays the caller's. @return APR_EINVAL for what is no entry */
static apr_status_t place_in(place_t *place, int dir, const char *entry)
{
    place->dir = dir;
    place->nofollow = O_NOFOLLOW;
    place->name = entry;
    return *entry == '\0' || is_dots(entry) || strchr(entry, '/') != NULL ? APR_EINVAL
                                                                          : APR_SUCCESS;
}

apr_status_t file_open_entry(int *pfd, int dir, const char *entry, apr_size_t max)
{
    place_t place;
    apr_size_t size = 0;
    apr_status_t rv = place_in(&place, dir, entry);

    *pfd = -1;
    return rv == APR_SUCCESS ? open_regular(pfd, &size, &place, max, 0) : rv;
}

apr_status_t file_read_entry(const char **pdata, apr_size_t *plen, int dir, const char *entry,
                             apr_size_t max, apr_pool_t *p)
{
    place_t place;
    apr_status_t rv = place_in(&place, dir, entry);

    *pdata = NULL;
    *plen = 0;
    return rv == APR_SUCCESS ? read_place(pdata, plen, &place, max, 0, p) : rv;
}

/* ---- writing --------------------------------------------------------------------------------- */

static apr_status_t sync_directory(int dir)
{
    apr_status_t rv;
    int fd = openat(dir, ".", O_RDONLY | DIRECTORY);

    if (fd < 0)
        return errno;
    rv = status_of(fsync(fd));
    close(fd);
    /* A file system that cannot sync directories says so; there is nothing more to do then. */
    return rv == EINVAL ? APR_SUCCESS : rv;
}

/* A name that nobody can guess. */
static apr_status_t temp_name(const char **pname, apr_pool_t *ptemp)
{
    unsigned char random[8];
    apr_status_t rv = apr_generate_random_bytes(random, sizeof(random));

    *pname = NULL;
    if (rv == APR_SUCCESS)
        *pname =
            apr_pstrcat(ptemp, FILE_UNFINISHED, hex_encode(ptemp, random, sizeof(random)), NULL);
    return rv;
}

static apr_status_t write_all(int fd, const char *data, apr_size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        data += n;
        len -= (apr_size_t)n;
    }
    return APR_SUCCESS;
}

/* Make a file, which must not exist, with this content. */
static apr_status_t write_new(int dir, const char *name, const void *data, apr_size_t len,
                              mode_t mode, int durable)
{
    apr_status_t rv;
    int fd =
        openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);

    if (fd < 0)
        return errno;
    rv = write_all(fd, data, len);
    if (rv == APR_SUCCESS)
        rv = status_of(fchmod(fd, mode));
    if (rv == APR_SUCCESS && durable)
        rv = status_of(fsync(fd));
    /* Some file systems tell only now that the disk is full. */
    if (close(fd) != 0 && rv == APR_SUCCESS)
        rv = errno;
    return rv;
}

/* Give what was made under the name temp in dir its place. After a failure it is gone. */
static apr_status_t settle_from(int dir, const place_t *place, const char *temp, apr_status_t rv,
                                int durable)
{
    if (rv == APR_SUCCESS)
        rv = status_of(renameat(dir, temp, place->dir, place->name));
    if (rv != APR_SUCCESS) {
        unlinkat(dir, temp, 0);
        return rv;
    }
    return durable ? sync_directory(place->dir) : APR_SUCCESS;
}

static apr_status_t settle(const place_t *place, const char *temp, apr_status_t rv, int durable)
{
    return settle_from(place->dir, place, temp, rv, durable);
}

apr_status_t file_replace(const char *path, const void *data, apr_size_t len, mode_t mode,
                          int durable, apr_pool_t *ptemp)
{
    const char *temp = NULL;
    place_t place;
    apr_status_t rv = temp_name(&temp, ptemp);

    if (rv != APR_SUCCESS || (rv = place_open(&place, path)) != APR_SUCCESS)
        return rv;
    rv = settle(&place, temp, write_new(place.dir, temp, data, len, mode, durable), durable);
    place_close(&place);
    return rv;
}

apr_status_t file_replace_through(const char *draft, const char *path, const void *data,
                                  apr_size_t len, mode_t mode, int durable, apr_pool_t *ptemp)
{
    const char *temp = NULL;
    place_t place, from;
    apr_status_t rv = temp_name(&temp, ptemp);

    if (rv != APR_SUCCESS || (rv = place_open(&place, path)) != APR_SUCCESS)
        return rv;
    rv = place_open(&from, apr_pstrcat(ptemp, draft, "/", temp, NULL));
    if (rv == APR_SUCCESS)
        rv = settle_from(from.dir, &place, temp,
                         write_new(from.dir, temp, data, len, mode, durable), durable);
    place_close(&from);
    place_close(&place);
    return rv;
}

apr_status_t file_make(const char *path, const void *data, apr_size_t len, mode_t mode)
{
    place_t place;
    apr_status_t rv = place_open(&place, path);

    if (rv == APR_SUCCESS) {
        rv = write_new(place.dir, place.name, data, len, mode, 0);
        if (rv != APR_SUCCESS && rv != EEXIST)
            unlinkat(place.dir, place.name, 0);
    }
    place_close(&place);
    return rv;
}

/* @param pmade  it was not there before */
static apr_status_t open_to_append(int *pfd, int *pmade, const place_t *place)
{
    const int flags = O_RDWR | O_APPEND | O_NOFOLLOW | FLAGS;
    struct stat st;
    apr_status_t rv;

    *pmade = 0;
    *pfd = openat(place->dir, place->name, flags);
    if (*pfd < 0 && errno == ENOENT) {
        *pmade = 1;
        *pfd = openat(place->dir, place->name, flags | O_CREAT | O_EXCL, S_IRUSR | S_IWUSR);
    }
    if (*pfd < 0)
        return errno == ELOOP || errno == ENXIO ? APR_EINVAL : errno;
    rv = fstat(*pfd, &st) == 0 ? check_regular(&st, SIZE_MAX, 0) : errno;
    if (rv != APR_SUCCESS) {
        close(*pfd);
        *pfd = -1;
    }
    return rv;
}

/* A line whose writer was killed, or whose disk was full. */
static apr_status_t end_line(int fd)
{
    struct stat st;
    char last = '\n';

    if (fstat(fd, &st) != 0 || (st.st_size > 0 && pread(fd, &last, 1, st.st_size - 1) < 0))
        return errno;
    return last == '\n' ? APR_SUCCESS : write_all(fd, "\n", 1);
}

apr_status_t file_append(const char *path, const void *line, apr_size_t len, int durable)
{
    place_t place;
    apr_status_t rv = place_open(&place, path);
    int fd = -1, made = 0;

    if (rv == APR_SUCCESS)
        rv = open_to_append(&fd, &made, &place);
    if (rv == APR_SUCCESS)
        rv = end_line(fd);
    if (rv == APR_SUCCESS)
        rv = write_all(fd, line, len);
    if (rv == APR_SUCCESS && durable)
        rv = status_of(fsync(fd));
    if (fd >= 0 && close(fd) != 0 && rv == APR_SUCCESS)
        rv = errno;
    if (rv == APR_SUCCESS && durable && made)
        rv = sync_directory(place.dir);
    place_close(&place);
    return rv;
}

apr_status_t file_sync(const char *path)
{
    int fd = -1;
    apr_status_t rv = file_open(&fd, path, SIZE_MAX);

    if (rv == APR_SUCCESS) {
        rv = status_of(fsync(fd));
        close(fd);
    }
    return rv;
}

struct file_draft {
    place_t place;
    const char *temp;
    int fd; /* -1: it is published or given up */
};

void file_draft_discard(file_draft_t *draft)
{
    if (draft == NULL || draft->fd < 0)
        return;
    unlinkat(draft->place.dir, draft->temp, 0);
    close(draft->fd);
    draft->fd = -1;
    place_close(&draft->place);
}

static apr_status_t draft_cleanup(void *data)
{
    file_draft_discard(data);
    return APR_SUCCESS;
}

/* Not all file systems can tell beforehand. */
static apr_status_t take_room(int fd, apr_size_t room)
{
    int error = posix_fallocate(fd, 0, (off_t)room);

    return error == EOPNOTSUPP || error == EINVAL ? APR_SUCCESS : error;
}

static apr_status_t draft_open(file_draft_t *draft, mode_t mode, apr_size_t room)
{
    apr_status_t rv;

    draft->fd = openat(draft->place.dir, draft->temp,
                       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (draft->fd < 0)
        return errno;
    rv = status_of(fchmod(draft->fd, mode));
    return rv == APR_SUCCESS ? take_room(draft->fd, room) : rv;
}

apr_status_t file_draft_make(file_draft_t **pdraft, const char *path, mode_t mode, apr_size_t room,
                             apr_pool_t *p)
{
    file_draft_t *draft = apr_pcalloc(p, sizeof(*draft));
    struct stat st;
    apr_status_t rv = temp_name(&draft->temp, p);

    *pdraft = NULL;
    draft->fd = -1;
    if (rv != APR_SUCCESS || (rv = place_open(&draft->place, path)) != APR_SUCCESS)
        return rv;
    if (fstatat(draft->place.dir, draft->place.name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        rv = EEXIST;
    else
        rv = draft_open(draft, mode, room);
    if (rv != APR_SUCCESS) {
        file_draft_discard(draft);
        place_close(&draft->place);
        return rv;
    }
    apr_pool_cleanup_register(p, draft, draft_cleanup, apr_pool_cleanup_null);
    *pdraft = draft;
    return APR_SUCCESS;
}

/* A second name is made only where there is none; the first one goes. */
static apr_status_t name_draft(const file_draft_t *draft)
{
    int dir = draft->place.dir;

    if (syscall(SYS_renameat2, dir, draft->temp, dir, draft->place.name, RENAME_NOREPLACE) == 0)
        return APR_SUCCESS;
    if (errno != EINVAL && errno != ENOSYS)
        return errno;
    /* The file system knows no such rename. */
    if (linkat(dir, draft->temp, dir, draft->place.name, 0) != 0)
        return errno;
    unlinkat(dir, draft->temp, 0);
    return APR_SUCCESS;
}

apr_status_t file_draft_publish(file_draft_t *draft, const void *data, apr_size_t len)
{
    apr_status_t rv = write_all(draft->fd, data, len);

    if (rv == APR_SUCCESS)
        rv = status_of(ftruncate(draft->fd, (off_t)len));
    if (rv == APR_SUCCESS)
        rv = status_of(fsync(draft->fd));
    if (rv == APR_SUCCESS)
        rv = name_draft(draft);
    if (rv != APR_SUCCESS) {
        file_draft_discard(draft);
        return rv;
    }
    close(draft->fd);
    draft->fd = -1;
    rv = sync_directory(draft->place.dir);
    place_close(&draft->place);
    return rv;
}

/* Root's or ours, and open to nobody else for writing. Above the last one the sticky bit will do. */
static int is_safe_directory(const struct stat *st, int last)
{
    if (st->st_uid != 0 && st->st_uid != geteuid())
        return 0;
    return last ? (st->st_mode & (S_IWGRP | S_IWOTH)) == 0 : !others_can_write(st);
}

/* Go down from "/" without following any link. */
static apr_status_t place_open_safe(place_t *place, const char *path)
{
    apr_size_t len = strlen(path);
    char *slash = NULL, *part = place->text;
    struct stat st;

    place->dir = -1;
    place->nofollow = O_NOFOLLOW;
    if (*path != '/' || path[len - 1] == '/')
        return APR_EINVAL;
    if (len >= sizeof(place->text))
        return ENAMETOOLONG;
    memcpy(place->text, path + 1, len);
    if ((place->dir = open("/", O_PATH | DIRECTORY)) < 0)
        return errno;
    for (; (slash = strchr(part, '/')) != NULL; part = slash + 1) {
        int next;

        *slash = '\0';
        if (*part == '\0')
            continue;
        if (is_dots(part))
            return APR_EINVAL;
        if ((next = openat(place->dir, part, O_PATH | O_NOFOLLOW | DIRECTORY)) < 0)
            return errno;
        close(place->dir);
        place->dir = next;
        if (fstat(next, &st) != 0)
            return errno;
        if (!is_safe_directory(&st, strchr(slash + 1, '/') == NULL))
            return EPERM;
    }
    place->name = part;
    return is_dots(part) ? APR_EINVAL : APR_SUCCESS;
}

/* In a directory of others a draft says which file it is for: ".tmp-", 8 digits of that, 8 of chance. */
#define DELIVERY_PREFIX (sizeof(FILE_UNFINISHED) - 1 + 8)

static apr_status_t delivery_name(char **pname, const char *name, apr_pool_t *ptemp)
{
    const unsigned char *c;
    unsigned char random[4];
    apr_uint32_t hash = 2166136261u; /* FNV-1a */
    apr_status_t rv = apr_generate_random_bytes(random, sizeof(random));

    for (c = (const unsigned char *)name; *c != '\0'; c++)
        hash = (hash ^ *c) * 16777619u;
    *pname = apr_psprintf(ptemp, FILE_UNFINISHED "%08x%s", (unsigned int)hash,
                          hex_encode(ptemp, random, sizeof(random)));
    return rv;
}

/* Whoever writes one has it locked. */
static void remove_abandoned(int dir, const char *name)
{
    struct stat st;
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && flock(fd, LOCK_EX | LOCK_NB) == 0)
        unlinkat(dir, name, 0);
    if (fd >= 0)
        close(fd);
}

/* What a writer has left that was killed: there may be a private key in it, and nobody else looks there. */
static void sweep_deliveries(const place_t *place, const char *temp)
{
    int fd = openat(place->dir, ".", O_RDONLY | DIRECTORY);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;

    if (dir == NULL) {
        if (fd >= 0)
            close(fd);
        return;
    }
    while ((entry = readdir(dir)) != NULL) {
        if (strncmp(entry->d_name, temp, DELIVERY_PREFIX) == 0)
            remove_abandoned(place->dir, entry->d_name);
    }
    closedir(dir);
}

/* @param pfd the file, locked; -1 when there is none */
static apr_status_t write_delivery(int *pfd, const place_t *place, const char *temp,
                                   const void *data, apr_size_t len, int uid, int gid, mode_t mode)
{
    int fd = *pfd = openat(place->dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                           S_IRUSR | S_IWUSR);
    apr_status_t rv;

    if (fd < 0)
        return errno;
    rv = status_of(flock(fd, LOCK_EX | LOCK_NB));
    if (rv == APR_SUCCESS)
        rv = write_all(fd, data, len);
    if (rv == APR_SUCCESS && (uid >= 0 || gid >= 0))
        rv = status_of(
            fchown(fd, uid >= 0 ? (uid_t)uid : (uid_t)-1, gid >= 0 ? (gid_t)gid : (gid_t)-1));
    if (rv == APR_SUCCESS)
        rv = status_of(fchmod(fd, mode));
    if (rv == APR_SUCCESS)
        rv = status_of(fsync(fd));
    return rv;
}

apr_status_t file_deliver(const char *path, const void *data, apr_size_t len, int uid, int gid,
                          mode_t mode, apr_pool_t *ptemp)
{
    char *temp = NULL;
    struct stat st;
    place_t place;
    int fd = -1;
    apr_status_t rv = place_open_safe(&place, path);

    if (rv == APR_SUCCESS && place_look(&st, &place) == APR_SUCCESS && !S_ISREG(st.st_mode))
        rv = APR_EINVAL;
    if (rv == APR_SUCCESS)
        rv = delivery_name(&temp, place.name, ptemp);
    if (rv == APR_SUCCESS) {
        sweep_deliveries(&place, temp);
        rv = settle(&place, temp, write_delivery(&fd, &place, temp, data, len, uid, gid, mode), 1);
    }
    if (fd >= 0)
        close(fd);
    place_close(&place);
    return rv;
}

char *file_delivered(apr_size_t *plen, const char *path, apr_size_t max, int uid, int gid,
                     mode_t mode, apr_pool_t *p)
{
    struct stat st;
    place_t place;
    char *data = NULL;
    apr_size_t size = 0;
    int fd = -1;

    if (place_open_safe(&place, path) == APR_SUCCESS
        && open_regular(&fd, &size, &place, max, 0) == APR_SUCCESS && fstat(fd, &st) == 0
        && (uid < 0 || st.st_uid == (uid_t)uid) && (gid < 0 || st.st_gid == (gid_t)gid)
        && (st.st_mode & 07777) == mode) {
        data = apr_palloc(p, size + 1);
        if (read_all(fd, data, &size) != APR_SUCCESS)
            data = NULL;
    }
    if (data != NULL) {
        data[size] = '\0';
        *plen = size;
    }
    if (fd >= 0)
        close(fd);
    place_close(&place);
    return data;
}

apr_status_t file_replace_link(const char *path, const char *target, apr_pool_t *ptemp)
{
    const char *temp = NULL;
    place_t place;
    apr_status_t rv = temp_name(&temp, ptemp);

    if (rv != APR_SUCCESS || (rv = place_open(&place, path)) != APR_SUCCESS)
        return rv;
    rv = settle(&place, temp, status_of(symlinkat(target, place.dir, temp)), 0);
    place_close(&place);
    return rv;
}

const char *file_link_target(const char *path, apr_pool_t *p)
{
    char target[PATH_MAX];
    ssize_t len = -1;
    place_t place;

    if (place_open(&place, path) == APR_SUCCESS)
        len = readlinkat(place.dir, place.name, target, sizeof(target));
    place_close(&place);
    return len > 0 && (apr_size_t)len < sizeof(target) ? apr_pstrmemdup(p, target, (apr_size_t)len)
                                                       : NULL;
}

typedef int move_fn(int from_dir, const char *from, int to_dir, const char *to);

static int rename_one(int from_dir, const char *from, int to_dir, const char *to)
{
    return renameat(from_dir, from, to_dir, to);
}

static int link_one(int from_dir, const char *from, int to_dir, const char *to)
{
    return linkat(from_dir, from, to_dir, to, 0);
}

static apr_status_t move(move_fn *how, const char *from, const char *to)
{
    place_t source, target;
    apr_status_t rv = place_open(&source, from);

    if (rv != APR_SUCCESS)
        return rv;
    if ((rv = place_open(&target, to)) == APR_SUCCESS)
        rv = status_of(how(source.dir, source.name, target.dir, target.name));
    place_close(&target);
    place_close(&source);
    return rv;
}

apr_status_t file_rename(const char *from, const char *to)
{
    return move(rename_one, from, to);
}

apr_status_t file_link(const char *from, const char *to)
{
    return move(link_one, from, to);
}

static apr_status_t remove_one(const char *path, int flags)
{
    place_t place;
    apr_status_t rv = place_open(&place, path);

    if (rv == APR_SUCCESS)
        rv = status_of(unlinkat(place.dir, place.name, flags));
    place_close(&place);
    return rv;
}

apr_status_t file_remove(const char *path)
{
    return remove_one(path, 0);
}

apr_status_t file_remove_directory(const char *path)
{
    return remove_one(path, AT_REMOVEDIR);
}

/* What is no regular file has no keeper that could hold it. */
static apr_status_t clear_for_lock(const place_t *place)
{
    struct stat st;

    if (fstatat(place->dir, place->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? APR_SUCCESS : errno;
    if (S_ISREG(st.st_mode))
        return APR_SUCCESS;
    return status_of(unlinkat(place->dir, place->name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0));
}

apr_status_t file_open_lock(int *pfd, const char *path)
{
    const int flags = FLAGS | O_NOFOLLOW;
    struct stat st;
    place_t place;
    apr_status_t rv = place_open(&place, path);
    int fd;

    *pfd = -1;
    if (rv != APR_SUCCESS)
        return rv;
    rv = clear_for_lock(&place);
    if (rv == APR_SUCCESS || rv == EROFS) {
        fd = openat(place.dir, place.name, O_RDWR | O_CREAT | flags, S_IRUSR | S_IWUSR);
        rv = fd < 0 ? errno : APR_SUCCESS;
        if (rv == EROFS || rv == ENOSPC || rv == EDQUOT)
            rv = (fd = openat(place.dir, place.name, O_RDONLY | flags)) < 0 ? errno : APR_SUCCESS;
        if (rv == APR_SUCCESS && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
            rv = APR_EINVAL;
            close(fd);
            fd = -1;
        }
        *pfd = fd;
    }
    place_close(&place);
    return rv;
}

/* ---- directories ----------------------------------------------------------------------------- */

apr_status_t file_open_directory(int *pfd, const char *path)
{
    place_t place;
    apr_status_t rv = place_open(&place, path);

    *pfd = -1;
    if (rv == APR_SUCCESS) {
        *pfd = openat(place.dir, place.name, O_RDONLY | O_NOFOLLOW | DIRECTORY);
        rv = *pfd < 0 ? errno : APR_SUCCESS;
    }
    place_close(&place);
    return rv;
}

apr_status_t file_open_directory_at(int *pfd, int dir, const char *name)
{
    place_t place;
    apr_status_t rv = place_open_at(&place, dir, name);

    *pfd = -1;
    if (rv == APR_SUCCESS) {
        *pfd = openat(place.dir, place.name, O_RDONLY | O_NOFOLLOW | DIRECTORY);
        rv = *pfd < 0 ? errno : APR_SUCCESS;
    }
    place_close(&place);
    return rv;
}

apr_status_t file_open_parent(int *pfd, const char **pname, const char *path, apr_pool_t *p)
{
    place_t place;
    apr_status_t rv = place_open(&place, path);

    *pfd = place.dir;
    *pname = rv == APR_SUCCESS ? apr_pstrdup(p, place.name) : NULL;
    return rv;
}

/* A directory to list or sync: root may have put a link in its place, unless there is a fence. */
static int open_listed(const char *path)
{
    place_t place;
    apr_status_t rv = place_open(&place, path);
    int fd = -1;

    if (rv == APR_SUCCESS) {
        fd = openat(place.dir, place.name, O_RDONLY | DIRECTORY | place.nofollow);
        rv = errno;
    }
    place_close(&place);
    errno = rv;
    return fd;
}

/* Give a directory its mode, whatever the umask took away. */
static apr_status_t set_mode(const place_t *place, mode_t mode)
{
    apr_status_t rv;
    int fd = openat(place->dir, place->name, O_RDONLY | DIRECTORY | O_NOFOLLOW);

    if (fd < 0)
        return errno;
    rv = status_of(fchmod(fd, mode));
    close(fd);
    return rv;
}

static apr_status_t make_one(const place_t *place, mode_t mode)
{
    struct stat st;

    if (mkdirat(place->dir, place->name, mode) == 0)
        return set_mode(place, mode);
    if (errno != EEXIST)
        return errno;
    return place_look(&st, place) == APR_SUCCESS && S_ISDIR(st.st_mode) ? APR_SUCCESS : ENOTDIR;
}

/* The directory that holds path. */
static const char *parent_of(const char *path, apr_pool_t *ptemp)
{
    apr_size_t len = trimmed(path, strlen(path));

    while (len > 0 && path[len - 1] != '/')
        --len;
    return len == 0 ? "." : apr_pstrmemdup(ptemp, path, trimmed(path, len));
}

apr_status_t file_make_directory(const char *path, mode_t mode, apr_pool_t *ptemp)
{
    place_t place;
    apr_status_t rv = place_open(&place, path);

    if (APR_STATUS_IS_ENOENT(rv) && *path != '\0') {
        rv = file_make_directory(parent_of(path, ptemp), 0755, ptemp);
        if (rv == APR_SUCCESS)
            rv = place_open(&place, path);
    }
    if (rv == APR_SUCCESS)
        rv = make_one(&place, mode);
    place_close(&place);
    return rv;
}

apr_status_t file_close_directory(const char *path)
{
    apr_status_t rv;
    int fd = open_listed(path);

    if (fd < 0)
        return errno;
    rv = status_of(fchmod(fd, S_IRWXU));
    close(fd);
    return rv;
}

apr_status_t file_give_directory(int dir, int uid, int gid, mode_t mode)
{
    if (uid >= 0 && fchown(dir, (uid_t)uid, (gid_t)gid) != 0)
        return errno;
    return status_of(fchmod(dir, mode));
}

apr_status_t file_sync_directory(const char *path)
{
    apr_status_t rv;
    int fd = open_listed(path);

    if (fd < 0)
        return errno;
    rv = sync_directory(fd);
    close(fd);
    return rv;
}

/* ---- several at once ---- */

typedef struct sync {
    const char *path;
    int fd;
    apr_status_t rv;
    pthread_t thread;
    int running;
} sync_t;

struct file_syncs {
    int count;
    sync_t of[FILE_TOGETHER_MAX];
};

static void *sync_one(void *data)
{
    sync_t *sync = data;

    sync->rv = status_of(fsync(sync->fd));
    return NULL;
}

static apr_status_t open_either(int *pfd, const char *path)
{
    apr_status_t rv = file_open_directory(pfd, path);

    return APR_STATUS_IS_ENOTDIR(rv) ? file_open(pfd, path, SIZE_MAX) : rv;
}

/* With all signals blocked, so that they reach the thread that waits for them. */
static void sync_in_thread(sync_t *sync)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    sync->running = pthread_create(&sync->thread, NULL, sync_one, sync) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!sync->running)
        sync_one(sync);
}

static void syncs_open(file_syncs_t *syncs, const char *const *paths, int count)
{
    int i;

    for (i = 0; i < count && syncs->count < FILE_TOGETHER_MAX; ++i) {
        sync_t *sync = &syncs->of[syncs->count];

        if (paths[i] == NULL)
            continue;
        sync->path = paths[i];
        sync->rv = open_either(&sync->fd, paths[i]);
        ++syncs->count;
    }
}

file_syncs_t *file_syncs_open(const char *const *paths, int count)
{
    file_syncs_t *syncs = calloc(1, sizeof(*syncs));

    if (syncs == NULL)
        abort();
    syncs_open(syncs, paths, count);
    return syncs;
}

/* The last one here, the others beside it. */
void file_syncs_run(file_syncs_t *syncs)
{
    int i;

    for (i = 0; i < syncs->count; ++i) {
        if (syncs->of[i].rv == APR_SUCCESS && i < syncs->count - 1)
            sync_in_thread(&syncs->of[i]);
        else if (syncs->of[i].rv == APR_SUCCESS)
            sync_one(&syncs->of[i]);
    }
    for (i = 0; i < syncs->count; ++i) {
        if (syncs->of[i].running)
            pthread_join(syncs->of[i].thread, NULL);
    }
}

static apr_status_t syncs_close(file_syncs_t *syncs, const char **pfailed)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; i < syncs->count; ++i) {
        sync_t *sync = &syncs->of[i];

        /* A file system that cannot sync directories says so; there is nothing more to do then. */
        if (sync->rv == EINVAL && sync->fd >= 0)
            sync->rv = APR_SUCCESS;
        if (sync->fd >= 0)
            close(sync->fd);
        if (rv == APR_SUCCESS && sync->rv != APR_SUCCESS) {
            rv = sync->rv;
            if (pfailed != NULL)
                *pfailed = sync->path;
        }
    }
    return rv;
}

apr_status_t file_syncs_close(file_syncs_t *syncs, const char **pfailed)
{
    apr_status_t rv = syncs_close(syncs, pfailed);

    free(syncs);
    return rv;
}

apr_status_t file_sync_together(const char *const *paths, int count, const char **pfailed)
{
    file_syncs_t syncs = { 0 };

    *pfailed = NULL;
    syncs_open(&syncs, paths, count);
    file_syncs_run(&syncs);
    return syncs_close(&syncs, pfailed);
}

apr_status_t file_sync_tree(const char *path)
{
    int fd = -1;
    apr_status_t rv = file_open_directory(&fd, path);

    if (rv != APR_SUCCESS)
        return rv;
    rv = status_of(syncfs(fd));
    close(fd);
    return rv;
}

static int is_unfinished(const char *name)
{
    return strncmp(name, FILE_UNFINISHED, strlen(FILE_UNFINISHED)) == 0;
}

typedef int chosen_f(const char *name);

static int any(const char *name)
{
    (void)name;
    return 1;
}

static int finished(const char *name)
{
    return !is_unfinished(name);
}

/* At most max entries of the directory open at own, which is closed. */
static apr_status_t list_own(apr_array_header_t **pnames, int own, chosen_f *chosen, int max,
                             apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, 16, sizeof(const char *));
    DIR *dir = own >= 0 ? fdopendir(own) : NULL;
    struct dirent *entry;
    apr_status_t rv = errno;

    *pnames = names;
    if (dir == NULL) {
        if (own >= 0)
            close(own);
        return rv;
    }
    while ((errno = 0, entry = readdir(dir)) != NULL && names->nelts < max) {
        if (!is_dots(entry->d_name) && chosen(entry->d_name))
            APR_ARRAY_PUSH(names, const char *) = apr_pstrdup(p, entry->d_name);
    }
    rv = errno;
    closedir(dir);
    return rv;
}

/* The same of one that stays open: where it stands in the directory is shared by duplicates. */
static apr_status_t list_entries(apr_array_header_t **pnames, int fd, chosen_f *chosen, int max,
                                 apr_pool_t *p)
{
    return list_own(pnames, openat(fd, ".", O_RDONLY | DIRECTORY), chosen, max, p);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort_names(apr_array_header_t *names)
{
    if (names->nelts > 1)
        qsort(names->elts, (size_t)names->nelts, sizeof(const char *), compare_names);
}

static apr_array_header_t *list_sorted(int own, int max, apr_pool_t *p)
{
    apr_array_header_t *names = NULL;

    if (list_own(&names, own, finished, max, p) != APR_SUCCESS)
        names->nelts = 0;
    sort_names(names);
    return names;
}

apr_array_header_t *file_list_directory_at(int dir, int max, apr_pool_t *p)
{
    return list_sorted(openat(dir, ".", O_RDONLY | DIRECTORY), max, p);
}

apr_array_header_t *file_list_directory(const char *path, apr_pool_t *p)
{
    return list_sorted(open_listed(path), LIMIT_DIRECTORY, p);
}

/* ---- removing -------------------------------------------------------------------------------- */

/* A tree that is being removed. What is deeper than one level is moved up to the top first, so that
 * neither depth nor width cost memory or descriptors. */
typedef struct removal {
    int top; /* the directory that is emptied */
    dev_t device;
    int left; /* entries that may still be removed */
    int moved;
    apr_pool_t *pool; /* of one batch of names */
} removal_t;

static apr_status_t empty(removal_t *removal, int dir);

/* @return EISDIR for a directory */
static apr_status_t remove_entry(int dir, const char *name)
{
    struct stat st;
    apr_status_t rv;

    if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
        return APR_SUCCESS;
    rv = errno;
    /* Linux answers EISDIR for a directory, others EPERM. */
    if (rv == EPERM && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
        rv = EISDIR;
    return rv;
}

/* Move a directory to the top, under a name that is not in use there. */
static apr_status_t move_up(removal_t *removal, int dir, const char *name)
{
    char free_name[64];

    do {
        snprintf(free_name, sizeof(free_name), FILE_UNFINISHED "moved-%d", removal->moved++);
    } while (faccessat(removal->top, free_name, F_OK, AT_SYMLINK_NOFOLLOW) == 0);
    return status_of(renameat(dir, name, removal->top, free_name));
}

/* A directory in the top one. */
static apr_status_t remove_directory(removal_t *removal, const char *name)
{
    struct stat st;
    apr_status_t rv = APR_SUCCESS;
    int fd;

    if (unlinkat(removal->top, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return APR_SUCCESS;
    if ((fd = openat(removal->top, name, O_RDONLY | DIRECTORY | O_NOFOLLOW)) < 0)
        return errno;
    if (fstat(fd, &st) != 0)
        rv = errno;
    else if (st.st_dev != removal->device)
        rv = EXDEV;
    else
        rv = empty(removal, fd);
    close(fd);
    return rv == APR_SUCCESS ? status_of(unlinkat(removal->top, name, AT_REMOVEDIR)) : rv;
}

static apr_status_t remove_named(removal_t *removal, int dir, const char *name)
{
    apr_status_t rv;

    if (--removal->left < 0)
        return E2BIG;
    rv = remove_entry(dir, name);
    if (rv != EISDIR)
        return rv;
    return dir == removal->top ? remove_directory(removal, name) : move_up(removal, dir, name);
}

/* Called for the top, and from there for one directory in it: no deeper. */
static apr_status_t empty(removal_t *removal, int dir)
{
    apr_array_header_t *names = NULL;
    apr_pool_t *pool = NULL;
    apr_status_t rv;
    int i;

    if ((rv = apr_pool_create(&pool, removal->pool)) != APR_SUCCESS)
        return rv;
    do {
        apr_pool_clear(pool);
        rv = list_entries(&names, dir, any, BATCH, pool);
        for (i = 0; rv == APR_SUCCESS && i < names->nelts; ++i)
            rv = remove_named(removal, dir, APR_ARRAY_IDX(names, i, const char *));
        /* Only the top gets new entries meanwhile. */
    } while (rv == APR_SUCCESS && names->nelts > (dir == removal->top ? 0 : BATCH - 1));
    apr_pool_destroy(pool);
    return rv;
}

apr_status_t file_remove_tree_at(int dir, const char *name, apr_pool_t *ptemp)
{
    removal_t removal = { -1, 0, REMOVED_MAX, 0, ptemp };
    struct stat st;
    apr_status_t rv = remove_entry(dir, name);

    if (rv != EISDIR)
        return rv;
    if ((removal.top = openat(dir, name, O_RDONLY | DIRECTORY | O_NOFOLLOW)) < 0)
        return errno;
    rv = status_of(fstat(removal.top, &st));
    removal.device = st.st_dev;
    if (rv == APR_SUCCESS)
        rv = empty(&removal, removal.top);
    close(removal.top);
    return rv == APR_SUCCESS ? status_of(unlinkat(dir, name, AT_REMOVEDIR)) : rv;
}

apr_status_t file_remove_tree(const char *path, apr_pool_t *ptemp)
{
    place_t place;
    apr_status_t rv = place_open(&place, path);

    if (rv == APR_SUCCESS)
        rv = file_remove_tree_at(place.dir, place.name, ptemp);
    place_close(&place);
    return APR_STATUS_IS_ENOENT(rv) ? APR_SUCCESS : rv;
}

static void remove_unfinished(const char *dir, const apr_array_header_t *names, apr_pool_t *ptemp)
{
    int i;

    for (i = 0; i < names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        if (is_unfinished(name))
            file_remove_tree(apr_pstrcat(ptemp, dir, "/", name, NULL), ptemp);
    }
}

void file_sweep(const char *dir, apr_pool_t *ptemp)
{
    apr_array_header_t *all = NULL;

    if (list_own(&all, open_listed(dir), is_unfinished, LIMIT_DIRECTORY, ptemp) == APR_SUCCESS)
        remove_unfinished(dir, all, ptemp);
}

/* Those that stay, sorted, as copies in p. */
static apr_array_header_t *pick_finished(const apr_array_header_t *all, apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, all->nelts, sizeof(const char *));
    int i;

    for (i = 0; i < all->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(all, i, const char *);

        if (!is_unfinished(name))
            APR_ARRAY_PUSH(names, const char *) = apr_pstrdup(p, name);
    }
    sort_names(names);
    return names;
}

apr_array_header_t *file_sweep_and_list(const char *dir, apr_pool_t *p)
{
    apr_array_header_t *all = NULL;

    if (list_own(&all, open_listed(dir), any, LIMIT_DIRECTORY, p) != APR_SUCCESS)
        return apr_array_make(p, 1, sizeof(const char *));
    remove_unfinished(dir, all, p);
    return pick_finished(all, p);
}

apr_hash_t *file_sweep_and_survey(const char *dir, apr_pool_t *p)
{
    apr_hash_t *survey = apr_hash_make(p);
    apr_array_header_t *all = NULL, *below = NULL;
    apr_pool_t *ptemp = NULL;
    int fd = open_listed(dir), i;

    if (fd < 0 || apr_pool_create(&ptemp, p) != APR_SUCCESS)
        return survey;
    list_entries(&all, fd, any, LIMIT_DIRECTORY, p);
    remove_unfinished(dir, all, ptemp);
    for (i = 0; i < all->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(all, i, const char *);

        apr_pool_clear(ptemp);
        if (!is_unfinished(name)
            && list_own(&below, openat(fd, name, O_RDONLY | DIRECTORY | O_NOFOLLOW), any,
                        LIMIT_DIRECTORY, ptemp)
                   == APR_SUCCESS
            && below->nelts < LIMIT_DIRECTORY) {
            remove_unfinished(apr_pstrcat(ptemp, dir, "/", name, NULL), below, ptemp);
            apr_hash_set(survey, name, APR_HASH_KEY_STRING, pick_finished(below, p));
        }
    }
    apr_pool_destroy(ptemp);
    close(fd);
    return survey;
}
