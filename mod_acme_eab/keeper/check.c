/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/check.h"

#include <stdio.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/json.h"
#include "crypto/secret.h"
#include "ipc/plan.h"
#include "keeper/eabsource.h"
#include "store/registration.h"

/* Bound: the CA has given an account URL, and the EAB key has no use any more. */
static int is_bound(const plan_t *plan, const plan_account_t *account, apr_pool_t *p)
{
    store_t store = { p, plan->store_dir };
    registration_t *registration = NULL;

    return registration_load(&registration, &store, account->directory, account->kid,
                             eab_result_make(p), p)
               == APR_SUCCESS
           && registration->url != NULL;
}

/* Without root, files that only root may read are not a mistake. */
static int is_beyond_us(apr_status_t rv)
{
    return geteuid() != 0 && APR_STATUS_IS_EACCES(rv);
}

static int check_account(const plan_t *plan, int index, apr_pool_t *p)
{
    const plan_account_t *account = &APR_ARRAY_IDX(plan->accounts, index, plan_account_t);
    eab_result_t *result = eab_result_make(p);
    eabsource_t *source = NULL;
    secret_t *key = NULL;
    const char *warning;
    apr_status_t rv;

    if (account->eab_source == NULL || account->kid == NULL || is_bound(plan, account, p)) {
        return 0;
    }
    rv = eabsource_parse(&source, account->eab_source, result, p);
    if (rv == APR_SUCCESS) {
        rv = (source->kind == EABSOURCE_EXEC)
                 ? eabsource_check(source, result, p)
                 : eabsource_read(&key, source, account->eab_alg, &warning, result, p);
        secret_cleanse(key);
    }
    if (rv == APR_SUCCESS || is_beyond_us(rv)) {
        return 0;
    }
    printf("%d %s\n", index, result->detail);
    return 1;
}

int check_run(apr_pool_t *p)
{
    secret_t *text = NULL;
    plan_t *plan = NULL;
    json_t *json = NULL;
    int wrong = 0;
    int i;

    if (secret_read_fd(&text, 0, LIMIT_PLAN, p) == APR_SUCCESS) {
        json = json_parse(p, (const char *)text->data, text->len, NULL);
    }
    if (json == NULL || plan_from_json(&plan, json, eab_result_make(p), p) != APR_SUCCESS) {
        fprintf(stderr, "acme-eab-keeper: the plan cannot be read\n");
        return 2;
    }
    for (i = 0; i < plan->accounts->nelts; ++i) {
        wrong |= check_account(plan, i, p);
    }
    return wrong;
}
