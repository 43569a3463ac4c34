/* SPDX-License-Identifier: Apache-2.0 */
#include "enroll/digicert.h"

#include <stdlib.h>

#include <apr_strings.h>

#include "enroll/pair.h"

#define API "https://www.digicert.com/services/v2"
#define YEARS_MAX 3

const option_row_t digicert_options[] = {
    { "api-key", OPTION_SECRET, "API key", "the API key of CertCentral" },
    { "name", OPTION_TEXT, "NAME", "what the pair is called in CertCentral" },
    { "product", OPTION_TEXT, "ID", "what is issued with it, like ssl_basic" },
    { "organization", OPTION_NUMBER, "ID", "for which organization" },
    { "validity-years", OPTION_NUMBER, "YEARS", "of the certificates (1)" },
    { NULL, OPTION_FLAG, NULL, NULL },
};

static apr_status_t check(errand_t *errand)
{
    if (errand_need(errand, "name", "CertCentral shows the pair by it") == NULL
        || errand_need(errand, "product", "it is an identifier like ssl_basic") == NULL
        || errand_need(errand, "organization",
                       "it is the number of the organization in "
                       "CertCentral")
               == NULL
        || errand_need(errand, "out-key", "say in which new file the HMAC key is to be") == NULL)
        return errand->result->rv;
    if (options_number(errand->options, "validity-years", 1) > YEARS_MAX)
        return errand_refuse(errand, "--validity-years is %d at most.", YEARS_MAX);
    return APR_SUCCESS;
}

static secret_t *make_body(errand_t *errand)
{
    json_t *json =
        json_pack("{s:s, s:s, s:i, s:i}", "name", options_text(errand->options, "name", NULL),
                  "product_name_id", options_text(errand->options, "product", NULL),
                  "organization_id", options_number(errand->options, "organization", 0),
                  "validity_years", options_number(errand->options, "validity-years", 1));
    secret_t *body = json != NULL ? manager_body(json, errand->pool) : NULL;

    json_decref(json);
    return body;
}

apr_status_t digicert_run(errand_t *errand)
{
    const char *api = errand_url(errand, "api", API);
    secret_t *api_key = NULL;
    manager_t *manager = NULL;
    pair_terms_t terms = { .path = "key/acme-eab/tlm",
                           .type = "application/json",
                           .wanted = 201,
                           .kid = "ext_act_kid",
                           .key = "ext_act_hmac",
                           .directory = "acme_directory_url",
                           .usual_directory = "https://acme.digicert.com/v2/acme/directory/",
                           .lost = "revoke the pair of this name of then in CertCentral, and no "
                                   "other" };

    if (api == NULL || check(errand) != APR_SUCCESS)
        return errand->result->rv;
    if ((terms.body = make_body(errand)) == NULL)
        return errand_refuse(errand, "--name and --product must be UTF-8.");
    terms.errand = apr_pstrcat(errand->pool, "digicert ", api, " ",
                               options_text(errand->options, "name", NULL), NULL);
    if (errand_secret(errand, "api-key", &api_key) != APR_SUCCESS)
        return errand->result->rv;
    manager = manager_make(errand->exchange, api, refusal_digicert, errand->pool);
    manager_add_line(manager, "X-DC-DEVKEY", api_key);
    secret_cleanse(api_key);
    return pair_fetch(errand, manager, &terms);
}
