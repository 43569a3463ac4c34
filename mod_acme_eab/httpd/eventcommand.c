/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/eventcommand.h"

#include <apr_strings.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "base/event.h"
#include "base/file.h"
#include "httpd/value.h"

static const char *word_at(const apr_array_header_t *words, int i)
{
    return APR_ARRAY_IDX(words, i, const char *);
}

/* "all", or names with commas between them. */
static const char *refuse_events(apr_pool_t *p, const char *text)
{
    char *state = NULL, *list = apr_pstrdup(p, text);
    const char *name = NULL;
    int some = 0;

    if (strcmp(text, "all") == 0)
        return NULL;
    for (name = apr_strtok(list, ",", &state); name != NULL; name = apr_strtok(NULL, ",", &state)) {
        some = 1;
        if (event_parse(name) == EVENT_NONE)
            return apr_psprintf(p,
                                "'%s' is no event; write all, or names such as deployed,failing "
                                "with commas between them and no spaces",
                                name);
    }
    return some ? NULL : "the events are missing; write all, or names with commas between them";
}

const char *eventcommand_refusal(apr_pool_t *p, const apr_array_header_t *words)
{
    const char *why = NULL;
    int i = 0;

    if (words->nelts < 3)
        return "needs a user, events and a program: ACMEEventCommand root deployed "
               "/usr/local/sbin/hook";
    if (*word_at(words, 0) == '/')
        return "the first word is the user as whom the program is run; there is no default";
    if ((why = refuse_events(p, word_at(words, 1))) != NULL)
        return why;
    for (i = 2; i < words->nelts; ++i) {
        if (strpbrk(word_at(words, i), "\r\n") != NULL)
            return "an argument has a line break in it; put it into a script";
    }
    return value_program_refusal(word_at(words, 2));
}

const char *eventcommand_trouble(apr_pool_t *p, const apr_array_header_t *words)
{
    const char *name = word_at(words, 0), *program = word_at(words, 2);
    const struct passwd *user = getpwnam(name);
    const char *why = NULL;

    if (user == NULL)
        return apr_psprintf(p, "this system has no user '%s'; make it, or name another", name);
    if (geteuid() != 0 && user->pw_uid != geteuid())
        return apr_psprintf(p,
                            "only root can run a program as '%s'; start httpd (or its "
                            "configuration test) as root, or name the user that starts it",
                            name);
    if ((why = value_program_trouble(p, program)) != NULL)
        return why;
    return file_changeable_by(p, program, user->pw_uid);
}
