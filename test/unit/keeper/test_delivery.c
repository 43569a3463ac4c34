/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include "../synced.h"

#include <unistd.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/json.h"
#include "keeper/validation.h"
#include "store/history.h"
#include "store/spool.h"

#define PATIENCE apr_time_from_sec(60)

/* In the place of the keeper's own program: writes down what it is to tell, and ends as the file "status"
 * says. */
static const char COURIER[] = "test \"$1\" = --tell || exit 99\n"
                              "kind=$(sed -n 's/^    \"event\": \"\\(.*\\)\",*$/\\1/p' \"$2\")\n"
                              "echo \"$kind\" >>\"${0%/*}/told\"\n"
                              "test -e \"${0%/*}/stuck\" && rm \"$2\" && mkdir \"$2\"\n"
                              "status=$(cat \"${0%/*}/status.$kind\" 2>/dev/null || echo 0)\n"
                              "echo \"{\\\"status\\\":$status}\" >\"$2.ended\"\n"
                              "exit $status";

static plan_event_command_t *add_command(scene_t *s, const char *events)
{
    plan_event_command_t *command = apr_array_push(s->plan->event_commands);

    command->user = "root";
    command->events = events;
    command->argv = party_names(s->p, "/usr/local/sbin/hook", NULL);
    return command;
}

/* A keeper with one program that is told of everything. */
static scene_t *scene(apr_pool_t *p)
{
    scene_t *s = scene_make(p);

    s->plan->stage_program = scene_script(s, "courier", COURIER);
    add_command(s, "all");
    return s;
}

static void begin(scene_t *s)
{
    scene_start(s);
    keeper_start(s->keeper);
}

static void end_with(scene_t *s, const char *kind, const char *status)
{
    fixture_write(apr_pstrcat(s->p, s->dir, "/status.", kind, NULL), status, strlen(status));
}

/* What was told, in one line. */
static const char *told(scene_t *s)
{
    const char *text = NULL;
    char *line;
    apr_size_t len = 0;

    if (file_read(&text, &len, apr_pstrcat(s->p, s->dir, "/told", NULL), 100000, s->p)
        != APR_SUCCESS)
        return "";
    line = apr_pstrmemdup(s->p, text, len > 0 ? len - 1 : 0);
    for (; strchr(line, '\n') != NULL;)
        *strchr(line, '\n') = ' ';
    return line;
}

static int waiting(scene_t *s)
{
    return spool_list(s->keeper->means.store, s->p)->nelts;
}

static int waiting_of(scene_t *s, const char *kind)
{
    json_t *list = json_own(s->p, delivery_list(s->keeper->delivery)), *item;
    int count = 0;
    size_t i;

    json_array_foreach(list, i, item) count += strcmp(json_peek_string(item, "event"), kind) == 0;
    return count;
}

/* Run until so many are left in the spool, and none of them is being told. */
static void run_until(scene_t *s, int left)
{
    apr_time_t end = apr_time_now() + PATIENCE;
    int idle = 0;

    while (!idle) {
        json_t *list, *item;
        size_t i;

        assert_true(apr_time_now() < end);
        scene_run(s, apr_time_from_msec(20));
        list = json_own(s->p, delivery_list(s->keeper->delivery));
        idle = (int)json_array_size(list) == left;
        json_array_foreach(list, i, item) idle =
            idle && !json_is_true(json_object_get(item, "running"));
    }
    assert_int_equal(left, waiting(s));
}

static int counted(scene_t *s, const char *member)
{
    json_t *counters = json_own(s->p, chronicle_counters(s->keeper->chronicle));

    return (int)json_peek_int(json_object_get(counters, "events"), member, -1);
}

static failure_t *failure(scene_t *s)
{
    failure_t *made = apr_pcalloc(s->p, sizeof(*made));

    made->attempts = 1;
    made->since = made->tried = apr_time_now();
    made->next = made->since + apr_time_from_sec(60);
    made->problem = eab_result_make(s->p);
    eab_result_set(made->problem, APR_EGENERAL, ACME_ERROR "rateLimited", "Too much of it.");
    return made;
}

/* While the key is made, the first event is told; who ends the keeper in the middle of that has it told again. */
static void issue(scene_t *s)
{
    scene_register(s);
    run_until(s, 0);
    scene_finalize(s);
    scene_install(s);
}

static void what_happens_is_told_in_its_order(void **state)
{
    scene_t *s = scene(*state);

    begin(s);
    scene_register(s);
    scene_finalize(s);
    run_until(s, 0);
    scene_install(s);
    certificate_activate(scene_certificate(s), ACTIVATION_LIVE, NULL);
    assert_string_equal("account-registered", told(s)); /* nobody has waited for the others */
    assert_int_equal(2, waiting(s));
    run_until(s, 0);
    assert_string_equal("account-registered issued deployed", told(s));
    assert_int_equal(3, counted(s, "delivered"));
    assert_int_equal(0, counted(s, "pending"));
    begin(s);
    run_until(s, 0);
    assert_string_equal("account-registered issued deployed", told(s));
    scene_end(s);
}

static void a_restart_of_httpd_deploys(void **state)
{
    scene_t *s = scene(*state);

    begin(s);
    issue(s);
    scene_load(s);
    begin(s);
    run_until(s, 0);
    assert_string_equal("account-registered issued deployed", told(s));
    scene_end(s);
}

static void each_program_is_told_what_it_wants(void **state)
{
    scene_t *s = scene(*state);

    add_command(s, "deployed,issued")->argv = party_names(s->p, "/usr/local/sbin/two", NULL);
    begin(s);
    issue(s);
    run_until(s, 0);
    assert_int_equal(3, counted(s, "delivered"));
    scene_end(s);
}

static const json_t *first_waiting(scene_t *s)
{
    return json_array_get(json_own(s->p, delivery_list(s->keeper->delivery)), 0);
}

static void one_that_is_refused_holds_up_its_own_name(void **state)
{
    scene_t *s = scene(*state);
    apr_time_t before = apr_time_now();
    const char *id;

    end_with(s, "issued", "3");
    begin(s);
    issue(s);
    certificate_activate(scene_certificate(s), ACTIVATION_LIVE, NULL);
    account_failed(scene_account(s), failure(s), s->result);
    run_until(s, 2);
    assert_string_equal("account-registered issued account-failing", told(s));
    assert_int_equal(1, json_peek_int(first_waiting(s), "attempts", 0));
    assert_true(json_peek_time(first_waiting(s), "next") >= before + apr_time_from_sec(59));
    assert_int_equal(2, counted(s, "pending"));

    begin(s); /* when it is told again outlives a restart */
    run_until(s, 2);
    assert_int_equal(1, json_peek_int(first_waiting(s), "attempts", 0));
    end_with(s, "issued", "0");
    id = json_peek_string(first_waiting(s), "id");
    assert_int_equal(APR_SUCCESS, delivery_retry(s->keeper->delivery, id));
    assert_int_equal(APR_ENOENT, delivery_retry(s->keeper->delivery, "x"));
    run_until(s, 0);
    assert_string_equal("account-registered issued account-failing issued deployed", told(s));
    scene_end(s);
}

static void one_is_given_up_in_the_end(void **state)
{
    scene_t *s = scene(*state);
    const history_query_t newest = { 0, 0, NULL, 1 };
    json_t *line;

    s->plan->event_retry = apr_time_from_sec(10);
    end_with(s, "account-registered", "1");
    begin(s);
    scene_register(s);
    run_until(s, 0);
    assert_int_equal(1, counted(s, "given_up"));
    line = APR_ARRAY_IDX(history_read(s->keeper->means.store, &newest, s->p), 0, json_t *);
    assert_string_equal("event-given-up", json_peek_string(line, "event"));
    s->plan->event_retry = apr_time_from_sec(3600);
    end_with(s, "account-failing", "100"); /* never again */
    account_failed(scene_account(s), failure(s), s->result);
    run_until(s, 0);
    assert_int_equal(2, counted(s, "given_up"));
    assert_int_equal(0, counted(s, "delivered"));
    scene_end(s);
}

/* As if the keeper had been killed before what was told was written down. */
static void a_crash_between_spool_and_ledger_tells_nothing_twice(void **state)
{
    scene_t *s = scene(*state);
    const char *before = NULL, *id;
    apr_size_t len = 0;

    begin(s);
    scene_register(s);
    scene_finalize(s);
    run_until(s, 0);
    assert_int_equal(APR_SUCCESS,
                     file_read(&before, &len, scene_path(s, "told.jsonl"), 100000, s->p));
    synced_begin();
    scene_install(s);
    assert_int_equal(1, synced("/told.jsonl")); /* before the spool can forget it */
    id = APR_ARRAY_IDX(spool_list(s->keeper->means.store, s->p), 0, const char *);
    fixture_write(scene_path(s, "told.jsonl"), before, len);
    begin(s);
    assert_int_equal(1, waiting(s));
    assert_string_equal(id,
                        APR_ARRAY_IDX(spool_list(s->keeper->means.store, s->p), 0, const char *));
    run_until(s, 0);
    assert_string_equal("account-registered issued", told(s));
    scene_end(s);
}

/* ... before it was in the spool. */
static void what_a_crash_kept_from_the_spool_is_told_later(void **state)
{
    scene_t *s = scene(*state);
    const char *before = NULL;
    apr_size_t len = 0;

    begin(s);
    scene_register(s);
    run_until(s, 0);
    scene_finalize(s);
    assert_int_equal(APR_SUCCESS,
                     file_read(&before, &len, scene_path(s, "told.jsonl"), 100000, s->p));
    scene_install(s);
    assert_int_equal(APR_SUCCESS, file_remove_tree(scene_path(s, "events"), s->p));
    fixture_write(scene_path(s, "told.jsonl"), before, len);
    begin(s);
    run_until(s, 0);
    assert_string_equal("account-registered issued", told(s));
    scene_end(s);
}

/* The disk is full, or broken: all is told when it is not. */
static void what_the_spool_did_not_take_is_told_later(void **state)
{
    scene_t *s = scene(*state);

    begin(s);
    assert_int_equal(0, rmdir(scene_path(s, "events")));
    fixture_write(scene_path(s, "events"), "x", 1); /* so that nothing can be in it */
    changes_tell_process(s->keeper->means.changes, CHANGE_RESTART_REFUSED, "A mistake.", s->p);
    issue(s);
    run_until(s, 0);
    assert_string_equal("", told(s));
    assert_int_equal(APR_SUCCESS, file_remove(scene_path(s, "events")));
    certificate_activate(scene_certificate(s), ACTIVATION_LIVE, NULL);
    run_until(s, 0);
    assert_string_equal("reload-refused issued deployed", told(s));
    begin(s); /* for want of a minute */
    run_until(s, 0);
    assert_string_equal("reload-refused issued deployed account-registered", told(s));
    scene_end(s);
}

/* As the disk is read-only: it is told, and not told again by the next keeper. */
static void what_cannot_be_removed_is_removed_later(void **state)
{
    scene_t *s = scene(*state);
    apr_time_t end = apr_time_now() + PATIENCE;
    const char *path;

    fixture_write(apr_pstrcat(s->p, s->dir, "/stuck", NULL), "", 0);
    begin(s);
    scene_register(s);
    while (counted(s, "delivered") < 1) {
        assert_true(apr_time_now() < end);
        scene_run(s, apr_time_from_msec(20));
    }
    assert_int_equal(1, waiting(s));
    path = spool_path(s->p, s->keeper->means.store,
                      APR_ARRAY_IDX(spool_list(s->keeper->means.store, s->p), 0, const char *));
    assert_int_equal(0, rmdir(path));
    fixture_write(path, "{}", 2);
    assert_int_equal(APR_SUCCESS, file_remove(apr_pstrcat(s->p, s->dir, "/stuck", NULL)));
    scene_finalize(s);
    scene_install(s);
    run_until(s, 0);
    assert_string_equal("account-registered issued", told(s));
    scene_end(s);
}

static void what_was_begun_by_a_keeper_of_before_is_waited_for(void **state)
{
    scene_t *s = scene(*state);
    const char *path;
    int lock = -1;

    begin(s);
    scene_register(s);
    path = spool_path(s->p, s->keeper->means.store,
                      APR_ARRAY_IDX(spool_list(s->keeper->means.store, s->p), 0, const char *));
    assert_int_equal(APR_SUCCESS, spool_lock(&lock, path));
    begin(s);
    scene_run(s, apr_time_from_msec(400));
    assert_string_equal("", told(s));
    assert_int_equal(1, waiting(s));
    assert_int_equal(APR_SUCCESS, spool_ended(path, 0, s->p));
    close(lock);
    run_until(s, 0);
    assert_string_equal("", told(s)); /* the other one has told it */
    assert_int_equal(1, counted(s, "delivered"));
    scene_end(s);
}

static void one_that_was_killed_meanwhile_is_told_again(void **state)
{
    scene_t *s = scene(*state);
    const char *path;
    int lock = -1;

    begin(s);
    scene_register(s);
    path = spool_path(s->p, s->keeper->means.store,
                      APR_ARRAY_IDX(spool_list(s->keeper->means.store, s->p), 0, const char *));
    assert_int_equal(APR_SUCCESS, spool_lock(&lock, path));
    begin(s);
    scene_run(s, apr_time_from_msec(100));
    close(lock); /* and no word of how it ended */
    run_until(s, 0);
    assert_string_equal("account-registered", told(s));
    scene_end(s);
}

static void what_is_out_of_date_is_not_told(void **state)
{
    scene_t *s = scene(*state);

    end_with(s, "account-registered", "0");
    end_with(s, "issued", "5");
    begin(s);
    issue(s);
    certificate_activate(scene_certificate(s), ACTIVATION_LIVE, NULL);
    run_until(s, 2); /* issued waits, and deployed behind it */
    certificate_failed(scene_certificate(s), failure(s), s->result);
    assert_int_equal(3, waiting(s));
    scene_finalize(s);
    certificate_failed(scene_certificate(s), NULL, s->result);
    scene_install(s); /* issued and recovered: the failure is of no interest any more */
    assert_int_equal(4, waiting(s));
    certificate_activate(scene_certificate(s), ACTIVATION_LIVE, NULL);
    assert_int_equal(4, waiting(s)); /* one deployed in the place of the other */
    end_with(s, "issued", "0");
    delivery_retry(s->keeper->delivery, json_peek_string(first_waiting(s), "id"));
    run_until(s, 0);
    assert_string_equal("account-registered issued issued issued recovered deployed", told(s));
    scene_end(s);
}

/* The newest of that kind in the spool. */
static const json_t *newest(scene_t *s, const char *kind)
{
    const apr_array_header_t *ids = spool_list(s->keeper->means.store, s->p);
    int i;

    for (i = ids->nelts - 1; i >= 0; --i) {
        const json_t *entry =
            spool_get(s->keeper->means.store, APR_ARRAY_IDX(ids, i, const char *), s->p);
        const json_t *event = json_object_get(entry, "event");

        if (strcmp(json_peek_string(event, "event"), kind) == 0)
            return event;
    }
    return NULL;
}

static void an_event_names_the_certificate_before(void **state)
{
    scene_t *s = scene(*state);
    const char *first;

    begin(s);
    issue(s);
    assert_null(json_peek_string(newest(s, "issued"), "previous_serial"));
    first = json_peek_string(newest(s, "issued"), "serial");
    assert_non_null(first);
    scene_finalize(s);
    scene_install(s);
    assert_string_equal(first, json_peek_string(newest(s, "issued"), "previous_serial"));
    scene_end(s);
}

static void what_is_not_configured_any_more_is_not_told(void **state)
{
    scene_t *s = scene(*state);

    begin(s);
    scene_register(s);
    assert_int_equal(1, waiting(s));
    apr_array_clear(s->plan->event_commands);
    begin(s);
    assert_int_equal(0, waiting(s));
    scene_end(s);
}

static void many_have_a_limit(void **state)
{
    scene_t *s = scene(*state);
    json_t *event = json_own(s->p, json_object());
    int i;

    scene_start(s);
    json_put_time(event, "at", apr_time_now());
    for (i = 0; i < LIMIT_EVENTS + 5; ++i) {
        event_kind_t kind = i % 10 == 5 ? EVENT_FAILING : EVENT_ISSUED;

        json_put_string(event, "event", event_name(kind));
        delivery_add(s->keeper->delivery, kind, event, NULL, NULL);
    }
    assert_int_equal(LIMIT_EVENTS, waiting(s));
    assert_int_equal(5, counted(s, "given_up"));
    assert_int_equal(95, waiting_of(s, "failing")); /* the oldest of them, and no other */
    assert_int_equal(905, waiting_of(s, "issued"));
    scene_end(s);
}

static void so_has_their_size(void **state)
{
    scene_t *s = scene(*state);
    json_t *event = json_own(s->p, json_object());
    apr_size_t size = LIMIT_EVENTS_SIZE / 100;
    char *text = apr_pcalloc(s->p, size + 1);
    int i;

    scene_start(s);
    json_put_time(event, "at", apr_time_now());
    json_put_string(event, "event", event_name(EVENT_ISSUED));
    json_put_string(event, "why", memset(text, 'x', size));
    for (i = 0; i < 110; ++i)
        delivery_add(s->keeper->delivery, EVENT_ISSUED, event, NULL, NULL);
    assert_in_range(waiting(s), 95, 100);
    assert_int_equal(110 - waiting(s), counted(s, "given_up"));
    scene_end(s);
}

static void add(scene_t *s, event_kind_t kind, const char *key_type)
{
    json_t *event = json_own(s->p, json_object());

    json_put_time(event, "at", apr_time_now());
    json_put_string(event, "event", event_name(kind));
    json_put_string(event, "name", NAME);
    json_put_string(event, "key_type", key_type);
    assert_int_equal(APR_SUCCESS,
                     delivery_add(s->keeper->delivery, kind, event, "what", json_true()));
}

static void each_key_type_is_told_of(void **state)
{
    scene_t *s = scene(*state);

    scene_start(s);
    add(s, EVENT_DEPLOYED, "p256");
    add(s, EVENT_DEPLOYED, "rsa2048");
    assert_int_equal(2, waiting(s));
    add(s, EVENT_DEPLOYED, "p256");
    assert_int_equal(2, waiting(s));
    scene_end(s);
}

/* Else a crash between two files would leave the second program without the event. */
static void the_last_file_says_that_it_is_told(void **state)
{
    scene_t *s = scene(*state);
    const apr_array_header_t *ids;

    add_command(s, "deployed")->argv = party_names(s->p, "/usr/local/sbin/other", NULL);
    add_command(s, "failing");
    scene_start(s);
    add(s, EVENT_DEPLOYED, "p256");
    ids = spool_list(s->keeper->means.store, s->p);
    assert_int_equal(2, ids->nelts);
    assert_null(json_object_get(
        spool_get(s->keeper->means.store, APR_ARRAY_IDX(ids, 0, const char *), s->p), "of"));
    assert_string_equal(
        "what",
        json_peek_string(
            spool_get(s->keeper->means.store, APR_ARRAY_IDX(ids, 1, const char *), s->p), "of"));
    scene_end(s);
}

static void one_that_is_being_told_is_left_alone(void **state)
{
    scene_t *s = scene(*state);
    const char *id;
    int fd = -1;

    scene_start(s);
    add(s, EVENT_DEPLOYED, "p256");
    id = json_peek_string(first_waiting(s), "id");
    assert_int_equal(APR_SUCCESS, spool_lock(&fd, spool_path(s->p, s->keeper->means.store, id)));
    begin(s); /* a keeper of before has started its program */
    assert_int_equal(APR_EBUSY, delivery_retry(s->keeper->delivery, id));
    assert_int_equal(APR_EBUSY, delivery_drop(s->keeper->delivery, id));
    assert_int_equal(1, waiting(s));
    close(fd);
    run_until(s, 0);
    assert_string_equal("deployed", told(s));
    scene_end(s);
}

static void a_test_is_told_once(void **state)
{
    scene_t *s = scene(*state);

    end_with(s, "test", "1");
    begin(s);
    assert_int_equal(APR_ENOENT, herald_test(s->keeper->herald, EVENT_DEPLOYED, "x.example.edu"));
    assert_int_equal(APR_SUCCESS, herald_test(s->keeper->herald, EVENT_DEPLOYED, NAME));
    assert_int_equal(APR_SUCCESS, herald_test(s->keeper->herald, EVENT_DEPLOYED, NULL));
    run_until(s, 0);
    assert_string_equal("test test", told(s));
    assert_int_equal(2, counted(s, "given_up"));
    apr_array_clear(s->plan->event_commands);
    begin(s);
    assert_int_equal(APR_ENOTIMPL, herald_test(s->keeper->herald, EVENT_DEPLOYED, NAME));
    scene_end(s);
}

/* The keeper that comes after a restart begins with an empty spool, in the same second. */
static void no_id_comes_twice(void **state)
{
    scene_t *s = scene(*state);
    const char *first;

    begin(s);
    assert_int_equal(APR_SUCCESS, herald_test(s->keeper->herald, EVENT_DEPLOYED, NAME));
    first = apr_pstrdup(s->p, json_peek_string(first_waiting(s), "id"));
    run_until(s, 0);
    begin(s);
    assert_int_equal(APR_SUCCESS, herald_test(s->keeper->herald, EVENT_DEPLOYED, NAME));
    assert_true(spool_number(json_peek_string(first_waiting(s), "id")) > spool_number(first));
    run_until(s, 0);
    scene_end(s);
}

static void one_can_be_dropped(void **state)
{
    scene_t *s = scene(*state);

    end_with(s, "issued", "3");
    begin(s);
    issue(s);
    run_until(s, 1);
    assert_int_equal(APR_SUCCESS,
                     delivery_drop(s->keeper->delivery, json_peek_string(first_waiting(s), "id")));
    assert_int_equal(0, waiting(s));
    assert_int_equal(APR_ENOENT, delivery_drop(s->keeper->delivery, "x"));
    scene_end(s);
}

static void what_was_there_before_is_not_told(void **state)
{
    scene_t *s = scene_make(*state);

    scene_start(s); /* a store of a version without events */
    issue(s);
    scene_load(s);
    scene_stop(s);
    unlink(scene_path(s, "told.jsonl"));
    s->plan->stage_program = scene_script(s, "courier", COURIER);
    add_command(s, "all");
    begin(s);
    run_until(s, 0);
    assert_string_equal("", told(s));
    scene_end(s);
}

static void what_happens_to_httpd_and_the_configuration(void **state)
{
    scene_t *s = scene(*state);
    plan_certificate_t other;

    begin(s);
    issue(s);
    changes_tell_process(s->keeper->means.changes, CHANGE_RESTART_REFUSED, "Syntax error.", s->p);
    changes_tell_process(s->keeper->means.changes, CHANGE_RESTART_FAILED, "In vain.", s->p);
    run_until(s, 0);
    assert_string_equal("account-registered issued reload-refused reload-failed", told(s));
    other = *s->certificate;
    other.id = "other.example.edu";
    other.names = party_names(s->p, other.id, NULL);
    *s->certificate = other;
    begin(s);
    begin(s); /* once */
    run_until(s, 0);
    assert_string_equal("account-registered issued reload-refused reload-failed unconfigured",
                        told(s));
    scene_end(s);
}

static void other_terms_are_told(void **state)
{
    scene_t *s = scene(*state);

    begin(s);
    assert_int_equal(APR_SUCCESS, account_registered(scene_account(s), ACCOUNT_URL,
                                                     "https://ca.example/terms/1", s->result));
    scene_account(s)->told.terms = "https://ca.example/terms/1";
    account_failed(scene_account(s), failure(s), s->result);
    account_failed(scene_account(s), NULL, s->result);
    scene_account(s)->told.terms = "https://ca.example/terms/2";
    account_failed(scene_account(s), NULL, s->result);
    account_failed(scene_account(s), NULL, s->result);
    run_until(s, 0);
    assert_string_equal("account-registered account-failing terms-changed", told(s));
    scene_end(s);
}

/* A crash came between the new certificate and the word that nothing fails any more. */
static void a_failure_is_over_when_a_certificate_came_after_it(void **state)
{
    scene_t *s = scene(*state);
    failure_t *failed = failure(s);

    begin(s);
    issue(s);
    failed->tried = apr_time_now() + apr_time_from_sec(60);
    failed->fingerprint = certificate_fingerprint(scene_certificate(s), s->p);
    certificate_failed(scene_certificate(s), failed, s->result);
    run_until(s, 0);
    begin(s);
    assert_non_null(scene_certificate(s)->failing.failure); /* there is none that came after it */
    failed->tried = apr_time_now() - apr_time_from_sec(60);
    certificate_failed(scene_certificate(s), failed, s->result);
    scene_finalize(s);
    scene_install(s);
    begin(s);
    assert_null(scene_certificate(s)->failing.failure);
    assert_false(scene_has(s, "failures/" NAME ".json"));
    run_until(s, 0);
    assert_string_equal("account-registered issued failing issued recovered", told(s));
    scene_end(s);
}

/* The CA has done it, and a crash came before anybody was told. */
static void the_end_of_one_that_was_superseded_is_told_once(void **state)
{
    scene_t *s = scene(*state);
    const registration_t *before;
    registration_t *closed = NULL;

    begin(s);
    scene_register(s);
    run_until(s, 0);
    before = scene_account(s)->registration;
    assert_int_equal(APR_SUCCESS, registration_succeed(s->keeper->means.store, before, KID,
                                                       apr_time_now(), "alice", s->result, s->p));
    begin(s);
    assert_int_equal(APR_SUCCESS,
                     account_registered(scene_account(s), "https://ca.example/2", NULL, s->result));
    run_until(s, 0);
    before = scene_account(s)->registration;
    assert_int_equal(APR_SUCCESS,
                     registration_load_before(&closed, s->keeper->means.store, before,
                                              APR_ARRAY_IDX(before->before, 0, const char *),
                                              s->result, s->p));
    assert_int_equal(APR_SUCCESS, registration_close(s->keeper->means.store, closed, apr_time_now(),
                                                     s->result, s->p));
    begin(s);
    assert_string_equal(ACCOUNT_URL, json_peek_string(newest(s, "account-deactivated"), "url"));
    run_until(s, 0);
    begin(s);
    account_failed(scene_account(s), NULL, s->result);
    run_until(s, 0);
    assert_string_equal("account-registered account-registered account-deactivated", told(s));
    scene_end(s);
}

#define DAY (24L * 3600)

/* The first warning comes when a third of the time from the planned renewal to the end is gone. */
static void the_end_is_told_by_what_the_renewal_is_planned_by(void **state)
{
    static const struct {
        int percent, before; /* ACMERenewBefore: of the life, or days */
        double life, left;   /* days */
        int is_told;
    } rows
        [] = {
            { 90, 0, 100, 50, 1 }, { 50, 0, 100, 50, 0 }, { 0, 80, 100, 50, 1 },
            { 0, 60, 100, 50, 0 }, { 0, 0, 100, 50, 0 },  { 0, 0, 100, 20, 1 },
            { 0, 80, 60, 20, 0 }, /* longer than it lives: as if it was not set */
            { 0, 0, 8, 2.2, 1 },   { 30, 0, 8, 2.2, 0 },
        };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        scene_t *s = scene(*state);

        s->certificate->renew_percent = rows[i].percent;
        s->certificate->renew_before = apr_time_from_sec(rows[i].before * DAY);
        s->until = (long)(rows[i].left * (double)DAY);
        s->from = s->until - (long)(rows[i].life * (double)DAY);
        begin(s);
        issue(s);
        if ((newest(s, "expiring") != NULL) != rows[i].is_told)
            fail_msg("row %d", (int)i);
        scene_end(s);
    }
}

static void put_validation(json_t *list, const char *name, long days)
{
    json_t *validation = json_object();

    json_put_string(validation, "name", name);
    json_put_time(validation, "until", apr_time_now() + apr_time_from_sec(days * DAY));
    json_array_append_new(list, validation);
}

/* The CA goes by these for the certificate in place, which came a month ago. */
static void keep_validations(scene_t *s)
{
    keeper_certificate_t *certificate = scene_certificate(s);
    json_t *json = json_own(s->p, json_object()), *list = json_array();

    json_put_string(json, "fingerprint", certificate->best->facts->fingerprint);
    put_validation(list, NAME, 1); /* by http-01 at any time */
    put_validation(list, "*.b.example.edu", 3);
    put_validation(list, "*.a.example.edu", 2);
    put_validation(list, "*.c.example.edu", 4);
    json_object_set_new(json, "names", list);
    assert_int_equal(APR_SUCCESS, validation_keep(certificate, json, s->result));
}

static void look_after_a_month(scene_t *s)
{
    keeper_certificate_t *certificate = scene_certificate(s);

    certificate->best->installed = apr_time_now() - apr_time_from_sec(30 * DAY);
    changes_tell_certificate(s->keeper->means.changes, CHANGE_RECOVERED, certificate, NULL);
}

static void the_first_validation_that_cannot_be_had_again_is_told(void **state)
{
    scene_t *s = scene(*state);
    const json_t *validation;

    begin(s);
    issue(s);
    look_after_a_month(s); /* nothing is known of any */
    keep_validations(s);
    assert_null(newest(s, "validation-expiring"));
    look_after_a_month(s);
    look_after_a_month(s); /* once */
    validation = json_object_get(newest(s, "validation-expiring"), "validation");
    assert_string_equal("*.a.example.edu", json_peek_string(validation, "name"));
    run_until(s, 0);
    assert_string_equal("account-registered issued validation-expiring", told(s));
    scene_end(s);
}

static void validations_are_of_their_certificate(void **state)
{
    scene_t *s = scene(*state);

    begin(s);
    issue(s);
    keep_validations(s);
    scene_finalize(s);
    scene_install(s); /* of this one nothing is known yet */
    look_after_a_month(s);
    assert_null(newest(s, "validation-expiring"));
    scene_end(s);
}

static void a_validation_that_can_be_had_again_is_not_told(void **state)
{
    scene_t *s = scene(*state);

    s->certificate->challenges = party_names(s->p, "http-01", "dns-01", NULL);
    begin(s);
    issue(s);
    keep_validations(s);
    look_after_a_month(s);
    assert_null(newest(s, "validation-expiring"));
    scene_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(what_happens_is_told_in_its_order),
        fixture_test(a_restart_of_httpd_deploys),
        fixture_test(each_program_is_told_what_it_wants),
        fixture_test(one_that_is_refused_holds_up_its_own_name),
        fixture_test(one_is_given_up_in_the_end),
        fixture_test(a_crash_between_spool_and_ledger_tells_nothing_twice),
        fixture_test(what_a_crash_kept_from_the_spool_is_told_later),
        fixture_test(what_the_spool_did_not_take_is_told_later),
        fixture_test(what_cannot_be_removed_is_removed_later),
        fixture_test(what_was_begun_by_a_keeper_of_before_is_waited_for),
        fixture_test(one_that_was_killed_meanwhile_is_told_again),
        fixture_test(what_is_out_of_date_is_not_told),
        fixture_test(an_event_names_the_certificate_before),
        fixture_test(what_is_not_configured_any_more_is_not_told),
        fixture_test(many_have_a_limit),
        fixture_test(so_has_their_size),
        fixture_test(each_key_type_is_told_of),
        fixture_test(the_last_file_says_that_it_is_told),
        fixture_test(one_that_is_being_told_is_left_alone),
        fixture_test(a_test_is_told_once),
        fixture_test(no_id_comes_twice),
        fixture_test(one_can_be_dropped),
        fixture_test(what_was_there_before_is_not_told),
        fixture_test(what_happens_to_httpd_and_the_configuration),
        fixture_test(other_terms_are_told),
        fixture_test(a_failure_is_over_when_a_certificate_came_after_it),
        fixture_test(the_end_of_one_that_was_superseded_is_told_once),
        fixture_test(the_end_is_told_by_what_the_renewal_is_planned_by),
        fixture_test(the_first_validation_that_cannot_be_had_again_is_told),
        fixture_test(validations_are_of_their_certificate),
        fixture_test(a_validation_that_can_be_had_again_is_not_told),
    };

    return fixture_run(tests);
}
