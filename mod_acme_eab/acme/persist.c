/* SPDX-License-Identifier: Apache-2.0 */
#include "acme/persist.h"

#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#define VALUE_MAX 4096
#define FAR_AWAY APR_INT64_C(253402300799) /* the end of the year 9999, in seconds */

/* What the parameters that are known here said; NULL: nothing. */
typedef struct record {
    const char *issuer;
    const char *account;
    const char *policy;
    const char *until;
} record_t;

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static char *skip_blanks(char *at)
{
    while (is_blank(*at)) {
        ++at;
    }
    return at;
}

/* Letters, digits and hyphens between them; several such labels with dots between them where those are
 * allowed. @return what follows, or at itself when there is no such thing */
static char *skip_word(char *at, int dotted)
{
    char *end = at, *label;

    for (;; ++end) {
        label = end;
        while (apr_isalnum(*end) || (*end == '-' && end > label)) {
            ++end;
        }
        if (end == label || end[-1] == '-') {
            return at;
        }
        if (!dotted || *end != '.') {
            return end;
        }
    }
}

static char *skip_value(char *at)
{
    while (*at > ' ' && *at != ';' && *at < 0x7f) {
        ++at;
    }
    return at;
}

/* @return 0 when it was said before */
static int keep(record_t *record, const char *tag, const char *value)
{
    const char **place = strcasecmp(tag, "accounturi") == 0     ? &record->account
                         : strcasecmp(tag, "policy") == 0       ? &record->policy
                         : strcasecmp(tag, "persistUntil") == 0 ? &record->until
                                                                : NULL;

    if (place == NULL) {
        return 1; /* to be ignored, whatever it is */
    }
    if (*place != NULL) {
        return 0;
    }
    *place = value;
    return 1;
}

/* One "tag = value" and what separates it from the next. @return what follows, NULL: malformed */
static char *take_parameter(record_t *record, char *at)
{
    char *tag = at, *tag_end = skip_word(at, 0), *value, *end;

    at = skip_blanks(tag_end);
    if (tag_end == tag || *at != '=') {
        return NULL;
    }
    value = skip_blanks(at + 1);
    end = skip_value(value);
    at = skip_blanks(end);
    if (*at == ';') {
        at = skip_blanks(at + 1);
        if (*at == '\0') {
            return NULL; /* another one has to follow */
        }
    }
    else if (*at != '\0') {
        return NULL;
    }
    *tag_end = *end = '\0';
    return keep(record, tag, value) ? at : NULL;
}

/* text is cut into pieces. @return 0 for what does not fit the grammar */
static int parse(record_t *record, char *text)
{
    char *issuer = skip_blanks(text), *issuer_end = skip_word(issuer, 1);
    char *at = skip_blanks(issuer_end);

    memset(record, 0, sizeof(*record));
    if (issuer_end == issuer || (*at != ';' && *at != '\0')) {
        return 0;
    }
    if (*at == ';') {
        at = skip_blanks(at + 1);
    }
    *issuer_end = '\0';
    record->issuer = issuer;
    while (at != NULL && *at != '\0') {
        at = take_parameter(record, at);
    }
    return at != NULL;
}

/* Seconds since 1970, in base 10. @return 0 for anything else */
static int read_until(const char *text, apr_time_t *puntil)
{
    apr_int64_t seconds = 0;

    if (*text == '\0' || text[strspn(text, "0123456789")] != '\0') {
        return 0;
    }
    for (; *text != '\0' && seconds < FAR_AWAY; ++text) {
        seconds = seconds * 10 + (*text - '0');
    }
    *puntil = apr_time_from_sec(seconds < FAR_AWAY ? seconds : FAR_AWAY);
    return 1;
}

static int is_ours(const apr_array_header_t *issuers, const char *issuer)
{
    int i;

    for (i = 0; i < issuers->nelts; ++i) {
        if (strcasecmp(APR_ARRAY_IDX(issuers, i, const char *), issuer) == 0) {
            return 1;
        }
    }
    return 0;
}

acme_persist_verdict_t acme_persist_judge(const acme_persist_need_t *need, const char *value,
                                          apr_size_t len, apr_time_t *puntil, apr_pool_t *ptemp)
{
    record_t record;
    apr_time_t until = 0;

    *puntil = 0;
    if (len > VALUE_MAX || memchr(value, '\0', len) != NULL
        || !parse(&record, apr_pstrmemdup(ptemp, value, len))) {
        return ACME_PERSIST_MALFORMED;
    }
    if (!is_ours(need->issuers, record.issuer)) {
        return ACME_PERSIST_OTHER_ISSUER;
    }
    if (record.until != NULL && !read_until(record.until, &until)) {
        return ACME_PERSIST_MALFORMED;
    }
    if (record.account == NULL || strcmp(record.account, need->account_url) != 0) {
        return ACME_PERSIST_OTHER_ACCOUNT;
    }
    if (need->wildcard && (record.policy == NULL || strcasecmp(record.policy, "wildcard") != 0)) {
        return ACME_PERSIST_NARROW;
    }
    *puntil = until;
    return record.until != NULL && until < need->now ? ACME_PERSIST_LAPSED : ACME_PERSIST_VALID;
}
