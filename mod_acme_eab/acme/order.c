/* SPDX-License-Identifier: Apache-2.0 */
#include "acme/order.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>

#include "acme/answer.h"
#include "acme/problem.h"
#include "acme/url.h"
#include "base/address.h"
#include "base/bytes.h"
#include "base/json.h"
#include "base/name.h"

#define NAMES_SHOWN 5 /* of a difference; an order can hold very many */

static const struct {
    const char *status;
    acme_order_next_t next;
} steps[] = {
    { "pending", ACME_ORDER_AUTHORIZE }, { "ready", ACME_ORDER_FINALIZE },
    { "processing", ACME_ORDER_WAIT },   { "valid", ACME_ORDER_DOWNLOAD },
    { "invalid", ACME_ORDER_FAILED },
};

acme_order_next_t acme_order_next(const char *status)
{
    size_t i;

    for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        if (strcmp(steps[i].status, status) == 0) {
            return steps[i].next;
        }
    }
    return ACME_ORDER_FAILED;
}

static void read_names(apr_pool_t *p, acme_order_t *order, const json_t *json)
{
    const json_t *identifiers = json_object_get(json, "identifiers");
    const json_t *identifier = NULL;
    const char *reason = NULL;
    size_t i;

    json_array_foreach(identifiers, i, identifier)
    {
        const char *type = json_peek_string(identifier, "type");
        const char *value = json_copy_string(p, identifier, "value");
        const char *name = NULL;

        if (type != NULL && value != NULL
            && (strcasecmp(type, "dns") == 0 || strcasecmp(type, "ip") == 0)) {
            name = strcasecmp(type, "ip") == 0 ? address_normalize(p, value)
                                               : name_normalize(p, value, &reason);
            /* What is no name at all stays as it is and will differ from all we asked for. */
            APR_ARRAY_PUSH(order->names, const char *) = name != NULL ? name : value;
        }
    }
}

/* @return 0 when one of them is not an https URL, or there are more than anybody orders */
static int read_authorizations(apr_pool_t *p, acme_order_t *order, const json_t *json)
{
    const json_t *urls = json_object_get(json, "authorizations");
    const json_t *url = NULL;
    size_t i;

    if (json_array_size(urls) > LIMIT_AUTHORIZATIONS) {
        return 0;
    }
    json_array_foreach(urls, i, url)
    {
        if (!acme_url_is_https(json_string_value(url))) {
            return 0;
        }
        APR_ARRAY_PUSH(order->authorizations, const char *) =
            apr_pstrdup(p, json_string_value(url));
    }
    return 1;
}

/* A URL of the order, NULL when it is missing. @return 0 when it is not https */
static int read_url(const char **purl, apr_pool_t *p, const json_t *json, const char *key)
{
    *purl = json_copy_string(p, json, key);
    return *purl == NULL || acme_url_is_https(*purl);
}

/* The URL of a new order. Other answers carry a Location too (a finalize at some CAs), which is of
 * use only when it is one. @return 0 when that of a new order is not https */
static int read_location(apr_pool_t *p, acme_order_t *order, const acme_answer_t *answer)
{
    const char *location = acme_answer_location(p, answer);

    if (acme_url_is_https(location)) {
        order->url = location;
        return 1;
    }
    return location == NULL || answer->status != 201;
}

/* RFC 8555 lets any order have an error; {} and null are none (seen at CAs). */
static void read_error(acme_order_t *order, const json_t *json)
{
    const json_t *error = json_object_get(json, "error");

    order->has_error = json_object_size(error) > 0 || json_string_length(error) > 0;
    if (!order->has_error) {
        return;
    }
    acme_problem_from_json(order->problem, error);
    if (order->problem->type == NULL) {
        order->problem->type = EAB_PROBLEM_ORDER_INVALID;
    }
}

static acme_order_t *make_order(apr_pool_t *p)
{
    acme_order_t *order = apr_pcalloc(p, sizeof(*order));

    order->names = apr_array_make(p, 4, sizeof(const char *));
    order->authorizations = apr_array_make(p, 4, sizeof(const char *));
    order->problem = eab_result_make(p);
    return order;
}

acme_order_t *acme_order_parse(apr_pool_t *p, const acme_answer_t *answer, eab_result_t *result)
{
    const json_t *json = acme_answer_object(p, answer);
    acme_order_t *order = make_order(p);

    order->status = json_copy_string(p, json, "status");
    if (order->status == NULL || strlen(order->status) > LIMIT_WORD) {
        acme_problem_bad_answer(result, answer, "The CA's answer is not an order with a status");
        return NULL;
    }
    if (!read_authorizations(p, order, json) || !read_url(&order->finalize, p, json, "finalize")
        || !read_url(&order->certificate, p, json, "certificate")
        || !read_location(p, order, answer)) {
        acme_problem_bad_answer(result, answer,
                                "The CA's order has a URL that is not https, or more than %d "
                                "authorizations",
                                LIMIT_AUTHORIZATIONS);
        return NULL;
    }
    order->profile = json_copy_string(p, json, "profile");
    order->next = acme_order_next(order->status);
    order->expires = json_peek_time(json, "expires");
    order->retry_after = acme_answer_retry_after(answer);
    read_names(p, order, json);
    read_error(order, json);
    return order;
}

static int has_url(const apr_array_header_t *urls, const char *url)
{
    int i;

    for (i = 0; i < urls->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(urls, i, const char *), url) == 0) {
            return 1;
        }
    }
    return 0;
}

static int has_all_urls(const apr_array_header_t *urls, const apr_array_header_t *of)
{
    int i;

    for (i = 0; i < of->nelts; i++) {
        if (!has_url(urls, APR_ARRAY_IDX(of, i, const char *))) {
            return 0;
        }
    }
    return 1;
}

apr_status_t acme_order_check_authorizations(const acme_order_t *order, const acme_order_t *before,
                                             eab_result_t *result)
{
    if (has_all_urls(order->authorizations, before->authorizations)
        && has_all_urls(before->authorizations, order->authorizations)) {
        return APR_SUCCESS;
    }
    return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_ORDER_LOST,
                          "The order at the CA has other authorizations than it had before");
}

apr_array_header_t *acme_order_dropped(apr_pool_t *p, const acme_order_t *order,
                                       const apr_array_header_t *names)
{
    apr_array_header_t *dropped = apr_array_make(p, 2, sizeof(const char *));
    int i;

    for (i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        if (!name_is_among(order->names, name)) {
            APR_ARRAY_PUSH(dropped, const char *) = name;
        }
    }
    for (i = 0; i < order->names->nelts; i++) {
        if (!name_is_among(names, APR_ARRAY_IDX(order->names, i, const char *))) {
            return NULL;
        }
    }
    return (dropped->nelts > 0 && order->names->nelts > 0) ? dropped : NULL;
}

/* The names of a that b lacks, for people: "a.example, b.example and 3 more"; NULL for none. */
static const char *list_missing(apr_pool_t *p, const apr_array_header_t *a,
                                const apr_array_header_t *b)
{
    const char *list = NULL;
    int missing = 0;
    int i;

    for (i = 0; i < a->nelts; i++) {
        const char *name = APR_ARRAY_IDX(a, i, const char *);

        if (name_is_among(b, name) || ++missing > NAMES_SHOWN) {
            continue;
        }
        name = acme_answer_excerpt(p, name, 255);
        list = list == NULL ? name : apr_pstrcat(p, list, ", ", name, NULL);
    }
    return missing > NAMES_SHOWN ? apr_psprintf(p, "%s and %d more", list, missing - NAMES_SHOWN)
                                 : list;
}

apr_status_t acme_order_check_names(const acme_order_t *order, const apr_array_header_t *names,
                                    eab_result_t *result)
{
    const char *lacking = list_missing(result->pool, names, order->names);
    const char *added = list_missing(result->pool, order->names, names);

    if (lacking == NULL && added == NULL) {
        return APR_SUCCESS;
    }
    return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_ORDER_CHANGED,
                          "The order at the CA is not for the names we asked for: it%s%s%s%s%s",
                          lacking != NULL ? " lacks " : "", lacking != NULL ? lacking : "",
                          lacking != NULL && added != NULL ? " and" : "",
                          added != NULL ? " adds " : "", added != NULL ? added : "");
}
