/* SPDX-License-Identifier: Apache-2.0 */
#include "enroll/certinext.h"

#include <string.h>

#include <apr_strings.h>

#include "base/bytes.h"
#include "base/json.h"
#include "enroll/manager.h"

#define DOMAINS "api/certinext/v2/domains"
#define PRODUCTS "api/certinext/v2/catalog/products"
#define PAGE 200

/* What people come here for, and do not find. */
#define NO_PAIRS \
    "CERTInext's interface makes no EAB pairs: make one in its portal (Integrations, ACME), " \
    "which " \
    "shows it once, and put its HMAC key into a file of mode 600. "

const option_row_t certinext_options[] = {
    { "account-number", OPTION_TEXT, "NUMBER", "10 digits, in the portal at the top right" },
    { "client-secret", OPTION_SECRET, "client secret", "of the API credentials (REST, OAuth)" },
    { "region", OPTION_TEXT, "us|in|sandbox", "where the account is (us)" },
    { "organization", OPTION_TEXT, "ID", "of new domains" },
    { "domains-list", OPTION_FLAG, NULL, "list the domains and their validation" },
    { "domains-add", OPTION_NAMES, "A,B", "add domains, and show what to publish for each" },
    { "domains-verify", OPTION_NAMES, "A,B", "have the domains verified now" },
    { "products", OPTION_FLAG, NULL, "list the products" },
    { NULL, OPTION_FLAG, NULL, NULL },
};

static const struct {
    const char *name;
    const char *api;
} regions[] = {
    { "us", "https://us-api.certinext.io" },
    { "in", "https://api.certinext.io" },
    { "sandbox", "https://sandbox-us-api.certinext.io" },
};

static const char *choose_api(errand_t *errand)
{
    const char *region = options_text(errand->options, "region", "us");
    size_t i;

    for (i = 0; i < sizeof(regions) / sizeof(*regions); ++i) {
        if (strcmp(regions[i].name, region) == 0)
            return errand_url(errand, "api", regions[i].api);
    }
    errand_refuse(errand, "--region is us, in or sandbox.");
    return NULL;
}

/* An array, or the one in an object. */
static const json_t *rows_of(const json_t *json)
{
    json_t *object =
        (json_t *)json; /* jansson iterates over what is not const; nothing is changed */
    const char *name = NULL;
    json_t *value = NULL;

    if (json_is_array(json))
        return json;
    json_object_foreach(object, name, value)
    {
        if (json_is_array(value))
            return value;
    }
    return NULL;
}

/* Sorted by name: by itself the order is not the same from page to page. */
static apr_status_t read_domains(errand_t *errand, manager_t *manager, json_t **plist)
{
    json_t *all = json_own(errand->pool, json_array());
    const json_t *rows = NULL;
    exchange_answer_t *answer = NULL;
    apr_status_t rv;

    *plist = NULL;
    do {
        rv = manager_ask(manager, "GET",
                         apr_psprintf(errand->pool,
                                      DOMAINS "?sortBy=domainName&sortDir=asc&limit=%d&offset="
                                              "%" APR_SIZE_T_FMT,
                                      PAGE, json_array_size(all)),
                         NULL, 200, &answer, errand->result);
        if (rv != APR_SUCCESS)
            return rv;
        if ((rows = rows_of(answer->json)) == NULL || json_array_size(all) > LIMIT_MANAGER_ROWS)
            return manager_refused(manager, answer, errand->result);
        json_array_extend(all, (json_t *)rows);
    } while (json_array_size(rows) >= PAGE);
    *plist = all;
    return APR_SUCCESS;
}

static const char *text_of(const json_t *json, const char *name)
{
    const char *text = json_peek_string(json, name);

    return text != NULL ? text : "";
}

static apr_status_t list_domains(errand_t *errand, manager_t *manager)
{
    json_t *list = NULL;
    apr_status_t rv = read_domains(errand, manager, &list);
    size_t i;

    for (i = 0; i < json_array_size(list); ++i) {
        const json_t *domain = json_array_get(list, i);

        errand_row(errand, text_of(domain, "domainName"), text_of(domain, "status"),
                   text_of(domain, "dcvStatus"), text_of(domain, "validTill"), NULL);
    }
    if (rv == APR_SUCCESS)
        errand_tell(errand, "domains", json_incref(list));
    return rv;
}

static const char *id_of(const json_t *list, const char *name)
{
    size_t i;

    for (i = 0; i < json_array_size(list); ++i) {
        if (strcasecmp(text_of(json_array_get(list, i), "domainName"), name) == 0)
            return json_peek_string(json_array_get(list, i), "domainId");
    }
    return NULL;
}

static const char *domain_path(errand_t *errand, const char *id, const char *rest)
{
    return apr_pstrcat(errand->pool, manager_path(errand->pool, DOMAINS "/", id), rest, NULL);
}

/* What is to be published, so that the verification can find it. */
static apr_status_t show_dcv(errand_t *errand, manager_t *manager, const char *name, const char *id)
{
    static const char *const tokens[] = { "txtToken", "fileToken", "token", "dnsContents" };
    exchange_answer_t *answer = NULL;
    const char *method = NULL;
    const char *token = "";
    const char *host = NULL;
    apr_status_t rv = manager_ask(manager, "GET", domain_path(errand, id, "/dcv"), NULL, 200,
                                  &answer, errand->result);
    size_t i;

    if (rv != APR_SUCCESS)
        return rv;
    method =
        text_of(answer->json, *text_of(answer->json, "dcvMethod") != '\0' ? "dcvMethod" : "method");
    for (i = 0; i < sizeof(tokens) / sizeof(*tokens) && *token == '\0'; ++i)
        token = text_of(answer->json, tokens[i]);
    host = text_of(answer->json, *text_of(answer->json, "dnsHost") != '\0' ? "dnsHost" : "host");
    errand_row(errand, name, method, *host != '\0' ? host : name, token, NULL);
    json_array_append_new(json_object_get(errand->told, "publish"),
                          json_pack("{s:s, s:s, s:s, s:s}", "domain", name, "method", method,
                                    "host", *host != '\0' ? host : name, "token", token));
    return APR_SUCCESS;
}

static apr_status_t add_domain(errand_t *errand, manager_t *manager, const char *name,
                               const char **pid)
{
    const char *organization = options_text(errand->options, "organization", NULL);
    exchange_answer_t *answer = NULL;
    json_t *body = json_pack("{s:s}", "name", name);
    apr_status_t rv;

    json_put_string(body, "organizationId", organization);
    rv = manager_post_json(manager, DOMAINS, body, &answer, errand->result);
    if (rv != APR_SUCCESS)
        return rv;
    *pid = json_peek_string(answer->json, "domainId");
    if (*pid == NULL)
        return manager_refused(manager, answer, errand->result);
    return APR_SUCCESS;
}

static apr_status_t add_domains(errand_t *errand, manager_t *manager)
{
    const apr_array_header_t *names = options_names(errand->options, "domains-add");
    json_t *list = NULL;
    apr_status_t rv = read_domains(errand, manager, &list);
    int i;

    errand_tell(errand, "publish", json_array());
    for (i = 0; rv == APR_SUCCESS && i < names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        const char *id = id_of(list, name);

        if (options_has(errand->options, "dry-run")) {
            errand_say(errand, id != NULL ? "%s is there already." : "%s would be added.", name);
            continue;
        }
        if (id == NULL)
            rv = add_domain(errand, manager, name, &id);
        if (rv == APR_SUCCESS)
            rv = show_dcv(errand, manager, name, id);
    }
    return rv;
}

static apr_status_t verify_domain(errand_t *errand, manager_t *manager, const char *name,
                                  const char *id, int *pverified)
{
    exchange_answer_t *answer = NULL;
    const char *status = NULL;
    apr_status_t rv = manager_ask(manager, "POST", domain_path(errand, id, "/dcv/verify"), NULL,
                                  200, &answer, errand->result);

    if (rv != APR_SUCCESS)
        return rv;
    status = text_of(answer->json,
                     *text_of(answer->json, "overallStatus") != '\0' ? "overallStatus" : "status");
    *pverified = strcasecmp(status, "VERIFIED") == 0;
    errand_row(errand, name, status, NULL);
    json_array_append_new(json_object_get(errand->told, "verified"),
                          json_pack("{s:s, s:s}", "domain", name, "status", status));
    return APR_SUCCESS;
}

static apr_status_t verify_domains(errand_t *errand, manager_t *manager)
{
    const apr_array_header_t *names = options_names(errand->options, "domains-verify");
    json_t *list = NULL;
    int open = 0;
    apr_status_t rv = read_domains(errand, manager, &list);
    int i;

    errand_tell(errand, "verified", json_array());
    for (i = 0; rv == APR_SUCCESS && i < names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        const char *id = id_of(list, name);
        int verified = 0;

        if (id == NULL)
            return eab_result_set(errand->result, APR_ENOENT, ENROLL_PROBLEM_UNKNOWN,
                                  "The account has no domain %s; add it with --domains-add.", name);
        if (options_has(errand->options, "dry-run")) {
            errand_say(errand, "%s would be verified.", name);
            continue;
        }
        rv = verify_domain(errand, manager, name, id, &verified);
        open += !verified;
    }
    if (rv == APR_SUCCESS && open > 0 && !options_has(errand->options, "dry-run"))
        return eab_result_set(errand->result, APR_EGENERAL, ENROLL_PROBLEM_PARTLY,
                              "%d of the domains are not verified yet; publish what --domains-add "
                              "shows for each, wait until DNS has it, and run this again.",
                              open);
    return rv;
}

static apr_status_t list_products(errand_t *errand, manager_t *manager)
{
    exchange_answer_t *answer = NULL;
    const json_t *categories = NULL;
    size_t i, k;
    apr_status_t rv = manager_ask(manager, "GET", PRODUCTS, NULL, 200, &answer, errand->result);

    if (rv != APR_SUCCESS)
        return rv;
    if ((categories = rows_of(answer->json)) == NULL)
        return manager_refused(manager, answer, errand->result);
    for (i = 0; i < json_array_size(categories); ++i) {
        const json_t *category = json_array_get(categories, i);
        const json_t *products = json_object_get(category, "products");

        for (k = 0; k < json_array_size(products); ++k)
            errand_row(errand, text_of(json_array_get(products, k), "productCode"),
                       text_of(json_array_get(products, k), "productName"),
                       text_of(category, "categoryName"), NULL);
    }
    errand_tell(errand, "products", json_incref((json_t *)categories));
    return APR_SUCCESS;
}

static const struct {
    const char *option;
    apr_status_t (*act)(errand_t *errand, manager_t *manager);
} acts[] = {
    { "domains-list", list_domains },
    { "domains-add", add_domains },
    { "domains-verify", verify_domains },
    { "products", list_products },
};

static apr_status_t sign_in(errand_t *errand, manager_t **pmanager)
{
    const char *api = choose_api(errand);
    const char *account = NULL;
    secret_t *client_secret = NULL;
    apr_status_t rv;

    if (api == NULL
        || (account =
                errand_need(errand, "account-number", "10 digits, in the portal at the top right"))
               == NULL)
        return errand->result->rv;
    if ((rv = errand_secret(errand, "client-secret", &client_secret)) != APR_SUCCESS)
        return rv;
    *pmanager = manager_make(errand->exchange, api, NULL, errand->pool);
    rv = manager_sign_in(*pmanager, apr_pstrcat(errand->pool, api, "/oauth/token", NULL), account,
                         client_secret, errand->result);
    secret_cleanse(client_secret);
    return rv;
}

apr_status_t certinext_run(errand_t *errand)
{
    apr_status_t (*act)(errand_t *, manager_t *) = NULL;
    manager_t *manager = NULL;
    apr_status_t rv;
    size_t i;

    for (i = 0; i < sizeof(acts) / sizeof(*acts); ++i) {
        if (!options_has(errand->options, acts[i].option))
            continue;
        if (act != NULL)
            return errand_refuse(errand,
                                 "One thing at a time: --%s goes with no other list or "
                                 "change.",
                                 acts[i].option);
        act = acts[i].act;
    }
    if (act == NULL || options_has(errand->options, "out-key")
        || options_has(errand->options, "print-config"))
        return errand_refuse(errand, NO_PAIRS "What there is here: --domains-list, --domains-add, "
                                              "--domains-verify, --products.");
    rv = sign_in(errand, &manager);
    return rv == APR_SUCCESS ? act(errand, manager) : rv;
}
