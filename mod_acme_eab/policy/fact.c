/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/fact.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Types about which other causes than the file system can be behind the same number. */
static const char *const of_files[] = {
    EAB_PROBLEM_STORE,
    EAB_PROBLEM_ANSWER_FILE,
    EAB_PROBLEM_EAB_KEY,
};

static const struct {
    int number;
    facts_t fact;
} errnos[] = {
    { ENOSPC, FACT_NO_SPACE },      { EDQUOT, FACT_QUOTA },   { EROFS, FACT_READ_ONLY },
    { EACCES, FACT_DENIED },        { EPERM, FACT_DENIED },   { ENOENT, FACT_MISSING },
    { ENOTDIR, FACT_MISSING },      { EIO, FACT_DISK_ERROR }, { EINVAL, FACT_DAMAGED },
    { EBADMSG, FACT_DAMAGED },      { EBUSY, FACT_BUSY },     { EAGAIN, FACT_BUSY },
    { APR_TIMEUP, FACT_TIMED_OUT },
};

static const facts_t of_causes[] = {
    [CAUSE_UNTOLD] = 0,
    [CAUSE_SIGNAL] = FACT_SIGNAL,
    [CAUSE_OTHER_KEY] = FACT_OTHER_KEY,
    [CAUSE_OTHER_NAMES] = FACT_OTHER_NAMES,
    [CAUSE_EXPIRED] = FACT_OVER,
    [CAUSE_OTHER_USAGE] = FACT_OTHER_USAGE,
    [CAUSE_UNFIT] = FACT_UNFIT,
    [CAUSE_UNREADABLE] = FACT_UNREADABLE,
};

/* Words of CAs and resolvers, as they were seen. type: of the problem; NULL: any. */
static const struct {
    const char *type;
    const char *words;
    facts_t fact;
} sayings[] = {
    { ACME_ERROR "connection", "no such host", FACT_UNRESOLVED },
    { ACME_ERROR "connection", "could not resolve", FACT_UNRESOLVED },
    { ACME_ERROR "connection", "cannot resolve", FACT_UNRESOLVED },
    { ACME_ERROR "connection", "does not resolve", FACT_UNRESOLVED },
    { ACME_ERROR "connection", "name or service not known", FACT_UNRESOLVED },
    { ACME_ERROR "connection", "no valid ip address", FACT_UNRESOLVED },
    { ACME_ERROR "connection", "no valid a records", FACT_UNRESOLVED },
    { ACME_ERROR "connection", "nxdomain", FACT_UNRESOLVED },
    { ACME_ERROR "unauthorized", "no such host", FACT_UNRESOLVED },
    { ACME_ERROR "unauthorized", "nxdomain", FACT_UNRESOLVED },
    { ACME_ERROR "unauthorized", "no valid ip address", FACT_UNRESOLVED },
    { ACME_ERROR "dns", "nxdomain", FACT_UNRESOLVED },
    { ACME_ERROR "dns", "no such host", FACT_UNRESOLVED },
    { ACME_ERROR "dns", "no valid ip address", FACT_UNRESOLVED },
    { ACME_ERROR "dns", "no valid a records", FACT_UNRESOLVED },
    { NULL, "single domain", FACT_ONE_NAME },
    { NULL, "single name", FACT_ONE_NAME },
    { NULL, "single identifier", FACT_ONE_NAME },
    { NULL, "only one domain", FACT_ONE_NAME },
    { NULL, "only one name", FACT_ONE_NAME },
    { NULL, "only one identifier", FACT_ONE_NAME },
    { NULL, "one domain name", FACT_ONE_NAME },
    { NULL, "multiple domains", FACT_ONE_NAME },
    { NULL, "multiple identifiers", FACT_ONE_NAME },
    { NULL, "multi-domain", FACT_ONE_NAME },
    { NULL, "multi domain", FACT_ONE_NAME },
    { NULL, "too many domains", FACT_ONE_NAME },
    { NULL, "too many names", FACT_ONE_NAME },
    { NULL, "too many identifiers", FACT_ONE_NAME },
    { NULL, "number of domains", FACT_ONE_NAME },
    { NULL, "number of names", FACT_ONE_NAME },
    { NULL, "number of identifiers", FACT_ONE_NAME },
    { NULL, "not awaiting external account binding", FACT_KEY_USED },
    { NULL, "already used", FACT_KEY_USED },
    { NULL, "already been used", FACT_KEY_USED },
    { NULL, "already bound", FACT_KEY_USED },
};

static int is_of_files(const eab_result_t *problem)
{
    size_t i;

    for (i = 0; i < COUNT_OF(of_files); ++i) {
        if (eab_result_is(problem, of_files[i]))
            return 1;
    }
    return 0;
}

static facts_t read_errno(const eab_result_t *problem)
{
    size_t i;

    for (i = 0; is_of_files(problem) && i < COUNT_OF(errnos); ++i) {
        if (problem->rv == errnos[i].number)
            return errnos[i].fact;
    }
    return 0;
}

static facts_t read_words(const char *type, const char *text)
{
    facts_t facts = 0;
    size_t i;

    for (i = 0; text != NULL && i < COUNT_OF(sayings); ++i) {
        if (sayings[i].type != NULL && (type == NULL || strcmp(type, sayings[i].type) != 0))
            continue;
        if (strcasestr(text, sayings[i].words) != NULL)
            facts |= sayings[i].fact;
    }
    return facts;
}

/* What became of a connection. */
static facts_t read_connection(apr_status_t rv)
{
    switch (rv) {
    case APR_EOF:
        return FACT_CUT;
    case EACCES:
    case EPERM:
        return FACT_DENIED;
    default:
        return 0;
    }
}

static facts_t read_marks(const eab_result_t *problem)
{
    facts_t facts = of_causes[problem->cause] | (problem->foreign ? FACT_FOREIGN : 0);

    return eab_result_is(problem, EAB_PROBLEM_CA_UNREACHABLE) ? facts | read_connection(problem->rv)
                                                              : facts;
}

static int names_some(const eab_result_t *problem)
{
    json_t *member;
    size_t i;

    json_array_foreach(problem->subproblems, i, member)
    {
        if (json_object_get(member, "identifier") != NULL)
            return 1;
    }
    return problem->identifier != NULL;
}

facts_t fact_read(const eab_result_t *problem)
{
    facts_t facts =
        read_errno(problem) | read_words(problem->type, problem->detail) | read_marks(problem);
    json_t *member;
    size_t i;

    json_array_foreach(problem->subproblems, i, member)
    {
        facts |= read_words(json_peek_string(member, "type"), json_peek_string(member, "detail"));
    }
    return names_some(problem) ? facts : facts | FACT_UNNAMED;
}
