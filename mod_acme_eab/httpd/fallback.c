/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/fallback.h"

#include <apr_strings.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "crypto/chain.h"
#include "crypto/keypair.h"

const char *const fallback_types[] = { "p256", "rsa2048", "p384", "rsa3072", "rsa4096", NULL };

#define TYPES (sizeof(fallback_types) / sizeof(fallback_types[0]) - 1)

typedef struct fallback_key {
    keypair_t *key; /* NULL: not made yet */
    const char *path;
} fallback_key_t;

struct fallback {
    apr_pool_t *parent;
    apr_pool_t *pool;           /* ends early, and the keys with it; NULL when it has */
    fallback_key_t keys[TYPES]; /* of fallback_types */
    const char *directory;      /* NULL as long as memory works */
    int in_memory;
    int files;
};

typedef struct descriptor {
    int fd;
} descriptor_t;

static apr_status_t descriptor_cleanup(void *data)
{
    (void)close(((descriptor_t *)data)->fd);
    return APR_SUCCESS;
}

static apr_status_t directory_cleanup(void *data)
{
    fallback_t *fallback = data;

    (void)file_remove_tree(fallback->directory, fallback->parent);
    return APR_SUCCESS;
}

/* httpd needs descriptors for other things: listeners, logs, connections. */
#define MAX_IN_MEMORY 200

static apr_status_t write_whole(int fd, const void *data, apr_size_t len)
{
    apr_size_t done = 0;

    while (done < len) {
        ssize_t n = write(fd, (const char *)data + done, len - done);

        if (n < 0 && errno != EINTR)
            return errno;
        done += n > 0 ? (apr_size_t)n : 0;
    }
    return APR_SUCCESS;
}

static apr_status_t put_in_memory(const char **ppath, fallback_t *fallback, const void *data,
                                  apr_size_t len)
{
    descriptor_t *descriptor = apr_pcalloc(fallback->pool, sizeof(*descriptor));

    descriptor->fd = memfd_create("acme-eab-fallback", MFD_CLOEXEC);
    if (descriptor->fd < 0)
        return errno;
    apr_pool_cleanup_register(fallback->pool, descriptor, descriptor_cleanup,
                              apr_pool_cleanup_null);
    *ppath = apr_psprintf(fallback->parent, "/proc/self/fd/%d", descriptor->fd);
    if (access(*ppath, R_OK) != 0)
        return errno;
    return write_whole(descriptor->fd, data, len);
}

static apr_status_t make_directory(fallback_t *fallback)
{
    char *directory = apr_pstrdup(fallback->parent, "/tmp/acme-eab-XXXXXX");

    if (fallback->directory != NULL)
        return APR_SUCCESS;
    if (mkdtemp(directory) == NULL)
        return errno;
    fallback->directory = directory;
    apr_pool_cleanup_register(fallback->pool, fallback, directory_cleanup, apr_pool_cleanup_null);
    return APR_SUCCESS;
}

static apr_status_t put_on_disk(const char **ppath, fallback_t *fallback, const void *data,
                                apr_size_t len)
{
    apr_status_t rv = make_directory(fallback);

    if (rv != APR_SUCCESS)
        return rv;
    *ppath = apr_psprintf(fallback->parent, "%s/%d.pem", fallback->directory, fallback->files++);
    return file_replace(*ppath, data, len, 0600, 0, fallback->pool);
}

static apr_status_t put(const char **ppath, fallback_t *fallback, const void *data, apr_size_t len)
{
    *ppath = NULL;
    if (fallback->in_memory++ < MAX_IN_MEMORY
        && put_in_memory(ppath, fallback, data, len) == APR_SUCCESS)
        return APR_SUCCESS;
    return put_on_disk(ppath, fallback, data, len);
}

static apr_status_t fallback_cleanup(void *data)
{
    ((fallback_t *)data)->pool = NULL;
    return APR_SUCCESS;
}

/* NULL when it cannot be made. */
static const fallback_key_t *find_key(fallback_t *fallback, const char *type)
{
    const secret_t *pem = NULL;
    fallback_key_t *found = NULL;
    size_t i = 0;

    while (i < TYPES && strcmp(fallback_types[i], type) != 0)
        ++i;
    if (i == TYPES)
        return NULL;
    found = &fallback->keys[i];
    if (found->key != NULL)
        return found;
    if ((found->key = keypair_adopt(fallback->pool, keypair_generate(type))) == NULL)
        return NULL;
    pem = keypair_pem(fallback->pool, found->key);
    if (pem == NULL || put(&found->path, fallback, pem->data, pem->len) != APR_SUCCESS) {
        found->key = NULL;
        return NULL;
    }
    return found;
}

fallback_t *fallback_make(apr_pool_t *p)
{
    fallback_t *fallback = apr_pcalloc(p, sizeof(*fallback));

    fallback->parent = p;
    if (apr_pool_create(&fallback->pool, p) != APR_SUCCESS)
        return NULL;
    apr_pool_cleanup_register(fallback->pool, fallback, fallback_cleanup, apr_pool_cleanup_null);
    if (find_key(fallback, fallback_types[0]) == NULL) {
        fallback_close(fallback);
        return NULL;
    }
    return fallback;
}

apr_status_t fallback_certificate(fallback_t *fallback, const char *type,
                                  const apr_array_header_t *names, const char **pchain_path,
                                  const char **pkey_path)
{
    const fallback_key_t *key = NULL;
    const char *pem = NULL;
    apr_status_t rv = APR_SUCCESS;

    *pchain_path = NULL;
    *pkey_path = NULL;
    if (fallback->pool == NULL || (key = find_key(fallback, type)) == NULL
        || (pem = chain_make_fallback(fallback->pool, key->key, names)) == NULL)
        return APR_EGENERAL;
    if ((rv = put(pchain_path, fallback, pem, strlen(pem))) == APR_SUCCESS)
        *pkey_path = key->path;
    return rv;
}

void fallback_close(fallback_t *fallback)
{
    if (fallback != NULL && fallback->pool != NULL)
        apr_pool_destroy(fallback->pool);
}
