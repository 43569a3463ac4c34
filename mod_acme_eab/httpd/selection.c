/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/selection.h"

#include <apr_lib.h>
#include <string.h>

#include "base/json.h"

static int has_name(const json_t *certificate, const char *name)
{
    const json_t *one;
    size_t i;

    json_array_foreach(json_object_get(certificate, "names"), i, one)
    {
        if (json_is_string(one) && strcasecmp(json_string_value(one), name) == 0)
            return 1;
    }
    return 0;
}

static int has_part(const json_t *certificate, const char *part)
{
    size_t i, len = strlen(part);
    const json_t *one;
    const char *at;

    json_array_foreach(json_object_get(certificate, "names"), i, one)
    {
        for (at = json_string_value(one); at != NULL && *at != '\0'; ++at) {
            if (strncasecmp(at, part, len) == 0)
                return 1;
        }
    }
    return 0;
}

/* "at risk" is "at-risk", for people. */
static int is_word(const char *word, const char *wanted)
{
    if (word == NULL)
        return 0;
    while (*word != '\0' && (apr_tolower(*wanted) == *word || (*wanted == ' ' && *word == '-'))) {
        ++word;
        ++wanted;
    }
    return *word == '\0' && *wanted == '\0';
}

int selection_takes(const json_t *certificate, const char *state, const char *part)
{
    if (state != NULL && !is_word(json_peek_string(certificate, "grade"), state)
        && !is_word(json_peek_string(certificate, "state"), state))
        return 0;
    return part == NULL || has_part(certificate, part);
}

int selection_has(const json_t *status, const char *name)
{
    const json_t *certificate;
    size_t i;

    json_array_foreach(json_object_get(status, "certificates"), i, certificate)
    {
        if (has_name(certificate, name))
            return 1;
    }
    return 0;
}

void selection_keep_name(json_t *status, const char *name)
{
    json_t *certificate, *kept = json_array();
    size_t i;

    json_array_foreach(json_object_get(status, "certificates"), i, certificate)
    {
        if (has_name(certificate, name))
            json_array_append(kept, certificate);
    }
    json_object_set_new(status, "certificates", kept);
}

void selection_keep(json_t *status, const char *state, const char *part)
{
    json_t *certificate, *kept = json_array();
    size_t i;

    if (state == NULL && part == NULL) {
        json_decref(kept);
        return;
    }
    json_array_foreach(json_object_get(status, "certificates"), i, certificate)
    {
        if (selection_takes(certificate, state, part))
            json_array_append(kept, certificate);
    }
    json_object_set_new(status, "certificates", kept);
}
