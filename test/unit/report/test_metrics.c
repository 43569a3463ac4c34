/* SPDX-License-Identifier: Apache-2.0 */
#include "parsed.h"

#include "report/metrics.h"

#define NOW "2026-11-21T00:00:00Z"

static const char full[] =
    "{'version':2,'module':'0.2.0','openssl':'3.0.22','heartbeat':'2026-11-20T23:59:30Z',"
    "'certificates':[{'name':'a.edu','account':'def\\\"a\\\\u\\nlt','state':'failing',"
    "'missing_names':['b.edu','c.edu'],"
    "'keys':[{'type':'rsa2048','issuer':'Some \\\"CA\\\"','serial':'0a0b','loaded':true,"
    "'not_before':'1970-01-01T00:00:10Z','not_after':'2027-01-01T00:00:00Z'},"
    "{'type':'p256','issuer':'Some CA','serial':'0c','loaded':false,"
    "'not_before':'1970-01-01T00:00:20Z','not_after':'2027-01-02T00:00:00Z'},{'type':'p384','"
    "loaded':null}],"
    "'next':{'what':'retry','at':'1970-01-01T00:01:00Z'},"
    "'validations':[{'name':'a.edu','until':'1970-01-01T00:03:00Z'},"
    "{'name':'b.edu','until':'1970-01-01T00:02:00Z'},"
    "{'name':'c.edu','until':'1970-01-01T00:04:00Z'}],"
    "'problem':{'type':'urn:ietf:params:acme:error:caa','attempts':6}},"
    "{'name':'d.edu','account':'other','state':'missing','missing_names':[],'keys':[],"
    "'next':{'what':'order'},'problem':{'type':'urn:x:made-up-by-the-CA'}}],"
    "'accounts':[{'label':'other','directory':'https://ca.example/d','kid_sha256':'00ff',"
    "'state':'valid','clock_behind':-3}],"
    "'processes':{'httpd':{'pid':1,'version':'2.4.71'},"
    "'keeper':{'pid':2,'since':'1970-01-01T00:00:30Z'},"
    "'agent':{'pid':3,'since':'1970-01-01T00:00:40Z'}},'reload':{'state':'pending'},"
    "'counters':{'orders':[{'account':'other','result':'issued','count':5},"
    "{'account':'other','result':'failed','count':2}],"
    "'order_duration':[{'account':'other','buckets':[{'le':5,'count':1},{'le':15,'count':3}],"
    "'sum':61.5,'count':4}],"
    "'requests':[{'account':'other','resource':'newOrder','code':'2xx','count':7}],"
    "'reloads':{'done':3,'refused':1,'failed':0},"
    "'events':{'delivered':9,'given_up':1,'pending':2,'oldest':null},"
    "'restarts':{'keeper':0,'agent':4}}}";

static const char *metrics_of(apr_pool_t *p, const char *status, int alive, metrics_format_t format)
{
    return metrics_text(p, parsed(p, status), alive, at_time(NOW), format);
}

static void has_line(const char *text, const char *line)
{
    const char *at = strstr(text, line);

    while (at != NULL && ((at > text && at[-1] != '\n') || at[strlen(line)] != '\n'))
        at = strstr(at + 1, line);
    if (at == NULL)
        fail_msg("no line %s in\n%s", line, text);
}

static void has_not(const char *text, const char *part)
{
    if (strstr(text, part) != NULL)
        fail_msg("%s is in\n%s", part, text);
}

static void each_family_has_its_samples(void **state)
{
    static const char *const lines[] = {
        "# TYPE acme_build_info gauge",
        "acme_build_info{version=\"0.2.0\",httpd=\"2.4.71\",openssl=\"3.0.22\"} 1",
        "acme_agent_up 1",
        "acme_report_timestamp_seconds 1795219170",
        "acme_process_start_timestamp_seconds{process=\"keeper\"} 30",
        "acme_process_start_timestamp_seconds{process=\"agent\"} 40",
        "# TYPE acme_process_restarts_total counter",
        "acme_process_restarts_total{process=\"keeper\"} 0",
        "acme_process_restarts_total{process=\"agent\"} 4",
        "acme_certificate_info{name=\"a.edu\",key_type=\"rsa2048\",account=\"def\\\"a\\\\u\\nlt\","
        "issuer=\"Some \\\"CA\\\"\",serial=\"0a0b\"} 1",
        "acme_certificate_not_before_timestamp_seconds{name=\"a.edu\",key_type=\"rsa2048\"} 10",
        "acme_certificate_not_before_timestamp_seconds{name=\"a.edu\",key_type=\"p256\"} 20",
        "acme_certificate_not_after_timestamp_seconds{name=\"a.edu\",key_type=\"rsa2048\"} "
        "1798761600",
        "acme_certificate_loaded{name=\"a.edu\",key_type=\"rsa2048\"} 1",
        "acme_certificate_loaded{name=\"a.edu\",key_type=\"p256\"} 0",
        "acme_certificate_state{name=\"a.edu\",state=\"failing\"} 1",
        "acme_certificate_state{name=\"a.edu\",state=\"valid\"} 0",
        "acme_certificate_state{name=\"d.edu\",state=\"missing\"} 1",
        "acme_certificate_grade{name=\"a.edu\",grade=\"at-risk\"} 1",
        "acme_certificate_grade{name=\"a.edu\",grade=\"down\"} 0",
        "acme_certificate_grade{name=\"d.edu\",grade=\"down\"} 1",
        "acme_certificate_missing_names{name=\"a.edu\"} 2",
        "acme_certificate_missing_names{name=\"d.edu\"} 0",
        "acme_certificate_failed_attempts{name=\"a.edu\"} 6",
        "acme_certificate_failed_attempts{name=\"d.edu\"} 0",
        "acme_certificate_problem{name=\"a.edu\",type=\"caa\"} 1",
        "acme_certificate_problem{name=\"d.edu\",type=\"other\"} 1",
        "acme_certificate_next_timestamp_seconds{name=\"a.edu\",what=\"retry\"} 60",
        "acme_certificate_validation_expires_timestamp_seconds{name=\"a.edu\"} 120",
        "acme_account_info{account=\"other\",directory=\"https://ca.example/"
        "d\",kid_sha256=\"00ff\"} "
        "1",
        "acme_account_state{account=\"other\",state=\"valid\"} 1",
        "acme_account_state{account=\"other\",state=\"failing\"} 0",
        "acme_clock_behind_seconds{account=\"other\"} -3",
        "# TYPE acme_orders_total counter",
        "acme_orders_total{account=\"other\",result=\"issued\"} 5",
        "acme_orders_total{account=\"other\",result=\"failed\"} 2",
        "# TYPE acme_order_duration_seconds histogram",
        "acme_order_duration_seconds_bucket{account=\"other\",le=\"5\"} 1",
        "acme_order_duration_seconds_bucket{account=\"other\",le=\"15\"} 3",
        "acme_order_duration_seconds_bucket{account=\"other\",le=\"+Inf\"} 4",
        "acme_order_duration_seconds_sum{account=\"other\"} 61.500",
        "acme_order_duration_seconds_count{account=\"other\"} 4",
        "acme_requests_total{account=\"other\",resource=\"newOrder\",code=\"2xx\"} 7",
        "acme_reload_state{state=\"pending\"} 1",
        "acme_reload_state{state=\"idle\"} 0",
        "acme_reloads_total{result=\"done\"} 3",
        "acme_reloads_total{result=\"refused\"} 1",
        "acme_reloads_total{result=\"failed\"} 0",
        "acme_events_pending 2",
        "acme_events_total{result=\"delivered\"} 9",
        "acme_events_total{result=\"given_up\"} 1",
    };
    const char *text = metrics_of(*state, full, 1, METRICS_PROMETHEUS);
    size_t i;

    for (i = 0; i < sizeof(lines) / sizeof(lines[0]); ++i)
        has_line(text, lines[i]);
    has_not(text, "name=\"d.edu\",key_type"); /* there is no certificate */
    has_not(text, "acme_certificate_loaded{name=\"a.edu\",key_type=\"p384\""); /* nobody knows */
    has_not(text, "made-up");
    has_not(text, "# EOF");
    has_not(text, "what=\"order\"");
}

static void what_is_not_told_is_not_there(void **state)
{
    const char *text = metrics_of(*state, "{}", 0, METRICS_PROMETHEUS);

    has_line(text, "acme_agent_up 0");
    has_line(text, "acme_build_info{version=\"\",httpd=\"\",openssl=\"\"} 1");
    has_not(text, "acme_orders");
    has_not(text, "acme_report_timestamp");
    has_not(text, "acme_certificate");
    has_not(text, "acme_reload");
    text = metrics_of(*state,
                      "{'certificates':[7,{'name':8},{'name':'a','keys':[7,{'type':3}],'next':9,"
                      "'problem':'x','validations':[4]}],'accounts':[1,{}],'processes':7,"
                      "'counters':{'orders':[3,{'count':'x'}],'order_duration':[1,{'count':true}],"
                      "'requests':8,'events':[1],'reloads':{'done':'x'}}}",
                      0, METRICS_PROMETHEUS);
    has_line(text, "acme_certificate_failed_attempts{name=\"a\"} 0");
    has_not(text, "acme_orders");
    has_not(text, "acme_order_duration");
}

static void the_agent_is_up_while_it_reports(void **state)
{
    static const struct {
        const char *status;
        int alive, up;
    } rows[] = {
        { "{'version':2,'heartbeat':'2026-11-20T23:58:01Z'}", 1, 1 },
        { "{'version':2,'heartbeat':'2026-11-20T23:58:00Z'}", 1, 0 },
        { "{'version':2,'heartbeat':'2026-11-21T00:02:00Z'}", 1, 0 },
        { "{'version':2,'heartbeat':'2026-11-20T23:59:59Z'}", 0, 0 },
        { "{'version':2,'heartbeat':'2026-11-20T23:59:59Z','before_restart':true}", 1, 0 },
        { "{}", 1, 0 },
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i)
        has_line(metrics_of(*state, rows[i].status, rows[i].alive, METRICS_PROMETHEUS),
                 rows[i].up ? "acme_agent_up 1" : "acme_agent_up 0");
}

/* There is no agent then, and no alert for it. */
static void where_nothing_is_managed_no_agent_is_missed(void **state)
{
    has_not(metrics_of(*state, "{'certificates':[]}", 0, METRICS_PROMETHEUS), "acme_agent_up");
    has_line(metrics_of(*state, "{'certificates':[{'name':'a'}]}", 0, METRICS_PROMETHEUS),
             "acme_agent_up 0");
    has_line(metrics_of(*state,
                        "{'version':2,'heartbeat':'2026-11-20T23:59:59Z','certificates':[]}", 1,
                        METRICS_PROMETHEUS),
             "acme_agent_up 1"); /* one that is there all the same */
}

static void openmetrics_differ_where_they_must(void **state)
{
    const char *text = metrics_of(*state, full, 1, METRICS_OPENMETRICS);

    has_line(text, "# TYPE acme_orders counter");
    has_line(text, "acme_orders_total{account=\"other\",result=\"issued\"} 5");
    has_line(text, "# TYPE acme_order_duration_seconds histogram");
    assert_string_equal("\n# EOF\n", text + strlen(text) - 7);
    has_not(text, "# TYPE acme_orders_total");
    assert_string_equal("text/plain; version=0.0.4; charset=utf-8",
                        metrics_type(METRICS_PROMETHEUS));
    assert_string_equal("application/openmetrics-text; version=1.0.0; charset=utf-8",
                        metrics_type(METRICS_OPENMETRICS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(each_family_has_its_samples),
        fixture_test(what_is_not_told_is_not_there),
        fixture_test(the_agent_is_up_while_it_reports),
        fixture_test(where_nothing_is_managed_no_agent_is_missed),
        fixture_test(openmetrics_differ_where_they_must),
    };

    return fixture_run(tests);
}
