/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/secret.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "base/file.h"

/* Room for some hundred private keys; it is locked into memory, so no more than that. */
#define SECURE_HEAP_SIZE (2 * 1024 * 1024)
#define SECURE_HEAP_CHUNK 32

#define FIRST_READ 4096 /* room that is made before it is known how much there is to read */

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

static void cleansing_json_free(void *data)
{
    cleansing_free(data, NULL, 0);
}

void secret_init(void)
{
    json_set_alloc_funcs(malloc, cleansing_json_free);
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

/* Fill buffer behind what it holds from fd, until its end or until the buffer is full. */
static apr_status_t secret_fill(secret_t *buffer, apr_size_t *plen, int fd)
{
    ssize_t got;

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

/* Twice as much room, or the most; what is left behind is cleansed. */
static apr_status_t secret_grow(secret_t **pbuffer, apr_size_t used, apr_size_t most, apr_pool_t *p)
{
    apr_size_t size = (*pbuffer)->len < most / 2 ? (*pbuffer)->len * 2 : most;
    secret_t *larger = secret_make(p, size);

    if (larger == NULL)
        return APR_ENOMEM;
    memcpy(larger->data, (*pbuffer)->data, used);
    secret_cleanse(*pbuffer);
    *pbuffer = larger;
    return APR_SUCCESS;
}

apr_status_t secret_read_fd(secret_t **psecret, int fd, apr_size_t max, apr_pool_t *p)
{
    apr_size_t most = max + 1, len = 0; /* one byte more than allowed, to see that there is more */
    secret_t *buffer = secret_make(p, most < FIRST_READ ? most : FIRST_READ);
    apr_status_t rv = APR_ENOMEM;

    *psecret = NULL;
    if (buffer == NULL)
        return rv;
    for (;;) {
        if ((rv = secret_fill(buffer, &len, fd)) != APR_SUCCESS || len < buffer->len)
            break;
        if (len == most) {
            rv = EFBIG;
            break;
        }
        if ((rv = secret_grow(&buffer, len, most, p)) != APR_SUCCESS)
            break;
    }
    if (rv == APR_SUCCESS && (*psecret = secret_make(p, len)) == NULL)
        rv = APR_ENOMEM;
    if (rv == APR_SUCCESS)
        memcpy((*psecret)->data, buffer->data, len);
    secret_cleanse(buffer);
    return rv;
}

/* @param rv what opening it has returned */
static apr_status_t read_and_close(secret_t **psecret, apr_status_t rv, int fd, apr_size_t max,
                                   apr_pool_t *p)
{
    *psecret = NULL;
    if (rv != APR_SUCCESS)
        return rv;
    rv = secret_read_fd(psecret, fd, max, p);
    close(fd);
    return rv;
}

apr_status_t secret_read_file(secret_t **psecret, const char *path, apr_size_t max, apr_pool_t *p)
{
    int fd = -1;
    apr_status_t rv = file_open(&fd, path, max);

    return read_and_close(psecret, rv, fd, max, p);
}

apr_status_t secret_read_entry(secret_t **psecret, int dir, const char *entry, apr_size_t max,
                               apr_pool_t *p)
{
    int fd = -1;
    apr_status_t rv = file_open_entry(&fd, dir, entry, max);

    return read_and_close(psecret, rv, fd, max, p);
}
