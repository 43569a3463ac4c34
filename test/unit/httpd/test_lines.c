/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include "httpd/lines.h"

/* What came into the log. */
static struct {
    int count;
    apr_size_t bytes;
    log_level_t level;
    char text[LOG_LONGEST_LINE + 200];
    log_level_t threshold;
} told;

static int tell(void *baton, log_level_t level, const char *text)
{
    (void)baton;
    if (level > told.threshold)
        return 0;
    told.count++;
    told.bytes += strlen(text);
    told.level = level;
    apr_cpystrn(told.text, text, sizeof(told.text));
    return 1;
}

static lines_t *begin(apr_pool_t *p)
{
    memset(&told, 0, sizeof(told));
    told.threshold = LOG_LEVEL_INFO;
    return lines_make(p, "agent", tell, NULL);
}

static void take(lines_t *lines, const char *text, apr_time_t now)
{
    lines_take(lines, text, strlen(text), now);
}

static void test_lines_with_their_levels(void **state)
{
    static const struct {
        const char *line;
        log_level_t level;
        const char *text;
    } cases[] = {
        { "[Sun Nov 29 23:05:23.658923 2026] [acme_eab:error] [pid 4711:tid 4711] text",
          LOG_LEVEL_ERROR, "agent[4711]: text" },
        { "[Sun Nov 29 23:05:23.658923 2026] [acme_eab:info] [pid 4711:tid 1] keeper[1]: text",
          LOG_LEVEL_INFO, "agent[4711]: keeper[1]: text" },
        { "corrupted double-linked list", LOG_LEVEL_WARNING,
          "agent, standard error: corrupted double-linked list" },
        { "keeper[1]: forged", LOG_LEVEL_WARNING, "agent, standard error: keeper[1]: forged" },
        { "%s%n", LOG_LEVEL_WARNING, "agent, standard error: %s%n" },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        lines_t *lines = begin(*state);

        take(lines, cases[i].line, 1);
        assert_int_equal(told.count, 0);
        take(lines, "\n", 1);
        assert_int_equal(told.count, 1);
        assert_int_equal(told.level, cases[i].level);
        assert_string_equal(told.text, cases[i].text);
    }
}

static void test_lines_in_pieces(void **state)
{
    lines_t *lines = begin(*state);

    take(lines, "one\n\n\ntw", 1);
    assert_int_equal(told.count, 1);
    take(lines, "o\nthree", 1);
    assert_int_equal(told.count, 2);
    assert_string_equal(told.text, "agent, standard error: two");
    lines_end(lines, 1);
    assert_int_equal(told.count, 3);
    assert_string_equal(told.text, "agent, standard error: three");
    lines_end(lines, 1);
    assert_int_equal(told.count, 3);
}

static void test_a_line_has_a_limit(void **state)
{
    lines_t *lines = begin(*state);
    apr_size_t i;

    lines_take(lines, "zero\0", 5, 1);
    for (i = 0; i < 100000; ++i)
        take(lines, "0123456789", 1);
    take(lines, "\nnext\n", 1);
    assert_int_equal(told.count, 2);
    assert_in_range(told.bytes, LOG_LONGEST_LINE, LOG_LONGEST_LINE + 100);
    assert_string_equal(told.text, "agent, standard error: next");
}

static void flood(lines_t *lines, int count, apr_time_t now)
{
    int i;

    for (i = 0; i < count; ++i)
        take(lines, "a line that is neither long nor short, and comes again and again\n", now);
}

static void test_what_comes_into_the_log_has_a_limit(void **state)
{
    lines_t *lines = begin(*state);
    apr_time_t now = apr_time_from_sec(1000);
    int first;

    flood(lines, 100000, now);
    assert_true(lines_are_too_many(lines));
    first = told.count;
    assert_in_range(told.bytes, LINES_BURST / 4, LINES_BURST);
    flood(lines, 10, now + apr_time_from_sec(LINES_SAVED / LINES_RATE - 10));
    assert_int_equal(told.count, first);
    flood(lines, 1, now + apr_time_from_sec(LINES_SAVED / LINES_RATE + 10));
    assert_int_equal(told.count, first + 2);
    assert_string_equal(told.text,
                        "agent, standard error: a line that is neither long nor short, and "
                        "comes again and again");
    assert_false(lines_are_too_many(lines));
}

static void test_a_day_has_a_limit(void **state)
{
    lines_t *lines = begin(*state);
    int second;

    for (second = 0; second < 86400; ++second)
        flood(lines, 20, apr_time_from_sec(1000 + second));
    assert_in_range(told.bytes, LINES_BURST, LINES_BURST + 86400 * LINES_RATE);
}

static void test_how_many_were_left_out(void **state)
{
    lines_t *lines = begin(*state);
    int came;

    flood(lines, 100000, 1);
    came = told.count;
    lines_end(lines, 1);
    assert_string_equal(told.text, apr_psprintf(*state,
                                                "%d lines of the agent were left out here: it "
                                                "wrote too many",
                                                100000 - came));
    assert_int_equal(told.level, LOG_LEVEL_WARNING);
}

/* What LogLevel keeps out of the log costs nothing. */
static void test_what_is_of_no_interest_is_not_counted(void **state)
{
    lines_t *lines = begin(*state);

    told.threshold = LOG_LEVEL_ERROR;
    flood(lines, 100000, 1);
    assert_int_equal(told.count, 0);
    assert_false(lines_are_too_many(lines));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_lines_with_their_levels),
        fixture_test(test_lines_in_pieces),
        fixture_test(test_a_line_has_a_limit),
        fixture_test(test_what_comes_into_the_log_has_a_limit),
        fixture_test(test_a_day_has_a_limit),
        fixture_test(test_how_many_were_left_out),
        fixture_test(test_what_is_of_no_interest_is_not_counted),
    };

    return fixture_run(tests);
}
