/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <apr_date.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>
#include <time.h>

#define SECONDS_PER_DAY 86400
#define LONGEST_WAIT ((apr_int64_t)365 * SECONDS_PER_DAY)
#define END_OF_TIME (apr_time_from_sec(APR_INT64_C(253402300799))) /* 9999-12-31T23:59:59Z */

#ifdef CLOCK_BOOTTIME
#define STEADY CLOCK_BOOTTIME /* counts the time that the machine sleeps, too */
#else
#define STEADY CLOCK_MONOTONIC
#endif

apr_time_t clock_steady(void)
{
    struct timespec now = { 0, 0 };

    clock_gettime(STEADY, &now);
    return apr_time_from_sec(now.tv_sec) + now.tv_nsec / 1000;
}

/* @return where the next character goes */
static char *put_digits(char *to, int count, int value, char behind)
{
    int i;

    for (i = count - 1; i >= 0; --i, value /= 10)
        to[i] = (char)('0' + value % 10);
    to[count] = behind;
    return to + count + 1;
}

/* The status of thousands has tens of thousands of these, so no format string is read for each. */
void clock_print(char buffer[CLOCK_TEXT_SIZE], apr_time_t time)
{
    apr_time_exp_t t;

    apr_time_exp_gmt(&t, time);
    buffer = put_digits(buffer, 4, t.tm_year + 1900, '-');
    buffer = put_digits(buffer, 2, t.tm_mon + 1, '-');
    buffer = put_digits(buffer, 2, t.tm_mday, 'T');
    buffer = put_digits(buffer, 2, t.tm_hour, ':');
    buffer = put_digits(buffer, 2, t.tm_min, ':');
    buffer = put_digits(buffer, 2, t.tm_sec, 'Z');
    *buffer = '\0';
}

const char *clock_format(apr_pool_t *p, apr_time_t time)
{
    char buffer[CLOCK_TEXT_SIZE];

    clock_print(buffer, time);
    return apr_pstrdup(p, buffer);
}

static int days_in_month(int year, int month)
{
    static const char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (leap && month == 2);
}

/* Exactly count digits within [min, max]; *ptext moves behind them. */
static int take_number(int *pvalue, const char **ptext, int count, int min, int max)
{
    int value = 0;

    for (; count > 0; --count, ++*ptext) {
        if (!apr_isdigit(**ptext))
            return 0;
        value = value * 10 + (**ptext - '0');
    }
    *pvalue = value;
    return value >= min && value <= max;
}

/* One character of set; *ptext moves behind it. */
static int take_one_of(const char **ptext, const char *set)
{
    if (**ptext == '\0' || strchr(set, **ptext) == NULL)
        return 0;
    ++*ptext;
    return 1;
}

static int take_date(apr_time_exp_t *t, const char **ptext)
{
    int year = 0, month = 0;

    if (!take_number(&year, ptext, 4, 1970, 9999) || !take_one_of(ptext, "-")
        || !take_number(&month, ptext, 2, 1, 12) || !take_one_of(ptext, "-")
        || !take_number(&t->tm_mday, ptext, 2, 1, days_in_month(year, month)))
        return 0;
    t->tm_year = year - 1900;
    t->tm_mon = month - 1;
    return 1;
}

static int take_time(apr_time_exp_t *t, const char **ptext)
{
    return take_number(&t->tm_hour, ptext, 2, 0, 23) && take_one_of(ptext, ":")
           && take_number(&t->tm_min, ptext, 2, 0, 59) && take_one_of(ptext, ":")
           && take_number(&t->tm_sec, ptext, 2, 0, 60);
}

static int take_fraction(const char **ptext)
{
    if (!take_one_of(ptext, "."))
        return 1;
    if (!apr_isdigit(**ptext))
        return 0;
    *ptext += strspn(*ptext, "0123456789");
    return 1;
}

static int take_offset(apr_time_exp_t *t, const char **ptext)
{
    int hours = 0, minutes = 0;
    int sign = **ptext == '-' ? -1 : 1;

    if (take_one_of(ptext, "Zz"))
        return 1;
    if (!take_one_of(ptext, "+-") || !take_number(&hours, ptext, 2, 0, 23)
        || !take_one_of(ptext, ":") || !take_number(&minutes, ptext, 2, 0, 59))
        return 0;
    t->tm_gmtoff = sign * (hours * 60 + minutes) * 60;
    return 1;
}

apr_status_t clock_parse(apr_time_t *ptime, const char *text)
{
    apr_time_exp_t t = { 0 };
    apr_time_t time = 0;

    *ptime = 0;
    if (text == NULL || !take_date(&t, &text) || !take_one_of(&text, "Tt") || !take_time(&t, &text)
        || !take_fraction(&text) || !take_offset(&t, &text) || *text != '\0')
        return APR_EINVAL;
    if (apr_time_exp_gmt_get(&time, &t) != APR_SUCCESS || time < 0 || time > END_OF_TIME)
        return APR_EINVAL;
    /* A leap second ends a day of UTC (RFC 3339, 5.7); it counts as the second after it. */
    if (t.tm_sec == 60 && apr_time_sec(time) % SECONDS_PER_DAY != 0)
        return APR_EINVAL;
    *ptime = time;
    return APR_SUCCESS;
}

/* Digits only; -1 when text is something else. Long numbers end at LONGEST_WAIT. */
static apr_int64_t parse_seconds(const char *text)
{
    apr_int64_t seconds = 0;
    apr_size_t digits = strspn(text, "0123456789");
    apr_size_t i;

    if (digits == 0 || text[digits + strspn(text + digits, " \t")] != '\0')
        return -1;
    for (i = 0; i < digits && seconds < LONGEST_WAIT; ++i)
        seconds = seconds * 10 + (text[i] - '0');
    return seconds < LONGEST_WAIT ? seconds : LONGEST_WAIT;
}

apr_int64_t clock_retry_after(const char *text, const char *date, apr_time_t now)
{
    apr_time_t until, from;
    apr_int64_t seconds;

    if (text == NULL)
        return -1;
    text += strspn(text, " \t");
    if ((seconds = parse_seconds(text)) >= 0)
        return seconds;
    if ((until = apr_date_parse_http(text)) == APR_DATE_BAD)
        return -1;
    from = date != NULL ? apr_date_parse_http(date) : APR_DATE_BAD;
    seconds = apr_time_sec(until - (from != APR_DATE_BAD ? from : now));
    if (seconds < 0)
        return 0;
    return seconds < LONGEST_WAIT ? seconds : LONGEST_WAIT;
}

const char *clock_span(apr_pool_t *p, apr_interval_time_t span)
{
    apr_int64_t seconds = span > 0 ? apr_time_sec(span + APR_USEC_PER_SEC / 2) : 0;
    apr_int64_t minutes = (seconds + 30) / 60;
    apr_int64_t hours = (seconds + 1800) / 3600;
    apr_int64_t days = (seconds + SECONDS_PER_DAY / 2) / SECONDS_PER_DAY;

    if (seconds < 120)
        return apr_psprintf(p, "%" APR_INT64_T_FMT " second%s", seconds, seconds == 1 ? "" : "s");
    if (minutes < 120)
        return apr_psprintf(p, "%" APR_INT64_T_FMT " minutes", minutes);
    if (hours < 48)
        return apr_psprintf(p, "%" APR_INT64_T_FMT " hours", hours);
    return apr_psprintf(p, "%" APR_INT64_T_FMT " days", days);
}
