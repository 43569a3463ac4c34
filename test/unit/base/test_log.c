/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <fcntl.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

static int setup(void **state)
{
    apr_pool_t *p = NULL;

    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&p, NULL) != APR_SUCCESS)
        return -1;
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    apr_pool_destroy(*state);
    apr_terminate();
    return 0;
}

/* Standard error goes into a pipe between these two. */
static int saved = -1;
static int reader = -1;

static void begin_capture(void)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    saved = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    reader = ends[0];
    fcntl(reader, F_SETFL, O_NONBLOCK);
}

/* What arrived; "" for nothing. */
static const char *end_capture(apr_pool_t *p)
{
    char *text = apr_pcalloc(p, 65536);

    dup2(saved, STDERR_FILENO);
    close(saved);
    if (read(reader, text, 65535) < 0)
        text[0] = '\0';
    close(reader);
    return text;
}

static int looks_like(const char *text, const char *pattern)
{
    regex_t regex;
    int rc;

    assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    rc = regexec(&regex, text, 0, NULL, 0);
    regfree(&regex);
    return rc == 0;
}

static void writes_httpds_format(void **state)
{
    const char *text;

    log_set_level(LOG_LEVEL_INFO);
    begin_capture();
    log_line(LOG_LEVEL_WARNING, "%s has %zu names", "www.example.edu", (size_t)2);
    text = end_capture(*state);
    assert_true(looks_like(text, "^\\[[A-Z][a-z]{2} [A-Z][a-z]{2} [0-9]{2} "
                                 "[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{6} [0-9]{4}\\] "
                                 "\\[acme_eab:warn\\] \\[pid [0-9]+:tid [0-9]+\\] "
                                 "www\\.example\\.edu has 2 names\n$"));
    assert_non_null(
        strstr(text, apr_psprintf(*state, "[pid %d:tid %d]", (int)getpid(), (int)getpid())));
}

static void names_the_levels(void **state)
{
    static const char *const names[] = { "error", "warn", "notice", "info", "debug" };
    int level;

    log_set_level(9); /* httpd's trace1 is 8 */
    for (level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; ++level) {
        const char *mark =
            apr_pstrcat(*state, "[acme_eab:", names[level - LOG_LEVEL_ERROR], "]", NULL);

        begin_capture();
        log_line((log_level_t)level, "text");
        assert_non_null(strstr(end_capture(*state), mark));
    }
}

static void leaves_out_less_important_lines(void **state)
{
    log_set_level(LOG_LEVEL_NOTICE);
    begin_capture();
    log_line(LOG_LEVEL_INFO, "hidden");
    assert_string_equal(end_capture(*state), "");
    log_set_level(LOG_LEVEL_INFO);
    begin_capture();
    log_line(LOG_LEVEL_INFO, "shown");
    assert_non_null(strstr(end_capture(*state), "shown\n"));
    /* Notices cannot be suppressed, in httpd neither. */
    log_set_level(LOG_LEVEL_ERROR);
    begin_capture();
    log_line(LOG_LEVEL_NOTICE, "shown");
    assert_non_null(strstr(end_capture(*state), "shown\n"));
    log_set_level(LOG_LEVEL_NOTICE);
}

static void keeps_one_event_on_one_line(void **state)
{
    const char *text;

    begin_capture();
    log_line(LOG_LEVEL_ERROR, "%s",
             "a\nb\rc\td\x1b"
             "e\x7f"
             "f\xc2\x9bg\xc3\xa4");
    text = end_capture(*state);
    assert_non_null(strstr(text, "] a?b?c?d?e?f??g\xc3\xa4\n"));
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

static void cuts_long_lines_between_characters(void **state)
{
    int shift;

    /* A character of three bytes is met at each of its bytes. */
    for (shift = 0; shift < 3; ++shift) {
        apr_size_t size = 30000;
        char *longer = apr_pcalloc(*state, size + 1);
        const char *text;
        apr_size_t i;

        for (i = 0; i + 3 <= size; i += 3)
            memcpy(longer + i, "\xe2\x82\xac", 3);
        begin_capture();
        log_line(LOG_LEVEL_ERROR, "%.*s%s", shift, "xx", longer);
        text = end_capture(*state);
        assert_in_range(strlen(text), 4093, 4096);
        assert_memory_equal(text + strlen(text) - 4, "\xe2\x82\xac\n", 4);
    }
}

static void reads_what_it_wrote(void **state)
{
    static const char *const others[] = {
        "",
        "[",
        "a word of a library",
        "[Sun Nov 29 23:05:23.658923 2026] [core:error] [pid 1:tid 1] of somebody else",
        "[Sun Nov 29 23:05:23.658923 2026] [acme_eab:trace1] [pid 1:tid 1] no level of ours",
        "[Sun Nov 29 23:05:23.658923 2026] [acme_eab:error] pid 1",
        "[Sun Nov 29 23:05:23.658923 2026] [acme_eab:error] [pid x:tid 1] text",
        "[Sun Nov 29 23:05:23.658923 2026] [acme_eab:error] [pid 1:tid 1]",
        " [Sun Nov 29 23:05:23.658923 2026] [acme_eab:error] [pid 1:tid 1] text",
    };
    log_level_t level = LOG_LEVEL_DEBUG, written = LOG_LEVEL_ERROR;
    long pid = 0;
    size_t i;

    log_set_level(LOG_LEVEL_DEBUG);
    for (written = LOG_LEVEL_ERROR; written <= LOG_LEVEL_DEBUG; ++written) {
        char *line;

        begin_capture();
        log_line(written, "[pid 1:tid 1] %d] ", (int)written);
        line = apr_pstrdup(*state, end_capture(*state));
        line[strlen(line) - 1] = '\0';
        assert_string_equal(log_parse(line, &level, &pid),
                            apr_psprintf(*state, "[pid 1:tid 1] %d] ", (int)written));
        assert_int_equal(level, written);
        assert_int_equal(pid, getpid());
    }
    log_set_level(LOG_LEVEL_NOTICE);
    for (i = 0; i < sizeof(others) / sizeof(others[0]); ++i)
        assert_null(log_parse(others[i], &level, &pid));
}

/* Nobody reads the pipe: lines are lost, and the process goes on. */
static void does_not_wait_for_a_reader(void **state)
{
    char space[65536] = { 0 };
    int flags;

    begin_capture();
    flags = fcntl(STDERR_FILENO, F_GETFL);
    fcntl(STDERR_FILENO, F_SETFL, flags | O_NONBLOCK);
    while (write(STDERR_FILENO, space, sizeof(space)) > 0)
        ;
    fcntl(STDERR_FILENO, F_SETFL, flags);
    log_line(LOG_LEVEL_ERROR, "lost");
    log_line(LOG_LEVEL_ERROR, "lost");
    while (read(reader, space, sizeof(space)) > 0)
        ;
    log_line(LOG_LEVEL_ERROR, "found");
    assert_true(looks_like(end_capture(*state), "^[^\n]*found\n$"));
}

static void escapes_what_is_not_plain_text(void **state)
{
    static const struct {
        const char *text;
        const char *escaped;
    } cases[] = {
        { NULL, "" },
        { "", "" },
        { "plain text, 100 %", "plain text, 100 %" },
        { "a\nb", "a\\x0ab" },
        { "\x01\x1f\x7f", "\\x01\\x1f\\x7f" },
        { "back\\slash", "back\\\\slash" },
        { "\\x0a", "\\\\x0a" },
        { "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x94\x92",
          "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x94\x92" },
        { "\xc2\x9b"
          "31m",
          "\\xc2\\x9b31m" },        /* C1 */
        { "\xc2\xa0", "\xc2\xa0" }, /* the first after C1 */
        { "latin1 \xe4.", "latin1 \\xe4." },
        { "\x80\xbf", "\\x80\\xbf" }, /* continuations alone */
        { "\xc0\xaf", "\\xc0\\xaf" }, /* '/' made longer */
        { "\xe0\x80\xaf", "\\xe0\\x80\\xaf" },
        { "\xf0\x80\x80\xaf", "\\xf0\\x80\\x80\\xaf" },
        { "\xed\xa0\x80", "\\xed\\xa0\\x80" },          /* a surrogate */
        { "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" }, /* over U+10FFFF */
        { "\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80" },
        { "cut \xe2\x82", "cut \\xe2\\x82" },
        { "cut \xf0\x9f\x94", "cut \\xf0\\x9f\\x94" },
        { "cut \xc3", "cut \\xc3" },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i)
        assert_string_equal(log_escape(*state, cases[i].text), cases[i].escaped);
}

static char *fill(apr_pool_t *p, char c, apr_size_t len, const char *tail)
{
    char *text = apr_pcalloc(p, len + strlen(tail) + 1);

    memset(text, c, len);
    memcpy(text + len, tail, strlen(tail));
    return text;
}

static void cuts_long_remote_text(void **state)
{
    const char *full = fill(*state, 'x', 1000, "");

    assert_string_equal(log_escape(*state, full), full);
    assert_string_equal(log_escape(*state, fill(*state, 'x', 1000, "yz")),
                        apr_pstrcat(*state, full, "...", NULL));
    assert_int_equal(strlen(log_escape(*state, fill(*state, '\n', 5000, ""))), 4003);
    assert_string_equal(log_escape(*state, fill(*state, 'x', 998, "\xe2\x82\xac")),
                        apr_pstrcat(*state, fill(*state, 'x', 998, ""), "...", NULL));
    assert_string_equal(log_escape(*state, fill(*state, 'x', 999, "\xff\xff")),
                        apr_pstrcat(*state, fill(*state, 'x', 999, ""), "\\xff...", NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_httpds_format),
        cmocka_unit_test(names_the_levels),
        cmocka_unit_test(leaves_out_less_important_lines),
        cmocka_unit_test(keeps_one_event_on_one_line),
        cmocka_unit_test(cuts_long_lines_between_characters),
        cmocka_unit_test(reads_what_it_wrote),
        cmocka_unit_test(does_not_wait_for_a_reader),
        cmocka_unit_test(escapes_what_is_not_plain_text),
        cmocka_unit_test(cuts_long_remote_text),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
