/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/pending.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_below(int dir, const char *name, int flags)
{
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | flags);
    int error = errno;

    (void)close(dir);
    errno = error;
    return fd;
}

/* No component below the run directory may be a link. */
static int open_answer(const char *run_dir, const char *host, const char *file)
{
    int fd = open(run_dir, O_RDONLY | O_CLOEXEC | O_DIRECTORY);

    if (fd >= 0)
        fd = open_below(fd, "challenges", O_DIRECTORY);
    if (fd >= 0)
        fd = open_below(fd, host, O_DIRECTORY);
    if (fd >= 0)
        fd = open_below(fd, file, 0);
    return fd;
}

static apr_status_t read_whole(const char **ptext, apr_size_t *plen, int fd, apr_size_t max,
                               apr_pool_t *p)
{
    struct stat st;
    char *text = NULL;

    if (fstat(fd, &st) != 0)
        return errno;
    if (!S_ISREG(st.st_mode) || st.st_size <= 0 || (apr_uint64_t)st.st_size > max)
        return APR_EINVAL;
    text = apr_pcalloc(p, (apr_size_t)st.st_size + 1);
    if (read(fd, text, (apr_size_t)st.st_size) != (ssize_t)st.st_size)
        return APR_EINVAL;
    *ptext = text;
    *plen = (apr_size_t)st.st_size;
    return APR_SUCCESS;
}

apr_status_t pending_read(const char **ptext, apr_size_t *plen, const char *run_dir,
                          const char *host, const char *file, apr_size_t max, apr_pool_t *p)
{
    apr_status_t rv = APR_SUCCESS;
    int fd = open_answer(run_dir, host, file);

    *ptext = NULL;
    *plen = 0;
    if (fd < 0)
        return errno;
    rv = read_whole(ptext, plen, fd, max, p);
    (void)close(fd);
    return rv;
}
