/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/trials.h"

#include <string.h>
#include <apr_strings.h>

typedef struct trial {
    const terms_t *terms;
    const char *strength;
} trial_t;

struct trials {
    apr_pool_t *pool;
    const terms_t *system;
    apr_array_header_t *passed; /* trial_t: a few, whatever the number of pairs is */
};

trials_t *trials_make(apr_pool_t *p)
{
    trials_t *trials = apr_pcalloc(p, sizeof(*trials));

    trials->pool = p;
    trials->system = terms_make(p);
    trials->passed = apr_array_make(p, 4, sizeof(trial_t));
    return trials;
}

static int is_known(const trials_t *trials, const terms_t *terms, const char *strength)
{
    int i;

    for (i = 0; i < trials->passed->nelts; i++) {
        const trial_t *trial = &APR_ARRAY_IDX(trials->passed, i, trial_t);

        if (strcmp(trial->strength, strength) == 0 && terms_equal(trial->terms, terms))
            return 1;
    }
    return 0;
}

static int load(const trials_t *trials, const terms_t *terms, const char *chain_path,
                const char *key_path, const char *type)
{
    apr_pool_t *pool = NULL;
    int loads;

    if (apr_pool_create(&pool, trials->pool) != APR_SUCCESS)
        return 0;
    loads =
        terms_check_files(terms, chain_path, key_path, type, eab_result_make(pool)) == APR_SUCCESS;
    apr_pool_destroy(pool);
    return loads;
}

int trials_pass(trials_t *trials, const terms_t *terms, const char *strength,
                const char *chain_path, const char *key_path, const char *type)
{
    trial_t *trial = NULL;

    if (terms == NULL)
        terms = trials->system;
    if (is_known(trials, terms, strength))
        return 1;
    if (!load(trials, terms, chain_path, key_path, type))
        return 0;
    trial = apr_array_push(trials->passed);
    trial->terms = terms;
    trial->strength = apr_pstrdup(trials->pool, strength);
    return 1;
}
