/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/url.h"

#include <string.h>
#include <strings.h>

#include "base/bytes.h"

#define HTTPS "https://"

int url_is_plain(const char *url)
{
    size_t i;

    if (url == NULL || url[0] == '\0' || strlen(url) > LIMIT_URL) {
        return 0;
    }
    for (i = 0; url[i] != '\0'; ++i) {
        if (url[i] <= ' ' || url[i] > '~') {
            return 0;
        }
    }
    return 1;
}

int url_is_https(const char *url)
{
    return url_is_plain(url) && strncasecmp(url, HTTPS, strlen(HTTPS)) == 0
           && strchr("/?#", url[strlen(HTTPS)]) == NULL;
}
