/* SPDX-License-Identifier: Apache-2.0 */

/* import/pem.c - a PEM file: certificates in any order and their key, in the same file or in one of
 * its own; or the key of an account, where there is no certificate. */

#include "import/format.h"

#include "base/bytes.h"
#include "import/bundle.h"
#include "import/source.h"

static const char *add(bundle_t *bundle, const char *path, const format_options_t *options,
                       apr_pool_t *p)
{
    const char *why = NULL;
    secret_t *pem = source_read(path, LIMIT_CHAIN, &why, p);

    if (pem != NULL)
        why = bundle_add_pem(bundle, pem, options->passphrase);
    secret_cleanse(pem);
    return why;
}

static void add_account(found_t *found, const format_options_t *options, keypair_t *key)
{
    found_account_t *account = found_add_account(found, options->path);

    account->key = key;
    account->directory = options->directory;
    account->url = options->account_url;
}

static void add_certificate(found_t *found, const format_options_t *options, bundle_t *bundle,
                            const char *why)
{
    found_certificate_t *certificate = found_add_certificate(found, options->path, NULL);

    certificate->directory = options->directory;
    certificate->why =
        why != NULL ? why : bundle_close(bundle, &certificate->chain, &certificate->key);
}

apr_status_t pem_read(found_t *found, const format_options_t *options, eab_result_t *result)
{
    bundle_t *bundle = bundle_make(found->pool);
    const char *why = NULL;

    if (!source_has(options->path))
        return eab_result_set(result, APR_ENOENT, EAB_PROBLEM_STORE,
                              "%s is no file that can be read.", options->path);
    if (options->key_path != NULL)
        why = add(bundle, options->key_path, options, found->pool);
    if (why == NULL)
        why = add(bundle, options->path, options, found->pool);
    if (why == NULL && bundle_is_empty(bundle) && bundle_key(bundle) != NULL)
        add_account(found, options, bundle_key(bundle));
    else
        add_certificate(found, options, bundle, why);
    return APR_SUCCESS;
}
