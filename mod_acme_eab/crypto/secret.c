/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/secret.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "base/file.h"

/* Room for some hundred private keys; it is locked into memory, so no more than that. */
#define SECURE_HEAP_SIZE (2 * 1024 * 1024)
#define SECURE_HEAP_CHUNK 32

/* OpenSSL cleanses keys, and leaves copies behind where it decodes or prints them: in this process
 * nothing that it gives back keeps its content. */
static void cleansing_free(void *data, const char *file, int line)
{
    (void)file;
    (void)line;
    if (data != NULL)
        OPENSSL_cleanse(data, malloc_usable_size(data));
    free(data);
}

static void *plain_malloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return size > 0 ? malloc(size) : NULL;
}

/* Never by realloc(), which would leave the old place as it is. */
static void *cleansing_realloc(void *data, size_t size, const char *file, int line)
{
    size_t before = data != NULL ? malloc_usable_size(data) : 0;
    void *moved = plain_malloc(size, file, line);

    if (moved != NULL && data != NULL)
        memcpy(moved, data, before < size ? before : size);
    if (moved != NULL || size == 0)
        cleansing_free(data, file, line);
    return moved;
}

void secret_init(void)
{
    (void)CRYPTO_set_mem_functions(plain_malloc, cleansing_realloc, cleansing_free);
    if (!CRYPTO_secure_malloc_initialized())
        CRYPTO_secure_malloc_init(SECURE_HEAP_SIZE, SECURE_HEAP_CHUNK);
    ERR_clear_error();
}

static apr_status_t secret_cleanup(void *data)
{
    secret_cleanse(data);
    return APR_SUCCESS;
}

/* The secure heap when it is set up and not full, else plain memory that is cleansed all the same:
 * OPENSSL_secure_clear_free() tells them apart. */
static unsigned char *secret_allocate(apr_size_t len)
{
    unsigned char *data = OPENSSL_secure_zalloc(len);

    if (data == NULL)
        data = OPENSSL_zalloc(len);
    ERR_clear_error();
    return data;
}

secret_t *secret_make(apr_pool_t *p, apr_size_t len)
{
    secret_t *secret = apr_pcalloc(p, sizeof(*secret));

    secret->data = secret_allocate(len > 0 ? len : 1);
    if (secret->data == NULL)
        return NULL;
    secret->len = len;
    apr_pool_cleanup_register(p, secret, secret_cleanup, apr_pool_cleanup_null);
    return secret;
}

void secret_cleanse(secret_t *secret)
{
    if (secret == NULL)
        return;
    OPENSSL_secure_clear_free(secret->data, secret->len);
    secret->data = NULL;
    secret->len = 0;
}

/* Fill buffer from fd until its end or until the buffer is full. */
static apr_status_t secret_fill(secret_t *buffer, apr_size_t *plen, int fd)
{
    ssize_t got;

    *plen = 0;
    while (*plen < buffer->len) {
        got = read(fd, buffer->data + *plen, buffer->len - *plen);
        if (got == 0)
            break;
        if (got < 0 && errno != EINTR)
            return errno;
        if (got > 0)
            *plen += (apr_size_t)got;
    }
    return APR_SUCCESS;
}

apr_status_t secret_read_fd(secret_t **psecret, int fd, apr_size_t max, apr_pool_t *p)
{
    apr_status_t rv = APR_ENOMEM;
    secret_t *secret = NULL;
    secret_t *buffer = NULL;
    apr_size_t len = 0;

    *psecret = NULL;
    /* One byte more than allowed, to see that there is more; never moved while it grows. */
    if ((buffer = secret_make(p, max + 1)) == NULL)
        goto out;
    if ((rv = secret_fill(buffer, &len, fd)) != APR_SUCCESS)
        goto out;
    rv = EFBIG;
    if (len > max)
        goto out;
    rv = APR_ENOMEM;
    if ((secret = secret_make(p, len)) == NULL)
        goto out;
    memcpy(secret->data, buffer->data, len);
    *psecret = secret;
    rv = APR_SUCCESS;
out:
    secret_cleanse(buffer);
    return rv;
}

apr_status_t secret_read_file(secret_t **psecret, const char *path, apr_size_t max, apr_pool_t *p)
{
    int fd = -1;
    apr_status_t rv = file_open(&fd, path, max);

    *psecret = NULL;
    if (rv != APR_SUCCESS)
        return rv;
    rv = secret_read_fd(psecret, fd, max, p);
    close(fd);
    return rv;
}
