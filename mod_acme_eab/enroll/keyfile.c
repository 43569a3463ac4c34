/* SPDX-License-Identifier: Apache-2.0 */
#include "enroll/keyfile.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <apr_file_info.h>
#include <apr_strings.h>

#include "base/file.h"
#include "crypto/eabkey.h"
#include "enroll/problem.h"

#define ROOM 4096

struct keyfile {
    apr_pool_t *pool;
    const char *path; /* NULL: standard output */
    file_draft_t *draft;
};

static apr_status_t refuse_place(const char *path, apr_status_t rv, eab_result_t *result,
                                 apr_pool_t *p)
{
    if (rv == EEXIST)
        return eab_result_set(result, rv, ENROLL_PROBLEM_FILE,
                              "%s is there already and is not overwritten; give another name with "
                              "--out-key, or move it away if no server needs it any more.",
                              path);
    return eab_result_set(result, rv, ENROLL_PROBLEM_FILE,
                          "The key file %s cannot be made: %s. Give a place in a directory that "
                          "can be written with --out-key.",
                          path, file_reason(p, rv, path));
}

apr_status_t keyfile_make(keyfile_t **pkeyfile, const char *path, int i_know, eab_result_t *result,
                          apr_pool_t *p)
{
    keyfile_t *keyfile = apr_pcalloc(p, sizeof(*keyfile));
    char *full = NULL;
    apr_status_t rv;

    *pkeyfile = NULL;
    keyfile->pool = p;
    if (strcmp(path, "-") == 0) {
        if (!i_know)
            return eab_result_set(result, APR_EINVAL, ENROLL_PROBLEM_USAGE,
                                  "--out-key - shows the key on standard output, where logs and "
                                  "screens keep it; give a file, or --i-know as well.");
        *pkeyfile = keyfile;
        return APR_SUCCESS;
    }
    if (apr_filepath_merge(&full, NULL, path, APR_FILEPATH_NATIVE, p) != APR_SUCCESS)
        full = apr_pstrdup(p, path);
    rv = file_draft_make(&keyfile->draft, full, 0600, ROOM, p);
    if (rv != APR_SUCCESS)
        return refuse_place(path, rv, result, p);
    keyfile->path = full;
    *pkeyfile = keyfile;
    return APR_SUCCESS;
}

/* What the keeper would refuse later must not look like a success now. */
static apr_status_t check_key(const keyfile_t *keyfile, const char *key, eab_result_t *result)
{
    secret_t *text = secret_make(keyfile->pool, strlen(key) + 1);
    secret_t *decoded = NULL;
    const char *why = NULL;
    apr_status_t rv = APR_ENOMEM;

    if (text != NULL) {
        memcpy(text->data, key, strlen(key));
        text->len = strlen(key);
        rv = eabkey_decode(&decoded, text, 256, &why, keyfile->pool);
    }
    secret_cleanse(text);
    secret_cleanse(decoded);
    if (rv != APR_SUCCESS)
        return eab_result_set(result, rv, ENROLL_PROBLEM_ANSWER,
                              "The manager gave something that is no HMAC key, and nothing was "
                              "written; take the key from its portal. (%s)",
                              why != NULL ? why : "no memory left");
    return APR_SUCCESS;
}

static apr_status_t write_out(const secret_t *line)
{
    apr_size_t done = 0;

    while (done < line->len) {
        ssize_t n = write(STDOUT_FILENO, line->data + done, line->len - done);

        if (n < 0 && errno != EINTR)
            return errno;
        if (n > 0)
            done += (apr_size_t)n;
    }
    return APR_SUCCESS;
}

apr_status_t keyfile_write(keyfile_t *keyfile, const char *key, eab_result_t *result)
{
    secret_t *line = NULL;
    apr_status_t rv = check_key(keyfile, key, result);

    if (rv != APR_SUCCESS)
        return rv;
    if ((line = secret_make(keyfile->pool, strlen(key) + 1)) == NULL)
        return eab_result_set(result, APR_ENOMEM, EAB_PROBLEM_INTERNAL, "There is no memory left.");
    memcpy(line->data, key, strlen(key));
    line->data[strlen(key)] = '\n';
    rv = keyfile->path != NULL ? file_draft_publish(keyfile->draft, line->data, line->len)
                               : write_out(line);
    secret_cleanse(line);
    if (rv != APR_SUCCESS)
        return refuse_place(keyfile->path != NULL ? keyfile->path : "(standard output)", rv, result,
                            keyfile->pool);
    return APR_SUCCESS;
}

const char *keyfile_path(const keyfile_t *keyfile)
{
    return keyfile->path;
}
