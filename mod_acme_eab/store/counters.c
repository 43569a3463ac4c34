/* SPDX-License-Identifier: Apache-2.0 */
#include "store/counters.h"

#include <string.h>
#include <apr_strings.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/json.h"
#include "store/record.h"

#define FILE_NAME "counters.json"
#define OTHERS "other"
#define COUNT_OF(table) ((int)(sizeof(table) / sizeof((table)[0])))

static const char *const order_results[] = { "issued", "failed", "abandoned" };
static const char *const resources[] = {
    "directory",   "newNonce",    "newAccount",    "account",   "newOrder",
    "order",       "orders",      "authorization", "challenge", "finalize",
    "certificate", "renewalInfo", "revokeCert",    "keyChange", OTHERS,
};
static const char *const codes[] = { "2xx", "3xx", "4xx", "5xx", "none" };
static const int bounds[] = { 5, 15, 60, 300, 1800, 3600, 86400 }; /* seconds */

/* counters_kind_t: where each stands. */
static const struct {
    const char *family;
    const char *member;
} kinds[COUNTS] = {
    [COUNT_RELOADS_DONE] = { "reloads", "done" },
    [COUNT_RELOADS_REFUSED] = { "reloads", "refused" },
    [COUNT_RELOADS_FAILED] = { "reloads", "failed" },
    [COUNT_EVENTS_DELIVERED] = { "events", "delivered" },
    [COUNT_EVENTS_GIVEN_UP] = { "events", "given_up" },
    [COUNT_KEEPER_RESTARTS] = { "restarts", "keeper" },
    [COUNT_AGENT_RESTARTS] = { "restarts", "agent" },
};

typedef struct account {
    const char *label;
    apr_int64_t orders[COUNT_OF(order_results)];
    apr_int64_t within[COUNT_OF(bounds)]; /* not cumulated */
    apr_int64_t durations;
    apr_int64_t sum; /* seconds */
    apr_int64_t requests[COUNT_OF(resources)][COUNT_OF(codes)];
} account_t;

struct counters {
    apr_pool_t *pool;
    apr_array_header_t *accounts; /* account_t */
    apr_int64_t counts[COUNTS];
};

/* The index of a word in a table, or other. */
static int find_word(const char *const *table, int count, const char *word, int other)
{
    int i;

    for (i = 0; word != NULL && i < count; i++) {
        if (strcmp(table[i], word) == 0)
            return i;
    }
    return other;
}

static account_t *find_account(counters_t *counters, const char *label)
{
    account_t *account = NULL;
    int i;

    for (i = 0; i < counters->accounts->nelts; i++) {
        account = &APR_ARRAY_IDX(counters->accounts, i, account_t);
        if (strcmp(account->label, label) == 0)
            return account;
    }
    if (counters->accounts->nelts > LIMIT_COUNTED_ACCOUNTS)
        return account; /* the last one, of the others */
    if (counters->accounts->nelts == LIMIT_COUNTED_ACCOUNTS)
        label = OTHERS;
    account = memset(apr_array_push(counters->accounts), 0, sizeof(*account));
    account->label = apr_pstrdup(counters->pool, label);
    return account;
}

/* ---- counting ---- */

void counters_order(counters_t *counters, const char *account, counters_order_t result,
                    apr_interval_time_t duration)
{
    account_t *of = find_account(counters, account);
    apr_int64_t seconds = apr_time_sec(duration);
    int i = 0;

    of->orders[result]++;
    if (result != ORDER_ISSUED || duration < 0)
        return;
    of->durations++;
    of->sum += seconds;
    while (i < COUNT_OF(bounds) && duration > apr_time_from_sec(bounds[i]))
        i++;
    if (i < COUNT_OF(bounds))
        of->within[i]++;
}

apr_status_t counters_request(counters_t *counters, const char *account, const char *resource,
                              const char *code, apr_int64_t n)
{
    int kind = find_word(resources, COUNT_OF(resources), resource, COUNT_OF(resources) - 1);
    int answer = find_word(codes, COUNT_OF(codes), code, -1);

    if (answer < 0 || n < 0)
        return APR_EINVAL;
    find_account(counters, account)->requests[kind][answer] += n;
    return APR_SUCCESS;
}

void counters_add(counters_t *counters, counters_kind_t kind)
{
    counters->counts[kind]++;
}

/* ---- at rest ---- */

static apr_int64_t peek_count(const json_t *json, const char *member)
{
    apr_int64_t count = json_peek_int(json, member, 0);

    return count > 0 ? count : 0;
}

static int is_among(const apr_array_header_t *labels, const char *label)
{
    int i;

    for (i = 0; i < labels->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(labels, i, const char *), label) == 0)
            return 1;
    }
    return strcmp(label, OTHERS) == 0;
}

/* NULL: it is of none that is configured. */
static account_t *account_of(counters_t *counters, const json_t *item,
                             const apr_array_header_t *labels)
{
    const char *label = json_peek_string(item, "account");

    return label != NULL && is_among(labels, label) ? find_account(counters, label) : NULL;
}

static void read_orders(counters_t *counters, const json_t *list, const apr_array_header_t *labels)
{
    const json_t *item;
    size_t i;
    int result;

    json_array_foreach(list, i, item)
    {
        account_t *account = account_of(counters, item, labels);

        result =
            find_word(order_results, COUNT_OF(order_results), json_peek_string(item, "result"), -1);
        if (account != NULL && result >= 0)
            account->orders[result] = peek_count(item, "count");
    }
}

static void read_durations(counters_t *counters, const json_t *list,
                           const apr_array_header_t *labels)
{
    const json_t *item;
    size_t i;
    int k;

    json_array_foreach(list, i, item)
    {
        account_t *account = account_of(counters, item, labels);
        const json_t *buckets = json_object_get(item, "buckets");
        apr_int64_t below = 0;

        if (account == NULL)
            continue;
        account->durations = peek_count(item, "count");
        account->sum = peek_count(item, "sum");
        for (k = 0; k < COUNT_OF(bounds); k++) {
            apr_int64_t within = peek_count(json_array_get(buckets, (size_t)k), "count");

            account->within[k] = within > below ? within - below : 0;
            below += account->within[k];
        }
    }
}

static void read_requests(counters_t *counters, const json_t *list,
                          const apr_array_header_t *labels)
{
    const json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        const account_t *account = account_of(counters, item, labels);

        if (account != NULL)
            (void)counters_request(counters, account->label, json_peek_string(item, "resource"),
                                   json_peek_string(item, "code"), peek_count(item, "count"));
    }
}

counters_t *counters_load(const store_t *store, const apr_array_header_t *labels, apr_pool_t *p)
{
    counters_t *counters = apr_pcalloc(p, sizeof(*counters));
    apr_pool_t *ptemp = NULL;
    const json_t *json;
    int i;

    counters->pool = p;
    counters->accounts = apr_array_make(p, 2, sizeof(account_t));
    apr_pool_create(&ptemp, p);
    json = store->trouble == NULL
               ? record_recall(store_path(ptemp, store, FILE_NAME, NULL, NULL), ptemp)
               : NULL;
    read_orders(counters, json_object_get(json, "orders"), labels);
    read_durations(counters, json_object_get(json, "order_duration"), labels);
    read_requests(counters, json_object_get(json, "requests"), labels);
    for (i = 0; i < COUNTS; i++)
        counters->counts[i] = peek_count(json_object_get(json, kinds[i].family), kinds[i].member);
    for (i = 0; i < labels->nelts; i++) /* a counter that is not there yet is zero, not missing */
        (void)find_account(counters, APR_ARRAY_IDX(labels, i, const char *));
    apr_pool_destroy(ptemp);
    return counters;
}

static void put_orders(json_t *list, const account_t *account)
{
    int i;

    for (i = 0; i < COUNT_OF(order_results); i++)
        json_array_append_new(list,
                              json_pack("{s:s,s:s,s:I}", "account", account->label, "result",
                                        order_results[i], "count", (json_int_t)account->orders[i]));
}

static void put_durations(json_t *list, const account_t *account)
{
    json_t *buckets = json_array();
    apr_int64_t within = 0;
    int i;

    for (i = 0; i < COUNT_OF(bounds); i++) {
        within += account->within[i];
        json_array_append_new(buckets,
                              json_pack("{s:i,s:I}", "le", bounds[i], "count", (json_int_t)within));
    }
    json_array_append_new(list, json_pack("{s:s,s:o,s:I,s:I}", "account", account->label, "buckets",
                                          buckets, "sum", (json_int_t)account->sum, "count",
                                          (json_int_t)account->durations));
}

static void put_requests(json_t *list, const account_t *account)
{
    int i, k;

    for (i = 0; i < COUNT_OF(resources); i++) {
        for (k = 0; k < COUNT_OF(codes); k++) {
            if (account->requests[i][k] > 0)
                json_array_append_new(list,
                                      json_pack("{s:s,s:s,s:s,s:I}", "account", account->label,
                                                "resource", resources[i], "code", codes[k], "count",
                                                (json_int_t)account->requests[i][k]));
        }
    }
}

json_t *counters_to_json(const counters_t *counters)
{
    json_t *json = json_object();
    json_t *orders = json_array(), *durations = json_array(), *requests = json_array();
    int i;

    for (i = 0; i < counters->accounts->nelts; i++) {
        const account_t *account = &APR_ARRAY_IDX(counters->accounts, i, account_t);

        put_orders(orders, account);
        put_durations(durations, account);
        put_requests(requests, account);
    }
    json_object_set_new(json, "orders", orders);
    json_object_set_new(json, "order_duration", durations);
    json_object_set_new(json, "requests", requests);
    for (i = 0; i < COUNTS; i++) {
        if (json_object_get(json, kinds[i].family) == NULL)
            json_object_set_new(json, kinds[i].family, json_object());
        json_object_set_new(json_object_get(json, kinds[i].family), kinds[i].member,
                            json_integer((json_int_t)counters->counts[i]));
    }
    return json;
}

apr_status_t counters_save(const counters_t *counters, const store_t *store, int durable,
                           eab_result_t *result)
{
    apr_pool_t *ptemp = NULL;
    const char *path, *text;
    apr_status_t rv;

    if ((rv = apr_pool_create(&ptemp, result->pool)) != APR_SUCCESS)
        return rv;
    path = store_path(ptemp, store, FILE_NAME, NULL, NULL);
    text = json_text(ptemp, json_own(ptemp, counters_to_json(counters)));
    if (text == NULL)
        rv = APR_ENOMEM;
    else if (durable)
        rv = store_replace(path, text, strlen(text), ptemp);
    else
        rv = store_jot(path, text, strlen(text), ptemp);
    if (rv != APR_SUCCESS)
        store_report(result, rv, path, "written");
    apr_pool_destroy(ptemp);
    return rv;
}
