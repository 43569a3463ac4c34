/* SPDX-License-Identifier: Apache-2.0 */
#include "parsed.h"

#include "report/grade.h"

#define NOW "2026-11-21T00:00:00Z"

/* A life of 100 days, of which 40 are left, and of which 14 are. */
#define GOOD "'keys':[{'not_before':'2026-09-22T00:00:00Z','not_after':'2026-12-31T00:00:00Z'}]"
#define NEAR "'keys':[{'not_before':'2026-08-27T00:00:00Z','not_after':'2026-12-05T00:00:00Z'}]"
#define EDGE "'keys':[{'not_before':'2026-08-28T00:00:00Z','not_after':'2026-12-06T00:00:00Z'}]"
#define OVER "'keys':[{'not_before':'2026-08-13T00:00:00Z','not_after':'2026-11-21T00:00:00Z'}]"
#define RENEW "'next':{'what':'renew','at':'2026-11-30T00:00:00Z','why':'a third is left'}"
#define LATE "'next':{'what':'renew','at':'2026-11-20T00:00:00Z','why':'a third is left'}"

static const struct {
    const char *certificate;
    const char *reload;
    grade_t grade;
    const char *why;
} rows[] = {
    { "{'state':'valid'," GOOD "}", "idle", GRADE_OK, NULL },
    { "{'state':'renewing'," GOOD "}", "idle", GRADE_OK, NULL },
    { "{'state':'waiting-for-reload'," GOOD "}", "pending", GRADE_OK, NULL },
    { "{'state':'waiting-for-reload'," GOOD "}", "off", GRADE_OK, NULL },
    { "{'state':'valid','missing_names':[],'problem':null," GOOD "}", NULL, GRADE_OK, NULL },

    /* visitors have nothing */
    { "{'state':'missing','keys':[]}", "idle", GRADE_DOWN, "there is no certificate" },
    { "{'state':'missing'}", "idle", GRADE_DOWN, "there is no certificate" },
    { "{'state':'ordering','keys':[],'served':true}", "idle", GRADE_DOWN,
      "there is no certificate" },
    { "{'state':'failing','keys':[],'served':true,'fallback':true,'problem':{}}", "idle",
      GRADE_DOWN, "there is no certificate" },
    { "{'state':'failing','keys':[],'served':false,'fallback':false}", "idle", GRADE_DOWN,
      "there is no certificate" },
    { "{'state':'valid'," OVER "}", "idle", GRADE_DOWN, "its certificate has expired" },
    { "{'state':'renewing','keys':[{'not_after':'2027-01-01T00:00:00Z'},{'not_after':'" NOW "'}]}",
      "idle", GRADE_DOWN, "its certificate has expired" },
    { "{'state':'valid','keys':[{'not_after':'2027-01-01T00:00:00Z',"
      "'revoked':{'at':'2026-11-20T00:00:00Z','reason':1}}]}",
      "idle", GRADE_DOWN, "its certificate is revoked" },
    { "{'state':'valid','keys':[{'not_after':'2027-01-01T00:00:00Z','revoked':null}]}", "idle",
      GRADE_OK, NULL },
    { "{'state':'waiting-for-reload','fallback':true,'loaded':false," GOOD "}", "refused",
      GRADE_DOWN, "httpd does not use its certificate yet" },
    { "{'state':'valid','fallback':true,'loaded':true," GOOD "}", "idle", GRADE_OK, NULL },

    /* they have one, for now */
    { "{'state':'failing','keys':[],'served':true,'fallback':false}", "idle", GRADE_AT_RISK,
      "there is no certificate of its own; httpd serves another one" },
    { "{'state':'failing'," GOOD "}", "idle", GRADE_AT_RISK, "the last attempt failed" },
    { "{'state':'renewing','problem':{'detail':'no'}," GOOD "}", "idle", GRADE_AT_RISK,
      "the last attempt failed" },
    { "{'state':'valid','missing_names':['a.edu']," GOOD "}", "idle", GRADE_AT_RISK,
      "its certificate lacks names" },
    { "{'state':'valid','missing_names':['a.edu'],'problem':{'detail':'no'}," GOOD "}", "idle",
      GRADE_AT_RISK, "its certificate lacks names" },
    { "{'state':'waiting-for-reload'," GOOD "}", "refused", GRADE_AT_RISK,
      "httpd cannot be made to use the new certificate" },
    { "{'state':'waiting-for-reload'," GOOD "}", "failed", GRADE_AT_RISK,
      "httpd cannot be made to use the new certificate" },
    { "{'state':'renewing'," NEAR "}", "idle", GRADE_AT_RISK, "its certificate ends soon" },
    { "{'state':'valid'," NEAR "," LATE "}", "idle", GRADE_AT_RISK, "its certificate ends soon" },
    { "{'state':'valid'," NEAR "," RENEW "}", "idle", GRADE_OK, NULL }, /* as configured */
    { "{'state':'renewing'," EDGE "}", "idle", GRADE_OK, NULL },
    { "{'state':'valid','notice':'Have it validated.','validations':[{'name':'a.edu','until':"
      "'2026-12-04T00:00:00Z'}]," GOOD "," RENEW "}",
      "idle", GRADE_AT_RISK, "a validation at the CA ends before the renewal" },
    { "{'state':'valid','notice':'Have it validated.','validations':[{'name':'a.edu','until':"
      "'2026-12-05T00:00:00Z'}]," GOOD "," RENEW "}",
      "idle", GRADE_OK, NULL }, /* time enough */
    { "{'state':'valid','validations':[{'name':'a.edu','until':'2026-11-22T00:00:00Z'}]," GOOD
      "," RENEW "}",
      "idle", GRADE_OK, NULL }, /* it can be had again */

    /* nobody knows */
    { "{'state':'unknown','keys':[]}", NULL, GRADE_UNKNOWN, "nothing was reported yet" },
    { "{'state':'unknown','keys':[],'fallback':true}", NULL, GRADE_DOWN,
      "there is no certificate" },
    { "{}", NULL, GRADE_UNKNOWN, "nothing was reported yet" },
    { "{'state':7,'keys':{},'problem':[],'missing_names':'x'}", NULL, GRADE_UNKNOWN,
      "nothing was reported yet" },
    { "{'state':'valid','keys':[7,{'not_after':'never'}],'fallback':'x','loaded':2}", NULL,
      GRADE_OK, NULL },
};

static void each_has_its_grade(void **state)
{
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        const char *why = "unset";
        json_t *reload = json_object();
        grade_t grade;

        json_own(*state, reload);
        json_put_string(reload, "state", rows[i].reload);
        grade = grade_of(parsed(*state, rows[i].certificate),
                         rows[i].reload != NULL ? reload : NULL, at_time(NOW), &why);
        if (grade != rows[i].grade)
            fail_msg("%s is %s", rows[i].certificate, grade_word(grade));
        if (rows[i].why == NULL)
            assert_null(why);
        else
            assert_string_equal(rows[i].why, why);
        assert_int_equal(grade,
                         grade_of(parsed(*state, rows[i].certificate), reload, at_time(NOW), NULL));
    }
}

static void time_alone_makes_it_worse(void **state)
{
    static const char text[] = "{'state':'valid'," GOOD "," RENEW "}";
    const json_t *certificate = parsed(*state, text);

    assert_int_equal(GRADE_OK, grade_of(certificate, NULL, at_time("2026-12-15T00:00:00Z"), NULL));
    assert_int_equal(GRADE_AT_RISK,
                     grade_of(certificate, NULL, at_time("2026-12-16T00:00:01Z"), NULL));
    assert_int_equal(GRADE_AT_RISK,
                     grade_of(certificate, NULL, at_time("2026-12-30T23:59:59Z"), NULL));
    assert_int_equal(GRADE_DOWN,
                     grade_of(certificate, NULL, at_time("2026-12-31T00:00:00Z"), NULL));
}

static void the_worst_come_first(void **state)
{
    const json_t *status = parsed(
        *state,
        "{'reload':{'state':'refused'},'certificates':["
        "{'name':'fine, ends later','state':'valid','keys':[{'not_after':'2027-02-01T00:00:00Z'}]},"
        "{'name':'fine','state':'valid','keys':[{'not_after':'2027-03-01T00:00:00Z'},"
        "{'not_after':'2027-01-01T00:00:00Z'}]},"
        "{'name':'waits','state':'waiting-for-reload','keys':[{'not_after':'2027-01-01T00:00:00Z'}]"
        "},"
        "{'name':'nothing','state':'missing','keys':[]},"
        "{'name':'unheard','state':'unknown','keys':[]},"
        "{'name':'nothing either','state':'missing','keys':[]},7,"
        "{'name':'over','state':'renewing','keys':[{'not_after':'2026-01-01T00:00:00Z'}]}]}");
    static const char *const expected[] = {
        "nothing", "nothing either", "over", "waits", "unheard", NULL, "fine", "fine, ends later",
    };
    apr_array_header_t *sorted = grade_sort(status, at_time(NOW), *state);
    size_t i;

    assert_int_equal(sizeof(expected) / sizeof(expected[0]), sorted->nelts);
    for (i = 0; i < sizeof(expected) / sizeof(expected[0]); ++i) {
        const char *name = json_peek_string(APR_ARRAY_IDX(sorted, i, const json_t *), "name");

        if (expected[i] == NULL)
            assert_null(name);
        else
            assert_string_equal(expected[i], name);
    }
    assert_int_equal(0, grade_sort(parsed(*state, "{}"), 0, *state)->nelts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(each_has_its_grade),
        fixture_test(time_alone_makes_it_worse),
        fixture_test(the_worst_come_first),
    };

    return fixture_run(tests);
}
