/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/eabkey.h"

#include <string.h>
#include <apr_strings.h>

/* 32 bytes in base64 without padding: the shortest key that a decoded text may itself hold. */
#define ENCODED_KEY_MIN 43

/* A value of a directive from this length on may be a key (16 bytes and more). */
#define KEY_TEXT_MIN 20

typedef struct key_text {
    const unsigned char *data;
    apr_size_t len;
    apr_size_t padding; /* '=' that followed */
} key_text_t;

static int is_space(unsigned char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* 0 to 63, or -1. Either alphabet. */
static int digit_value(unsigned char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

static int is_hex_digit(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static int all_of(int (*is_one)(unsigned char), const unsigned char *data, apr_size_t len)
{
    apr_size_t i;

    for (i = 0; i < len; i++) {
        if (!is_one(data[i]))
            return 0;
    }
    return 1;
}

static int is_digit(unsigned char c)
{
    return digit_value(c) >= 0;
}

static int has_one_of(const key_text_t *text, char a, char b)
{
    return memchr(text->data, a, text->len) != NULL || memchr(text->data, b, text->len) != NULL;
}

static key_text_t key_text_trim(const secret_t *secret)
{
    key_text_t text = { secret->data, secret->len, 0 };

    while (text.len > 0 && is_space(text.data[0])) {
        text.data++;
        text.len--;
    }
    while (text.len > 0 && is_space(text.data[text.len - 1]))
        text.len--;
    while (text.len > 0 && text.data[text.len - 1] == '=') {
        text.len--;
        text.padding++;
    }
    return text;
}

/* Why it cannot be decoded, in words that hold nothing of it; NULL when it can. */
static const char *key_text_fault(const key_text_t *text)
{
    if (text->len == 0)
        return "The EAB key is empty. Put the HMAC key that the CA gave you there.";
    if (!all_of(is_digit, text->data, text->len))
        return "The EAB key is not base64: it holds white space, '=' or another character that "
               "does "
               "not belong there. Copy the HMAC key from the CA again, as one line and nothing "
               "else.";
    if (has_one_of(text, '+', '/') && has_one_of(text, '-', '_'))
        return "The EAB key has mixed base64 alphabets ('+' or '/' beside '-' or '_'). Copy the "
               "HMAC key from the CA again.";
    if (text->len % 4 == 1 || (text->padding > 0 && (text->len + text->padding) % 4 != 0)
        || text->padding > 2)
        return "The EAB key has a length that base64 cannot have; characters are missing or "
               "repeated. Copy the HMAC key from the CA again.";
    return NULL;
}

/* The text has been checked. @return 0 when bits are set that belong to no byte */
static int key_text_decode(secret_t *key, const key_text_t *text)
{
    unsigned int bits = 0;
    int count = 0;
    apr_size_t used = 0;
    apr_size_t i;

    for (i = 0; i < text->len; i++) {
        bits = (bits << 6 | (unsigned int)digit_value(text->data[i])) & 0xfff;
        count += 6;
        if (count < 8)
            continue;
        count -= 8;
        key->data[used++] = (unsigned char)(bits >> count);
    }
    return (bits & ((1u << count) - 1)) == 0;
}

static int looks_like_hex(const key_text_t *text)
{
    return text->len >= 64 && text->len % 32 == 0 && all_of(is_hex_digit, text->data, text->len);
}

static int looks_encoded_twice(const secret_t *key)
{
    key_text_t inner = key_text_trim(key);

    return inner.len >= ENCODED_KEY_MIN && all_of(is_digit, inner.data, inner.len);
}

static const char *key_warning(const key_text_t *text, const secret_t *key)
{
    if (looks_like_hex(text))
        return "The EAB key looks like hexadecimal digits, but it is used as base64, as RFC 8555 "
               "has it. If the CA refuses it, convert it to base64.";
    if (looks_encoded_twice(key))
        return "The EAB key looks base64-encoded twice. If the CA refuses it, decode it once and "
               "use the result.";
    return NULL;
}

apr_status_t eabkey_decode(secret_t **pkey, const secret_t *text, int bits, const char **pwhy,
                           apr_pool_t *p)
{
    apr_status_t rv = APR_EINVAL;
    key_text_t trimmed = key_text_trim(text);
    secret_t *key = NULL;

    *pkey = NULL;
    if ((*pwhy = key_text_fault(&trimmed)) != NULL)
        return rv;
    *pwhy = "There is no memory left to decode the EAB key.";
    if ((key = secret_make(p, trimmed.len * 6 / 8)) == NULL)
        return APR_ENOMEM;
    *pwhy = "The EAB key is cut off or damaged at its end. Copy the HMAC key from the CA again.";
    if (!key_text_decode(key, &trimmed))
        goto out;
    *pwhy = apr_psprintf(p,
                         "The EAB key has %" APR_SIZE_T_FMT " bytes, and HS%d needs %d or more. "
                         "Check that the whole key was copied, or set ACMEEABAlg to what the CA "
                         "says.",
                         key->len, bits, bits / 8);
    if (key->len < (apr_size_t)bits / 8)
        goto out;
    *pwhy = key_warning(&trimmed, key);
    *pkey = key;
    rv = APR_SUCCESS;
out:
    if (rv != APR_SUCCESS)
        secret_cleanse(key);
    return rv;
}

static int is_key_character(unsigned char c)
{
    return c == '=' || is_digit(c);
}

/* In doubt it is a key, so that a message never shows one: a scheme has a ':', most paths a '.',
 * and neither is of a base64 alphabet. */
int eabkey_looks_like_key(const char *text)
{
    apr_size_t len = text != NULL ? strlen(text) : 0;

    return len >= KEY_TEXT_MIN && all_of(is_key_character, (const unsigned char *)text, len);
}

int eabkey_bits(const char *alg)
{
    if (alg == NULL)
        return 0;
    if (strcmp(alg, "HS256") == 0)
        return 256;
    if (strcmp(alg, "HS384") == 0)
        return 384;
    return strcmp(alg, "HS512") == 0 ? 512 : 0;
}
