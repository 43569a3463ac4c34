/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include "httpd/wish.h"

static wish_t wish_of(apr_pool_t *p, const char *args, const char *accept)
{
    const char *why = NULL;
    wish_t wish;

    assert_int_equal(APR_SUCCESS, wish_read(&wish, args, accept, 0, &why, p));
    assert_null(why);
    return wish;
}

static void the_form_is_found(void **state)
{
    static const struct {
        const char *args;
        const char *accept;
        wish_format_t format;
    } rows[] = {
        { NULL, NULL, WISH_HTML },
        { "", "*/*", WISH_HTML },
        { "format=json", NULL, WISH_JSON },
        { "format=JSON", NULL, WISH_JSON },
        { "Format=Json", NULL, WISH_JSON },
        { "format=json&x=1", NULL, WISH_JSON },
        { "x=1&format=json", "text/html", WISH_JSON },
        { "x=1;format=j%73on", NULL, WISH_JSON },
        { "format=html", "application/json", WISH_HTML },
        { "format=", NULL, WISH_HTML },
        { "format", NULL, WISH_HTML },
        { "&&=&format=prometheus", NULL, WISH_PROMETHEUS },
        { "format=openmetrics", NULL, WISH_OPENMETRICS },
        { "format=prometheus", "text/html, */*", WISH_PROMETHEUS },
        { "format=prometheus", "application/openmetrics-text", WISH_OPENMETRICS },
        { NULL, "application/json", WISH_JSON },
        { NULL, "Application/JSON;q=0.9, text/html;q=0.8", WISH_JSON },
        { NULL, "text/html, application/json", WISH_HTML },
        { NULL, "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", WISH_HTML },
        { NULL, "application/*", WISH_JSON },
        { NULL, "application/json;q=0", WISH_HTML },
        { NULL, "application/json ; q=0.5 , text/*;q=0.4", WISH_JSON },
        { NULL, ",;,q=, application/jsonp, application", WISH_HTML },
        { "check", NULL, WISH_LINE },
        { "check", "*/*", WISH_LINE },
        { "check=1", "text/html", WISH_HTML },
        { "check", "application/json", WISH_JSON },
        { "format=json&check", NULL, WISH_JSON },
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        if (rows[i].format != wish_of(*state, rows[i].args, rows[i].accept).format)
            fail_msg("%s, %s", rows[i].args, rows[i].accept);
    }
}

/* As Prometheus 2.42 and 3 ask, and others. */
static void metrics_are_negotiated(void **state)
{
    static const struct {
        const char *accept;
        wish_format_t format;
    } rows[] = {
        { NULL, WISH_PROMETHEUS },
        { "*/*", WISH_PROMETHEUS },
        { "application/json", WISH_PROMETHEUS },
        { "application/*", WISH_PROMETHEUS },
        { "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
          "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
          WISH_OPENMETRICS },
        { "application/openmetrics-text; version=1.0.0; charset=utf-8", WISH_OPENMETRICS },
        { "application/openmetrics-text;version=0.0.1", WISH_PROMETHEUS },
        { "application/openmetrics-text;q=0.5,text/plain;q=0.6", WISH_PROMETHEUS },
        { "application/openmetrics-text;q=0", WISH_PROMETHEUS },
        { "text/plain;version=0.0.4", WISH_PROMETHEUS },
    };
    const char *why = NULL;
    wish_t wish;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        assert_int_equal(APR_SUCCESS, wish_read(&wish, NULL, rows[i].accept, 1, &why, *state));
        if (rows[i].format != wish.format)
            fail_msg("%s", rows[i].accept);
    }
}

static void what_is_no_form_is_refused(void **state)
{
    const char *why = NULL;
    wish_t wish;

    assert_int_equal(APR_EINVAL, wish_read(&wish, "a=b&format=xml", NULL, 0, &why, *state));
    assert_non_null(strstr(why, "format=html, json, prometheus or openmetrics"));
    assert_int_equal(APR_EINVAL, wish_read(&wish, "format=jso", NULL, 1, &why, *state));
}

static void the_choice_is_decoded(void **state)
{
    wish_t wish = wish_of(*state, "name=%2A.Example%2bedu+x&state=at+risk&page=3&check", NULL);

    assert_string_equal("*.Example+edu x", wish.name);
    assert_string_equal("at risk", wish.state);
    assert_int_equal(3, wish.page);
    assert_true(wish.check);
    assert_string_equal("?state=at%20risk&name=*.Example%2Bedu%20x&page=2",
                        wish_query(*state, &wish, 2));
    wish = wish_of(*state, "name=&state=&page=%zz%00%", NULL);
    assert_null(wish.name);
    assert_null(wish.state);
    assert_int_equal(1, wish.page);
    assert_string_equal("?", wish_query(*state, &wish, 1));
    assert_int_equal(2147483647, wish_of(*state, "page=99999999999999", NULL).page);
    assert_int_equal(1, wish_of(*state, "page=-7", NULL).page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(the_form_is_found),
        fixture_test(metrics_are_negotiated),
        fixture_test(what_is_no_form_is_refused),
        fixture_test(the_choice_is_decoded),
    };

    return fixture_run(tests);
}
