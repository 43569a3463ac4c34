/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include <signal.h>
#include <apr_file_io.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "ipc/rehearsal.h"

/* The test is the parent that is signalled; the keeper runs in a child. */
static volatile sig_atomic_t signals;

static void on_signal(int number)
{
    (void)number;
    ++signals;
}

static const char *file(scene_t *s, const char *name)
{
    return apr_pstrcat(s->p, s->dir, "/", name, NULL);
}

#define PASSES "exit 99" /* REHEARSAL_EXIT */
#define ARGUMENTS "-d /etc/a b -DNO_DETACH\n"

/* A program in place of the stage that notes the arguments of httpd and then does as the text says. */
static const char *stage(scene_t *s, const char *name, const char *text)
{
    return scene_script(s, name,
                        apr_pstrcat(s->p,
                                    "[ \"$1\" = --stage ] || exit 9; shift 3\necho \"$*\" >> ",
                                    file(s, "arguments"), "\n", text, NULL));
}

/* A store with one certificate that httpd has not loaded. */
static scene_t *with_certificate(apr_pool_t *p, const char *httpd)
{
    struct sigaction action;
    scene_t *s = scene_make(p);

    memset(&action, 0, sizeof(action));
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    assert_int_equal(0, sigaction(SIGUSR1, &action, NULL));
    signals = 0;
    scene_start(s);
    scene_register(s);
    scene_finalize(s);
    scene_install(s);
    scene_stop(s);
    s->certificate->fallback = 1; /* at once */
    s->plan->reload = 1;
    s->plan->parent_pid = (int)getpid();
    s->plan->httpd_program = "/usr/sbin/httpd";
    s->plan->stage_program = stage(s, "stage", httpd);
    s->plan->httpd_args = party_names(p, "-d", "/etc/a b", NULL);
    return s;
}

static void write_report(scene_t *s)
{
    json_t *json = json_own(s->p, news_to_json(reload_news(s->keeper->reload)));
    const char *text;

    json_object_set_new(json, "told", json_integer(s->keeper->line->news));
    json_put_string(json, "told_state", s->keeper->line->news_state);
    text = json_text(s->p, json);
    fixture_write(file(s, "report"), text, strlen(text));
}

/* A keeper for that long. @return its news */
static json_t *run_keeper(scene_t *s, apr_interval_time_t span)
{
    const char *text = NULL;
    apr_size_t len = 0;
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        assert_non_null(freopen(file(s, "log"), "a", stderr));
        scene_start(s);
        reload_consider(s->keeper->reload);
        scene_run(s, span);
        write_report(s);
        _exit(0);
    }
    assert_true(pid > 0);
    assert_int_equal(pid, waitpid(pid, &status, 0));
    assert_int_equal(0, status);
    assert_int_equal(APR_SUCCESS, file_read(&text, &len, file(s, "report"), 100000, s->p));
    return json_parse(s->p, text, len, NULL);
}

static const char *text_of(scene_t *s, const char *name)
{
    const char *text = "";
    apr_size_t len = 0;

    if (file_read(&text, &len, file(s, name), 100000, s->p) != APR_SUCCESS)
        return "";
    return text;
}

static const char *arguments(scene_t *s)
{
    return text_of(s, "arguments");
}

/* How often the keepers have logged it. */
static int logged(scene_t *s, const char *words)
{
    const char *at = text_of(s, "log");
    int n = 0;

    for (; (at = strstr(at, words)) != NULL; ++at)
        ++n;
    return n;
}

static apr_int64_t asked(scene_t *s)
{
    const json_t *entry =
        json_object_get(json_object_get(scene_read(s, "reload.json"), "asked"), NAME);

    return json_peek_int(entry, "count", 0);
}

static void put_memory(scene_t *s, const char *key, const char *value)
{
    json_t *memory = scene_read(s, "reload.json");
    const char *text;

    if (memory == NULL)
        memory = json_own(s->p, json_object());
    json_put_string(memory, key, value);
    text = json_text(s->p, memory);
    fixture_write(scene_path(s, "reload.json"), text, strlen(text));
}

/* Another certificate is installed, and httpd not restarted for it yet. */
static void renew(scene_t *s)
{
    s->plan->reload = 0;
    scene_start(s);
    scene_finalize(s);
    scene_install(s);
    scene_stop(s);
    s->plan->reload = 1;
}

static void a_passed_test_restarts_httpd(void **state)
{
    scene_t *s = with_certificate(*state, PASSES);
    json_t *news = run_keeper(s, apr_time_from_msec(1500));

    assert_int_equal(1, signals);
    assert_string_equal(ARGUMENTS, arguments(s));
    assert_string_equal("pending", json_peek_string(news, "state")); /* until httpd has done it */
    assert_true(json_peek_time(news, "last") != 0);
    assert_null(json_peek_string(news, "why"));
    assert_int_equal(1, asked(s));
    /* The keeper after the restart: it is loaded. */
    scene_start(s);
    scene_load(s);
    scene_stop(s);
    news = run_keeper(s, apr_time_from_msec(300));
    assert_int_equal(1, signals);
    assert_string_equal("idle", json_peek_string(news, "state"));
    assert_true(json_peek_time(news, "last") != 0);
    scene_end(s);
}

static void a_refused_test_restarts_nothing_and_says_why(void **state)
{
    scene_t *s = with_certificate(*state, "echo 'AH00526: Syntax error on line 3 of x:'\n"
                                          "echo 'Invalid command' >&2; exit 1");
    json_t *news = run_keeper(s, apr_time_from_msec(1500));
    apr_time_t next = json_peek_time(news, "next");

    assert_int_equal(0, signals);
    assert_string_equal("refused", json_peek_string(news, "state"));
    assert_string_equal("refused", json_peek_string(news, "told_state"));
    assert_string_equal("AH00526: Syntax error on line 3 of x: Invalid command",
                        json_peek_string(news, "why"));
    assert_true(next > apr_time_now() && next < apr_time_now() + apr_time_from_sec(11));
    assert_string_equal(ARGUMENTS, arguments(s)); /* once */
    assert_int_equal(0, asked(s));
    assert_true(json_peek_time(news, "last") == 0);
    scene_end(s);
}

/* A reason that is empty is none. */
static void a_test_that_ended_without_a_word_is_told(void **state)
{
    static const char *const ends[][2] = {
        { "kill -11 $$", "signal 11" },
        { "exit 159", "signal 31" }, /* as a shell tells of it */
        { "exit 3", "exit status 3" },
    };
    size_t i;

    for (i = 0; i < sizeof(ends) / sizeof(ends[0]); ++i) {
        scene_t *s = with_certificate(*state, ends[i][0]);
        json_t *news = run_keeper(s, apr_time_from_msec(700));

        assert_int_equal(0, signals);
        assert_string_equal("refused", json_peek_string(news, "state"));
        assert_non_null(strstr(json_peek_string(news, "why"), "without a word"));
        assert_non_null(strstr(json_peek_string(news, "why"), ends[i][1]));
        scene_end(s);
    }
}

static void a_mended_configuration_goes_live_by_itself(void **state)
{
    scene_t *s = with_certificate(*state, "");
    json_t *news;

    s->plan->stage_program =
        stage(s, "stage2",
              apr_psprintf(s->p, "test -f %s && " PASSES "; touch %s; echo no; exit 1",
                           file(s, "mended"), file(s, "mended")));
    news = run_keeper(s, apr_time_from_msec(11500));
    assert_int_equal(1, signals);
    assert_string_equal("pending", json_peek_string(news, "state"));
    assert_null(json_peek_string(news, "why"));
    scene_end(s);
}

static void a_test_that_cannot_be_run_is_told(void **state)
{
    scene_t *s = NULL;
    json_t *news = NULL;

    fixture_needs_vfork();
    s = with_certificate(*state, PASSES);
    s->plan->stage_program = "/nowhere/stage";
    news = run_keeper(s, apr_time_from_msec(500));
    assert_int_equal(0, signals);
    assert_string_equal("refused", json_peek_string(news, "state"));
    assert_non_null(strstr(json_peek_string(news, "why"), "/nowhere/stage could not be run"));
    scene_end(s);
}

/* httpd does not load it, for whatever reason: three restarts are enough. */
static void one_certificate_is_asked_for_three_times(void **state)
{
    scene_t *s = with_certificate(*state, PASSES);
    json_t *news;
    int i;

    for (i = 1; i <= 5; ++i) {
        put_memory(s, "last", "2026-01-01T00:00:00Z"); /* long ago */
        news = run_keeper(s, apr_time_from_msec(700));
        assert_int_equal(i < 3 ? i : 3, signals);
        assert_int_equal(i < 3 ? i : 3, asked(s));
        /* httpd needs a moment after the third restart; then it is told, once by each keeper. */
        assert_string_equal(i <= 3 ? "pending" : "failed", json_peek_string(news, "state"));
        assert_int_equal(i <= 3 ? 0 : i - 3, logged(s, "restarted 3 times"));
    }
    assert_string_equal("failed", json_peek_string(news, "told_state"));
    assert_non_null(strstr(json_peek_string(news, "why"), NAME " (generation 000001)"));
    assert_int_equal(2, logged(s, NAME " (generation 000001)"));
    /* Another certificate is another matter. */
    renew(s);
    run_keeper(s, apr_time_from_msec(700));
    assert_int_equal(4, signals);
    assert_int_equal(1, asked(s));
    scene_end(s);
}

/* Whoever purges a name by hand makes the numbers of its generations begin anew. */
static void a_number_that_is_given_out_again_is_not_counted_on(void **state)
{
    scene_t *s = with_certificate(*state, PASSES);
    int i;

    for (i = 1; i <= 5; ++i) {
        run_keeper(s, apr_time_from_msec(700));
        assert_int_equal(i, signals);
        assert_int_equal(1, asked(s));
        assert_int_equal(APR_SUCCESS, file_remove_tree(scene_path(s, "archive/" NAME), s->p));
        assert_int_equal(0, unlink(scene_path(s, "live/" NAME)));
        renew(s);
        assert_true(scene_has(s, "archive/" NAME "/000001"));
        assert_false(scene_has(s, "archive/" NAME "/000002"));
        put_memory(s, "last", "2026-01-01T00:00:00Z");
    }
    scene_end(s);
}

/* What was counted for names that are served or gone does not pile up, and the counts of versions
 * that went by the number hold nothing up. */
static void only_what_waits_is_counted(void **state)
{
    scene_t *s = with_certificate(*state, PASSES);
    const char *old = "{\"last\": \"2026-01-01T00:00:00Z\", \"asked\": {\"gone.example\": "
                      "{\"generation\": \"000001\", \"count\": 3}, \"" NAME "\": "
                      "{\"generation\": \"000001\", \"count\": 3}}}";

    fixture_write(scene_path(s, "reload.json"), old, strlen(old));
    run_keeper(s, apr_time_from_msec(700));
    assert_int_equal(1, signals);
    assert_int_equal(1, asked(s));
    assert_int_equal(1, json_object_size(json_object_get(scene_read(s, "reload.json"), "asked")));
    scene_end(s);
}

/* A restart that cannot be remembered could be repeated for ever. */
static void what_cannot_be_remembered_is_not_done(void **state)
{
    scene_t *s = with_certificate(*state, PASSES);
    apr_time_t next;
    json_t *news;

    /* A directory in its place would make way, if it could. */
    assert_int_equal(APR_SUCCESS, apr_dir_make(scene_path(s, "reload.json"), APR_OS_DEFAULT, s->p));
    assert_int_equal(APR_SUCCESS, apr_dir_make_recursive(scene_path(s, "reload.json.damaged/x"),
                                                         APR_OS_DEFAULT, s->p));
    news = run_keeper(s, apr_time_from_msec(700));
    next = json_peek_time(news, "next");
    assert_int_equal(0, signals);
    assert_string_equal("failed", json_peek_string(news, "state"));
    assert_non_null(strstr(json_peek_string(news, "why"), "reload.json cannot be written"));
    assert_int_equal(1, logged(s, "reload.json cannot be written"));
    assert_true(next > apr_time_now() && next < apr_time_now() + apr_time_from_sec(11));
    assert_true(json_peek_time(news, "last") == 0);
    /* And when it can, it is done. */
    assert_int_equal(APR_SUCCESS, apr_dir_remove(scene_path(s, "reload.json"), s->p));
    news = run_keeper(s, apr_time_from_msec(700));
    assert_int_equal(1, signals);
    assert_int_equal(1, asked(s));
    scene_end(s);
}

/* Otherwise whoever reads reload.json takes httpd for one that did not come back. */
static void a_return_that_cannot_be_written_is_written_later(void **state)
{
    scene_t *s = with_certificate(*state, PASSES);
    struct rlimit limit;
    rlim_t before;

    run_keeper(s, apr_time_from_msec(700));
    assert_non_null(json_object_get(scene_read(s, "reload.json"), "restarting"));
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(0, getrlimit(RLIMIT_FSIZE, &limit));
    before = limit.rlim_cur;
    limit.rlim_cur = 0; /* as good as a full disk */
    assert_int_equal(0, setrlimit(RLIMIT_FSIZE, &limit));
    scene_start(s);
    reload_tidy(s->keeper->reload);
    limit.rlim_cur = before;
    assert_int_equal(0, setrlimit(RLIMIT_FSIZE, &limit));
    assert_non_null(json_object_get(scene_read(s, "reload.json"), "restarting"));
    reload_tidy(s->keeper->reload);
    assert_null(json_object_get(scene_read(s, "reload.json"), "restarting"));
    assert_int_equal(1, asked(s));
    scene_stop(s);
    scene_end(s);
}

static void two_restarts_keep_their_distance(void **state)
{
    scene_t *s = with_certificate(*state, PASSES);
    apr_time_t last = apr_time_now();
    json_t *news;

    put_memory(s, "last", clock_format(s->p, last));
    news = run_keeper(s, apr_time_from_msec(500));
    assert_int_equal(0, signals);
    assert_string_equal("", arguments(s));
    assert_string_equal("pending", json_peek_string(news, "state"));
    assert_true(json_peek_time(news, "next") >= last + apr_time_from_sec(8));
    scene_end(s);
}

/* httpd serves one, and its renewal is in the store. */
static scene_t *with_renewal(apr_pool_t *p)
{
    scene_t *s = with_certificate(p, PASSES);

    scene_start(s);
    scene_load(s);
    renew(s);
    return s;
}

static void a_renewal_goes_live_and_is_remembered(void **state)
{
    scene_t *s = with_renewal(*state);

    run_keeper(s, apr_time_from_msec(7500));
    assert_int_equal(1, signals);
    assert_true(json_peek_time(scene_read(s, "reload.json"), "renewed") != 0);
    assert_int_equal(1, asked(s));
    scene_end(s);
}

static void a_restart_that_waits_says_what_for(void **state)
{
    scene_t *s = with_renewal(*state);
    apr_time_t now = apr_time_now(), next;
    json_t *news;

    put_memory(s, "renewed", clock_format(s->p, now - apr_time_from_sec(3600)));
    news = run_keeper(s, apr_time_from_msec(300));
    next = json_peek_time(news, "next");
    assert_string_equal("pending", json_peek_string(news, "state"));
    assert_string_equal("pending", json_peek_string(news, "told_state"));
    assert_in_range(next, now + 22 * apr_time_from_sec(3600), now + 24 * apr_time_from_sec(3600));
    assert_non_null(strstr(json_peek_string(news, "why"), "The renewed certificate of " NAME));
    assert_non_null(strstr(json_peek_string(news, "why"), "once a day"));
    assert_int_equal(0, signals);
    assert_string_equal("", arguments(s)); /* and nothing is tested before */
    /* Somebody else restarts httpd: nothing is left to wait for. */
    scene_start(s);
    scene_load(s);
    scene_stop(s);
    news = run_keeper(s, apr_time_from_msec(300));
    assert_string_equal("idle", json_peek_string(news, "state"));
    assert_null(json_peek_string(news, "why"));
    assert_int_equal(0, signals);
    scene_end(s);
}

static void the_window_of_the_configuration_is_kept_to(void **state)
{
    scene_t *s = with_renewal(*state);
    apr_time_t now = apr_time_now(), next;
    apr_time_exp_t local;
    json_t *news;

    assert_int_equal(APR_SUCCESS, apr_time_exp_lt(&local, now));
    s->plan->reload_from = (local.tm_hour * 60 + local.tm_min + 120) % 1440;
    s->plan->reload_to = (s->plan->reload_from + 60) % 1440;
    news = run_keeper(s, apr_time_from_msec(300));
    next = json_peek_time(news, "next");
    assert_in_range(next, now + apr_time_from_sec(3600), now + apr_time_from_sec(7201));
    assert_non_null(strstr(json_peek_string(news, "why"), "ACMEReload names the time from"));
    assert_int_equal(0, signals);
    /* A first certificate does not wait for it. */
    s->certificate->loaded = s->certificate->loaded_fingerprint = NULL;
    s->certificate->fallback = 1;
    run_keeper(s, apr_time_from_msec(700));
    assert_int_equal(1, signals);
    assert_true(json_peek_time(scene_read(s, "reload.json"), "renewed") == 0);
    scene_end(s);
}

/* Another one is due and was waited for; then it fails, and may do so for days. */
static void a_failure_ends_the_waiting_for_it(void **state)
{
    scene_t *s = with_renewal(*state);
    plan_certificate_t *other = apr_array_push(s->plan->certificates);
    keeper_certificate_t *due;
    chain_facts_t facts;
    json_t *failure;
    apr_time_t next;

    *other = *s->certificate;
    s->plan->parent_pid = 1; /* nobody is signalled */
    scene_start(s);
    due = model_certificate(s->keeper->model, 1);
    facts = *scene_certificate(s)->served->facts;
    facts.not_before = apr_time_now() - apr_time_from_sec(80 * 86400);
    facts.not_after = apr_time_now() + apr_time_from_sec(10 * 86400);
    due->best->facts = &facts;
    due->best->installed = facts.not_before;
    reload_consider(s->keeper->reload);
    next = reload_news(s->keeper->reload)->next;
    assert_true(next > apr_time_now() + apr_time_from_sec(23 * 3600));
    assert_non_null(strstr(reload_news(s->keeper->reload)->why, "others are about to be renewed"));
    failure = json_pack("{s:i,s:s,s:s,s:{s:i,s:s}}", "attempts", 1, "since", "2026-01-01T00:00:00Z",
                        "next", "2026-01-01T00:00:00Z", "problem", "rv", APR_EGENERAL, "detail",
                        "No way.");
    scene_ask(s, MESSAGE_FAILED,
              json_pack("{s:i,s:i,s:o}", "id", 1, "certificate", 1, "failure", failure));
    assert_non_null(due->failing.failure);
    next = reload_news(s->keeper->reload)->next;
    assert_true(next < apr_time_now() + apr_time_from_sec(60));
    assert_null(reload_news(s->keeper->reload)->why);
    scene_end(s);
}

static void off_is_off(void **state)
{
    scene_t *s = with_certificate(*state, PASSES);
    json_t *news;

    s->plan->reload = 0;
    news = run_keeper(s, apr_time_from_msec(400));
    assert_int_equal(0, signals);
    assert_string_equal("", arguments(s));
    assert_string_equal("off", json_peek_string(news, "state"));
    scene_end(s);
}

/* Somebody else may have that number by now. */
static void only_the_parent_is_signalled(void **state)
{
    scene_t *s = with_certificate(*state, PASSES);
    pid_t other = fork();

    assert_true(other >= 0);
    if (other == 0) {
        signal(SIGUSR1, SIG_DFL);
        sleep(60);
        _exit(0);
    }
    s->plan->parent_pid = (int)other;
    run_keeper(s, apr_time_from_msec(700));
    assert_string_equal(ARGUMENTS, arguments(s));
    assert_int_equal(0, signals);
    assert_int_equal(0, waitpid(other, NULL, WNOHANG)); /* it lives */
    assert_int_equal(0, kill(other, SIGKILL));
    assert_int_equal(other, waitpid(other, NULL, 0));
    scene_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_passed_test_restarts_httpd),
        fixture_test(a_refused_test_restarts_nothing_and_says_why),
        fixture_test(a_test_that_ended_without_a_word_is_told),
        fixture_test(a_mended_configuration_goes_live_by_itself),
        fixture_test(a_test_that_cannot_be_run_is_told),
        fixture_test(one_certificate_is_asked_for_three_times),
        fixture_test(a_number_that_is_given_out_again_is_not_counted_on),
        fixture_test(only_what_waits_is_counted),
        fixture_test(what_cannot_be_remembered_is_not_done),
        fixture_test(a_return_that_cannot_be_written_is_written_later),
        fixture_test(two_restarts_keep_their_distance),
        fixture_test(a_renewal_goes_live_and_is_remembered),
        fixture_test(a_restart_that_waits_says_what_for),
        fixture_test(the_window_of_the_configuration_is_kept_to),
        fixture_test(a_failure_ends_the_waiting_for_it),
        fixture_test(off_is_off),
        fixture_test(only_the_parent_is_signalled),
    };

    return fixture_run(tests);
}
