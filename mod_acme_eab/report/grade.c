/* SPDX-License-Identifier: Apache-2.0 */
#include "report/grade.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

/* With less than this part of its life left a certificate should have been renewed long ago. The alert
 * rules say the same. */
#define LITTLE_LEFT 15 /* percent */

/* So long before the CA forgets a validation that is needed and cannot be had by itself. */
#define VALIDATION_ENDS apr_time_from_sec(14 * 86400)

static const struct {
    const char *word;
    const char *name;
} words[] = {
    [GRADE_DOWN] = { "down", "down" },
    [GRADE_AT_RISK] = { "at-risk", "at risk" },
    [GRADE_UNKNOWN] = { "unknown", "not reported yet" },
    [GRADE_OK] = { "ok", "ok" },
};

const char *grade_word(grade_t grade)
{
    return words[grade].word;
}

const char *grade_name(grade_t grade)
{
    return words[grade].name;
}

/* What a rule looks at. */
typedef struct look {
    const json_t *certificate;
    const json_t *keys;
    const json_t *next;
    const char *state; /* never NULL */
    const char *reload;
    apr_time_t now;
} look_t;

static int is(const char *text, const char *word)
{
    return text != NULL && strcmp(text, word) == 0;
}

static int has_none(const look_t *look)
{
    return json_array_size(look->keys) == 0;
}

static int is_unreported(const look_t *look)
{
    return is(look->state, "unknown") && has_none(look)
           && !json_peek_bool(look->certificate, "fallback", 0);
}

/* The one in SSLCertificateFile is served in its place, or one that was there before. */
static int has_own(const look_t *look)
{
    return json_peek_bool(look->certificate, "served", 0)
           && !json_peek_bool(look->certificate, "fallback", 1);
}

static int is_absent(const look_t *look)
{
    return has_none(look) && !has_own(look);
}

static int is_replaced_by_own(const look_t *look)
{
    return has_none(look) && has_own(look);
}

static int has_expired(const look_t *look)
{
    const json_t *key;
    size_t i;

    json_array_foreach(look->keys, i, key)
    {
        apr_time_t until = json_peek_time(key, "not_after");

        if (until != 0 && until <= look->now)
            return 1;
    }
    return 0;
}

static int is_revoked(const look_t *look)
{
    const json_t *key;
    size_t i;

    json_array_foreach(look->keys, i, key)
    {
        if (json_is_object(json_object_get(key, "revoked")))
            return 1;
    }
    return 0;
}

/* It is in the store, and httpd was started with nothing in its place. */
static int is_not_used_yet(const look_t *look)
{
    return json_peek_bool(look->certificate, "fallback", 0)
           && !json_peek_bool(look->certificate, "loaded", 1);
}

static int is_failing(const look_t *look)
{
    return is(look->state, "failing")
           || json_is_object(json_object_get(look->certificate, "problem"));
}

static int lacks_names(const look_t *look)
{
    return json_array_size(json_object_get(look->certificate, "missing_names")) > 0;
}

static int waits_in_vain(const look_t *look)
{
    return is(look->state, "waiting-for-reload")
           && (is(look->reload, "refused") || is(look->reload, "failed"));
}

/* A renewal as it was configured is nothing to worry about, be it ever so late. */
static int is_planned(const look_t *look)
{
    return is(look->state, "valid") && is(json_peek_string(look->next, "what"), "renew")
           && json_peek_time(look->next, "at") > look->now;
}

static int ends_soon(const look_t *look)
{
    const json_t *key;
    size_t i;

    if (is_planned(look))
        return 0;
    json_array_foreach(look->keys, i, key)
    {
        apr_time_t from = json_peek_time(key, "not_before");
        apr_time_t until = json_peek_time(key, "not_after");

        if (from != 0 && from < until && (until - look->now) / LITTLE_LEFT < (until - from) / 100)
            return 1;
    }
    return 0;
}

/* The notice says that a validation ends before the renewal for which it is needed. */
static int loses_a_validation(const look_t *look)
{
    const json_t *validation;
    size_t i;

    if (json_peek_string(look->certificate, "notice") == NULL)
        return 0;
    json_array_foreach(json_object_get(look->certificate, "validations"), i, validation)
    {
        apr_time_t until = json_peek_time(validation, "until");

        if (until != 0 && until - look->now < VALIDATION_ENDS)
            return 1;
    }
    return 0;
}

/* The first one that holds counts. */
static const struct {
    grade_t grade;
    int (*holds)(const look_t *look);
    const char *why;
} rules[] = {
    { GRADE_UNKNOWN, is_unreported, "nothing was reported yet" },
    { GRADE_DOWN, is_absent, "there is no certificate" },
    { GRADE_DOWN, has_expired, "its certificate has expired" },
    { GRADE_DOWN, is_revoked, "its certificate is revoked" },
    { GRADE_DOWN, is_not_used_yet, "httpd does not use its certificate yet" },
    { GRADE_AT_RISK, is_replaced_by_own,
      "there is no certificate of its own; httpd serves another one" },
    { GRADE_AT_RISK, waits_in_vain, "httpd cannot be made to use the new certificate" },
    { GRADE_AT_RISK, lacks_names, "its certificate lacks names" },
    { GRADE_AT_RISK, is_failing, "the last attempt failed" },
    { GRADE_AT_RISK, ends_soon, "its certificate ends soon" },
    { GRADE_AT_RISK, loses_a_validation, "a validation at the CA ends before the renewal" },
};

grade_t grade_of(const json_t *certificate, const json_t *reload, apr_time_t now, const char **pwhy)
{
    const char *state = json_peek_string(certificate, "state");
    look_t look = { certificate,
                    json_object_get(certificate, "keys"),
                    json_object_get(certificate, "next"),
                    state != NULL ? state : "unknown",
                    json_peek_string(reload, "state"),
                    now };
    size_t i;

    for (i = 0; i < sizeof(rules) / sizeof(rules[0]); ++i) {
        if (rules[i].holds(&look)) {
            if (pwhy != NULL)
                *pwhy = rules[i].why;
            return rules[i].grade;
        }
    }
    if (pwhy != NULL)
        *pwhy = NULL;
    return GRADE_OK;
}

apr_time_t grade_expiry(const json_t *certificate)
{
    apr_time_t first = 0;
    const json_t *key;
    size_t i;

    json_array_foreach(json_object_get(certificate, "keys"), i, key)
    {
        apr_time_t until = json_peek_time(key, "not_after");

        if (until != 0 && (first == 0 || until < first))
            first = until;
    }
    return first;
}

typedef struct place {
    grade_t grade;
    apr_time_t expiry;
    size_t configured;
    const json_t *certificate;
} place_t;

static int compare(const void *a, const void *b)
{
    const place_t *x = a, *y = b;

    if (x->grade != y->grade)
        return x->grade < y->grade ? -1 : 1;
    if (x->expiry != y->expiry)
        return x->expiry < y->expiry ? -1 : 1;
    return x->configured < y->configured ? -1 : 1;
}

apr_array_header_t *grade_sort(const json_t *status, apr_time_t now, apr_pool_t *p)
{
    const json_t *list = json_object_get(status, "certificates");
    const json_t *reload = json_object_get(status, "reload");
    size_t i, count = json_array_size(list);
    apr_array_header_t *sorted = apr_array_make(p, (int)count, sizeof(const json_t *));
    place_t *places = apr_pcalloc(p, (count + 1) * sizeof(*places));
    const json_t *certificate;

    json_array_foreach(list, i, certificate)
    {
        places[i].grade = grade_of(certificate, reload, now, NULL);
        places[i].expiry = grade_expiry(certificate);
        places[i].configured = i;
        places[i].certificate = certificate;
    }
    qsort(places, count, sizeof(*places), compare);
    for (i = 0; i < count; ++i)
        APR_ARRAY_PUSH(sorted, const json_t *) = places[i].certificate;
    return sorted;
}
