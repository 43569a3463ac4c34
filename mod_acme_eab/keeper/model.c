/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/model.h"

#include "keeper/demand.h"
#include "keeper/directory.h"
#include "keeper/staple.h"
#include "keeper/validation.h"
#include "keeper/window.h"

static keeper_account_t *open_account(const model_t *model, int index)
{
    const plan_t *plan = model->means->plan;
    keeper_account_t *account =
        account_open(model->means, index, &APR_ARRAY_IDX(plan->accounts, index, plan_account_t));

    directory_open(account);
    return account;
}

static keeper_certificate_t *open_certificate(const model_t *model, int index)
{
    const plan_certificate_t *plan =
        &APR_ARRAY_IDX(model->means->plan->certificates, index, plan_certificate_t);
    keeper_certificate_t *certificate =
        certificate_open(model->means, index, plan, model_account(model, plan->account));

    staple_open(certificate);
    window_open(certificate);
    validation_open(certificate);
    demand_open(certificate);
    return certificate;
}

model_t *model_make(const means_t *means)
{
    model_t *model = apr_pcalloc(means->pool, sizeof(*model));
    int i;

    model->means = means;
    model->accounts = apr_array_make(means->pool, 2, sizeof(keeper_account_t *));
    model->certificates = apr_array_make(means->pool, 8, sizeof(keeper_certificate_t *));
    model->by_id = apr_hash_make(means->pool);
    for (i = 0; i < means->plan->accounts->nelts; ++i) {
        APR_ARRAY_PUSH(model->accounts, keeper_account_t *) = open_account(model, i);
    }
    for (i = 0; i < means->plan->certificates->nelts; ++i) {
        keeper_certificate_t *certificate = open_certificate(model, i);

        APR_ARRAY_PUSH(model->certificates, keeper_certificate_t *) = certificate;
        apr_hash_set(model->by_id, certificate->plan->id, APR_HASH_KEY_STRING, certificate);
    }
    model->revocations = revocations_open(means);
    model->tickets = tickets_make(means->pool);
    return model;
}

keeper_account_t *model_account(const model_t *model, apr_int64_t index)
{
    if (index < 0 || index >= model->accounts->nelts) {
        return NULL;
    }
    return APR_ARRAY_IDX(model->accounts, index, keeper_account_t *);
}

keeper_certificate_t *model_certificate(const model_t *model, apr_int64_t index)
{
    if (index < 0 || index >= model->certificates->nelts) {
        return NULL;
    }
    return APR_ARRAY_IDX(model->certificates, index, keeper_certificate_t *);
}

keeper_certificate_t *model_find(const model_t *model, const char *id)
{
    return id != NULL ? apr_hash_get(model->by_id, id, APR_HASH_KEY_STRING) : NULL;
}

int model_count_broken(const model_t *model)
{
    int i, n = 0;

    for (i = 0; i < model->accounts->nelts; ++i) {
        n += model_account(model, i)->broken->rv != APR_SUCCESS;
    }
    return n;
}

/* A certificate's order can be read only with its account. */
static int mend_account(const model_t *model, keeper_account_t *account)
{
    int i;

    if (!account_mend(account)) {
        return 0;
    }
    directory_open(account);
    for (i = 0; i < model->certificates->nelts; ++i) {
        if (model_certificate(model, i)->account == account) {
            certificate_mend(model_certificate(model, i));
        }
    }
    return 1;
}

int model_mend(const model_t *model)
{
    int i, mended = 0;

    for (i = 0; i < model->accounts->nelts; ++i) {
        mended += mend_account(model, model_account(model, i));
    }
    return mended;
}

void model_tidy(const model_t *model, apr_pool_t *ptemp)
{
    int i;

    for (i = 0; i < model->accounts->nelts; ++i) {
        account_tidy(model_account(model, i), ptemp);
    }
    for (i = 0; i < model->certificates->nelts; ++i) {
        certificate_tidy(model_certificate(model, i), ptemp);
    }
}
