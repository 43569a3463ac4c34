/* SPDX-License-Identifier: Apache-2.0 */
#include "acme/directory.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "acme/answer.h"
#include "acme/problem.h"
#include "acme/url.h"
#include "base/bytes.h"
#include "base/json.h"

/* A person reads them; CAs have a handful. */
#define PROFILES_MAX 50
#define PROFILE_NAME_MAX 100
#define PROFILE_TEXT_MAX 300

static const struct {
    const char *key;
    size_t offset;
    int required;
} urls[] = {
    { "newNonce", offsetof(acme_directory_t, new_nonce), 1 },
    { "newAccount", offsetof(acme_directory_t, new_account), 1 },
    { "newOrder", offsetof(acme_directory_t, new_order), 1 },
    { "revokeCert", offsetof(acme_directory_t, revoke_cert), 0 },
    { "keyChange", offsetof(acme_directory_t, key_change), 0 },
    { "renewalInfo", offsetof(acme_directory_t, renewal_info), 0 },
};

static const char *describe_url(const acme_answer_t *answer)
{
    return answer->url != NULL ? answer->url : "The CA";
}

/* A page instead of a directory: the usual sign of a mistyped ACMEServer. */
static void refuse_body(const acme_answer_t *answer, eab_result_t *result)
{
    const char *body = answer->body;

    while (apr_isspace(*body)) {
        body++;
    }
    if (*body == '<') {
        acme_problem_bad_answer(result, answer,
                                "%s answers with a web page; it is probably not the URL of an "
                                "ACME directory",
                                describe_url(answer));
    }
    else {
        acme_problem_bad_answer(result, answer,
                                "%s does not answer with a JSON object; it is probably not the "
                                "URL of an ACME directory",
                                describe_url(answer));
    }
}

/* @return 0 when a URL is missing or not https */
static int read_urls(apr_pool_t *p, acme_directory_t *directory, const json_t *json,
                     const acme_answer_t *answer, eab_result_t *result)
{
    size_t i;

    for (i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        const char *url = json_copy_string(p, json, urls[i].key);

        if (url == NULL && urls[i].required) {
            acme_problem_bad_answer(result, answer,
                                    "%s is not an ACME directory (RFC 8555): it has no %s",
                                    describe_url(answer), urls[i].key);
            return 0;
        }
        if (url != NULL && !acme_url_is_https(url)) {
            acme_problem_bad_answer(result, answer,
                                    "The ACME directory %s has a %s that is not an https URL",
                                    describe_url(answer), urls[i].key);
            return 0;
        }
        memcpy((char *)directory + urls[i].offset, &url, sizeof(url));
    }
    return 1;
}

/* Names with their descriptions (profiles draft, 3), as many and as long as is sensible. */
static json_t *copy_profiles(apr_pool_t *p, json_t *profiles)
{
    json_t *copy = json_own(p, json_object());
    const char *name = NULL;
    json_t *value = NULL;

    json_object_foreach(profiles, name, value)
    {
        const char *text =
            json_string_length(value) <= PROFILE_TEXT_MAX ? json_string_value(value) : NULL;

        if (strlen(name) <= PROFILE_NAME_MAX && json_object_size(copy) < PROFILES_MAX) {
            json_object_set_new(copy, name, json_string(text != NULL ? text : ""));
        }
    }
    return copy;
}

/* For people; one that is too long is of use to nobody. */
static const char *copy_page(apr_pool_t *p, const json_t *meta, const char *key)
{
    return json_string_length(json_object_get(meta, key)) <= LIMIT_URL
               ? json_copy_string(p, meta, key)
               : NULL;
}

/* Everything in meta is optional (RFC 8555, 7.1.1), also meta itself. */
static void read_meta(apr_pool_t *p, acme_directory_t *directory, const json_t *meta)
{
    json_t *profiles = json_object_get(meta, "profiles");
    json_t *caa = json_object_get(meta, "caaIdentities");

    directory->terms = copy_page(p, meta, "termsOfService");
    directory->website = copy_page(p, meta, "website");
    directory->eab_required = json_peek_bool(meta, "externalAccountRequired", 0);
    directory->profiles = json_is_object(profiles) ? copy_profiles(p, profiles) : NULL;
    directory->caa_identities = json_is_array(caa) ? caa : NULL;
}

acme_directory_t *acme_directory_parse(apr_pool_t *p, const acme_answer_t *answer,
                                       eab_result_t *result)
{
    const json_t *json = acme_answer_object(p, answer);
    acme_directory_t *directory = NULL;

    if (json == NULL) {
        refuse_body(answer, result);
        return NULL;
    }
    directory = apr_pcalloc(p, sizeof(*directory));
    if (!read_urls(p, directory, json, answer, result)) {
        return NULL;
    }
    read_meta(p, directory, json_object_get(json, "meta"));
    return directory;
}
