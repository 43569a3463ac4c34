/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <apr_strings.h>
#include <apr_time.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MARK "] [acme_eab:" /* behind the time */
#define PATIENCE 1000       /* milliseconds to wait for a log that does not take lines */
#define LONGEST_QUOTE 1000

/* The one setting of a program that every file may need before there is anything to pass it in. */
static int threshold = LOG_LEVEL_NOTICE;

void log_set_level(int level)
{
    threshold = level < LOG_LEVEL_DEBUG ? level : LOG_LEVEL_DEBUG;
    if (threshold < LOG_LEVEL_NOTICE) {
        threshold = LOG_LEVEL_NOTICE;
    }
}

static const char *level_name(log_level_t level)
{
    switch (level) {
    case LOG_LEVEL_ERROR:
        return "error";
    case LOG_LEVEL_WARNING:
        return "warn";
    case LOG_LEVEL_NOTICE:
        return "notice";
    case LOG_LEVEL_INFO:
        return "info";
    case LOG_LEVEL_DEBUG:
        return "debug";
    }
    return "error";
}

static int is_continuation(unsigned char c)
{
    return (c & 0xC0) == 0x80;
}

/* The length of the UTF-8 sequence that s (NUL-terminated) begins with; 0 when it is none: a
 * surrogate, over U+10FFFF, longer than needed, cut. */
static int utf8_length(const unsigned char *s)
{
    if (s[0] < 0x80)
        return 1;
    if (s[0] < 0xC2 || s[0] > 0xF4 || !is_continuation(s[1]))
        return 0;
    if (s[0] < 0xE0)
        return 2;
    if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F) || !is_continuation(s[2]))
        return 0;
    if (s[0] < 0xF0)
        return 3;
    if ((s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F) || !is_continuation(s[3]))
        return 0;
    return 4;
}

/* C0, DEL and C1: what can move a terminal's cursor or begin a forged line. */
static int is_control(const unsigned char *s)
{
    return s[0] < 0x20 || s[0] == 0x7F || (s[0] == 0xC2 && s[1] >= 0x80 && s[1] < 0xA0);
}

static size_t print_prefix(char *line, size_t size, log_level_t level)
{
    apr_time_exp_t t;

    apr_time_exp_lt(&t, apr_time_now());
    apr_snprintf(line, size, "[%s %s %02d %02d:%02d:%02d.%06d %d" MARK "%s] [pid %ld:tid %ld] ",
                 apr_day_snames[t.tm_wday], apr_month_snames[t.tm_mon], t.tm_mday, t.tm_hour,
                 t.tm_min, t.tm_sec, t.tm_usec, t.tm_year + 1900, level_name(level), (long)getpid(),
                 syscall(SYS_gettid));
    return strlen(line);
}

/* A log line stays one line, whatever is in it. */
static void blank_controls(char *text)
{
    for (; *text != '\0'; ++text) {
        if (!is_control((const unsigned char *)text))
            continue;
        if ((unsigned char)text[0] == 0xC2)
            text[1] = '?';
        text[0] = '?';
    }
}

/* Take the beginning of a sequence off the end of a line that was cut. */
static size_t trim_sequence(const char *line, size_t len)
{
    size_t at = len;

    while (at > 0 && len - at < 3 && is_continuation((unsigned char)line[at - 1]))
        --at;
    if (at > 0 && (unsigned char)line[at - 1] >= 0xC0
        && utf8_length((const unsigned char *)line + at - 1) == 0)
        return at - 1;
    return len;
}

/* What reads the other end may be held up itself, by a disk or a program. Who has waited for it once
 * does not wait again before it goes on. */
static int takes_lines(void)
{
    static int stalled = 0;
    struct pollfd out = { STDERR_FILENO, POLLOUT, 0 };

    stalled = poll(&out, 1, stalled ? 0 : PATIENCE) == 0;
    return !stalled;
}

void log_line(log_level_t level, const char *format, ...)
{
    char line[LOG_LONGEST_LINE];
    size_t len;
    int wanted;
    va_list args;

    if ((int)level > threshold)
        return;
    len = print_prefix(line, sizeof(line), level);
    va_start(args, format);
    wanted = vsnprintf(line + len, sizeof(line) - len, format, args);
    va_end(args);
    blank_controls(line + len);
    len = strlen(line);
    if (wanted >= 0 && len == sizeof(line) - 1)
        len = trim_sequence(line, len);
    line[len] = '\n'; /* in the place of the NUL */
    /* One write, so that lines of several processes do not mix. */
    while (takes_lines() && write(STDERR_FILENO, line, len + 1) < 0 && errno == EINTR)
        continue;
}

/* "error] ..." @return behind it, or NULL */
static const char *parse_level(const char *text, log_level_t *plevel)
{
    int level = 0;

    for (level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; ++level) {
        const char *name = level_name((log_level_t)level);
        size_t len = strlen(name);

        if (strncmp(text, name, len) == 0 && text[len] == ']') {
            *plevel = (log_level_t)level;
            return text + len + 1;
        }
    }
    return NULL;
}

const char *log_parse(const char *line, log_level_t *plevel, long *ppid)
{
    const char *at = line[0] == '[' ? strchr(line, ']') : NULL;
    char *end = NULL;

    if (at == NULL || strncmp(at, MARK, strlen(MARK)) != 0)
        return NULL;
    at = parse_level(at + strlen(MARK), plevel);
    if (at == NULL || strncmp(at, " [pid ", 6) != 0)
        return NULL;
    *ppid = strtol(at + 6, &end, 10);
    if (end == at + 6 || strncmp(end, ":tid ", 5) != 0)
        return NULL;
    at = strstr(end, "] ");
    return at != NULL ? at + 2 : NULL;
}

static char *put_escaped(char *out, unsigned char c)
{
    static const char digits[] = "0123456789abcdef";

    *out++ = '\\';
    *out++ = 'x';
    *out++ = digits[c >> 4];
    *out++ = digits[c & 15];
    return out;
}

/* One character of in, or one byte that is none, to out; how many bytes of in that was. */
static int put_character(char **pout, const unsigned char *in)
{
    int len = utf8_length(in);
    int i;

    if (*in == '\\') {
        *(*pout)++ = '\\';
        *(*pout)++ = '\\';
    }
    else if (len == 0 || is_control(in)) {
        len = len > 0 ? len : 1;
        for (i = 0; i < len; ++i)
            *pout = put_escaped(*pout, in[i]);
    }
    else {
        memcpy(*pout, in, (size_t)len);
        *pout += len;
    }
    return len;
}

const char *log_escape(apr_pool_t *p, const char *text)
{
    const unsigned char *in = (const unsigned char *)(text != NULL ? text : "");
    const unsigned char *end = in + LONGEST_QUOTE;
    size_t len = strnlen((const char *)in, LONGEST_QUOTE);
    char *escaped = apr_palloc(p, 4 * len + sizeof("..."));
    char *out = escaped;

    while (*in != '\0' && in + utf8_length(in) <= end && in < end)
        in += put_character(&out, in);
    if (*in != '\0') {
        memcpy(out, "...", 3);
        out += 3;
    }
    *out = '\0';
    return escaped;
}
