/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/check.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/json.h"
#include "crypto/secret.h"
#include "ipc/plan.h"
#include "keeper/eabsource.h"
#include "store/registration.h"

/* Bound: the CA has given an account URL, and the EAB key has no use any more. So it is when the record
 * of that is damaged: the CA will find the account by its key. */
static int is_bound(const plan_t *plan, const plan_account_t *account, apr_pool_t *p)
{
    store_t store = { p, plan->store_dir, NULL, NULL };
    registration_t *registration = NULL;

    return registration_load(&registration, &store, account->directory, account->kid,
                             eab_result_make(p), p)
               == APR_SUCCESS
           && (registration->url != NULL || registration->damaged);
}

/* Without root, files that only root may read are not a mistake. */
static int is_beyond_us(apr_status_t rv)
{
    return geteuid() != 0 && APR_STATUS_IS_EACCES(rv);
}

static int check_eab_source(const plan_t *plan, int index, apr_pool_t *p)
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
    printf("%d ACMEEABKey %s\n", index, result->detail);
    return 1;
}

/* One line "user:password", readable by nobody else. */
static const char *credentials_refusal(const char *path, apr_pool_t *p)
{
    secret_t *text = NULL;
    apr_status_t rv;
    struct stat st = { 0 };
    const char *why = NULL;

    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
        return "is not a regular file; name a file with user:password.";
    }
    rv = secret_read_file(&text, path, LIMIT_EAB_SOURCE, p);
    if (rv != APR_SUCCESS) {
        return is_beyond_us(rv) ? NULL
                                : apr_psprintf(p, "cannot be read: %s.", file_reason(p, rv, path));
    }
    if ((st.st_mode & 0077) != 0 || (st.st_uid != 0 && st.st_uid != geteuid())) {
        why = "belongs to or can be read by others; run chown root and chmod 600 on it.";
    }
    else if (text->len < 2 || memchr(text->data + 1, ':', text->len - 1) == NULL) {
        why = "does not hold a user and a password in the form user:password.";
    }
    secret_cleanse(text);
    return why;
}

static int check_proxy(const plan_account_t *account, int index, apr_pool_t *p)
{
    const char *path = account->proxy_credentials;
    const char *why = path != NULL ? credentials_refusal(path, p) : NULL;

    if (why == NULL) {
        return 0;
    }
    printf("%d ACMEProxy The file %s %s\n", index, path, why);
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
    file_fence(plan->store_dir);
    for (i = 0; i < plan->accounts->nelts; ++i) {
        wrong |= check_eab_source(plan, i, p);
        wrong |= check_proxy(&APR_ARRAY_IDX(plan->accounts, i, plan_account_t), i, p);
    }
    return wrong;
}
