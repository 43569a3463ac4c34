/* SPDX-License-Identifier: Apache-2.0 */
#include "acme/renewalinfo.h"

#include <string.h>

#include <apr_strings.h>

#include "acme/answer.h"
#include "acme/problem.h"
#include "acme/url.h"
#include "base/bytes.h"
#include "base/json.h"

const char *acme_renewalinfo_url(apr_pool_t *p, const char *renewal_info, const char *ari_id)
{
    apr_size_t len = strlen(renewal_info);

    if (len > 0 && renewal_info[len - 1] == '/') {
        --len;
    }
    return apr_pstrcat(p, apr_pstrmemdup(p, renewal_info, len), "/", ari_id, NULL);
}

int acme_renewalinfo_is_one(const acme_answer_t *answer)
{
    return acme_renewalinfo_parse(answer->pool, answer, eab_result_make(answer->pool)) != NULL;
}

acme_renewalinfo_t *acme_renewalinfo_parse(apr_pool_t *p, const acme_answer_t *answer,
                                           eab_result_t *result)
{
    const json_t *json = acme_answer_object(p, answer);
    const json_t *window = json_object_get(json, "suggestedWindow");
    const char *explanation = json_copy_string(p, json, "explanationURL");
    acme_renewalinfo_t *info = apr_pcalloc(p, sizeof(*info));

    info->start = json_peek_time(window, "start");
    info->end = json_peek_time(window, "end");
    if (info->start == 0 || info->end <= info->start) {
        acme_problem_bad_answer(result, answer,
                                "The CA's renewal information has no window of time");
        return NULL;
    }
    if (explanation != NULL
        && (acme_url_is_https(explanation) || strncmp(explanation, "http://", 7) == 0)) {
        info->explanation = apr_pstrmemdup(p, explanation, strnlen(explanation, LIMIT_URL));
    }
    info->retry_after = acme_answer_retry_after(answer);
    return info;
}
