/* SPDX-License-Identifier: Apache-2.0 */
#include "acme/url.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"

#define HTTPS "https://"

int acme_url_is_https(const char *url)
{
    const char *host = NULL;
    apr_size_t host_len = 0;
    apr_size_t i;

    if (url == NULL || strncasecmp(url, HTTPS, strlen(HTTPS)) != 0 || strlen(url) > LIMIT_URL) {
        return 0;
    }
    for (i = 0; url[i] != '\0'; i++) {
        if (url[i] <= 0x20 || url[i] >= 0x7f) {
            return 0;
        }
    }
    host = url + strlen(HTTPS);
    host_len = strcspn(host, "/?#\\");
    /* A user name would make libcurl send credentials, and can dress up as a host to a reader. */
    return host_len > 0 && host[0] != ':' && memchr(host, '@', host_len) == NULL;
}

const char *acme_url_peer(apr_pool_t *p, const char *url)
{
    const char *scheme_end = strstr(url, "://");
    const char *start = scheme_end != NULL ? scheme_end + 3 : url;
    const char *end = start + strcspn(start, "/?#");
    const char *at = NULL;
    const char *host = NULL;

    for (at = start; at < end; at++) {
        if (*at == '@') {
            start = at + 1;
        }
    }
    host = apr_pstrmemdup(p, start, (apr_size_t)(end - start));
    /* The colon of a port comes after the bracket of an IPv6 address. */
    if (scheme_end == NULL || strrchr(host, ':') > strrchr(host, ']')) {
        return host;
    }
    return apr_pstrcat(p, host, strncasecmp(url, "http:", 5) == 0 ? ":80" : ":443", NULL);
}

const char *acme_url_target(apr_pool_t *p, const char *url)
{
    const char *scheme_end = strstr(url, "://");
    const char *start = scheme_end != NULL ? scheme_end + 3 : url;

    start += strcspn(start, "/?#");
    return *start == '/' ? apr_pstrmemdup(p, start, strcspn(start, "#")) : NULL;
}

/* RFC 3986, 3.1: a scheme is a letter, then letters, digits, '+', '-' and '.'. */
static int has_scheme(const char *reference)
{
    const char *s = reference;

    if (!apr_isalpha(*s)) {
        return 0;
    }
    while (apr_isalnum(*s) || *s == '+' || *s == '-' || *s == '.') {
        s++;
    }
    return *s == ':';
}

const char *acme_url_resolve(apr_pool_t *p, const char *base, const char *reference)
{
    CURLU *url = NULL;
    char *text = NULL;
    const char *absolute = NULL;

    if (has_scheme(reference)) {
        return apr_pstrdup(p, reference);
    }
    if (base == NULL || (url = curl_url()) == NULL
        || curl_url_set(url, CURLUPART_URL, base, 0) != CURLUE_OK
        || curl_url_set(url, CURLUPART_URL, reference, 0) != CURLUE_OK
        || curl_url_get(url, CURLUPART_URL, &text, 0) != CURLUE_OK) {
        goto out;
    }
    absolute = apr_pstrdup(p, text);
out:
    curl_free(text);
    curl_url_cleanup(url);
    return absolute;
}
