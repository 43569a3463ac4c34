/* SPDX-License-Identifier: Apache-2.0 */
#include "parsed.h"

#include "report/summary.h"

#define NOW "2026-11-21T00:00:00Z"
#define OK "{'state':'valid','keys':[{'not_after':'2027-02-01T00:00:00Z'}]}"
#define RISK \
    "{'state':'failing','keys':[{'not_after':'2027-02-01T00:00:00Z'},{'not_after':" \
    "'2027-01-01T00:00:00Z'}]}"
#define DOWN "{'state':'missing','keys':[]}"
#define UNKNOWN "{'state':'unknown','keys':[]}"

static void one_line_tells_how_it_is(void **state)
{
    static const struct {
        const char *certificates;
        const char *sentence;
    } rows[] = {
        { "", "No certificate is managed" },
        { OK, "1 certificate, ok" },
        { OK "," OK, "2 certificates, all ok" },
        { DOWN "," OK "," RISK "," DOWN, "2 of 4 down, 1 at risk" },
        { RISK "," OK, "1 of 2 at risk" },
        { DOWN, "1 of 1 down" },
        { UNKNOWN "," UNKNOWN, "2 of 2 not reported yet" },
        { UNKNOWN "," DOWN, "1 of 2 down, 1 not reported yet" },
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        summary_t summary;

        summary_take(
            &summary,
            parsed(*state, apr_psprintf(*state, "{'certificates':[%s]}", rows[i].certificates)),
            at_time(NOW));
        assert_string_equal(rows[i].sentence, summary_sentence(*state, &summary));
    }
}

static void the_report_is_completed(void **state)
{
    json_t *status =
        parsed(*state, "{'version':2,'heartbeat':'2026-11-20T23:59:00Z','certificates':[" RISK
                       "," OK "," DOWN "," UNKNOWN "],"
                       "'summary':{'down':99},'stale':true}");
    const json_t *certificates = json_object_get(status, "certificates");
    const json_t *counts;

    json_put_string(json_array_get(certificates, 1), "grade_why", "what was so before");
    summary_put(status, at_time(NOW));
    counts = json_object_get(status, "summary");
    assert_int_equal(4, json_peek_int(counts, "certificates", -1));
    assert_int_equal(1, json_peek_int(counts, "down", -1));
    assert_int_equal(1, json_peek_int(counts, "at_risk", -1));
    assert_int_equal(1, json_peek_int(counts, "unknown", -1));
    assert_int_equal(1, json_peek_int(counts, "ok", -1));
    assert_string_equal("2027-01-01T00:00:00Z", json_peek_string(counts, "next_expiry"));
    assert_int_equal(0, json_peek_bool(status, "stale", -1));
    assert_string_equal("at-risk", json_peek_string(json_array_get(certificates, 0), "grade"));
    assert_string_equal("the last attempt failed",
                        json_peek_string(json_array_get(certificates, 0), "grade_why"));
    assert_string_equal("ok", json_peek_string(json_array_get(certificates, 1), "grade"));
    assert_null(json_object_get(json_array_get(certificates, 1), "grade_why"));
    assert_string_equal("down", json_peek_string(json_array_get(certificates, 2), "grade"));
    assert_string_equal("unknown", json_peek_string(json_array_get(certificates, 3), "grade"));
    summary_put(status, at_time("2026-11-21T00:02:01Z"));
    assert_int_equal(1, json_peek_bool(status, "stale", -1));
    json_array_clear(json_object_get(status, "certificates"));
    summary_put(status, at_time("2026-11-21T00:02:01Z"));
    assert_int_equal(0, json_peek_bool(status, "stale", -1)); /* there is no agent */
}

static void files_are_named(void **state)
{
    json_t *status = parsed(*state, "{'certificates':[{'keys':[{'live':'_wildcard.a.edu+p256'},7]},"
                                    "{'keys':[{}]},7]}");
    const json_t *certificates = json_object_get(status, "certificates");
    const json_t *key = json_array_get(json_object_get(json_array_get(certificates, 0), "keys"), 0);

    summary_put_files(status, "/store", *state);
    assert_string_equal("/store/live/_wildcard.a.edu+p256/privkey.pem",
                        json_peek_string(key, "key_file"));
    assert_string_equal("/store/live/_wildcard.a.edu+p256/fullchain.pem",
                        json_peek_string(key, "chain_file"));
    key = json_array_get(json_object_get(json_array_get(certificates, 1), "keys"), 0);
    assert_null(json_object_get(key, "key_file"));
}

static void silence_of_three_minutes_is_seen(void **state)
{
    static const struct {
        const char *status;
        int stale;
    } rows[] = {
        { "{'version':2,'heartbeat':'2026-11-21T00:00:00Z'}", 0 },
        { "{'version':2,'heartbeat':'2026-11-20T23:57:00Z'}", 0 },
        { "{'version':2,'heartbeat':'2026-11-20T23:56:59Z'}", 1 },
        { "{'version':2,'heartbeat':'2026-11-20T23:56:59Z','generated':'2026-11-21T00:00:00Z'}",
          1 },
        { "{'version':2,'heartbeat':'2026-11-21T00:03:00Z'}", 0 },
        { "{'version':2,'heartbeat':'2026-11-21T00:03:01Z'}",
          1 }, /* the clock was set back since */
        { "{'version':1,'generated':'2026-11-20T23:57:00Z'}", 0 }, /* of an older version */
        { "{'version':1,'generated':'2026-11-20T23:56:59Z'}", 1 },
        { "{'version':2,'heartbeat':'yesterday'}", 1 },
        { "{'version':2,'generated':'2026-11-21T00:00:00Z'}", 1 }, /* httpd's own */
        { "{}", 1 },
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        if (rows[i].stale != summary_is_stale(parsed(*state, rows[i].status), at_time(NOW)))
            fail_msg("%s", rows[i].status);
    }
    assert_true(summary_is_stale(NULL, at_time(NOW)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(one_line_tells_how_it_is),
        fixture_test(the_report_is_completed),
        fixture_test(files_are_named),
        fixture_test(silence_of_three_minutes_is_seen),
    };

    return fixture_run(tests);
}
