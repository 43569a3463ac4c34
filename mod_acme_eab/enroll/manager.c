/* SPDX-License-Identifier: Apache-2.0 */
#include "enroll/manager.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/bytes.h"
#include "base/json.h"
#include "enroll/problem.h"

#define PAGE 200 /* the most that Sectigo gives at once */

struct manager {
    apr_pool_t *pool;
    exchange_t *exchange;
    const char *api;
    const refusal_code_t *codes;
    apr_array_header_t *lines; /* of secret_t * */
};

manager_t *manager_make(exchange_t *exchange, const char *api, const refusal_code_t *codes,
                        apr_pool_t *p)
{
    manager_t *manager = apr_pcalloc(p, sizeof(*manager));

    manager->pool = p;
    manager->exchange = exchange;
    manager->api = api;
    manager->codes = codes;
    manager->lines = apr_array_make(p, 4, sizeof(secret_t *));
    return manager;
}

const char *manager_api(const manager_t *manager)
{
    return manager->api;
}

static void add_line(manager_t *manager, const char *name, const void *value, apr_size_t len)
{
    apr_size_t start = strlen(name) + 2;
    secret_t *line = secret_make(manager->pool, start + len + 1);

    if (line == NULL)
        abort();
    memcpy(line->data, name, start - 2);
    memcpy(line->data + start - 2, ": ", 2);
    memcpy(line->data + start, value, len);
    APR_ARRAY_PUSH(manager->lines, secret_t *) = line;
}

void manager_add_line(manager_t *manager, const char *name, const secret_t *value)
{
    add_line(manager, name, value->data, value->len);
}

void manager_add_text_line(manager_t *manager, const char *name, const char *value)
{
    add_line(manager, name, value, strlen(value));
}

/* ---- OAuth2 ---- */

/* What may stand in a header (RFC 6750, 2.1). */
static int is_token(const char *text)
{
    apr_size_t len = text != NULL ? strlen(text) : 0;
    apr_size_t i;

    if (len == 0 || len > LIMIT_MANAGER_SECRET)
        return 0;
    for (i = 0; i < len; ++i) {
        if (text[i] <= ' ' || text[i] > '~')
            return 0;
    }
    return 1;
}

static void take_token(manager_t *manager, const char *token)
{
    apr_size_t len = strlen(token);
    secret_t *value = secret_make(manager->pool, sizeof("Bearer ") + len);

    if (value == NULL)
        abort();
    memcpy(value->data, "Bearer ", 7);
    memcpy(value->data + 7, token, len);
    value->len = 7 + len;
    manager_add_line(manager, "Authorization", value);
    secret_cleanse(value);
}

/* A form: the secret is escaped, and cleansed as soon as it was sent. */
static secret_t *make_form(apr_pool_t *p, const char *client_id, const secret_t *client_secret)
{
    secret_t *id = exchange_escape(p, "grant_type=client_credentials&client_id=", client_id,
                                   strlen(client_id));
    secret_t *form =
        exchange_escape(p, apr_pstrcat(p, (const char *)id->data, "&client_secret=", NULL),
                        (const char *)client_secret->data, client_secret->len);

    secret_cleanse(id);
    return form;
}

apr_status_t manager_sign_in(manager_t *manager, const char *token_url, const char *client_id,
                             const secret_t *client_secret, eab_result_t *result)
{
    secret_t *form = make_form(manager->pool, client_id, client_secret);
    exchange_request_t request = { "POST", token_url, "application/x-www-form-urlencoded", form,
                                   NULL };
    exchange_answer_t *answer = NULL;
    const char *token = NULL;
    apr_status_t rv = exchange_send(manager->exchange, &request, &answer, result, manager->pool);

    secret_cleanse(form);
    if (rv != APR_SUCCESS)
        return rv;
    token = json_peek_string(answer->json, "access_token");
    if (answer->status != 200 || !is_token(token))
        return refusal_explain(answer, refusal_oauth, result, manager->pool);
    take_token(manager, token);
    return APR_SUCCESS;
}

/* ---- requests ---- */

secret_t *manager_body(const json_t *json, apr_pool_t *p)
{
    apr_size_t len = json_dumpb(json, NULL, 0, JSON_COMPACT);
    secret_t *body = secret_make(p, len + 1);

    if (body == NULL)
        abort();
    json_dumpb(json, (char *)body->data, len, JSON_COMPACT);
    body->len = len;
    return body;
}

apr_status_t manager_refused(manager_t *manager, const exchange_answer_t *answer,
                             eab_result_t *result)
{
    return refusal_explain(answer, manager->codes, result, manager->pool);
}

static apr_status_t put_to(manager_t *manager, const char *method, const char *path,
                           const char *type, const secret_t *body, exchange_answer_t **panswer,
                           eab_result_t *result)
{
    /* The path may hold a secret, so that the whole address is one. */
    apr_size_t start = strlen(manager->api);
    secret_t *url = secret_make(manager->pool, start + strlen(path) + 2);
    exchange_request_t request = { method, NULL, type, body, manager->lines };
    apr_status_t rv;

    if (url == NULL)
        abort();
    memcpy(url->data, manager->api, start);
    url->data[start] = '/';
    memcpy(url->data + start + 1, path, strlen(path));
    request.url = (const char *)url->data;
    rv = exchange_send(manager->exchange, &request, panswer, result, manager->pool);
    secret_cleanse(url);
    return rv;
}

apr_status_t manager_post(manager_t *manager, const char *path, const char *type,
                          const secret_t *body, int wanted, exchange_answer_t **panswer,
                          eab_result_t *result)
{
    apr_status_t rv = put_to(manager, "POST", path, type, body, panswer, result);

    if (rv != APR_SUCCESS)
        return rv;
    return (*panswer)->status == wanted ? APR_SUCCESS : manager_refused(manager, *panswer, result);
}

apr_status_t manager_post_json(manager_t *manager, const char *path, json_t *body,
                               exchange_answer_t **panswer, eab_result_t *result)
{
    secret_t *text = manager_body(body, manager->pool);
    apr_status_t rv = put_to(manager, "POST", path, "application/json", text, panswer, result);

    json_decref(body);
    if (rv != APR_SUCCESS)
        return rv;
    return (*panswer)->status == 200 || (*panswer)->status == 201
               ? APR_SUCCESS
               : manager_refused(manager, *panswer, result);
}

apr_status_t manager_ask(manager_t *manager, const char *method, const char *path, json_t *body,
                         int wanted, exchange_answer_t **panswer, eab_result_t *result)
{
    secret_t *text = body != NULL ? manager_body(body, manager->pool) : NULL;
    apr_status_t rv = put_to(manager, method, path, body != NULL ? "application/json" : NULL, text,
                             panswer, result);

    json_decref(body);
    if (rv != APR_SUCCESS)
        return rv;
    return (*panswer)->status == wanted ? APR_SUCCESS : manager_refused(manager, *panswer, result);
}

/* ---- lists ---- */

static apr_status_t ask_page(manager_t *manager, const char *path, apr_size_t position,
                             exchange_answer_t **panswer, eab_result_t *result)
{
    const char *page = apr_psprintf(manager->pool, "%s%cposition=%" APR_SIZE_T_FMT "&size=%d", path,
                                    strchr(path, '?') != NULL ? '&' : '?', position, PAGE);
    apr_status_t rv = manager_ask(manager, "GET", page, NULL, 200, panswer, result);

    if (rv == APR_SUCCESS && !json_is_array((*panswer)->json))
        return manager_refused(manager, *panswer, result);
    return rv;
}

/* A page that is full may be the last one; X-Total-Count says so where it is sent. */
static int is_last(const exchange_answer_t *answer, apr_size_t had)
{
    if (answer->total >= 0)
        return had >= (apr_size_t)answer->total || json_array_size(answer->json) == 0;
    return json_array_size(answer->json) < PAGE;
}

apr_status_t manager_list(manager_t *manager, const char *path, json_t **parray,
                          eab_result_t *result)
{
    json_t *all = json_own(manager->pool, json_array());
    exchange_answer_t *answer = NULL;
    apr_status_t rv;

    *parray = NULL;
    do {
        if ((rv = ask_page(manager, path, json_array_size(all), &answer, result)) != APR_SUCCESS)
            return rv;
        json_array_extend(all, answer->json);
        if (json_array_size(all) > LIMIT_MANAGER_ROWS)
            return eab_result_set(result, EFBIG, ENROLL_PROBLEM_ANSWER,
                                  "%s lists more than %d entries, which no list of it can have; "
                                  "see whether --api is right.",
                                  answer->host, LIMIT_MANAGER_ROWS);
    } while (!is_last(answer, json_array_size(all)));
    *parray = all;
    return APR_SUCCESS;
}

const char *manager_path(apr_pool_t *p, const char *before, const char *value)
{
    return (const char *)exchange_escape(p, before, value, strlen(value))->data;
}
