/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/eabsource.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/bytes.h"
#include "base/file.h"
#include "crypto/eabkey.h"

static apr_status_t refuse(eab_result_t *result, apr_status_t rv, const char *sentence)
{
    return eab_result_set(result, rv, EAB_PROBLEM_EAB_KEY, "%s", sentence);
}

static apr_status_t parse_file(eabsource_t *source, const char *path, eab_result_t *result)
{
    if (path[0] != '/') {
        return refuse(result, APR_EINVAL,
                      "ACMEEABKey file: needs an absolute path, like file:/etc/acme/eab.key.");
    }
    source->kind = EABSOURCE_FILE;
    source->path = path;
    return APR_SUCCESS;
}

static apr_status_t parse_exec(eabsource_t *source, const char *command, eab_result_t *result,
                               apr_pool_t *p)
{
    char **argv = NULL;

    if (apr_tokenize_to_argv(command, &argv, p) != APR_SUCCESS || argv[0] == NULL
        || argv[0][0] != '/') {
        return refuse(result, APR_EINVAL, "ACMEEABKey exec: needs the absolute path of a program.");
    }
    source->kind = EABSOURCE_EXEC;
    source->argv = (const char *const *)argv;
    source->path = argv[0];
    return APR_SUCCESS;
}

static apr_status_t parse_credential(eabsource_t *source, const char *name, eab_result_t *result,
                                     apr_pool_t *p)
{
    const char *dir = getenv("CREDENTIALS_DIRECTORY");

    if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL) {
        return refuse(result, APR_EINVAL,
                      "ACMEEABKey credential: needs the name of a systemd credential, without a "
                      "slash.");
    }
    if (dir == NULL) {
        return eab_result_set(result, APR_ENOENT, EAB_PROBLEM_EAB_KEY,
                              "systemd has given httpd no credentials ($CREDENTIALS_DIRECTORY is "
                              "not set). Add LoadCredential=%s:PATH to the service of httpd and "
                              "start httpd with systemctl.",
                              name);
    }
    source->kind = EABSOURCE_CREDENTIAL;
    source->path = apr_pstrcat(p, dir, "/", name, NULL);
    return APR_SUCCESS;
}

apr_status_t eabsource_parse(eabsource_t **psource, const char *text, eab_result_t *result,
                             apr_pool_t *p)
{
    eabsource_t *source = apr_pcalloc(p, sizeof(*source));
    apr_status_t rv;

    *psource = NULL;
    if (strncmp(text, "file:", 5) == 0) {
        rv = parse_file(source, apr_pstrdup(p, text + 5), result);
    }
    else if (strncmp(text, "exec:", 5) == 0) {
        rv = parse_exec(source, text + 5, result, p);
    }
    else if (strncmp(text, "credential:", 11) == 0) {
        rv = parse_credential(source, text + 11, result, p);
    }
    else {
        rv = refuse(result, APR_EINVAL, "ACMEEABKey must begin with file:, exec: or credential:.");
    }
    if (rv == APR_SUCCESS) {
        *psource = source;
    }
    return rv;
}

/* Only root (and whoever the keeper runs as) may read the key. systemd guards credentials itself. */
static apr_status_t check_file_mode(const eabsource_t *source, const struct stat *st,
                                    eab_result_t *result)
{
    if (st->st_uid != 0 && st->st_uid != geteuid()) {
        return eab_result_set(result, APR_EACCES, EAB_PROBLEM_EAB_KEY,
                              "The EAB key file %s belongs to another user (uid %ld); run: chown "
                              "root %s",
                              source->path, (long)st->st_uid, source->path);
    }
    if ((st->st_mode & 0077) != 0) {
        return eab_result_set(result, APR_EACCES, EAB_PROBLEM_EAB_KEY,
                              "The EAB key file %s can be read by others (mode %03o); run: chmod "
                              "600 %s",
                              source->path, (unsigned)(st->st_mode & 0777), source->path);
    }
    return APR_SUCCESS;
}

apr_status_t eabsource_check(const eabsource_t *source, eab_result_t *result, apr_pool_t *p)
{
    struct stat st;
    apr_status_t rv;
    char reason[120];

    (void)p;
    if (stat(source->path, &st) != 0) {
        rv = APR_FROM_OS_ERROR(apr_get_os_error());
        return eab_result_set(result, rv, EAB_PROBLEM_EAB_KEY,
                              "The EAB key source %s cannot be used: %s. Put the HMAC key that "
                              "your CA gave you there, or correct ACMEEABKey.",
                              source->path, apr_strerror(rv, reason, sizeof(reason)));
    }
    if (!S_ISREG(st.st_mode)) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_EAB_KEY,
                              "The EAB key source %s is not a regular file; correct ACMEEABKey.",
                              source->path);
    }
    if (source->kind == EABSOURCE_EXEC) {
        if (access(source->path, X_OK) == 0) {
            return APR_SUCCESS;
        }
        return eab_result_set(result, APR_EACCES, EAB_PROBLEM_EAB_KEY,
                              "The program %s of ACMEEABKey is not executable; run: chmod +x %s",
                              source->path, source->path);
    }
    return (source->kind == EABSOURCE_FILE) ? check_file_mode(source, &st, result) : APR_SUCCESS;
}

apr_status_t eabsource_decode(secret_t **pkey, const eabsource_t *source, const secret_t *text,
                              const char *alg, const char **pwarning, eab_result_t *result,
                              apr_pool_t *p)
{
    const char *words = NULL;
    apr_status_t rv = eabkey_decode(pkey, text, eabkey_bits(alg), &words, p);

    *pwarning = NULL;
    if (rv != APR_SUCCESS) {
        return eab_result_set(result, rv, EAB_PROBLEM_EAB_KEY, "The EAB key from %s: %s",
                              source->path, words);
    }
    if (words != NULL) {
        *pwarning = apr_psprintf(p, "The EAB key from %s: %s", source->path, words);
    }
    return APR_SUCCESS;
}

apr_status_t eabsource_read(secret_t **pkey, const eabsource_t *source, const char *alg,
                            const char **pwarning, eab_result_t *result, apr_pool_t *p)
{
    secret_t *text = NULL;
    apr_status_t rv;

    *pkey = NULL;
    *pwarning = NULL;
    if ((rv = eabsource_check(source, result, p)) != APR_SUCCESS) {
        return rv;
    }
    rv = secret_read_file(&text, source->path, LIMIT_EAB_SOURCE, p);
    if (rv != APR_SUCCESS) {
        return eab_result_set(result, rv, EAB_PROBLEM_EAB_KEY,
                              "The EAB key cannot be read from %s: %s.", source->path,
                              file_reason(p, rv, source->path));
    }
    rv = eabsource_decode(pkey, source, text, alg, pwarning, result, p);
    secret_cleanse(text);
    return rv;
}

static const char *command_line(apr_pool_t *p, const eabsource_t *source)
{
    const char *text = source->path;
    int i;

    for (i = 1; source->argv != NULL && source->argv[i] != NULL; ++i) {
        text = apr_pstrcat(p, text, "\n", source->argv[i], NULL);
    }
    return text;
}

/* The time of the inode's change, not of the content's: chmod and chown mend a source, too. */
const char *eabsource_state(apr_pool_t *p, const eabsource_t *source)
{
    const char *text = command_line(p, source);
    struct stat st;

    if (stat(source->path, &st) != 0) {
        return apr_psprintf(p, "%d %s -", (int)source->kind, text);
    }
    return apr_psprintf(p, "%d %s %lu %ld %ld.%09ld", (int)source->kind, text,
                        (unsigned long)st.st_ino, (long)st.st_size, (long)st.st_ctim.tv_sec,
                        st.st_ctim.tv_nsec);
}
