/* SPDX-License-Identifier: Apache-2.0 */
#include "acme/account.h"

#include <apr_strings.h>
#include <string.h>

#include "acme/answer.h"
#include "acme/problem.h"
#include "acme/url.h"
#include "base/json.h"

static void refuse_status(const acme_account_t *account, const acme_answer_t *answer,
                          eab_result_t *result)
{
    eab_result_set(result, APR_EGENERAL, EAB_PROBLEM_ACCOUNT_STATUS,
                   "The CA says that the account is not valid but \"%s\"",
                   acme_answer_excerpt(result->pool, account->status, 100));
    result->http_status = answer->status;
    result->url = apr_pstrdup(result->pool, account->url);
}

acme_account_t *acme_account_parse(apr_pool_t *p, const acme_answer_t *answer, eab_result_t *result)
{
    const char *location = acme_answer_location(p, answer);
    const json_t *json = acme_answer_object(p, answer);
    acme_account_t *account = NULL;

    if (!acme_url_is_https(location)) {
        acme_problem_bad_answer(result, answer,
                                location == NULL
                                    ? "The CA accepted the account but did not say its URL "
                                      "(no Location header)"
                                    : "The CA accepted the account but its Location header is "
                                      "not an https URL");
        return NULL;
    }
    account = apr_pcalloc(p, sizeof(*account));
    account->url = location;
    account->created = answer->status == 201;
    /* The body is optional in practice: members that RFC 8555 demands are missing at many CAs. */
    account->status = json_copy_string(p, json, "status");
    if (account->status == NULL) {
        account->status = "valid";
    }
    account->eab_echoed = json_is_object(json_object_get(json, "externalAccountBinding"));
    if (strcmp(account->status, "valid") != 0) {
        refuse_status(account, answer, result);
        return NULL;
    }
    return account;
}
