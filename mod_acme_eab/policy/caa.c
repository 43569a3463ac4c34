/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/caa.h"

#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#define FLAG_CRITICAL 0x80

/* One record, taken apart. */
typedef struct property {
    int critical;
    const char *tag;
    const char *value;
} property_t;

/* What an issue or issuewild property says. */
typedef struct grant {
    const char *issuer; /* ""  nobody; also for one that is malformed (RFC 8659, 4.2) */
    const char *account_uri;
    const char *methods;
} grant_t;

/* How far a grant is ours, the best last. */
typedef enum { FIT_NOT, FIT_METHODS, FIT_ACCOUNT, FIT_UNSURE, FIT } fit_t;

static int is_tag(const property_t *property, const char *tag)
{
    return strcasecmp(property->tag, tag) == 0;
}

/* @return 0: it is malformed */
static int take_apart(property_t *property, const bytes_t *record, apr_pool_t *p)
{
    const unsigned char *octets = (const unsigned char *)record->data;
    apr_size_t len = record->len > 1 ? octets[1] : 0, i;

    if (len == 0 || len + 2 > record->len) {
        return 0;
    }
    for (i = 0; i < len; ++i) {
        if (!apr_isalnum(octets[2 + i])) {
            return 0;
        }
    }
    property->critical = (octets[0] & FLAG_CRITICAL) != 0;
    property->tag = apr_pstrmemdup(p, (const char *)octets + 2, len);
    property->value = apr_pstrmemdup(p, (const char *)octets + 2 + len, record->len - 2 - len);
    return memchr(octets + 2 + len, '\0', record->len - 2 - len) == NULL;
}

static const char *trim(char *text)
{
    char *end;

    while (*text == ' ' || *text == '\t') {
        ++text;
    }
    for (end = text + strlen(text); end > text && (end[-1] == ' ' || end[-1] == '\t'); --end) {
        ;
    }
    *end = '\0';
    return text;
}

/* The parts between semicolons; what is given twice, or has no "=", makes all of it malformed. */
static int take_parameter(grant_t *grant, const char *text)
{
    const char *equals = strchr(text, '=');
    const char **place = NULL;

    if (text[0] == '\0') {
        return 1;
    }
    if (equals == NULL || equals == text) {
        return 0;
    }
    if (strncasecmp(text, "accounturi=", 11) == 0) {
        place = &grant->account_uri;
    }
    else if (strncasecmp(text, "validationmethods=", 18) == 0) {
        place = &grant->methods;
    }
    if (place != NULL) {
        if (*place != NULL) {
            return 0;
        }
        *place = equals + 1;
    }
    return 1;
}

static grant_t read_grant(const property_t *property, apr_pool_t *p)
{
    grant_t grant = { "", NULL, NULL }, nothing = { "", NULL, NULL };
    char *rest = apr_pstrdup(p, property->value), *semicolon = strchr(rest, ';');

    if (semicolon != NULL) {
        *semicolon = '\0';
    }
    grant.issuer = trim(rest);
    if (strpbrk(grant.issuer, " \t=\"") != NULL) {
        return nothing;
    }
    while (semicolon != NULL) {
        rest = semicolon + 1;
        if ((semicolon = strchr(rest, ';')) != NULL) {
            *semicolon = '\0';
        }
        if (!take_parameter(&grant, trim(rest))) {
            return nothing;
        }
    }
    return grant;
}

static int is_same_domain(const char *a, const char *b)
{
    apr_size_t la = strlen(a), lb = strlen(b);

    la -= la > 0 && a[la - 1] == '.';
    lb -= lb > 0 && b[lb - 1] == '.';
    return la == lb && strncasecmp(a, b, la) == 0;
}

static int is_identity(const caa_facts_t *facts, const char *issuer)
{
    int i;

    for (i = 0; facts->identities != NULL && i < facts->identities->nelts; ++i) {
        if (is_same_domain(APR_ARRAY_IDX(facts->identities, i, const char *), issuer)) {
            return 1;
        }
    }
    return 0;
}

/* RFC 8657, 4: labels between commas. */
static int allows_a_method(const caa_facts_t *facts, const char *methods, apr_pool_t *p)
{
    char *copy = apr_pstrdup(p, methods), *word, *last = NULL;
    int i;

    for (word = apr_strtok(copy, ", \t", &last); word != NULL;
         word = apr_strtok(NULL, ", \t", &last)) {
        for (i = 0; i < facts->challenges->nelts; ++i) {
            if (strcasecmp(word, APR_ARRAY_IDX(facts->challenges, i, const char *)) == 0) {
                return 1;
            }
        }
    }
    return 0;
}

static int is_silent(const caa_facts_t *facts)
{
    return facts->identities == NULL || facts->identities->nelts == 0;
}

static fit_t fit(const caa_facts_t *facts, const grant_t *grant, apr_pool_t *p)
{
    if (grant->issuer[0] == '\0' || (!is_silent(facts) && !is_identity(facts, grant->issuer))) {
        return FIT_NOT;
    }
    if (grant->methods != NULL && !allows_a_method(facts, grant->methods, p)) {
        return is_silent(facts) ? FIT_NOT : FIT_METHODS;
    }
    if (grant->account_uri != NULL && facts->account_url != NULL
        && strcmp(grant->account_uri, facts->account_url) != 0) {
        return is_silent(facts) ? FIT_NOT : FIT_ACCOUNT;
    }
    return is_silent(facts) || (grant->account_uri != NULL && facts->account_url == NULL)
               ? FIT_UNSURE
               : FIT;
}

static const char *list(const apr_array_header_t *words, const char *between, apr_pool_t *p)
{
    const char *text = "";
    int i;

    for (i = 0; words != NULL && i < words->nelts; ++i) {
        text =
            apr_pstrcat(p, text, i > 0 ? between : "", APR_ARRAY_IDX(words, i, const char *), NULL);
    }
    return text;
}

/* ---- the whole set ---- */

typedef struct reading {
    apr_array_header_t *properties; /* property_t */
    const char *wrong;              /* a record that forbids all, or NULL */
    const char *tag;                /* that counts for the name: "issue", or "issuewild" */
    const char *said;               /* such properties, as they are written */
    fit_t best;
    int count;
} reading_t;

static int is_known(const property_t *property)
{
    static const char *const tags[] = { "issue",    "issuewild",    "iodef",       "issuemail",
                                        "issuevmc", "contactemail", "contactphone" };
    size_t i;

    for (i = 0; i < sizeof(tags) / sizeof(tags[0]); ++i) {
        if (is_tag(property, tags[i])) {
            return 1;
        }
    }
    return 0;
}

static void read_records(reading_t *reading, const caa_facts_t *facts, apr_pool_t *p)
{
    int i;

    reading->properties = apr_array_make(p, 4, sizeof(property_t));
    reading->tag = "issue";
    for (i = 0; i < facts->records->nelts; ++i) {
        property_t property;

        if (!take_apart(&property, &APR_ARRAY_IDX(facts->records, i, bytes_t), p)) {
            reading->wrong = "has a CAA record that is malformed";
            continue;
        }
        if (property.critical && !is_known(&property)) {
            reading->wrong =
                apr_psprintf(p, "has a critical CAA record that no CA knows (%s)", property.tag);
        }
        if (facts->wildcard && is_tag(&property, "issuewild")) {
            reading->tag = "issuewild";
        }
        APR_ARRAY_PUSH(reading->properties, property_t) = property;
    }
}

static void judge_grants(reading_t *reading, const caa_facts_t *facts, apr_pool_t *p)
{
    int i;

    reading->best = FIT_NOT;
    reading->said = "";
    for (i = 0; i < reading->properties->nelts; ++i) {
        const property_t *property = &APR_ARRAY_IDX(reading->properties, i, property_t);
        grant_t grant;
        fit_t one;

        if (!is_tag(property, reading->tag)) {
            continue;
        }
        grant = read_grant(property, p);
        one = fit(facts, &grant, p);
        reading->best = one > reading->best ? one : reading->best;
        reading->said =
            apr_psprintf(p, "%s%s%s \"%s\"", reading->said, reading->count++ > 0 ? ", " : "",
                         reading->tag, property->value);
    }
}

static caa_verdict_t tell(caa_outcome_t outcome, const char *text)
{
    caa_verdict_t verdict;

    verdict.outcome = outcome;
    verdict.text = text;
    return verdict;
}

static caa_verdict_t forbid(const caa_facts_t *facts, const reading_t *reading, apr_pool_t *p)
{
    const char *owner = facts->owner, *said = reading->said;

    if (reading->best == FIT_METHODS) {
        return tell(CAA_FORBIDDEN,
                    apr_psprintf(p,
                                 "%s has %s, which does not allow %s (ACMEChallenge); change "
                                 "validationmethods there",
                                 owner, said, list(facts->challenges, " or ", p)));
    }
    if (reading->best == FIT_ACCOUNT) {
        return tell(CAA_FORBIDDEN,
                    apr_psprintf(p,
                                 "%s has %s, which is another account; the one that is used here "
                                 "is %s",
                                 owner, said, facts->account_url));
    }
    if (is_silent(facts)) {
        return tell(CAA_FORBIDDEN, apr_psprintf(p,
                                                "%s has %s, which lets no CA issue by what is "
                                                "configured here",
                                                owner, said));
    }
    return tell(CAA_FORBIDDEN,
                apr_psprintf(p, "%s has %s, and this CA answers to %s; add \"%s. CAA 0 %s \"%s\"\"",
                             owner, said, list(facts->identities, ", ", p), owner, reading->tag,
                             APR_ARRAY_IDX(facts->identities, 0, const char *)));
}

caa_verdict_t caa_judge(const caa_facts_t *facts, apr_pool_t *p)
{
    reading_t reading = { NULL, NULL, NULL, NULL, FIT_NOT, 0 };

    if (facts->records->nelts == 0) {
        return tell(CAA_FREE, "no CAA record up to the root: any CA may issue");
    }
    read_records(&reading, facts, p);
    if (reading.wrong != NULL) {
        return tell(CAA_FORBIDDEN,
                    apr_psprintf(p, "%s %s, so that no CA may issue", facts->owner, reading.wrong));
    }
    judge_grants(&reading, facts, p);
    if (reading.count == 0) {
        return tell(CAA_FREE, apr_psprintf(p,
                                           "%s has CAA records, and none of them limits who may "
                                           "issue",
                                           facts->owner));
    }
    if (reading.best == FIT) {
        return tell(CAA_ALLOWED, apr_psprintf(p, "%s: %s; this CA answers to %s", facts->owner,
                                              reading.said, list(facts->identities, ", ", p)));
    }
    if (reading.best != FIT_UNSURE) {
        return forbid(facts, &reading, p);
    }
    return tell(CAA_UNSURE,
                apr_psprintf(p, "%s: %s; %s", facts->owner, reading.said,
                             is_silent(facts)
                                 ? "this CA does not say to what it answers (meta.caaIdentities)"
                                 : "there is no account yet that could be compared with that"));
}

const char *caa_suggest(const caa_facts_t *facts, apr_pool_t *p)
{
    if (is_silent(facts) || facts->account_url == NULL) {
        return NULL;
    }
    return apr_psprintf(p, "%s. CAA 0 %s \"%s; accounturi=%s; validationmethods=%s\"", facts->owner,
                        facts->wildcard ? "issuewild" : "issue",
                        APR_ARRAY_IDX(facts->identities, 0, const char *), facts->account_url,
                        list(facts->challenges, ",", p));
}
