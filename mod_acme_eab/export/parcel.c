/* SPDX-License-Identifier: Apache-2.0 */
#include "export/parcel.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <apr_strings.h>
#include <openssl/crypto.h>

#include "base/bytes.h"
#include "base/file.h"

#define PASSWORD_FILE_MAX 1024
#define LOOKUP_BUFFER (64 * 1024)

/* In words; the system's alone do not tell what to do. */
static apr_status_t report(eab_result_t *result, apr_status_t rv, const char *path)
{
    const char *why = file_reason(result->pool, rv, path);

    if (rv == EPERM)
        why = "a directory on the way to it does not belong to root, or others can write to it";
    else if (rv == ENOTDIR || rv == ELOOP)
        why = "a component of it is a symbolic link or no directory; name the real path";
    else if (rv == APR_EINVAL)
        why = "it is no absolute path of a regular file, or something else is in its place";
    return eab_result_set(result, rv, EAB_PROBLEM_STORE, "%s cannot be written: %s.", path, why);
}

static apr_status_t deliver(const parcel_t *parcel, const char *path, const secret_t *made,
                            const chain_t *chain, int *pcount, eab_result_t *result,
                            apr_pool_t *ptemp)
{
    apr_size_t len = 0;
    char *there =
        file_delivered(&len, path, LIMIT_CHAIN * 2, parcel->uid, parcel->gid, parcel->mode, ptemp);
    int same =
        there != NULL && package_is_of(parcel->format, there, len, made, chain, parcel->password);
    apr_status_t rv = APR_SUCCESS;

    if (there != NULL)
        OPENSSL_cleanse(there, len);
    if (same)
        return APR_SUCCESS;
    rv = file_deliver(path, made->data, made->len, parcel->uid, parcel->gid, parcel->mode, ptemp);
    if (rv != APR_SUCCESS)
        return report(result, rv, path);
    (*pcount)++;
    return APR_SUCCESS;
}

static apr_status_t deliver_each(const parcel_t *parcel, const secret_t *made, const chain_t *chain,
                                 int *pcount, eab_result_t *result, apr_pool_t *ptemp)
{
    const apr_array_header_t *names = chain_facts(chain)->names;
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; rv == APR_SUCCESS && i < names->nelts; i++) {
        const char *file = package_iis_file(ptemp, APR_ARRAY_IDX(names, i, const char *));

        rv = strchr(file, '/') == NULL
                 ? deliver(parcel, apr_pstrcat(ptemp, parcel->path, file, NULL), made, chain,
                           pcount, result, ptemp)
                 : APR_SUCCESS;
    }
    return rv;
}

apr_status_t parcel_make(const parcel_t *parcel, const chain_t *chain, const keypair_t *key,
                         const char *name, int *pcount, eab_result_t *result, apr_pool_t *ptemp)
{
    apr_size_t len = strlen(parcel->path);
    secret_t *made =
        package_make(parcel->format, chain, key, name, parcel->password, result, ptemp);
    apr_status_t rv = APR_SUCCESS;

    *pcount = 0;
    if (made == NULL)
        return result->rv;
    if (len > 0 && parcel->path[len - 1] == '/')
        rv = deliver_each(parcel, made, chain, pcount, result, ptemp);
    else
        rv = deliver(parcel, parcel->path, made, chain, pcount, result, ptemp);
    secret_cleanse(made);
    return rv;
}

const char *parcel_mode(mode_t *pmode, const char *text, int has_key)
{
    char *end = NULL;
    apr_int64_t mode = apr_strtoi64(text, &end, 8);

    *pmode = 0;
    if (*text == '\0' || *end != '\0' || mode < 0 || mode > 0777 || (mode & 0400) == 0)
        return "is no mode of a file such as 0640";
    if ((mode & 0111) != 0)
        return "makes it a program; leave the odd digits out";
    if ((mode & 0022) != 0)
        return "lets others than the owner write to it";
    if (has_key && (mode & 0007) != 0)
        return "lets everybody read the private key; 0640 leaves it to owner and group";
    *pmode = (mode_t)mode;
    return NULL;
}

static const char *find_user(int *puid, const char *name, apr_pool_t *p)
{
    struct passwd entry, *found = NULL;
    char *buffer = apr_palloc(p, LOOKUP_BUFFER);

    if (getpwnam_r(name, &entry, buffer, LOOKUP_BUFFER, &found) != 0 || found == NULL)
        return apr_pstrcat(p, "names the user ", name, ", who does not exist here", NULL);
    *puid = (int)found->pw_uid;
    return NULL;
}

static const char *find_group(int *pgid, const char *name, apr_pool_t *p)
{
    struct group entry, *found = NULL;
    char *buffer = apr_palloc(p, LOOKUP_BUFFER);

    if (getgrnam_r(name, &entry, buffer, LOOKUP_BUFFER, &found) != 0 || found == NULL)
        return apr_pstrcat(p, "names the group ", name, ", which does not exist here", NULL);
    *pgid = (int)found->gr_gid;
    return NULL;
}

const char *parcel_owner(int *puid, int *pgid, const char *text, apr_pool_t *p)
{
    const char *colon = strchr(text, ':');
    const char *user = colon != NULL ? apr_pstrmemdup(p, text, (apr_size_t)(colon - text)) : text;
    const char *why = NULL;

    *puid = *pgid = -1;
    if (*user != '\0')
        why = find_user(puid, user, p);
    if (why == NULL && colon != NULL && colon[1] != '\0')
        why = find_group(pgid, colon + 1, p);
    return why;
}

secret_t *parcel_password(const char *path, eab_result_t *result, apr_pool_t *p)
{
    secret_t *text = NULL, *password = NULL;
    struct stat st;
    apr_size_t len = 0;
    int fd = -1;
    apr_status_t rv = file_open_guarded(&fd, path, PASSWORD_FILE_MAX);

    if (rv == APR_SUCCESS && (fstat(fd, &st) != 0 || (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)) {
        close(fd);
        eab_result_set(result, APR_EACCES, EAB_PROBLEM_STORE,
                       "%s holds a password, and others than its owner can read it: chmod 600 it.",
                       path);
        return NULL;
    }
    if (rv == APR_SUCCESS) {
        rv = secret_read_fd(&text, fd, PASSWORD_FILE_MAX, p);
        close(fd);
    }
    if (rv != APR_SUCCESS) {
        eab_result_set(result, rv, EAB_PROBLEM_STORE, "%s cannot be read: %s.", path,
                       file_reason(result->pool, rv, path));
        return NULL;
    }
    while (len < text->len && text->data[len] != '\n' && text->data[len] != '\r')
        len++;
    if (len > 0 && (password = secret_make(p, len)) != NULL)
        memcpy(password->data, text->data, len);
    secret_cleanse(text);
    if (password == NULL)
        eab_result_set(result, APR_EINVAL, EAB_PROBLEM_STORE, "%s holds no password.", path);
    return password;
}
