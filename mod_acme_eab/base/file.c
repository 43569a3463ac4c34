/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"

static apr_status_t status_of(int outcome)
{
    return outcome == 0 ? APR_SUCCESS : errno;
}

/* The directory that holds path, without slashes at the end. */
static const char *parent_of(const char *path, apr_pool_t *ptemp)
{
    apr_size_t len = strlen(path);

    while (len > 1 && path[len - 1] == '/')
        --len;
    while (len > 0 && path[len - 1] != '/')
        --len;
    if (len == 0)
        return ".";
    while (len > 1 && path[len - 1] == '/')
        --len;
    return apr_pstrmemdup(ptemp, path, len);
}

/* A path in dir that nobody can guess. */
static apr_status_t temp_path(const char **ppath, const char *dir, apr_pool_t *ptemp)
{
    unsigned char random[8];
    apr_status_t rv = apr_generate_random_bytes(random, sizeof(random));

    *ppath = NULL;
    if (rv == APR_SUCCESS)
        *ppath = apr_pstrcat(ptemp, dir, "/" FILE_UNFINISHED,
                             hex_encode(ptemp, random, sizeof(random)), NULL);
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

/* Make the file at path, which must not exist, with this content. */
static apr_status_t write_new(const char *path, const void *data, apr_size_t len, mode_t mode,
                              int durable)
{
    apr_status_t rv;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);

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

apr_status_t file_replace(const char *path, const void *data, apr_size_t len, mode_t mode,
                          int durable, apr_pool_t *ptemp)
{
    const char *dir = parent_of(path, ptemp);
    const char *temp = NULL;
    apr_status_t rv = temp_path(&temp, dir, ptemp);

    if (rv != APR_SUCCESS)
        return rv;
    rv = write_new(temp, data, len, mode, durable);
    if (rv == APR_SUCCESS)
        rv = status_of(rename(temp, path));
    if (rv != APR_SUCCESS) {
        unlink(temp);
        return rv;
    }
    return durable ? file_sync_directory(dir) : APR_SUCCESS;
}

apr_status_t file_replace_link(const char *path, const char *target, apr_pool_t *ptemp)
{
    const char *dir = parent_of(path, ptemp);
    const char *temp = NULL;
    apr_status_t rv = temp_path(&temp, dir, ptemp);

    if (rv != APR_SUCCESS)
        return rv;
    rv = status_of(symlink(target, temp));
    if (rv == APR_SUCCESS)
        rv = status_of(rename(temp, path));
    if (rv != APR_SUCCESS) {
        unlink(temp);
        return rv;
    }
    return file_sync_directory(dir);
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

/* The size of what is open at fd, if it is a file whose content may be read. */
static apr_status_t size_of(apr_size_t *psize, int fd, apr_size_t max)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return errno;
    if (S_ISDIR(st.st_mode))
        return EISDIR;
    if (!S_ISREG(st.st_mode))
        return APR_EINVAL;
    if ((apr_uint64_t)st.st_size > max)
        return APR_ENOSPC;
    *psize = (apr_size_t)st.st_size;
    return APR_SUCCESS;
}

apr_status_t file_read(const char **pdata, apr_size_t *plen, const char *path, apr_size_t max,
                       apr_pool_t *p)
{
    apr_status_t rv;
    char *data;
    apr_size_t len = 0;
    /* Not blocking, so that a FIFO in the place of a file holds nobody up. */
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    *pdata = NULL;
    *plen = 0;
    if (fd < 0)
        return errno;
    if ((rv = size_of(&len, fd, max)) != APR_SUCCESS)
        goto out;
    data = apr_palloc(p, len + 1);
    if ((rv = read_all(fd, data, &len)) != APR_SUCCESS)
        goto out;
    data[len] = '\0';
    *pdata = data;
    *plen = len;
out:
    close(fd);
    return rv;
}

static int is_directory(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Give a directory just made its mode, whatever the umask took away. */
static apr_status_t set_mode(const char *path, mode_t mode)
{
    apr_status_t rv;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return errno;
    rv = status_of(fchmod(fd, mode));
    close(fd);
    return rv;
}

apr_status_t file_make_directory(const char *path, mode_t mode, apr_pool_t *ptemp)
{
    apr_status_t rv = status_of(mkdir(path, mode));

    if (APR_STATUS_IS_ENOENT(rv) && *path != '\0') {
        rv = file_make_directory(parent_of(path, ptemp), 0755, ptemp);
        if (rv == APR_SUCCESS)
            rv = status_of(mkdir(path, mode));
    }
    if (APR_STATUS_IS_EEXIST(rv))
        return is_directory(path) ? APR_SUCCESS : ENOTDIR;
    return rv == APR_SUCCESS ? set_mode(path, mode) : rv;
}

apr_status_t file_sync_directory(const char *path)
{
    apr_status_t rv;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return errno;
    rv = status_of(fsync(fd));
    close(fd);
    /* A file system that cannot sync directories says so; there is nothing more to do then. */
    return rv == EINVAL ? APR_SUCCESS : rv;
}

/* The entries of the directory open at fd, which is closed. */
static apr_status_t list_entries(apr_array_header_t **pnames, int fd, apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, 16, sizeof(const char *));
    DIR *dir = fdopendir(fd);
    struct dirent *entry;
    apr_status_t rv;

    *pnames = names;
    if (dir == NULL) {
        rv = errno;
        close(fd);
        return rv;
    }
    while ((errno = 0, entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            APR_ARRAY_PUSH(names, const char *) = apr_pstrdup(p, entry->d_name);
    }
    rv = errno;
    closedir(dir);
    return rv;
}

/* Remove the entry name of the directory parent, with all that is below it. */
static apr_status_t remove_at(int parent, const char *name, apr_pool_t *ptemp)
{
    apr_array_header_t *names;
    apr_status_t rv;
    int fd, i;

    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
        return APR_SUCCESS;
    /* Linux answers EISDIR for a directory, others EPERM. */
    if ((rv = errno) != EISDIR && rv != EPERM)
        return rv;
    if ((fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0)
        return errno == ENOTDIR ? rv : errno;
    rv = list_entries(&names, fcntl(fd, F_DUPFD_CLOEXEC, 0), ptemp);
    for (i = 0; rv == APR_SUCCESS && i < names->nelts; ++i)
        rv = remove_at(fd, APR_ARRAY_IDX(names, i, const char *), ptemp);
    close(fd);
    return rv == APR_SUCCESS ? status_of(unlinkat(parent, name, AT_REMOVEDIR)) : rv;
}

apr_status_t file_remove_tree(const char *path, apr_pool_t *ptemp)
{
    return remove_at(AT_FDCWD, path, ptemp);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

apr_array_header_t *file_list_directory(const char *path, apr_pool_t *p)
{
    apr_array_header_t *all = NULL;
    apr_array_header_t *names = apr_array_make(p, 16, sizeof(const char *));
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int i;

    if (fd < 0 || list_entries(&all, fd, p) != APR_SUCCESS)
        return names;
    for (i = 0; i < all->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(all, i, const char *);

        if (strncmp(name, FILE_UNFINISHED, strlen(FILE_UNFINISHED)) != 0)
            APR_ARRAY_PUSH(names, const char *) = name;
    }
    qsort(names->elts, (size_t)names->nelts, sizeof(const char *), compare_names);
    return names;
}

void file_sweep(const char *dir, apr_pool_t *ptemp)
{
    apr_array_header_t *all = NULL;
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int i;

    if (fd < 0)
        return;
    if (list_entries(&all, fcntl(fd, F_DUPFD_CLOEXEC, 0), ptemp) == APR_SUCCESS) {
        for (i = 0; i < all->nelts; ++i) {
            const char *name = APR_ARRAY_IDX(all, i, const char *);

            if (strncmp(name, FILE_UNFINISHED, strlen(FILE_UNFINISHED)) == 0)
                remove_at(fd, name, ptemp);
        }
    }
    close(fd);
}
