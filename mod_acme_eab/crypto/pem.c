/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pem.h"

#include <string.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#define PEM_DASHES "-----BEGIN "
#define PEM_BEGIN "-----BEGIN CERTIFICATE-----"
#define PEM_END "-----END CERTIFICATE-----"
#define LINE_MAX_PEM 64

static const char foreign[] = "holds a PEM block other than CERTIFICATE";

typedef struct cursor {
    const char *at;
    const char *end;
} cursor_t;

static int is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int is_base64(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+'
           || c == '/' || c == '=';
}

static int starts_with(const cursor_t *cursor, const char *literal)
{
    apr_size_t len = strlen(literal);

    return (apr_size_t)(cursor->end - cursor->at) >= len && memcmp(cursor->at, literal, len) == 0;
}

static int take(cursor_t *cursor, const char *literal)
{
    if (!starts_with(cursor, literal))
        return 0;
    cursor->at += strlen(literal);
    return 1;
}

/* To the next block, past whatever text there is: RFC 7468, 2 has parsers ignore it. */
static void skip_text(cursor_t *cursor)
{
    while (cursor->at < cursor->end && !starts_with(cursor, PEM_DASHES))
        cursor->at++;
}

/* Does the text end within its BEGIN line, so that nobody knows of what? */
static int is_cut(const cursor_t *cursor)
{
    apr_size_t left = (apr_size_t)(cursor->end - cursor->at);
    apr_size_t dashes = strlen(PEM_DASHES);

    return left < LINE_MAX_PEM
           && memmem(cursor->at + dashes, left - dashes, "-----", strlen("-----")) == NULL
           && memchr(cursor->at, '\n', left) == NULL;
}

/* The base64 text up to the END line; the cursor stands behind that line afterwards. */
static const char *take_block(cursor_t *cursor, bytes_t *body)
{
    if (!take(cursor, PEM_BEGIN))
        return is_cut(cursor) ? "ends within a BEGIN line" : foreign;
    body->data = (const unsigned char *)cursor->at;
    if (cursor->at < cursor->end && !is_space(*cursor->at))
        return "holds a damaged BEGIN line";
    while (cursor->at < cursor->end && (is_space(*cursor->at) || is_base64(*cursor->at)))
        cursor->at++;
    body->len = (apr_size_t)((const unsigned char *)cursor->at - body->data);
    if (!take(cursor, PEM_END))
        return cursor->at == cursor->end ? "ends within a certificate"
                                         : "holds a certificate that is not base64";
    return NULL;
}

/* The beginning of a BEGIN line, and no more of it. */
static int ends_in_dashes(const char *text, apr_size_t len)
{
    apr_size_t most = strlen(PEM_DASHES) - 1;

    for (; most > 0; most--) {
        if (len > most && text[len - most - 1] == '\n'
            && memcmp(text + len - most, PEM_DASHES, most) == 0)
            return 1;
    }
    return 0;
}

/* @return 0 when it is not whole base64 */
static int decode(bytes_t *der, const bytes_t *body, apr_pool_t *p)
{
    EVP_ENCODE_CTX *ctx = EVP_ENCODE_CTX_new();
    unsigned char *data = apr_palloc(p, body->len + 4);
    int len = 0;
    int last = 0;
    int done = 0;

    if (ctx == NULL)
        return 0;
    EVP_DecodeInit(ctx);
    done = EVP_DecodeUpdate(ctx, data, &len, body->data, (int)body->len) >= 0
           && EVP_DecodeFinal(ctx, data + len, &last) == 1 && len + last > 0;
    EVP_ENCODE_CTX_free(ctx);
    ERR_clear_error();
    der->data = done ? data : NULL;
    der->len = done ? (apr_size_t)(len + last) : 0;
    return done;
}

apr_status_t pem_split(apr_array_header_t **pders, const char *text, apr_size_t len, int max,
                       const char **pwhy, apr_pool_t *p)
{
    apr_array_header_t *ders = apr_array_make(p, 4, sizeof(bytes_t));
    cursor_t cursor = { text, text + len };
    bytes_t body = { NULL, 0 };
    bytes_t der = { NULL, 0 };

    *pders = NULL;
    *pwhy = "is too long";
    if (len > LIMIT_CHAIN)
        return APR_EINVAL;
    for (skip_text(&cursor); cursor.at < cursor.end; skip_text(&cursor)) {
        if ((*pwhy = take_block(&cursor, &body)) != NULL)
            return *pwhy == foreign ? APR_EACCES : APR_EINVAL;
        *pwhy = "holds a certificate that is not base64";
        if (!decode(&der, &body, p))
            return APR_EINVAL;
        *pwhy = "holds too many certificates";
        if (ders->nelts >= max)
            return APR_EINVAL;
        APR_ARRAY_PUSH(ders, bytes_t) = der;
    }
    *pwhy = "ends within a BEGIN line";
    if (ends_in_dashes(text, len))
        return APR_EINVAL;
    *pwhy = "holds no certificate";
    if (ders->nelts == 0)
        return APR_EINVAL;
    *pwhy = NULL;
    *pders = ders;
    return APR_SUCCESS;
}
