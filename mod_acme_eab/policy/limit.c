/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/limit.h"

#include <apr_lib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/json.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define LONGEST (31 * 24 * 3600) /* seconds */
#define NUMBER_MAX 100000000
#define BEFORE_MAX 40 /* characters before a date in which it is said what it is for */

/* A sentence may name other dates and spans ("issued in the last 168h"). */
static const char *const announcements[] = { "again", "retry", "retries", "until",
                                             "after", "reset", "wait",    "not before" };
static const char *const prepositions[] = { "in ", "after ", "wait ", "for ", "least " };

static const struct {
    const char *name;
    int seconds;
} units[] = {
    { "weeks", 604800 }, { "week", 604800 }, { "days", 86400 }, { "day", 86400 },
    { "hours", 3600 },   { "hour", 3600 },   { "hrs", 3600 },   { "hr", 3600 },
    { "minutes", 60 },   { "minute", 60 },   { "mins", 60 },    { "min", 60 },
    { "seconds", 1 },    { "second", 1 },    { "secs", 1 },     { "sec", 1 },
    { "d", 86400 },      { "h", 3600 },      { "m", 60 },       { "s", 1 },
};

/* Are these characters before at, within the last count of them? */
static int precedes(const char *text, const char *at, const char *words, int count)
{
    size_t len = strlen(words);
    const char *from = at - text > count ? at - count : text;

    for (; from + len <= at; ++from) {
        if (strncasecmp(from, words, len) == 0)
            return 1;
    }
    return 0;
}

static int is_announced(const char *text, const char *at)
{
    size_t i;

    for (i = 0; i < COUNT_OF(announcements); ++i) {
        if (precedes(text, at, announcements[i], BEFORE_MAX))
            return 1;
    }
    return 0;
}

/* "2026-12-01 10:00:00", with a fraction and whatever zone; 0: it is none. */
static apr_time_t date_at(const char *text)
{
    static const char form[] = "0000-00-00T00:00:00";
    char date[sizeof("2026-12-01T10:00:00+00:00")];
    size_t i, len = sizeof(form) - 1;
    apr_time_t time = 0;
    const char *zone;

    for (i = 0; i < len; ++i) {
        int fits = form[i] == '0'   ? apr_isdigit(text[i])
                   : form[i] == 'T' ? strchr("Tt ", text[i]) != NULL && text[i] != '\0'
                                    : text[i] == form[i];

        if (!fits)
            return 0;
        date[i] = form[i] == 'T' ? 'T' : text[i];
    }
    zone = text + len;
    if (*zone == '.')
        zone += 1 + strspn(zone + 1, "0123456789");
    zone += *zone == ' ' && strchr("+-", zone[1]) != NULL;
    memcpy(date + len, "Z", 2);
    if ((*zone == '+' || *zone == '-') && strspn(zone + 1, "0123456789") == 4) { /* +0100 */
        memcpy(date + len, zone, 3);
        date[len + 3] = ':';
        memcpy(date + len + 4, zone + 3, 3);
        date[len + 6] = '\0';
    }
    else if ((*zone == '+' || *zone == '-') && strspn(zone + 1, "0123456789:") >= 5) { /* +01:00 */
        memcpy(date + len, zone, 6);
        date[len + 6] = '\0';
    }
    return clock_parse(&time, date) == APR_SUCCESS ? time : 0;
}

/* "Tue, 01 Dec 2026 10:00:00 GMT" */
static apr_int64_t http_date_at(const char *text, apr_time_t now)
{
    char date[sizeof("Tue, 01 Dec 2026 10:00:00 GMT")];

    if (!apr_isalpha(text[0]) || strnlen(text, sizeof(date) - 1) < sizeof(date) - 1
        || text[3] != ',' || strncmp(text + 25, " GMT", 4) != 0)
        return -1;
    memcpy(date, text, sizeof(date) - 1);
    date[sizeof(date) - 1] = '\0';
    return clock_retry_after(date, NULL, now);
}

/* The unit with that name, of len characters; -1: there is none. */
static apr_int64_t unit_of(const char *text, size_t len)
{
    size_t i;

    for (i = 0; i < COUNT_OF(units); ++i) {
        if (strlen(units[i].name) == len && strncasecmp(text, units[i].name, len) == 0)
            return units[i].seconds;
    }
    return -1;
}

/* Seconds of one "3h" or "20 minutes"; *ptext moves behind it. -1: it is none. */
static apr_int64_t take_span(const char **ptext)
{
    const char *text = *ptext;
    apr_int64_t number = 0, unit;
    size_t len = 0;

    if (!apr_isdigit(*text))
        return -1;
    for (; apr_isdigit(*text); ++text)
        number = number < NUMBER_MAX ? number * 10 + (*text - '0') : number;
    if (*text == '.')
        text += 1 + strspn(text + 1, "0123456789");
    text += *text == ' ';
    while (apr_isalpha(text[len]))
        ++len;
    if ((unit = unit_of(text, len)) < 0)
        return -1;
    *ptext = text + len;
    return number * unit;
}

/* "3h20m", "2 hours and 5 minutes"; 0: none */
static apr_int64_t span_at(const char *text)
{
    apr_int64_t sum = 0, part;

    while ((part = take_span(&text)) >= 0) {
        sum += part;
        text += strspn(text, " ,");
        text += strncasecmp(text, "and ", 4) == 0 ? 4 : 0;
    }
    return sum;
}

static int follows_preposition(const char *text, const char *at)
{
    size_t i;

    for (i = 0; i < COUNT_OF(prepositions); ++i) {
        if (precedes(text, at, prepositions[i], (int)strlen(prepositions[i])))
            return 1;
    }
    return 0;
}

/* What stands at that place, in seconds from now; -1: nothing that is still to come. */
static apr_int64_t wait_at(const char *text, const char *at, apr_time_t now)
{
    apr_time_t date;

    if (!is_announced(text, at))
        return -1;
    if ((date = date_at(at)) != 0)
        return date > now ? apr_time_sec(date - now) + 1 : -1;
    if (apr_isdigit(*at) && follows_preposition(text, at)) {
        apr_int64_t span = span_at(at);

        return span > 0 ? span : -1;
    }
    return http_date_at(at, now);
}

static apr_int64_t read_text(const char *text, apr_time_t now)
{
    apr_int64_t found = -1, wait;
    const char *at;

    for (at = text; at != NULL && *at != '\0'; ++at) {
        if (at > text && apr_isalnum(at[-1]))
            continue; /* in the middle of a word */
        if (apr_isalnum(*at) && (wait = wait_at(text, at, now)) > found)
            found = wait;
    }
    return found < LONGEST ? found : LONGEST;
}

apr_int64_t limit_read(const eab_result_t *problem, apr_time_t now)
{
    apr_int64_t found = read_text(problem->detail, now), wait;
    json_t *member;
    size_t i;

    json_array_foreach(problem->subproblems, i, member)
    {
        if ((wait = read_text(json_peek_string(member, "detail"), now)) > found)
            found = wait;
    }
    return found;
}
