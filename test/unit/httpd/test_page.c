/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "httpd/html.h"
#include "httpd/page.h"
#include "report/summary.h"

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

static const char full[] =
    "{'version':1,'generated':'2026-11-21T21:05:00Z','certificates':[{"
    "'name':'www.example.edu','names':['www.example.edu','example.edu'],'account':'default',"
    "'state':'failing','keys':[{'type':'rsa2048','issuer':'Some CA','serial':'0a0b',"
    "'not_before':'2026-10-01T00:00:00Z','not_after':'2026-12-30T00:00:00Z',"
    "'fingerprint_sha256':'abcdef'}],"
    "'next':{'what':'retry','at':'2026-11-21T22:05:00Z','why':'after a failure'},"
    "'problem':{'type':'urn:ietf:params:acme:error:unauthorized','status':403,"
    "'detail':'<b>no</b> & \\u202e no','instance':'https://ca.example/help',"
    "'subproblems':[{'type':'urn:ietf:params:acme:error:caa','detail':'CAA <i>says</i> no',"
    "'identifier':{'type':'dns','value':'example.edu'}}],"
    "'advice':'Ask the campus certificate office.','since':'2026-11-20T21:05:00Z','attempts':3},"
    "'order':{'url':'https://ca.example/order/1','status':'processing',"
    "'since':'2026-11-21T21:00:00Z'}}],"
    "'accounts':[{'label':'default','directory':'https://ca.example/dir',"
    "'url':'https://ca.example/acct/"
    "7','kid_sha256':'0123456789abcdef','state':'valid','clock_behind':-7300,"
    "'profiles':{'classic':'ninety <i>days</i>','plain':''},"
    "'ca':{'seen':'2026-11-20T21:05:00Z','terms':'https://ca.example/<terms>','website':null,"
    "'caa_identities':['ca.example','<i>']}}],"
    "'processes':{'keeper':{'pid':11,'since':'2026-11-21T20:00:00Z','restarts':0},"
    "'agent':{'pid':12,'since':'2026-11-21T20:00:00Z','restarts':1}},"
    "'reload':{'state':'refused','why':'AH00526: <syntax> error on line 3','last':null}}";

/* Test texts are written with ' for \". */
static json_t *json_of(apr_pool_t *p, const char *text)
{
    char *copy = apr_pstrdup(p, text), *at = NULL;
    json_t *json = NULL;

    for (at = copy; *at != '\0'; ++at) {
        if (*at == '\'')
            *at = '"';
    }
    json = json_parse(p, copy, strlen(copy), NULL);
    assert_non_null(json);
    return json;
}

/* As of a minute after what the tests say of now. */
static const char *render_wish(apr_pool_t *p, const char *text, int alive, const char *args)
{
    json_t *status = text != NULL ? json_of(p, text) : NULL;
    page_t page = { 0 };
    const char *why = NULL;

    assert_int_equal(clock_parse(&page.now, "2026-11-21T21:06:00Z"), APR_SUCCESS);
    assert_int_equal(wish_read(&page.wish, args, NULL, 0, &why, p), APR_SUCCESS);
    if (status != NULL)
        summary_put(status, page.now);
    page.host = "www.example.edu";
    page.location = "/acme-status";
    page.status = status;
    page.missing = text != NULL ? NULL : "The agent has not reported yet.";
    page.agent_alive = alive;
    return page_render(p, &page);
}

static const char *render(apr_pool_t *p, const char *text, int alive)
{
    return render_wish(p, text, alive, NULL);
}

static void assert_has(const char *html, const char *text)
{
    if (strstr(html, text) == NULL)
        fail_msg("not on the page: %s", text);
}

static void assert_has_not(const char *html, const char *text)
{
    if (strstr(html, text) != NULL)
        fail_msg("on the page: %s", text);
}

static int count_of(const char *text, const char *part)
{
    int count = 0;

    while ((text = strstr(text, part)) != NULL) {
        ++count;
        ++text;
    }
    return count;
}

static void test_escape(void **state)
{
    assert_string_equal(html_escape(*state, "a<b>&\"'c"), "a&lt;b&gt;&amp;&quot;&#39;c");
    assert_string_equal(html_escape(*state, "\x1b[31m\x7f"), "\xef\xbf\xbd[31m\xef\xbf\xbd");
    assert_string_equal(html_escape(*state, "a\n\tb"), "a\n\tb");
    assert_string_equal(html_escape(*state, "\xc3\xa4"), "\xc3\xa4");
    assert_string_equal(html_escape(*state, NULL), "");
    assert_string_equal(html_escape(*state, "\"\"\"\"\"\"\"\""),
                        "&quot;&quot;&quot;&quot;&quot;&quot;&quot;&quot;");
}

static void test_says_what_it_is(void **state)
{
    const char *html = render(*state, full, 1);

    assert_has(html, "<h2>www.example.edu</h2>");
    assert_has(html, "<bdi>example.edu</bdi>");
    assert_has(html, "Some CA");
    assert_has(html, "0a0b");
    assert_has(html, "rsa2048");
    assert_has(html, "abcdef");
    assert_has(html, "2026-12-30 00:00 UTC (in 38 days)");
    assert_has(html, "https://ca.example/order/1");
    assert_has(html, "https://ca.example/acct/7");
    assert_has(html, "0123456789abcdef");
    assert_has(html, "classic (ninety &lt;i&gt;days&lt;/i&gt;), plain<");
    assert_has(html, "2 hours ahead of the CA");
    assert_has(html, "https://ca.example/&lt;terms&gt;");
    assert_has(html, "ca.example &lt;i&gt;");
    assert_has(html, "2026-11-20 21:05 UTC (24 hours ago)");
    assert_has(html, "process 12");
}

static void test_one_that_is_over_is_not_called_valid(void **state)
{
    static const char over[] = "{'certificates':[{'state':'renewing','keys':[{'not_after':"
                               "'2026-12-21T21:05:00Z'},{'not_after':'2026-11-21T21:05:00Z'}]}]}";
    static const char good[] = "{'certificates':[{'state':'renewing','keys':[{'not_after':"
                               "'2026-12-21T21:05:00Z'},{}]}]}";

    assert_has(render(*state, over, 1), "<dd class=\"bad\"><bdi>Expired, being renewed");
    assert_has(render(*state, good, 1), "Valid, being renewed");
}

static void test_says_which_names_are_missing(void **state)
{
    static const char two[] = "{'certificates':[{'name':'a.edu','state':'valid','names':['a.edu'],"
                              "'missing_names':['<b>.edu','c.edu']}]}";
    static const char one[] = "{'certificates':[{'state':'valid','missing_names':['b.edu']}]}";
    static const char none[] = "{'certificates':[{'state':'valid','missing_names':[]}]}";
    const char *html = render(*state, two, 1);

    assert_has(html, "<span class=\"next\">2 names missing</span>");
    assert_has(html, "<bdi>&lt;b&gt;.edu</bdi> <span class=\"tag\">missing</span>");
    assert_has(html, "<bdi>c.edu</bdi> <span class=\"tag\">missing</span>");
    assert_has_not(html, "<bdi>a.edu</bdi> <span class=\"tag\">missing</span>");
    assert_has(render(*state, one, 1), "<span class=\"next\">1 name missing</span>");
    assert_has_not(render(*state, none, 1), "issing</");
}

static void test_says_how_it_came_into_use(void **state)
{
    static const char *const members[] = {
        "'activation':'live'",
        "'activation':'restart','activation_why':'it <staples>'",
        "'activation':'live','activation_why':'a connection failed'",
        "'activation':'restart'",
        "'activation':null",
    };
    static const char *const words[] = {
        "<bdi>Without a restart of httpd</bdi>",
        "<bdi>By a restart, since it &lt;staples&gt;</bdi>",
        "<bdi>Without a restart of httpd; nobody could look: a connection failed</bdi>",
        NULL,
        NULL,
    };
    size_t i;

    for (i = 0; i < sizeof(members) / sizeof(members[0]); ++i) {
        const char *text =
            apr_psprintf(*state, "{'certificates':[{'state':'valid',%s}]}", members[i]);
        const char *html = render(*state, text, 1);

        if (words[i] != NULL)
            assert_has(html, words[i]);
        else
            assert_has_not(html, "Taken into use");
    }
}

static void test_says_what_happens_next(void **state)
{
    assert_has(render(*state, full, 1), "Next try: 2026-11-21 22:05 UTC (in 59 minutes), after a "
                                        "failure");
    assert_has(
        render(*state, "{'certificates':[{'next':{'what':'order','why':'there is none'}}]}", 1),
        "Order, there is none");
}

static void test_trouble_in_the_words_of_the_ca(void **state)
{
    const char *html = render(*state, full, 1);

    assert_has(html, "&lt;b&gt;no&lt;/b&gt; &amp;");
    assert_has(html, "urn:ietf:params:acme:error:unauthorized, HTTP 403");
    assert_has(html, "CAA &lt;i&gt;says&lt;/i&gt; no");
    assert_has(html, "<li>example.edu: ");
    assert_has(html, "Ask the campus certificate office.");
    assert_has(html, "href=\"https://ca.example/help\"");
    assert_has(html, "3 attempts");
    assert_has_not(html, "<b>");
    assert_has_not(html, "<i>");
}

static void test_several_key_types_on_one_card(void **state)
{
    const char *html =
        render(*state,
               "{'certificates':[{'name':'a.example','state':'failing','key_types':['rsa2048',"
               "'p256'],'keys':[{'type':'rsa2048','serial':'01'},{'type':'p256','serial':'02'}],"
               "'problem':{'detail':'no','key_type':'p256'},"
               "'order':{'status':'processing','key_type':'rsa2048'}}]}",
               1);

    assert_has(html, "In trouble for p256");
    assert_has(html, "<dt>Order for rsa2048</dt>");
    assert_has(html, "<bdi>01</bdi>");
    assert_has(html, "<bdi>02</bdi>");
    assert_int_equal(1, count_of(html, "<details"));
    assert_has_not(render(*state,
                          "{'certificates':[{'state':'valid','key_types':['rsa2048','p256'],"
                          "'problem':{'detail':'no','key_type':'p256'}}]}",
                          1),
                   "Valid for");
    assert_has_not(render(*state,
                          "{'certificates':[{'state':'failing','key_types':['p256'],"
                          "'problem':{'detail':'no','key_type':'p256'}}]}",
                          1),
                   "for p256");
}

static void test_refused_reload_shows_the_parsers_line(void **state)
{
    const char *html = render(*state, full, 1);

    assert_has(html, "AH00526: &lt;syntax&gt; error on line 3");
    assert_has(html, "would not survive a restart");
    assert_has(html, "restart httpd gracefully yourself");
}

static void test_failed_reload_is_told(void **state)
{
    assert_has(render(*state, "{'reload':{'state':'failed','why':'httpd <does> not.'}}", 1),
               "<p class=\"advice\">httpd &lt;does&gt; not.</p>");
    assert_has(render(*state, "{'reload':{'state':'failed'}}", 1), "</html>");
}

static void test_restart_that_waits(void **state)
{
    const char *page = render(*state,
                              "{'reload':{'state':'pending','next':'2026-11-22T02:00:00Z',"
                              "'why':'The renewed <certificate> waits.'}}",
                              1);

    assert_has(page, "<dt>Next restart</dt><dd class=\"\"><bdi>2026-11-22 02:00 UTC");
    assert_has(
        page,
        "<dt>Why then</dt><dd class=\"\"><bdi>The renewed &lt;certificate&gt; waits.</bdi></dd>");
    assert_null(strstr(page, "role=\"alert\"")); /* it is nothing to worry about */
    page = render(*state, "{'reload':{'state':'idle','next':null}}", 1);
    assert_null(strstr(page, "Next restart"));
}

static void test_agent_that_is_not_running(void **state)
{
    assert_has(render(*state, full, 0), "The agent is not running");
    assert_has_not(render(*state, full, 1), "The agent is not running");
}

static void test_what_is_no_longer_configured(void **state)
{
    const char *html =
        render(*state,
               "{'leftovers':{'certificates':[{'name':'<old>','since':'2026-11-20T21:05:00Z',"
               "'directories':['/store/archive/old','/store/live/old']}],"
               "'accounts':[{'name':'00ff','directory':'https://ca.example/d'},{'name':'11ee'}]}}",
               1);

    assert_has(html, "No longer configured");
    assert_has(html, "&lt;old&gt;");
    assert_has(html, "/store/archive/old /store/live/old");
    assert_has(html, "2026-11-20 21:05 UTC");
    assert_has(html, "https://ca.example/d");
    assert_has(html, "11ee");
    assert_has_not(render(*state, "{'leftovers':{'certificates':[],'accounts':[]}}", 1),
                   "No longer configured");
    assert_has(render(*state, "{'leftovers':[{}]}", 1), "</html>");
}

/* What the CA goes by and for how long, what has to be done before, and the record to publish. */
static void test_validations_and_records(void **state)
{
    const char *html =
        render(*state,
               "{'certificates':[{'name':'www.example.edu','state':'valid',"
               "'names':['www.example.edu','example.edu'],"
               "'next':{'what':'renew','at':'2027-01-01T00:00:00Z'},'keys':[{}],"
               "'notice':'Have <b>it</b> validated.',"
               "'validations':[{'name':'www.example.edu','until':'2026-12-21T21:06:00Z'},"
               "{'name':'example.edu','until':'2027-12-22T21:06:00Z'},{'name':7}],"
               "'records':[{'name':'_validation-persist.www.example.edu','type':'TXT',"
               "'line':'_validation-persist.www.example.edu. IN TXT ca; a<b',"
               "'state':'partly','having':2,'answered':3,'servers':3,"
               "'why':'ns2 <lacks> it','until':'2027-01-01T00:00:00Z'},"
               "{'line':'other. IN TXT x','state':'published','having':3,'answered':3,'servers':3},"
               "{'line':'third. IN TXT x','state':'<odd>'}, 7]}]}",
               1);

    assert_has(html, "Have &lt;b&gt;it&lt;/b&gt; validated.");
    assert_has(html, "<bdi>www.example.edu</bdi> <span class=\"tag late\">validation lapses "
                     "2026-12-21 (in 30 days)</span>");
    assert_has(html, "<bdi>example.edu</bdi> <span class=\"tag soft\">validation lapses "
                     "2027-12-22</span>");
    assert_has(html, "_validation-persist.www.example.edu. IN TXT ca; a&lt;b");
    assert_has(html, "Not everywhere yet, at 2 of 3 name servers: ns2 &lt;lacks&gt; it");
    assert_has(html, "it counts until 2027-01-01");
    assert_has(html, "Published, at 3 of 3 name servers");
    assert_has(html, "&lt;odd&gt;");
    html = render(*state, "{'certificates':[{'name':'www.example.edu','state':'valid'}]}", 1);
    assert_has_not(html, "validation");
    assert_has_not(html, "DNS record");
    assert_has_not(html, "Notice");
}

static void test_no_report(void **state)
{
    const char *html = render(*state, NULL, 0);

    assert_has(html, "The agent has not reported yet.");
    assert_has(html, "</html>");
    assert_has_not(html, "The agent is not running");
}

/* What is known is shown all the same. */
static void test_a_report_of_before(void **state)
{
    page_t page = { 0 };
    const char *html = NULL;

    page.status = json_of(*state, full);
    page.missing = "This is the last report of before.";
    assert_int_equal(clock_parse(&page.now, "2026-11-21T21:06:00Z"), APR_SUCCESS);
    html = page_render(*state, &page);
    assert_has(html, "This is the last report of before.");
    assert_has(html, "As of 2026-11-21 21:05 UTC (60 seconds ago)");
    assert_has(html, "<h2>www.example.edu</h2>");
    assert_has(html, "http-equiv=\"refresh\"");
    assert_has_not(html, "The agent is not running");
}

static void test_no_certificate(void **state)
{
    assert_has(render(*state, "{'certificates':[]}", 1), "ACMEManagedDomain");
}

static void test_missing_and_odd_members(void **state)
{
    assert_has(render(*state, "{}", 1), "</html>");
    assert_has(render(*state, "[]", 1), "</html>");
    assert_has(render(*state,
                      "{'certificates':[1,{},{'name':5,'names':7,'keys':[{}],'problem':[],"
                      "'next':{'what':9},'order':[],'state':'<x>'}],'accounts':[null,{}],"
                      "'processes':[],'reload':7}",
                      1),
               "&lt;x&gt;");
}

static void test_link_only_to_web_pages(void **state)
{
    const char *html = render(*state,
                              "{'certificates':[{'name':'a','state':'failing','problem':"
                              "{'detail':'d','instance':'javascript:alert(1)'}}]}",
                              1);

    assert_has_not(html, "javascript:");
}

static void test_looks_again_only_while_busy(void **state)
{
    assert_has_not(render(*state, full, 1), "http-equiv=\"refresh\"");
    assert_has(render(*state,
                      "{'certificates':[{'name':'a','state':'ordering','next':{'what':'order'}}]}",
                      1),
               "<span class=\"next\">Being ordered</span>");
    assert_has(render(*state, "{'certificates':[{'name':'a','state':'ordering'}]}", 1),
               "http-equiv=\"refresh\"");
}

/* So many valid ones, and one in trouble at the end. */
static const char *render_many(apr_pool_t *p, int count, int number)
{
    json_t *json = json_own(p, json_pack("{s:[]}", "certificates"));
    page_t page = { 0 };
    int i = 0;

    for (i = 0; i < count; ++i)
        json_array_append_new(json_object_get(json, "certificates"),
                              json_pack("{s:s,s:s,s:[{}]}", "name",
                                        apr_psprintf(p, "n%d.example.edu", i), "state",
                                        i + 1 < count ? "valid" : "failing", "keys"));
    page.status = json;
    page.agent_alive = 1;
    page.wish.page = number;
    return page_render(p, &page);
}

static void test_of_many_a_summary_and_pages(void **state)
{
    const char *first = render_many(*state, 250, 1), *last = render_many(*state, 250, 3);

    assert_has(first, "<p class=\"sum late\">1 of 250 at risk</p>");
    assert_has(first, "<option value=\"ok\">ok (249)</option>");
    assert_int_equal(100, count_of(first, "<details class=\"row"));
    assert_has(first, "n249.example.edu");
    assert_true(strstr(first, "n249.example.edu") < strstr(first, "n0.example.edu"));
    assert_has_not(first, "n99.example.edu");
    assert_has(first, "Page 1 of 3");
    assert_has(first, "<a href=\"?page=2\">Next</a>");
    assert_has_not(first, "Previous");
    assert_int_equal(50, count_of(last, "<details class=\"row"));
    assert_has(last, "n248.example.edu");
    assert_has(last, "<a href=\"?page=2\">Previous</a>");
    assert_has_not(last, "Next</a>");
    assert_string_equal(last, render_many(*state, 250, 4));
    assert_string_equal(last, render_many(*state, 250, 2147483647));
    assert_string_equal(first, render_many(*state, 250, -1));
    assert_has_not(render_many(*state, 100, 1), "Page 1");
    assert_int_equal(100, count_of(render_many(*state, 100, 1), "<details class=\"row"));
}

static const char many[] =
    "{'certificates':[{'name':'fine.edu','names':['fine.edu'],'state':'valid','keys':[{'not_before'"
    ":"
    "'2026-11-01T00:00:00Z','not_after':'2027-02-01T00:00:00Z'}],"
    "'next':{'what':'renew','at':'2027-01-01T00:00:00Z'}},"
    "{'name':'gone.edu','names':['gone.edu','<b>.edu'],'state':'failing','keys':[],"
    "'problem':{'advice':'Do <this>.'},'next':{'what':'retry','at':'2026-11-22T21:06:00Z'}},"
    "{'name':'waits.edu','names':['waits.edu'],'state':'failing','account':'far','keys':[],"
    "'waits_for_account':true,'problem':{'advice':'Mend the account.'}}],"
    "'accounts':[{'label':'near','state':'valid','problem':null},"
    "{'label':'far','state':'failing','problem':{'advice':'Mend the account.'}}],"
    "'version':2,'heartbeat':'2026-11-21T21:05:30Z'}";

static void test_the_worst_first_and_a_line_each(void **state)
{
    const char *html = render(*state, many, 1);

    assert_has(html, "<p class=\"sum bad\">2 of 3 down</p>");
    assert_has(html, "As of 2026-11-21 21:05 UTC (30 seconds ago)");
    assert_true(strstr(html, "<h2>gone.edu</h2>") < strstr(html, "<h2>fine.edu</h2>"));
    assert_has(html, "<details class=\"row down\" open>"); /* the one with a trouble of its own */
    assert_has(html, "<span class=\"next\">Next try in 24 hours</span>");
    assert_has(html, "<span class=\"until\">2027-02-01 (in 71 days)</span>");
    assert_has(html, "<span class=\"next\">Renewal in 40 days</span>");
    assert_has(html, "<rect class=\"ok\" width=\"");
    assert_has(html, "<a href=\"/acme-status/fine.edu\">");
    assert_has_not(html, "<form"); /* there is nothing to choose from */
}

static void test_trouble_of_an_account_is_told_once(void **state)
{
    const char *html = render(*state, many, 1);

    assert_int_equal(1, count_of(html, "Mend the account."));
    assert_has(html, "<span class=\"next\">Waits for account far</span>");
    assert_has(html, "It waits for <a href=\"#account-2\">account far</a>.");
    assert_has(html, "id=\"account-2\"");
    assert_true(strstr(html, "id=\"account-2\"") < strstr(html, "<details"));
    assert_true(strstr(html, "id=\"account-1\"") > strstr(html, "<details"));
}

static void test_some_of_them(void **state)
{
    const char *html = render_wish(*state, many, 1, "state=DOWN&name=GONE");

    assert_int_equal(1, count_of(html, "<details"));
    assert_has(html, "<h2>gone.edu</h2>");
    assert_has(html, "2 of 3 down"); /* of all */
    assert_has(html, "<option value=\"down\" selected>down (2)</option>");
    assert_has(html, "name=\"name\" value=\"GONE\">");
    html = render_wish(*state, many, 1, "state=%3Cx%3E&name=%22%3E");
    assert_has(html, "None is like that.");
    assert_has(html, "<option value=\"&lt;x&gt;\" selected>&lt;x&gt;</option>");
    assert_has(html, "value=\"&quot;&gt;\"");
}

static void test_one_alone(void **state)
{
    json_t *status = json_of(*state, many);
    page_t page = { 0 };
    const char *html = NULL;

    json_array_remove(json_object_get(status, "certificates"), 2);
    json_array_remove(json_object_get(status, "certificates"), 1);
    page.status = status;
    page.agent_alive = 1;
    page.name = "fine.edu";
    html = page_render(*state, &page);
    assert_has(html, " open>");
    assert_has(html, "<a href=\"./\">All certificates</a>");
    assert_has_not(html, "This certificate alone");
}

static void test_what_happened_last(void **state)
{
    const char *html =
        render(*state,
               "{'certificates':[],'history':[{'at':'2026-11-21T20:06:00Z','event':'issued',"
               "'name':'old.edu'},{'at':'2026-11-21T21:00:00Z','event':'failing','name':'a.edu',"
               "'detail':'<no>'},{'at':'2026-11-21T21:01:00Z','event':'<odd>','account':'far'},7]}",
               1);

    assert_has(html, "<td>An attempt failed</td><td>a.edu</td><td><bdi>&lt;no&gt;</bdi></td>");
    assert_has(html,
               "<td>2026-11-21 20:06 UTC (60 minutes ago)</td><td>Issued</td><td>old.edu</td>");
    assert_has(html, "<td>&lt;odd&gt;</td><td>far</td>");
    assert_true(strstr(html, "a.edu") < strstr(html, "old.edu"));
    assert_has_not(render(*state, "{'history':[]}", 1), "What happened");
}

static void test_exports(void **state)
{
    const char *html = render(*state,
                              "{'certificates':[],'exports':[{'name':'a.edu','format':'haproxy',"
                              "'path':'/etc/<x>.pem'},{'name':'b.edu','format':'key','path':'/k',"
                              "'problem':'/k is a link.'}]}",
                              1);

    assert_has(html, "<td>a.edu</td><td>haproxy</td><td><bdi>/etc/&lt;x&gt;.pem</bdi></td>");
    assert_has(html, "<bdi>/k is a link.</bdi>");
    assert_has_not(render(*state, full, 1), "Written for other programs");
}

static void test_agent_that_hangs(void **state)
{
    assert_has_not(render(*state, many, 1), "has not written its report");
    assert_has(
        render(
            *state,
            "{'version':2,'heartbeat':'2026-11-21T21:02:30Z','certificates':[{'state':'valid'}]}",
            1),
        "The agent has not written its report since 2026-11-21 21:02 UTC (4 minutes ago)");
}

static void test_no_script(void **state)
{
    assert_has_not(render(*state, full, 1), "<script");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_escape),
        cmocka_unit_test(test_says_what_it_is),
        cmocka_unit_test(test_one_that_is_over_is_not_called_valid),
        cmocka_unit_test(test_says_which_names_are_missing),
        cmocka_unit_test(test_says_what_happens_next),
        cmocka_unit_test(test_trouble_in_the_words_of_the_ca),
        cmocka_unit_test(test_several_key_types_on_one_card),
        cmocka_unit_test(test_refused_reload_shows_the_parsers_line),
        cmocka_unit_test(test_failed_reload_is_told),
        cmocka_unit_test(test_restart_that_waits),
        cmocka_unit_test(test_agent_that_is_not_running),
        cmocka_unit_test(test_what_is_no_longer_configured),
        cmocka_unit_test(test_validations_and_records),
        cmocka_unit_test(test_no_report),
        cmocka_unit_test(test_a_report_of_before),
        cmocka_unit_test(test_no_certificate),
        cmocka_unit_test(test_missing_and_odd_members),
        cmocka_unit_test(test_link_only_to_web_pages),
        cmocka_unit_test(test_says_how_it_came_into_use),
        cmocka_unit_test(test_looks_again_only_while_busy),
        cmocka_unit_test(test_of_many_a_summary_and_pages),
        cmocka_unit_test(test_the_worst_first_and_a_line_each),
        cmocka_unit_test(test_trouble_of_an_account_is_told_once),
        cmocka_unit_test(test_some_of_them),
        cmocka_unit_test(test_one_alone),
        cmocka_unit_test(test_what_happened_last),
        cmocka_unit_test(test_exports),
        cmocka_unit_test(test_agent_that_hangs),
        cmocka_unit_test(test_no_script),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
