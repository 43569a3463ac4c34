/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <dirent.h>
#include <poll.h>
#include <sys/resource.h>

#include "agent/answer.h"
#include "agent/reading.h"
#include "base/file.h"

#define TOKEN "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA"

typedef struct seen {
    int first;
    int again;
    char host[100];
} seen_t;

static void count(void *baton, int first, const char *host)
{
    seen_t *seen = baton;

    apr_cpystrn(seen->host, host, sizeof(seen->host));
    ++*(first ? &seen->first : &seen->again);
}

static void serve(reading_t *reading)
{
    struct pollfd pfd = { 0, POLLIN, 0 };

    pfd.fd = reading_fd(reading);
    if (poll(&pfd, 1, 0) == 1) {
        reading_serve(reading);
    }
}

static void read_answer(apr_pool_t *p, const char *dir)
{
    const char *text = NULL;
    apr_size_t len = 0;

    assert_int_equal(APR_SUCCESS,
                     file_read(&text, &len, apr_pstrcat(p, dir, "/" TOKEN, NULL), 1000, p));
}

static const char *put(apr_pool_t *p, const char *run_dir, const char *name)
{
    assert_int_equal(APR_SUCCESS, answer_put(run_dir, name, TOKEN, "thumb", p));
    return answer_directory(p, run_dir, name, "http-01");
}

static void a_reader_is_seen(void **state)
{
    apr_pool_t *p = *state;
    const char *run_dir = fixture_directory(p);
    reading_t *reading = reading_make(p);
    seen_t one = { 0, 0, "" }, other = { 0, 0, "" };
    const char *dir = put(p, run_dir, "one.example.edu");

    assert_true(reading_expect(reading, dir, count, &one));
    assert_true(reading_expect(reading, put(p, run_dir, "other.example.edu"), count, &other));
    serve(reading);
    assert_int_equal(0, one.first);
    read_answer(p, dir);
    serve(reading);
    read_answer(p, dir);
    serve(reading);
    assert_int_equal(1, one.first);
    assert_int_equal(1, one.again);
    assert_int_equal(0, other.first);
    file_remove_tree(run_dir, p);
}

static void who_writes_or_lists_is_no_reader(void **state)
{
    apr_pool_t *p = *state;
    const char *run_dir = fixture_directory(p);
    reading_t *reading = reading_make(p);
    seen_t seen = { 0, 0, "" };
    const char *dir = put(p, run_dir, "one.example.edu");
    DIR *listing = NULL;

    assert_true(reading_expect(reading, dir, count, &seen));
    put(p, run_dir, "one.example.edu");
    listing = opendir(dir);
    assert_non_null(listing);
    while (readdir(listing) != NULL) {
        continue;
    }
    closedir(listing);
    serve(reading);
    assert_int_equal(0, seen.first);
    file_remove_tree(run_dir, p);
}

static void a_new_order_has_readers_of_its_own(void **state)
{
    apr_pool_t *p = *state;
    const char *run_dir = fixture_directory(p);
    reading_t *reading = reading_make(p);
    seen_t before = { 0, 0, "" }, after = { 0, 0, "" };
    const char *dir = put(p, run_dir, "one.example.edu");

    assert_true(reading_expect(reading, dir, count, &before));
    answer_remove(run_dir, "one.example.edu", p);
    put(p, run_dir, "one.example.edu");
    assert_true(reading_expect(reading, dir, count, &after));
    read_answer(p, dir);
    serve(reading);
    assert_int_equal(0, before.first);
    assert_int_equal(1, after.first);
    reading_forget(reading, &after);
    read_answer(p, dir);
    serve(reading);
    assert_int_equal(0, after.again);
    file_remove_tree(run_dir, p);
}

static void what_is_not_there_cannot_be_watched(void **state)
{
    apr_pool_t *p = *state;
    reading_t *reading = reading_make(p);

    assert_false(reading_expect(reading, "/nonexistent/challenges/x", count, NULL));
}

/* As when other processes of that user have all that there are: fs.inotify.max_user_instances. */
static void what_the_kernel_refused_is_asked_for_again(void **state)
{
    apr_pool_t *p = *state;
    const char *run_dir = fixture_directory(p);
    const char *dir = put(p, run_dir, "one.example.edu");
    struct rlimit before, none;
    seen_t seen = { 0, 0, "" };
    reading_t *reading;

    assert_int_equal(0, getrlimit(RLIMIT_NOFILE, &before));
    none = before;
    none.rlim_cur = 3;
    assert_int_equal(0, setrlimit(RLIMIT_NOFILE, &none));
    reading = reading_make(p);
    assert_int_equal(-1, reading_fd(reading));
    assert_false(reading_expect(reading, dir, count, &seen));
    assert_int_equal(0, setrlimit(RLIMIT_NOFILE, &before));
    assert_true(reading_expect(reading, dir, count, &seen));
    assert_true(reading_fd(reading) >= 0);
    read_answer(p, dir);
    serve(reading);
    assert_int_equal(1, seen.first);
    file_remove_tree(run_dir, p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_reader_is_seen),
        fixture_test(who_writes_or_lists_is_no_reader),
        fixture_test(a_new_order_has_readers_of_its_own),
        fixture_test(what_is_not_there_cannot_be_watched),
        fixture_test(what_the_kernel_refused_is_asked_for_again),
    };

    return fixture_run(tests);
}
