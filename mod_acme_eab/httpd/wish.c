/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/wish.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <limits.h>
#include <string.h>

#define Q_MAX 1000 /* q=1 */

/* ---- Accept ---------------------------------------------------------------------------------- */

/* "0.5" is 500; what is none counts as 1. */
static int parse_q(const char *text)
{
    int q = 0, digits = 0;

    if (*text == '1')
        return Q_MAX;
    if (*text != '0')
        return Q_MAX;
    if (*++text == '.')
        ++text;
    for (digits = 0; digits < 3; ++digits)
        q = q * 10 + (apr_isdigit(*text) ? *text++ - '0' : 0);
    return q;
}

/* A parameter of a media range, "q" or "version"; in p, or NULL. */
static const char *parameter_of(apr_pool_t *p, const char *range, const char *name)
{
    char *copy = apr_pstrdup(p, range), *state = NULL, *item = NULL;
    apr_size_t len = strlen(name);

    item = apr_strtok(copy, ";", &state);
    while (item != NULL && (item = apr_strtok(NULL, ";", &state)) != NULL) {
        while (apr_isspace(*item))
            ++item;
        if (strncasecmp(item, name, len) == 0 && item[len] == '=')
            return item + len + 1;
    }
    return NULL;
}

/* How well a media range names the type: 3 itself, 2 "text" and a star, 1 two stars, 0 not at all. */
static int fit_of(const char *range, const char *type)
{
    apr_size_t len = strcspn(range, "; \t"), major = (apr_size_t)(strchr(type, '/') - type) + 1;

    if (len == strlen(type) && strncasecmp(range, type, len) == 0)
        return 3;
    if (len == major + 1 && strncasecmp(range, type, major) == 0 && range[major] == '*')
        return 2;
    return len == 3 && strncmp(range, "*/*", 3) == 0;
}

/* How much a type is wanted, 0 to Q_MAX: by the range that names it best. *pfit is how well. */
static int wanted(apr_pool_t *p, const char *accept, const char *type, int *pfit)
{
    char *copy = apr_pstrdup(p, accept != NULL ? accept : ""), *state = NULL, *range = NULL;
    int found = 0;

    *pfit = 0;
    for (range = apr_strtok(copy, ",", &state); range != NULL;
         range = apr_strtok(NULL, ",", &state)) {
        const char *q = NULL, *version = NULL;
        int fit = 0;

        while (apr_isspace(*range))
            ++range;
        fit = fit_of(range, type);
        version = parameter_of(p, range, "version");
        if (fit <= *pfit
            || (version != NULL && strstr(type, "openmetrics") != NULL
                && strncmp(version, "1.0.0", 5) != 0))
            continue;
        q = parameter_of(p, range, "q");
        found = q != NULL ? parse_q(q) : Q_MAX;
        *pfit = fit;
    }
    return found;
}

static int wants_openmetrics(apr_pool_t *p, const char *accept)
{
    int named = 0, other = 0;
    int q = wanted(p, accept, "application/openmetrics-text", &named);

    return named == 3 && q > 0 && q >= wanted(p, accept, "text/plain", &other);
}

static int wants_json(apr_pool_t *p, const char *accept)
{
    int json = 0, html = 0;

    return wanted(p, accept, "application/json", &json) > wanted(p, accept, "text/html", &html);
}

static int names_html(apr_pool_t *p, const char *accept)
{
    int fit = 0;

    return wanted(p, accept, "text/html", &fit) > 0 && fit == 3;
}

/* ---- the query ------------------------------------------------------------------------------- */

static int digit_of(char c)
{
    return apr_isdigit(c) ? c - '0' : apr_tolower(c) - 'a' + 10;
}

/* What a form sends (HTML, application/x-www-form-urlencoded). In place. */
static const char *decode(char *text)
{
    char *from = text, *to = text;

    for (; *from != '\0'; ++from) {
        if (*from == '%' && apr_isxdigit(from[1]) && apr_isxdigit(from[2])
            && (from[1] != '0' || from[2] != '0')) {
            *to++ = (char)(digit_of(from[1]) * 16 + digit_of(from[2]));
            from += 2;
        }
        else
            *to++ = *from == '+' ? ' ' : *from;
    }
    *to = '\0';
    return text;
}

static int page_of(const char *text)
{
    apr_int64_t number = apr_strtoi64(text, NULL, 10);

    return number > INT_MAX ? INT_MAX : number < 1 ? 1 : (int)number;
}

static void take(wish_t *wish, const char **pformat, const char *key, const char *value)
{
    if (strcasecmp(key, "check") == 0)
        wish->check = 1;
    else if (*value == '\0')
        return;
    else if (strcasecmp(key, "format") == 0)
        *pformat = value;
    else if (strcasecmp(key, "state") == 0)
        wish->state = value;
    else if (strcasecmp(key, "name") == 0)
        wish->name = value;
    else if (strcasecmp(key, "page") == 0)
        wish->page = page_of(value);
}

static void split(wish_t *wish, const char **pformat, const char *args, apr_pool_t *p)
{
    char *copy = apr_pstrdup(p, args), *state = NULL, *item = NULL, *value = NULL;

    for (item = apr_strtok(copy, "&;", &state); item != NULL;
         item = apr_strtok(NULL, "&;", &state)) {
        value = strchr(item, '=');
        if (value != NULL)
            *value++ = '\0';
        take(wish, pformat, decode(item), value != NULL ? decode(value) : "");
    }
}

static apr_status_t choose_format(wish_t *wish, const char *format, const char *accept,
                                  const char **pwhy, apr_pool_t *p)
{
    if (strcasecmp(format, "html") == 0)
        wish->format = WISH_HTML;
    else if (strcasecmp(format, "json") == 0)
        wish->format = WISH_JSON;
    else if (strcasecmp(format, "prometheus") == 0)
        wish->format = wants_openmetrics(p, accept) ? WISH_OPENMETRICS : WISH_PROMETHEUS;
    else if (strcasecmp(format, "openmetrics") == 0)
        wish->format = WISH_OPENMETRICS;
    else {
        *pwhy = "There is no such format: use format=html, json, prometheus or openmetrics.";
        return APR_EINVAL;
    }
    return APR_SUCCESS;
}

apr_status_t wish_read(wish_t *wish, const char *args, const char *accept, int metrics,
                       const char **pwhy, apr_pool_t *p)
{
    const char *format = metrics ? "prometheus" : NULL;

    memset(wish, 0, sizeof(*wish));
    wish->page = 1;
    *pwhy = NULL;
    if (args != NULL)
        split(wish, &format, args, p);
    if (format != NULL)
        return choose_format(wish, format, accept, pwhy, p);
    if (wants_json(p, accept))
        wish->format = WISH_JSON;
    else if (wish->check && !names_html(p, accept))
        wish->format = WISH_LINE;
    return APR_SUCCESS;
}

static const char *encode(apr_pool_t *p, const char *text)
{
    char *encoded = apr_palloc(p, strlen(text) * 3 + 1), *to = encoded;

    for (; *text != '\0'; ++text) {
        if (apr_isalnum(*text) || strchr("-._~*", *text) != NULL)
            *to++ = *text;
        else
            to += apr_snprintf(to, 4, "%%%02X", (unsigned)(unsigned char)*text);
    }
    *to = '\0';
    return encoded;
}

const char *wish_query(apr_pool_t *p, const wish_t *wish, int page)
{
    const char *query = "";

    if (wish->state != NULL)
        query = apr_pstrcat(p, query, "&state=", encode(p, wish->state), NULL);
    if (wish->name != NULL)
        query = apr_pstrcat(p, query, "&name=", encode(p, wish->name), NULL);
    if (page > 1)
        query = apr_psprintf(p, "%s&page=%d", query, page);
    return *query != '\0' ? apr_pstrcat(p, "?", query + 1, NULL) : "?";
}
