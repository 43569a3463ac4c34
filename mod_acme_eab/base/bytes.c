/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"

#include <apr_strings.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Not by table of the C library's locale: the value of a digit, or -1. */
static int digit_value(char c)
{
    const char *at = c != '\0' ? strchr(alphabet, c) : NULL;

    return at != NULL ? (int)(at - alphabet) : -1;
}

const char *base64url_encode(apr_pool_t *p, const void *data, apr_size_t len)
{
    const unsigned char *in = data;
    char *text = apr_palloc(p, (len + 2) / 3 * 4 + 1);
    char *out = text;
    apr_size_t i;

    for (i = 0; i < len; i += 3) {
        apr_size_t left = len - i;
        unsigned int bits = (unsigned int)in[i] << 16;

        bits |= left > 1 ? (unsigned int)in[i + 1] << 8 : 0;
        bits |= left > 2 ? in[i + 2] : 0;
        *out++ = alphabet[bits >> 18];
        *out++ = alphabet[bits >> 12 & 63];
        if (left > 1)
            *out++ = alphabet[bits >> 6 & 63];
        if (left > 2)
            *out++ = alphabet[bits & 63];
    }
    *out = '\0';
    return text;
}

apr_status_t base64url_decode(apr_pool_t *p, bytes_t *pbytes, const char *text)
{
    apr_size_t len = text != NULL ? strlen(text) : 0;
    unsigned char *data;
    unsigned int bits = 0;
    int count = 0;
    apr_size_t i, n = 0;

    pbytes->data = NULL;
    pbytes->len = 0;
    if (text == NULL || len % 4 == 1)
        return APR_EINVAL;
    data = apr_palloc(p, len / 4 * 3 + 3);
    for (i = 0; i < len; ++i) {
        int value = digit_value(text[i]);

        if (value < 0)
            return APR_EINVAL;
        bits = bits << 6 | (unsigned int)value;
        count += 6;
        if (count >= 8) {
            count -= 8;
            data[n++] = (unsigned char)(bits >> count);
            bits &= (1U << count) - 1;
        }
    }
    /* Bits that are left over have to be zero, or two texts would mean the same bytes. */
    if (bits != 0)
        return APR_EINVAL;
    pbytes->data = data;
    pbytes->len = n;
    return APR_SUCCESS;
}

int base64url_is_valid(const char *text, apr_size_t max)
{
    apr_size_t len = text != NULL ? strspn(text, alphabet) : 0;

    return len > 0 && len <= max && text[len] == '\0';
}

const char *hex_encode(apr_pool_t *p, const void *data, apr_size_t len)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *in = data;
    char *text = apr_palloc(p, 2 * len + 1);
    apr_size_t i;

    for (i = 0; i < len; ++i) {
        text[2 * i] = digits[in[i] >> 4];
        text[2 * i + 1] = digits[in[i] & 15];
    }
    text[2 * len] = '\0';
    return text;
}

int hex_is_valid(const char *text, apr_size_t digits)
{
    return text != NULL && strlen(text) == digits && strspn(text, "0123456789abcdef") == digits;
}
