/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include <signal.h>
#include <sys/resource.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/json.h"
#include "ipc/control.h"
#include "ipc/frame.h"
#include "keeper/control_socket.h"
#include "keeper/demand.h"
#include "store/act.h"

#define ID "00112233445566778899aabbccddeeff"
#define OTHER_ID "ffeeddccbbaa99887766554433221100"

/* What somebody who waits has heard. */
typedef struct hearing {
    int parts;
    int ended;
    const char *step;
    const char *result;
    const char *problem;
    int running;
    apr_pool_t *p;
} hearing_t;

static apr_status_t hear(void *baton, int type, json_t *body)
{
    hearing_t *hearing = baton;

    if (type == MESSAGE_PART) {
        ++hearing->parts;
        hearing->step = json_copy_string(hearing->p, body, "step");
        hearing->result = json_copy_string(hearing->p, body, "result");
    }
    else {
        assert_int_equal(MESSAGE_END, type);
        ++hearing->ended;
        hearing->running = json_peek_bool(body, "running", 0);
        hearing->problem = json_copy_string(hearing->p, json_object_get(body, "problem"), "detail");
    }
    json_decref(body);
    return APR_SUCCESS;
}

static void on_news(void *baton)
{
    ++*(int *)baton;
}

static json_t *ask(const char *id, const char *command, const char *name, int force, int wait)
{
    return json_pack("{s:s,s:s,s:{s:[s],s:b},s:b,s:{s:s}}", "id", id, "command", command,
                     "arguments", "names", name, "force", force, "wait", wait, "by", "user",
                     "alice");
}

/* One call, heard to where it is now. */
static hearing_t call(scene_t *s, const char *id, const char *command, const char *name, int force,
                      int wait)
{
    hearing_t hearing = { 0, 0, NULL, NULL, NULL, 0, s->p };
    json_t *body = ask(id, command, name, force, wait);
    static int news;
    control_watch_t *watch = control_door_ask(s->keeper->control, body, 0, on_news, &news, s->p);

    json_decref(body);
    assert_non_null(watch);
    (void)control_watch_flush(watch, hear, &hearing);
    control_watch_end(watch);
    return hearing;
}

static scene_t *begin(void **state)
{
    scene_t *s = scene_make(*state);

    scene_start(s);
    scene_register(s);
    control_door_start(s->keeper->control);
    return s;
}

/* There is a certificate, which is served and two hours old. */
static void have_certificate(scene_t *s)
{
    scene_finalize(s);
    scene_install(s);
    scene_load(s);
    scene_start(s);
    control_door_start(s->keeper->control);
    scene_certificate(s)->best->installed -= apr_time_from_sec(7200);
}

static void only_listed_commands_are_carried_out(void **state)
{
    static const char *const words[] = { "", "sign", "RENEW", "renew ", "revokeCert" };
    scene_t *s = begin(state);
    size_t i;

    for (i = 0; i < sizeof(words) / sizeof(words[0]); ++i) {
        hearing_t hearing = call(s, apr_psprintf(s->p, "%032d", (int)i), words[i], NAME, 0, 0);

        assert_int_equal(1, hearing.ended);
        assert_non_null(strstr(hearing.problem, "no command"));
    }
    assert_int_equal(0, s->keeper->line->sent);
    scene_end(s);
}

static void an_act_has_an_id(void **state)
{
    static const char *const ids[] = { "", "1", "../../../../../etc/passwd0000000",
                                       "00112233445566778899AABBCCDDEEFF",
                                       "00112233445566778899aabbccddeeff0" };
    scene_t *s = begin(state);
    json_t *body;
    size_t i;
    int news;

    for (i = 0; i < sizeof(ids) / sizeof(ids[0]); ++i) {
        body = ask(ids[i], "renew", NAME, 0, 0);
        assert_null(control_door_ask(s->keeper->control, body, 0, on_news, &news, s->p));
        json_decref(body);
    }
    body = json_pack("{s:s,s:s}", "command", "renew", "wait", "x");
    assert_null(control_door_ask(s->keeper->control, body, 0, on_news, &news, s->p));
    json_decref(body);
    scene_end(s);
}

static void a_name_that_is_not_configured_is_refused(void **state)
{
    scene_t *s = begin(state);
    hearing_t hearing = call(s, ID, "renew", "other.example", 0, 0);

    assert_non_null(strstr(hearing.problem, "other.example"));
    assert_int_equal(0, s->keeper->line->sent);
    hearing = call(s, OTHER_ID, "renew", "*.org", 0, 0);
    assert_non_null(hearing.problem);
    scene_end(s);
}

static void renew_is_a_demand_that_the_agent_hears_of(void **state)
{
    scene_t *s = begin(state);
    brief_t *brief;
    hearing_t hearing;

    have_certificate(s);
    hearing = call(s, ID, "renew", "EXAMPLE.edu", 0, 0);
    assert_null(hearing.problem);
    assert_true(hearing.running);
    assert_int_equal(1, s->keeper->line->sent);
    assert_int_equal(MESSAGE_TASK, s->keeper->line->sent_type);
    assert_non_null(strstr(s->keeper->line->sent_text, "\"demanded\""));
    assert_true(scene_has(s, "demands/" NAME ".json"));
    scene_start(s); /* killed */
    brief = briefing_make(&s->keeper->briefing, s->p);
    assert_true(APR_ARRAY_IDX(brief->certificates, 0, brief_certificate_t).demanded != 0);
    scene_end(s);
}

static void a_demand_ends_with_another_certificate(void **state)
{
    scene_t *s = begin(state);
    demand_t demand;

    have_certificate(s);
    call(s, ID, "renew", NAME, 0, 0);
    scene_finalize(s);
    scene_install(s);
    assert_false(scene_has(s, "demands/" NAME ".json"));
    assert_true(scene_certificate(s)->demanded == 0);
    /* Killed after the certificate came, and before the demand went. */
    demand.since = scene_certificate(s)->best->installed;
    demand.replaces = "00";
    assert_int_equal(APR_SUCCESS, demand_save(s->keeper->means.store, NAME, &demand, s->p));
    scene_start(s);
    assert_true(scene_certificate(s)->demanded == 0);
    assert_false(scene_has(s, "demands/" NAME ".json"));
    scene_end(s);
}

static void a_young_certificate_is_not_renewed_without_force(void **state)
{
    scene_t *s = begin(state);
    hearing_t hearing;

    have_certificate(s);
    scene_certificate(s)->best->installed = apr_time_now() - apr_time_from_sec(60);
    hearing = call(s, ID, "renew", NAME, 0, 0);
    assert_string_equal("refused", hearing.result);
    assert_non_null(strstr(hearing.problem, "--force"));
    assert_false(hearing.running);
    assert_int_equal(0, s->keeper->line->sent);
    assert_false(scene_has(s, "demands/" NAME ".json"));
    hearing = call(s, OTHER_ID, "renew", NAME, 1, 0);
    assert_null(hearing.problem);
    assert_int_equal(1, s->keeper->line->sent);
    scene_end(s);
}

static void asked_again_it_is_not_done_again(void **state)
{
    scene_t *s = begin(state);
    hearing_t hearing;

    have_certificate(s);
    call(s, ID, "renew", NAME, 0, 1);
    assert_int_equal(1, s->keeper->line->sent);
    hearing = call(s, ID, "renew", NAME, 0, 1);
    assert_int_equal(1, s->keeper->line->sent);
    assert_int_equal(1, hearing.parts);
    assert_int_equal(0, hearing.ended);
    scene_start(s); /* httpd was restarted */
    control_door_start(s->keeper->control);
    hearing = call(s, ID, "renew", NAME, 0, 1);
    assert_int_equal(0, s->keeper->line->sent);
    assert_string_equal("asked", hearing.step);
    assert_int_equal(0, hearing.ended);
    scene_end(s);
}

/* While the disk is full, files can be removed and not written. */
static void let_write(int yes)
{
    struct rlimit limit;

    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(0, getrlimit(RLIMIT_FSIZE, &limit));
    limit.rlim_cur = yes ? limit.rlim_max : 0;
    assert_int_equal(0, setrlimit(RLIMIT_FSIZE, &limit));
}

static void fill_the_disk(void *baton, const change_t *change)
{
    (void)baton;
    if (change->kind == CHANGE_BLOCKED)
        let_write(0);
}

/* Root was told that it has failed, and will ask again: the next keeper does not do it besides, maybe to the
 * certificate that came meanwhile. */
static void what_has_failed_on_a_full_disk_is_not_begun_again(void **state)
{
    scene_t *s = begin(state);
    hearing_t hearing;

    have_certificate(s);
    changes_hear(s->keeper->means.changes, fill_the_disk, NULL);
    hearing = call(s, ID, "compromised", NAME, 0, 0);
    let_write(1);
    assert_non_null(hearing.problem);
    assert_int_equal(1, hearing.ended);
    scene_start(s);
    control_door_start(s->keeper->control);
    scene_run(s, apr_time_from_msec(50));
    assert_int_equal(0, s->keeper->line->sent);
    assert_false(scene_has(s, "acts/" ID ".json"));
    scene_end(s);
}

static void what_came_of_it_is_told_after_a_restart(void **state)
{
    scene_t *s = begin(state);
    hearing_t hearing;

    have_certificate(s);
    call(s, ID, "renew", NAME, 0, 1);
    scene_finalize(s);
    scene_install(s);
    hearing = call(s, ID, "renew", NAME, 0, 1);
    assert_int_equal(0, hearing.ended);
    scene_load(s); /* httpd has restarted for it */
    scene_start(s);
    control_door_start(s->keeper->control);
    hearing = call(s, ID, "renew", NAME, 0, 1);
    assert_string_equal("served", hearing.step);
    assert_string_equal("issued", hearing.result);
    assert_int_equal(1, hearing.ended);
    assert_null(hearing.problem);
    scene_start(s);
    control_door_start(s->keeper->control);
    hearing = call(s, ID, "renew", NAME, 0, 1);
    assert_string_equal("issued", hearing.result);
    assert_int_equal(1, hearing.ended);
    scene_end(s);
}

static failure_t *have_failure(scene_t *s, apr_int64_t retry_after)
{
    failure_t *failure = apr_pcalloc(s->p, sizeof(*failure));

    failure->attempts = 3;
    failure->since = failure->tried = apr_time_now() - apr_time_from_sec(100);
    failure->next = apr_time_now() + apr_time_from_sec(80000);
    failure->problem = eab_result_make(s->p);
    eab_result_set(failure->problem, APR_EGENERAL, ACME_ERROR "connection", "Nobody answers.");
    failure->problem->retry_after = retry_after;
    assert_int_equal(APR_SUCCESS, certificate_failed(scene_certificate(s), failure, s->result));
    return failure;
}

static void retry_ends_the_back_off_in_the_store_as_well(void **state)
{
    scene_t *s = begin(state);

    have_failure(s, -1);
    assert_null(call(s, ID, "retry", NAME, 0, 0).problem);
    assert_true(scene_certificate(s)->failing.failure->next <= apr_time_now());
    assert_int_equal(1, s->keeper->line->sent);
    assert_null(strstr(s->keeper->line->sent_text, "demanded"));
    scene_start(s);
    assert_true(scene_certificate(s)->failing.failure->next <= apr_time_now());
    scene_end(s);
}

static void a_ca_that_asked_to_wait_is_not_asked_without_force(void **state)
{
    scene_t *s = begin(state);
    hearing_t hearing;

    have_failure(s, 3600);
    hearing = call(s, ID, "retry", NAME, 0, 0);
    assert_non_null(strstr(hearing.problem, "asked to wait"));
    assert_int_equal(0, s->keeper->line->sent);
    assert_null(call(s, OTHER_ID, "retry", NAME, 1, 0).problem);
    assert_int_equal(1, s->keeper->line->sent);
    scene_end(s);
}

static void a_failure_ends_the_wait_and_not_the_demand(void **state)
{
    scene_t *s = begin(state);
    failure_t *failure;
    hearing_t hearing;

    have_certificate(s);
    call(s, ID, "renew", NAME, 0, 1);
    failure = have_failure(s, -1);
    failure->tried = apr_time_now();
    certificate_failed(scene_certificate(s), failure, s->result);
    scene_run(s, apr_time_from_msec(300));
    hearing = call(s, ID, "renew", NAME, 0, 1);
    assert_string_equal("failed", hearing.result);
    assert_string_equal("Nobody answers.", hearing.problem);
    assert_int_equal(1, hearing.ended);
    assert_true(scene_has(s, "demands/" NAME ".json"));
    scene_end(s);
}

static void the_history_says_who_asked(void **state)
{
    scene_t *s = begin(state);
    char *text = NULL;
    FILE *file;
    size_t size = 0;

    have_failure(s, -1);
    call(s, ID, "retry", NAME, 0, 0);
    file = fopen(scene_path(s, "history.jsonl"), "r");
    assert_non_null(file);
    while (getline(&text, &size, file) > 0 && strstr(text, "\"command\"") == NULL)
        ;
    assert_non_null(strstr(text, "\"by\":\"alice\""));
    assert_non_null(strstr(text, "\"uid\":0"));
    fclose(file);
    free(text);
    scene_end(s);
}

static void what_is_configured_is_not_deleted(void **state)
{
    scene_t *s = begin(state);
    hearing_t hearing;

    have_certificate(s);
    hearing = call(s, ID, "delete", "example.edu", 0, 1);
    assert_non_null(strstr(hearing.problem, "httpd.conf:9"));
    hearing = call(s, OTHER_ID, "delete", "../live/" NAME, 0, 1);
    assert_non_null(hearing.problem);
    assert_true(scene_has(s, "live/" NAME "/privkey.pem"));
    scene_end(s);
}

static void what_is_left_over_is_deleted_whole(void **state)
{
    scene_t *s = begin(state);
    hearing_t hearing;

    have_certificate(s);
    s->certificate->id = "new.example.edu";
    s->certificate->names = party_names(s->p, "new.example.edu", NULL);
    scene_start(s);
    control_door_start(s->keeper->control);
    hearing = call(s, ID, "delete", NAME, 0, 1);
    assert_null(hearing.problem);
    assert_string_equal("removed", hearing.result);
    assert_false(scene_has(s, "archive/" NAME));
    assert_int_not_equal(0, access(scene_path(s, "live/" NAME), F_OK));
    hearing = call(s, ID, "delete", NAME, 0, 1); /* the answer was lost */
    assert_null(hearing.problem);
    assert_non_null(call(s, OTHER_ID, "delete", NAME, 0, 1).problem);
    scene_end(s);
}

static void what_the_agent_is_asked_is_asked_again_after_a_restart(void **state)
{
    scene_t *s = begin(state);
    hearing_t hearing;

    hearing = call(s, ID, "check", NAME, 0, 1);
    assert_int_equal(0, hearing.ended);
    assert_int_equal(2, s->keeper->line->sent);
    scene_start(s);
    control_door_start(s->keeper->control);
    assert_int_equal(2, s->keeper->line->sent);
    assert_int_equal(APR_SUCCESS, scene_ask(s, MESSAGE_REPORT,
                                            json_pack("{s:i,s:i,s:{s:s}}", "id", 1, "task", 1,
                                                      "part", "step", "seen")));
    assert_int_equal(
        APR_SUCCESS,
        scene_ask(s, MESSAGE_REPORT, json_pack("{s:i,s:i,s:b}", "id", 2, "task", 1, "end", 1)));
    scene_run(s, apr_time_from_msec(300));
    hearing = call(s, ID, "check", NAME, 0, 1);
    assert_string_equal("seen", hearing.step);
    assert_int_equal(0, hearing.ended);
    assert_int_equal(
        APR_SUCCESS,
        scene_ask(s, MESSAGE_REPORT, json_pack("{s:i,s:i,s:b}", "id", 3, "task", 2, "end", 1)));
    scene_run(s, apr_time_from_msec(300));
    assert_int_equal(1, call(s, ID, "check", NAME, 0, 1).ended);
    scene_end(s);
}

/* ---- the socket ---- */

static int connect_to(scene_t *s)
{
    int fd = -1;

    assert_int_equal(APR_SUCCESS, control_connect(&fd, s->plan->store_dir));
    return fd;
}

static void the_socket_is_roots_alone(void **state)
{
    scene_t *s = begin(state);
    struct stat st;
    int fd;

    control_socket_start(&s->keeper->means, s->keeper->control);
    assert_int_equal(0, stat(scene_path(s, "control"), &st));
    assert_true(S_ISSOCK(st.st_mode));
    assert_int_equal(0600, st.st_mode & 07777);
    fd = connect_to(s);
    close(fd);
    scene_end(s);
}

/* Each in the place of the socket; it is told of, kept, and the socket is made. */
static void something_else_in_its_place(void **state)
{
    scene_t *s = begin(state);
    const char *path = scene_path(s, "control"), *aside = scene_path(s, "control.damaged");
    struct stat st;
    int i;

    for (i = 0; i < 4; ++i) {
        assert_int_equal(APR_SUCCESS, file_remove_tree(path, s->p));
        assert_int_equal(APR_SUCCESS, file_remove_tree(aside, s->p));
        switch (i) {
        case 0:
            assert_int_equal(0, symlink("/etc/passwd", path));
            break;
        case 1:
            assert_int_equal(0, mkfifo(path, 0600));
            break;
        case 2:
            assert_int_equal(0, mkdir(path, 0700));
            fixture_write(apr_pstrcat(s->p, path, "/x", NULL), "x", 1);
            break;
        default:
            fixture_write(path, "somebody's", 10);
        }
        scene_start(s);
        control_socket_start(&s->keeper->means, s->keeper->control);
        assert_int_equal(0, lstat(path, &st));
        assert_true(S_ISSOCK(st.st_mode));
        assert_int_equal(0, lstat(aside, &st));
        close(connect_to(s));
    }
    assert_int_equal(0, stat("/etc/passwd", &st));
    scene_end(s);
}

static void one_that_was_left_is_bound_anew(void **state)
{
    scene_t *s = begin(state);

    control_socket_start(&s->keeper->means, s->keeper->control);
    scene_start(s); /* the one before was killed */
    control_socket_start(&s->keeper->means, s->keeper->control);
    close(connect_to(s));
    assert_false(scene_has(s, "control.damaged"));
    scene_end(s);
}

/* What comes of bytes that somebody sends: the connection ends, and the keeper does not. */
static void breaks(scene_t *s, const void *bytes, size_t length)
{
    int fd = connect_to(s);
    char answer;

    assert_int_equal((ssize_t)length, write(fd, bytes, length));
    scene_run(s, apr_time_from_msec(50));
    assert_int_equal(0, recv(fd, &answer, 1, MSG_DONTWAIT));
    close(fd);
}

static void whoever_breaks_the_format_is_let_go(void **state)
{
    scene_t *s = begin(state);
    int fd;

    control_socket_start(&s->keeper->means, s->keeper->control);
    breaks(s, "\x01\xff\xff\xff\xff", 5);   /* too long */
    breaks(s, "\x01\x00\x00\x00\x02[]", 7); /* no object */
    breaks(s, "\x01\x00\x00\x00\x02{}", 7); /* no ASK */
    breaks(s, "GET / HTTP/1.0\r\n\r\n", 18);
    fd = connect_to(s);
    close(fd);
    scene_run(s, apr_time_from_msec(20));
    close(connect_to(s));
    scene_end(s);
}

static void silent_clients_block_nobody(void **state)
{
    scene_t *s = begin(state);
    int fds[LIMIT_CONTROL], more, i;
    json_t *body = ask(ID, "retry", NAME, 0, 0);
    char answer[5];

    have_failure(s, -1);
    control_socket_start(&s->keeper->means, s->keeper->control);
    for (i = 0; i < LIMIT_CONTROL; ++i) {
        fds[i] = connect_to(s);
        scene_run(s, apr_time_from_msec(5));
    }
    more = connect_to(s); /* one too many */
    scene_run(s, apr_time_from_msec(20));
    assert_int_equal(0, recv(more, answer, 1, MSG_DONTWAIT));
    close(more);
    assert_int_equal(APR_SUCCESS, frame_send_blocking(fds[3], MESSAGE_ASK, body, APR_USEC_PER_SEC));
    scene_run(s, apr_time_from_msec(50));
    assert_int_equal(5, recv(fds[3], answer, 5, MSG_DONTWAIT));
    for (i = 0; i < LIMIT_CONTROL; ++i)
        close(fds[i]);
    json_decref(body);
    scene_end(s);
}

/* ---- what the agent may do to it ---- */

static void the_agent_gives_no_orders(void **state)
{
    scene_t *s = begin(state);
    int type;

    for (type = MESSAGE_TASK; type <= MESSAGE_END; ++type)
        assert_int_equal(APR_EINVAL, scene_ask(s, type, ask(ID, "renew", NAME, 1, 0)));
    assert_false(scene_has(s, "acts/" ID ".json"));
    scene_end(s);
}

static void note_end(void *baton, const eab_result_t *result)
{
    *(int *)baton += 1 + (result->rv != APR_SUCCESS);
}

static json_t *report(int id, int task, json_t *part, int end)
{
    json_t *body = json_pack("{s:i,s:i,s:b}", "id", id, "task", task, "end", end);

    if (part != NULL)
        json_object_set_new(body, "part", part);
    return body;
}

static void only_what_was_asked_is_answered(void **state)
{
    scene_t *s = begin(state);
    char *text = apr_pcalloc(s->p, 20001);
    int ends = 0, task;

    assert_int_equal(APR_EINVAL, scene_ask(s, MESSAGE_REPORT, report(1, 1, NULL, 1)));
    task = tasks_give(s->keeper->tasks, "check", json_object(), NULL, note_end, &ends);
    assert_int_equal(APR_EINVAL, scene_ask(s, MESSAGE_REPORT, report(1, task + 1, NULL, 1)));
    memset(text, 'x', 20000);
    assert_int_equal(APR_EINVAL, scene_ask(s, MESSAGE_REPORT,
                                           report(1, task, json_pack("{s:s}", "x", text), 0)));
    assert_int_equal(0, ends);
    assert_int_equal(APR_SUCCESS, scene_ask(s, MESSAGE_REPORT, report(1, task, json_object(), 1)));
    assert_int_equal(1, ends);
    assert_int_equal(APR_SUCCESS, scene_ask(s, MESSAGE_REPORT, report(2, task, NULL, 1)));
    assert_int_equal(1, ends);
    scene_end(s);
}

static void a_new_agent_gets_the_tasks_again(void **state)
{
    scene_t *s = begin(state);
    int ends = 0, task, sent;

    task = tasks_give(s->keeper->tasks, "check", json_object(), NULL, note_end, &ends);
    sent = s->keeper->line->sent;
    agent_door_greet(s->keeper->door);
    assert_int_equal(sent + 1, s->keeper->line->sent);
    tasks_cancel(s->keeper->tasks, task);
    agent_door_greet(s->keeper->door);
    assert_int_equal(sent + 1, s->keeper->line->sent);
    assert_int_equal(0, ends);
    scene_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(only_listed_commands_are_carried_out),
        fixture_test(an_act_has_an_id),
        fixture_test(a_name_that_is_not_configured_is_refused),
        fixture_test(renew_is_a_demand_that_the_agent_hears_of),
        fixture_test(a_demand_ends_with_another_certificate),
        fixture_test(a_young_certificate_is_not_renewed_without_force),
        fixture_test(asked_again_it_is_not_done_again),
        fixture_test(what_has_failed_on_a_full_disk_is_not_begun_again),
        fixture_test(what_came_of_it_is_told_after_a_restart),
        fixture_test(retry_ends_the_back_off_in_the_store_as_well),
        fixture_test(a_ca_that_asked_to_wait_is_not_asked_without_force),
        fixture_test(a_failure_ends_the_wait_and_not_the_demand),
        fixture_test(the_history_says_who_asked),
        fixture_test(what_is_configured_is_not_deleted),
        fixture_test(what_is_left_over_is_deleted_whole),
        fixture_test(what_the_agent_is_asked_is_asked_again_after_a_restart),
        fixture_test(the_socket_is_roots_alone),
        fixture_test(something_else_in_its_place),
        fixture_test(one_that_was_left_is_bound_anew),
        fixture_test(whoever_breaks_the_format_is_let_go),
        fixture_test(silent_clients_block_nobody),
        fixture_test(the_agent_gives_no_orders),
        fixture_test(only_what_was_asked_is_answered),
        fixture_test(a_new_agent_gets_the_tasks_again),
    };

    return fixture_run(tests);
}
