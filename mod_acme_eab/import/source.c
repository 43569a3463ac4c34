/* SPDX-License-Identifier: Apache-2.0 */
#include "import/source.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <apr_strings.h>
#include <openssl/crypto.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/json.h"

#define KEY_MAX (64 * 1024)
#define LINK_DEPTH_MAX 64

apr_status_t source_open(const char **pdir, const char *dir, eab_result_t *result, apr_pool_t *p)
{
    apr_size_t len = strlen(dir);
    struct stat st;
    apr_status_t rv = file_look(&st, dir);

    while (len > 1 && dir[len - 1] == '/')
        len--;
    *pdir = apr_pstrmemdup(p, dir, len);
    if (rv == APR_SUCCESS && !S_ISDIR(st.st_mode))
        rv = APR_ENOTDIR;
    if (rv != APR_SUCCESS)
        return eab_result_set(result, rv, EAB_PROBLEM_STORE, "%s cannot be read: %s.", *pdir,
                              file_reason(p, rv, *pdir));
    file_fence(*pdir);
    return APR_SUCCESS;
}

const char *source_path(apr_pool_t *p, const char *dir, const char *name)
{
    return apr_pstrcat(p, dir, "/", name, NULL);
}

apr_array_header_t *source_list(apr_pool_t *p, const char *dir)
{
    apr_array_header_t *all = file_list_directory(dir, p);
    apr_array_header_t *names = apr_array_make(p, all->nelts, sizeof(const char *));
    int i;

    for (i = 0; i < all->nelts; i++) {
        const char *name = APR_ARRAY_IDX(all, i, const char *);

        if (*name != '.')
            APR_ARRAY_PUSH(names, const char *) = name;
    }
    return names;
}

int source_has(const char *path)
{
    return file_is_regular(path);
}

int source_has_directory(const char *path)
{
    struct stat st;

    return file_look(&st, path) == APR_SUCCESS && S_ISDIR(st.st_mode);
}

/* Go one component back: "a/b" to "a"; 0 when there is none left. */
static int step_back(char *path)
{
    char *slash = strrchr(path, '/');

    if (slash == NULL)
        return 0;
    *slash = '\0';
    return 1;
}

const char *source_follow(apr_pool_t *p, const char *dir, const char *path)
{
    apr_size_t dir_len = strlen(dir);
    const char *target = file_link_target(path, p);
    char *place = NULL, *part = NULL, *rest = NULL;
    int depth = 0;

    if (target == NULL)
        return path;
    if (*target == '/' && strncmp(target, dir, dir_len) == 0 && target[dir_len] == '/')
        return strstr(target, "/../") == NULL ? target : NULL;
    if (*target == '/')
        return NULL;
    place = apr_pstrdup(p, path);
    step_back(place);
    for (part = apr_strtok(apr_pstrdup(p, target), "/", &rest); part != NULL;
         part = apr_strtok(NULL, "/", &rest)) {
        if (++depth > LINK_DEPTH_MAX)
            return NULL;
        if (strcmp(part, "..") != 0)
            place = apr_pstrcat(p, place, "/", part, NULL);
        else if (strlen(place) <= dir_len || !step_back(place))
            return NULL;
    }
    return strncmp(place, dir, dir_len) == 0 && place[dir_len] == '/' ? place : NULL;
}

secret_t *source_read(const char *path, apr_size_t max, const char **pwhy, apr_pool_t *p)
{
    secret_t *text = NULL;
    int fd = -1;
    apr_status_t rv = file_open_guarded(&fd, path, max);

    if (rv == APR_SUCCESS) {
        rv = secret_read_fd(&text, fd, max, p);
        close(fd);
    }
    *pwhy = rv == APR_SUCCESS
                ? NULL
                : apr_pstrcat(p, path, " cannot be read: ", file_reason(p, rv, path), NULL);
    return text;
}

json_t *source_read_json(const char *path, const char **pwhy, apr_pool_t *p)
{
    secret_t *text = source_read(path, LIMIT_IMPORT_FILE, pwhy, p);
    const char *reason = NULL;
    json_t *json = NULL;

    if (text == NULL)
        return NULL;
    json = json_parse(p, (const char *)text->data, text->len, &reason);
    secret_cleanse(text);
    if (json != NULL && !json_is_object(json)) {
        json = NULL;
        reason = "it is no object";
    }
    if (json == NULL)
        *pwhy = apr_pstrcat(p, path, " is no JSON that can be read: ", reason, NULL);
    return json;
}

keypair_t *source_read_key(const char *path, const secret_t *passphrase, const char **pwhy,
                           apr_pool_t *p)
{
    secret_t *pem = source_read(path, KEY_MAX, pwhy, p);
    keypair_t *key = NULL;

    if (pem != NULL && (key = keypair_decrypt(p, pem, passphrase)) == NULL)
        *pwhy = apr_pstrcat(p, path, " holds no private key that can be read", NULL);
    secret_cleanse(pem);
    return key;
}

const char *source_host_and_path(apr_pool_t *p, const char *url)
{
    static const char scheme[] = "https://";

    if (url == NULL || strncmp(url, scheme, strlen(scheme)) != 0)
        return NULL;
    url += strlen(scheme);
    return apr_pstrmemdup(p, url, strcspn(url, "?#"));
}

const char *source_host(apr_pool_t *p, const char *url)
{
    const char *rest = source_host_and_path(p, url);

    return rest != NULL ? apr_pstrmemdup(p, rest, strcspn(rest, "/")) : NULL;
}

const char *source_kid(apr_pool_t *p, const json_t *account)
{
    const json_t *binding = json_object_get(account, "externalAccountBinding");
    const char *text = json_peek_string(binding, "protected");
    bytes_t header = { NULL, 0 };

    if (text == NULL || base64url_decode(p, &header, text) != APR_SUCCESS)
        return NULL;
    return json_copy_string(p, json_parse(p, (const char *)header.data, header.len, NULL), "kid");
}

const char *source_contacts(apr_pool_t *p, const json_t *account)
{
    apr_array_header_t *contacts = json_copy_strings(p, account, "contact");

    return contacts->nelts > 0 ? apr_array_pstrcat(p, contacts, ' ') : NULL;
}

const char *source_refuse_status(apr_pool_t *p, const json_t *account)
{
    const char *status = json_peek_string(account, "status");

    if (status == NULL || (strcmp(status, "deactivated") != 0 && strcmp(status, "revoked") != 0))
        return NULL;
    return apr_pstrcat(p, "the CA has it as ", status, NULL);
}
