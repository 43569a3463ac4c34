/* SPDX-License-Identifier: Apache-2.0 */
#include "enroll/zerossl.h"

#include <string.h>

#include <apr_strings.h>

#include "enroll/pair.h"

#define API "https://api.zerossl.com"
#define DIRECTORY "https://acme.zerossl.com/v2/DV90"

const option_row_t zerossl_options[] = {
    { "access-key", OPTION_SECRET, "access key", "for this access key of the Developer page" },
    { "email", OPTION_TEXT, "ADDRESS", "or for this e-mail address, without a secret" },
    { NULL, OPTION_FLAG, NULL, NULL },
};

static pair_terms_t make_terms(void)
{
    return (pair_terms_t){ .errand = "zerossl",
                           .wanted = 200,
                           .kid = "eab_kid",
                           .key = "eab_hmac_key",
                           .usual_directory = DIRECTORY,
                           .lost = "that pair binds nothing, and needs no further care" };
}

static apr_status_t fetch_by_key(errand_t *errand, manager_t *manager)
{
    pair_terms_t terms = make_terms();
    secret_t *access_key = NULL;
    secret_t *path = NULL;
    apr_status_t rv = errand_secret(errand, "access-key", &access_key);

    if (rv != APR_SUCCESS)
        return rv;
    path = exchange_escape(errand->pool,
                           "acme/eab-credentials?access_key=", (const char *)access_key->data,
                           access_key->len);
    secret_cleanse(access_key);
    terms.path = (const char *)path->data;
    rv = pair_fetch(errand, manager, &terms);
    secret_cleanse(path);
    return rv;
}

static apr_status_t fetch_by_email(errand_t *errand, manager_t *manager)
{
    pair_terms_t terms = make_terms();
    const char *email = options_text(errand->options, "email", NULL);

    terms.path = "acme/eab-credentials-email";
    terms.type = "application/x-www-form-urlencoded";
    terms.body = exchange_escape(errand->pool, "email=", email, strlen(email));
    return pair_fetch(errand, manager, &terms);
}

apr_status_t zerossl_run(errand_t *errand)
{
    const char *api = errand_url(errand, "api", API);

    if (api == NULL
        || errand_need(errand, "out-key", "say in which new file the HMAC key is to be") == NULL)
        return errand->result->rv;
    if (options_has(errand->options, "email") && options_has(errand->options, "access-key"))
        return errand_refuse(errand, "Give either --access-key-file or --email.");
    if (options_has(errand->options, "email"))
        return fetch_by_email(errand,
                              manager_make(errand->exchange, api, refusal_zerossl, errand->pool));
    return fetch_by_key(errand, manager_make(errand->exchange, api, refusal_zerossl, errand->pool));
}
