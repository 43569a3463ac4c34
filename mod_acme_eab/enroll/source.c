/* SPDX-License-Identifier: Apache-2.0 */
#include "enroll/source.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/bytes.h"
#include "base/file.h"
#include "enroll/problem.h"
#include "enroll/prompt.h"

static apr_status_t refuse_to_read(const source_t *source, const char *where, apr_status_t rv,
                                   eab_result_t *result, apr_pool_t *p)
{
    return eab_result_set(result, rv, ENROLL_PROBLEM_SECRET,
                          "The %s cannot be read from %s: %s. Put it there, alone on one line.",
                          source->what, where, file_reason(p, rv, source->file));
}

/* Its owner is asked of the open file: what is at the path may be another one by now. */
static apr_status_t check_owner(const source_t *source, int fd, eab_result_t *result)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return eab_result_set(result, APR_EACCES, ENROLL_PROBLEM_SECRET,
                              "The file %s with the %s cannot be looked at; name another one.",
                              source->file, source->what);
    if (st.st_uid != geteuid() && st.st_uid != 0)
        return eab_result_set(result, APR_EACCES, ENROLL_PROBLEM_SECRET,
                              "The file %s with the %s belongs to another user (uid %ld), who can "
                              "replace it; copy it to one of your own.",
                              source->file, source->what, (long)st.st_uid);
    if ((st.st_mode & 0077) != 0)
        return eab_result_set(result, APR_EACCES, ENROLL_PROBLEM_SECRET,
                              "The file %s with the %s can be read by others (mode %03o); run: "
                              "chmod 600 %s",
                              source->file, source->what, (unsigned)(st.st_mode & 0777),
                              source->file);
    return APR_SUCCESS;
}

static apr_status_t read_file(secret_t **psecret, const source_t *source, eab_result_t *result,
                              apr_pool_t *p)
{
    int fd = -1;
    apr_status_t rv = file_open(&fd, source->file, LIMIT_MANAGER_SECRET);

    if (rv != APR_SUCCESS)
        return refuse_to_read(source, source->file, rv, result, p);
    if ((rv = check_owner(source, fd, result)) == APR_SUCCESS
        && (rv = secret_read_fd(psecret, fd, LIMIT_MANAGER_SECRET, p)) != APR_SUCCESS)
        refuse_to_read(source, source->file, rv, result, p);
    close(fd);
    return rv;
}

static apr_status_t read_descriptor(secret_t **psecret, const source_t *source,
                                    eab_result_t *result, apr_pool_t *p)
{
    apr_status_t rv = secret_read_fd(psecret, source->fd, LIMIT_MANAGER_SECRET, p);

    if (rv != APR_SUCCESS)
        return refuse_to_read(source, apr_psprintf(p, "descriptor %d", source->fd), rv, result, p);
    return APR_SUCCESS;
}

/* systemd guards its files itself. */
static apr_status_t read_credential(secret_t **psecret, const source_t *source,
                                    eab_result_t *result, apr_pool_t *p)
{
    const char *dir = getenv("CREDENTIALS_DIRECTORY");
    const char *path = NULL;
    apr_status_t rv;

    if (source->credential[0] == '.' || strchr(source->credential, '/') != NULL)
        return eab_result_set(result, APR_EINVAL, ENROLL_PROBLEM_USAGE,
                              "--%s-credential needs the name of a systemd credential, without a "
                              "slash.",
                              source->option);
    if (dir == NULL)
        return eab_result_set(result, APR_ENOENT, ENROLL_PROBLEM_SECRET,
                              "systemd has given no credentials ($CREDENTIALS_DIRECTORY is not "
                              "set); run this with: systemd-run --pty -p LoadCredential=%s:FILE",
                              source->credential);
    path = apr_pstrcat(p, dir, "/", source->credential, NULL);
    if ((rv = secret_read_file(psecret, path, LIMIT_MANAGER_SECRET, p)) != APR_SUCCESS)
        return refuse_to_read(source, path, rv, result, p);
    return APR_SUCCESS;
}

static apr_status_t read_prompt(secret_t **psecret, const source_t *source, eab_result_t *result,
                                apr_pool_t *p)
{
    apr_status_t rv = prompt_secret(psecret, source->what, p);

    if (rv == APR_ENOTIMPL)
        return eab_result_set(result, rv, ENROLL_PROBLEM_USAGE,
                              "The %s is missing, and there is no terminal to ask for it; use "
                              "--%s-file FILE.",
                              source->what, source->option);
    if (rv != APR_SUCCESS)
        return eab_result_set(result, rv, ENROLL_PROBLEM_SECRET,
                              "The %s could not be read from the terminal; use --%s-file FILE.",
                              source->what, source->option);
    return APR_SUCCESS;
}

/* One line of what may stand in a header of HTTP, NUL-terminated in place. */
static int make_line(secret_t *secret)
{
    apr_size_t len = secret->len;
    apr_size_t i;

    while (len > 0 && (secret->data[len - 1] == '\n' || secret->data[len - 1] == '\r'))
        --len;
    for (i = 0; i < len; ++i) {
        if (secret->data[i] < 0x20 || secret->data[i] == 0x7f)
            return 0;
    }
    return len > 0;
}

apr_status_t source_read(secret_t **psecret, const source_t *source, eab_result_t *result,
                         apr_pool_t *p)
{
    secret_t *raw = NULL;
    apr_size_t len;
    apr_status_t rv;

    *psecret = NULL;
    if (source->file != NULL)
        rv = read_file(&raw, source, result, p);
    else if (source->credential != NULL)
        rv = read_credential(&raw, source, result, p);
    else if (source->fd >= 0)
        rv = read_descriptor(&raw, source, result, p);
    else
        rv = read_prompt(&raw, source, result, p);
    if (rv != APR_SUCCESS)
        return rv;
    if (!make_line(raw)) {
        secret_cleanse(raw);
        return eab_result_set(result, APR_EINVAL, ENROLL_PROBLEM_SECRET,
                              "The %s must be one line that is not empty, without control "
                              "characters; what --%s names is not.",
                              source->what, source->option);
    }
    for (len = raw->len; raw->data[len - 1] == '\n' || raw->data[len - 1] == '\r'; --len)
        continue;
    if ((*psecret = secret_make(p, len + 1)) == NULL)
        return eab_result_set(result, APR_ENOMEM, EAB_PROBLEM_INTERNAL, "There is no memory left.");
    memcpy((*psecret)->data, raw->data, len);
    (*psecret)->len = len;
    secret_cleanse(raw);
    return APR_SUCCESS;
}
