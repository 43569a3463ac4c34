/* SPDX-License-Identifier: Apache-2.0 */
#include "acme/answer.h"

#include <apr_date.h>
#include <apr_strings.h>
#include <string.h>
#include <strings.h>

#include "acme/url.h"
#include "base/clock.h"
#include "base/json.h"

#define SPACE " \t"

/* One link-value of RFC 8288, 3. */
typedef struct link_value {
    const char *target;
    const char *rel; /* the first rel parameter; NULL when it has none */
} link_value_t;

typedef struct link_search {
    apr_pool_t *p;
    const acme_answer_t *answer;
    const char *rel;
    const char *base;
    apr_array_header_t *found; /* const char * */
    int max;
} link_search_t;

json_t *acme_answer_object(apr_pool_t *p, const acme_answer_t *answer)
{
    json_t *json = json_parse(p, answer->body, answer->len, NULL);

    return json_is_object(json) ? json : NULL;
}

int acme_answer_is_json(const acme_answer_t *answer)
{
    return json_parse(answer->pool, answer->body, answer->len, NULL) != NULL;
}

int acme_answer_has_status(const acme_answer_t *answer)
{
    return json_peek_string(acme_answer_object(answer->pool, answer), "status") != NULL;
}

int acme_answer_is_object(const acme_answer_t *answer)
{
    return acme_answer_object(answer->pool, answer) != NULL;
}

apr_int64_t acme_answer_retry_after(const acme_answer_t *answer)
{
    return clock_retry_after(apr_table_get(answer->headers, "Retry-After"),
                             apr_table_get(answer->headers, "Date"), apr_time_now());
}

const char *acme_answer_location(apr_pool_t *p, const acme_answer_t *answer)
{
    const char *location = apr_table_get(answer->headers, "Location");

    return location != NULL && *location != '\0' ? acme_url_resolve(p, answer->url, location)
                                                 : NULL;
}

int acme_answer_clock(apr_interval_time_t *pahead, const acme_answer_t *answer, apr_time_t now)
{
    const char *date = apr_table_get(answer->headers, "Date");
    apr_time_t time = date != NULL ? apr_date_parse_http(date) : APR_DATE_BAD;

    if (time == APR_DATE_BAD || apr_table_get(answer->headers, "Age") != NULL) {
        return 0;
    }
    *pahead = time - apr_time_from_sec(apr_time_sec(now));
    return 1;
}

const char *acme_answer_excerpt(apr_pool_t *p, const char *text, apr_size_t max)
{
    apr_size_t len = strlen(text);

    if (len > max) {
        len = max;
        while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80) {
            len--;
        }
    }
    return apr_pstrmemdup(p, text, len);
}

/* A quoted string at s, which points at the opening quote. @return behind the closing one */
static const char *read_quoted(apr_pool_t *p, const char *s, const char **pvalue)
{
    char *value = apr_palloc(p, strlen(s));
    char *end = value;

    for (s++; *s != '\0' && *s != '"'; s++) {
        if (*s == '\\' && s[1] != '\0') {
            s++;
        }
        *end++ = *s;
    }
    *end = '\0';
    *pvalue = value;
    return *s == '"' ? s + 1 : s;
}

/* The value of a parameter, quoted or bare, at s. @return behind it */
static const char *read_value(apr_pool_t *p, const char *s, const char **pvalue)
{
    apr_size_t len = 0;

    s += strspn(s, SPACE);
    if (*s == '"') {
        return read_quoted(p, s, pvalue);
    }
    len = strcspn(s, ";, \t");
    *pvalue = apr_pstrmemdup(p, s, len);
    return s + len;
}

/* One "; name=value"; s is behind the semicolon. @return behind it */
static const char *read_parameter(apr_pool_t *p, const char *s, link_value_t *link)
{
    const char *name = s + strspn(s, SPACE);
    apr_size_t len = strcspn(name, "=;, \t");
    const char *value = NULL;

    s = name + len + strspn(name + len, SPACE);
    if (*s == '=') {
        s = read_value(p, s + 1, &value);
    }
    /* "The rel parameter MUST NOT be present more than once": later ones do not count. */
    if (value != NULL && len == 3 && strncasecmp(name, "rel", 3) == 0 && link->rel == NULL) {
        link->rel = value;
    }
    return s;
}

/* The next link-value at s. @return behind it, or NULL at the end of the header or where it is
 * broken */
static const char *read_link(apr_pool_t *p, const char *s, link_value_t *link)
{
    const char *end = NULL;

    link->target = NULL;
    link->rel = NULL;
    s += strspn(s, "," SPACE);
    if (*s != '<' || (end = strchr(s, '>')) == NULL) {
        return NULL;
    }
    link->target = apr_pstrmemdup(p, s + 1, (apr_size_t)(end - s - 1));
    s = end + 1 + strspn(end + 1, SPACE);
    while (*s == ';') {
        s = read_parameter(p, s + 1, link);
        s += strspn(s, SPACE);
    }
    return s;
}

/* Is rel one of the words of rels? Relation types compare without case (RFC 8288, 2.1.1). */
static int has_rel(const char *rels, const char *rel)
{
    apr_size_t len = 0;

    for (; *rels != '\0'; rels += len) {
        rels += strspn(rels, SPACE);
        len = strcspn(rels, SPACE);
        if (len == strlen(rel) && strncasecmp(rels, rel, len) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Called for each Link header; 0 ends the search. */
static int search_header(void *baton, const char *name, const char *value)
{
    link_search_t *search = baton;
    link_value_t link;

    (void)name;
    while ((value = read_link(search->answer->pool, value, &link)) != NULL) {
        if (link.rel != NULL && has_rel(link.rel, search->rel)) {
            const char *url = acme_url_resolve(search->p, search->base, link.target);

            APR_ARRAY_PUSH(search->found, const char *) = url;
            if (search->found->nelts == search->max) {
                return 0;
            }
        }
    }
    return 1;
}

apr_array_header_t *acme_link_list(apr_pool_t *p, const acme_answer_t *answer, const char *rel,
                                   const char *base, int max)
{
    link_search_t search = { p, answer, rel, base, NULL, max };

    search.found = apr_array_make(p, 2, sizeof(const char *));
    apr_table_do(search_header, &search, answer->headers, "Link", NULL);
    return search.found;
}

const char *acme_link_find(apr_pool_t *p, const acme_answer_t *answer, const char *rel,
                           const char *base)
{
    apr_array_header_t *found = acme_link_list(p, answer, rel, base, 1);

    return found->nelts > 0 ? APR_ARRAY_IDX(found, 0, const char *) : NULL;
}
