/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include "httpd/bar.h"

#define DAY apr_time_from_sec(86400)

/* A life of 90 days, so many of which are left. */
static const char *bar(apr_pool_t *p, int left, int renewal)
{
    html_t html = html_begin(p);
    apr_time_t until = 1000 * DAY;

    bar_put(&html, until - 90 * DAY, until, renewal != 0 ? until - renewal * DAY : 0,
            until - left * DAY);
    return html_end(&html);
}

static void its_colour_goes_by_what_is_left(void **state)
{
    static const struct {
        int left, renewal;
        const char *has;
    } rows[] = {
        { 90, 30, "<rect class=\"ok\" width=\"1000\"" },
        { 45, 30, "<rect class=\"ok\" width=\"500\"" },
        { 31, 30, "<rect class=\"ok\"" },
        { 29, 30, "<rect class=\"late\"" },
        { 13, 30, "<rect class=\"bad\"" },
        { 0, 30, "<rect class=\"bad\" width=\"0\"" },
        { -9, 30, "<rect class=\"bad\" width=\"0\"" },
        { 99, 30, "<rect class=\"ok\" width=\"1000\"" },
        { 9, 5, "<rect class=\"ok\" width=\"100\"" }, /* it is to be renewed so late */
        { 28, 0, "<rect class=\"ok\"" },
        { 26, 0, "<rect class=\"late\"" },
        { 12, 0, "<rect class=\"bad\"" },
        { 45, 30, "aria-label=\"50% of its life left\"" },
        { 45, 30, "<rect class=\"notch\" x=\"329\" width=\"8\"" },
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        const char *html = bar(*state, rows[i].left, rows[i].renewal);

        if (strstr(html, rows[i].has) == NULL)
            fail_msg("no %s in %s", rows[i].has, html);
    }
    assert_null(strstr(bar(*state, 45, 0), "notch"));
    assert_null(strstr(bar(*state, 45, 100), "notch"));
}

static void without_dates_there_is_none(void **state)
{
    html_t html = html_begin(*state);

    bar_put(&html, 0, DAY, 0, 0);
    bar_put(&html, DAY, DAY, 0, 0);
    bar_put(&html, 2 * DAY, DAY, 0, 0);
    assert_string_equal("", html_end(&html));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(its_colour_goes_by_what_is_left),
        fixture_test(without_dates_there_is_none),
    };

    return fixture_run(tests);
}
