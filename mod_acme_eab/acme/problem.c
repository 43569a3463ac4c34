/* SPDX-License-Identifier: Apache-2.0 */
#include "acme/problem.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "acme/url.h"
#include "base/bytes.h"
#include "base/json.h"

#define OLD_ERROR "urn:acme:error:" /* ACME's first version, before RFC 8555 */

/* A CA's words travel into log lines, status.json and messages; these keep them in proportion. */
#define TYPE_MAX 256
#define DETAIL_MAX 4096
#define PLAIN_MAX 200
#define SUBPROBLEMS_MAX 100

static const struct {
    const char *old_name;
    const char *name;
} renamed[] = {
    { "unknownHost", "dns" },
    { "agreementRequired", "userActionRequired" },
};

static const char *copy_type(apr_pool_t *p, const json_t *error)
{
    const char *type = json_peek_string(error, "type");
    const char *name = NULL;
    apr_size_t i;

    if (type == NULL || *type == '\0' || strlen(type) > TYPE_MAX
        || strcmp(type, "about:blank") == 0) {
        return NULL;
    }
    if (strncmp(type, OLD_ERROR, strlen(OLD_ERROR)) != 0) {
        return apr_pstrdup(p, type);
    }
    name = type + strlen(OLD_ERROR);
    for (i = 0; i < sizeof(renamed) / sizeof(renamed[0]); i++) {
        if (strcmp(name, renamed[i].old_name) == 0) {
            name = renamed[i].name;
        }
    }
    return apr_pstrcat(p, ACME_ERROR, name, NULL);
}

/* What the CA says in words, wherever it puts them; NULL when there is nothing. */
static const char *copy_detail(apr_pool_t *p, const json_t *error)
{
    static const char *const keys[] = { "detail", "title", "message" };
    const char *text = json_string_value(error);
    apr_size_t i;

    for (i = 0; i < sizeof(keys) / sizeof(keys[0]) && text == NULL; i++) {
        text = json_peek_string(error, keys[i]);
        if (text != NULL && *text == '\0') {
            text = NULL;
        }
    }
    return text != NULL && *text != '\0' ? acme_answer_excerpt(p, text, DETAIL_MAX) : NULL;
}

static json_t *copy_subproblems(apr_pool_t *p, const json_t *error)
{
    const json_t *from = json_object_get(error, "subproblems");
    json_t *to = NULL;
    json_t *entry = NULL;
    size_t i;

    if (!json_is_array(from) || (to = json_own(p, json_array())) == NULL) {
        return NULL;
    }
    json_array_foreach(from, i, entry)
    {
        if (json_array_size(to) < SUBPROBLEMS_MAX && json_is_object(entry)) {
            json_array_append(to, entry);
        }
    }
    return json_array_size(to) > 0 ? to : NULL;
}

/* Only what a browser opens as a page: the administrator is going to click on it. */
static const char *web_address(const char *url)
{
    if (url == NULL || strlen(url) > LIMIT_URL) {
        return NULL;
    }
    if (strncasecmp(url, "https://", 8) != 0 && strncasecmp(url, "http://", 7) != 0) {
        return NULL;
    }
    return url;
}

static void set_document(eab_result_t *result, const json_t *error, const char *otherwise)
{
    const char *type = copy_type(result->pool, error);
    const char *detail = copy_detail(result->pool, error);

    eab_result_set(result, APR_EGENERAL, type, "%s", detail != NULL ? detail : otherwise);
    result->instance = web_address(json_copy_string(result->pool, error, "instance"));
    result->identifier =
        json_copy_string(result->pool, json_object_get(error, "identifier"), "value");
    result->subproblems = copy_subproblems(result->pool, error);
}

void acme_problem_from_json(eab_result_t *result, const json_t *error)
{
    apr_int64_t status = json_peek_int(error, "status", 0);

    set_document(result, error, "The CA gave no reason");
    result->http_status = status >= 100 && status <= 599 ? (int)status : 0;
    eab_result_shorten(result, LIMIT_PROBLEM);
}

/* The end of the tag that starts at s; of a script or a style sheet the end of its content. */
static const char *skip_tag(const char *s)
{
    const char *end = NULL;

    if (strncasecmp(s, "<script", 7) == 0) {
        end = strcasestr(s, "</script");
    }
    else if (strncasecmp(s, "<style", 6) == 0) {
        end = strcasestr(s, "</style");
    }
    end = strchr(end != NULL ? end : s, '>');
    return end != NULL ? end + 1 : s + strlen(s);
}

static int starts_tag(const char *s)
{
    return s[0] == '<' && (apr_isalpha(s[1]) || s[1] == '/' || s[1] == '!' || s[1] == '?');
}

/* White space collapsed, tags removed. Four bytes more than are kept, so that acme_answer_excerpt() sees where
 * the last character starts. */
static const char *strip_markup(apr_pool_t *p, const char *body)
{
    char *text = apr_palloc(p, PLAIN_MAX + 5);
    apr_size_t len = 0;

    while (*body != '\0' && len < PLAIN_MAX + 4) {
        unsigned char c = (unsigned char)*body;

        if (c > ' ' && c != 0x7f && !starts_tag(body)) {
            text[len++] = *body++;
            continue;
        }
        body = starts_tag(body) ? skip_tag(body) : body + 1;
        if (len > 0 && text[len - 1] != ' ') {
            text[len++] = ' ';
        }
    }
    if (len > 0 && text[len - 1] == ' ') {
        len--;
    }
    text[len] = '\0';
    return acme_answer_excerpt(p, text, PLAIN_MAX);
}

/* The beginning of a text or HTML body as valid UTF-8, for it ends up in JSON. */
static const char *plain_text(apr_pool_t *p, const char *body)
{
    char *text = apr_pstrdup(p, strip_markup(p, body));
    json_t *utf8 = json_string(text);
    char *c = NULL;

    for (c = text; utf8 == NULL && *c != '\0'; c++) {
        if ((unsigned char)*c >= 0x80) {
            *c = '?';
        }
    }
    json_decref(utf8);
    return text;
}

/* For an answer without words: what is known of it, "HTTP 503: Service Unavailable". */
static const char *describe(apr_pool_t *p, const acme_answer_t *answer, const char *type)
{
    const char *text = type != NULL ? type : plain_text(p, answer->body);

    return apr_psprintf(p, "HTTP %d%s%s", answer->status, *text != '\0' ? ": " : "", text);
}

/* Where a person can read on: RFC 8555, 7.3.3 (new terms of service) and 6.6 (limits). */
static const char *find_page(eab_result_t *result, const acme_answer_t *answer)
{
    const char *page = NULL;

    if (eab_result_is_acme(result, "userActionRequired")) {
        page = acme_link_find(result->pool, answer, "terms-of-service", answer->url);
    }
    if (web_address(page) == NULL) {
        page = acme_link_find(result->pool, answer, "help", answer->url);
    }
    return web_address(page);
}

void acme_problem_from_answer(eab_result_t *result, const acme_answer_t *answer)
{
    apr_pool_t *p = result->pool;
    const json_t *document = json_parse(answer->pool, answer->body, answer->len, NULL);

    set_document(result, document, describe(p, answer, copy_type(p, document)));
    result->http_status = answer->status;
    result->url = answer->url != NULL ? apr_pstrdup(p, answer->url) : NULL;
    result->retry_after = acme_answer_retry_after(answer);
    if (result->instance == NULL) {
        result->instance = find_page(result, answer);
    }
    eab_result_shorten(result, LIMIT_PROBLEM);
}

void acme_problem_bad_answer(eab_result_t *result, const acme_answer_t *answer, const char *format,
                             ...)
{
    const char *detail = NULL;
    va_list args;

    va_start(args, format);
    detail = apr_pvsprintf(result->pool, format, args);
    va_end(args);
    eab_result_set(result, APR_EGENERAL, EAB_PROBLEM_CA_ANSWER, "%s", detail);
    result->http_status = answer->status;
    result->url = answer->url != NULL ? apr_pstrdup(result->pool, answer->url) : NULL;
}
