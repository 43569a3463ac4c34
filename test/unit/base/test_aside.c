/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <poll.h>
#include <stdlib.h>

#include "base/aside.h"

/* A piece of work that ends when it is told to. */
typedef struct piece {
    int ended, released;
    int begun[2], go[2];
} piece_t;

static int ends, released;

static void work(void *data)
{
    piece_t *piece = data;
    char byte;

    if (write(piece->begun[1], "", 1) != 1)
        abort();
    while (read(piece->go[0], &byte, 1) < 0)
        ; /* EINTR */
    piece->ended = 1;
}

static void done(void *data)
{
    const piece_t *piece = data;

    assert_true(piece->ended);
    assert_false(piece->released);
    ++ends;
}

static void release(void *data)
{
    piece_t *piece = data;

    piece->released = 1;
    __atomic_add_fetch(&released, 1, __ATOMIC_SEQ_CST);
}

static aside_t *begin(int threads_max, apr_pool_t *p)
{
    aside_t *aside = aside_make(threads_max, p);

    assert_non_null(aside);
    ends = released = 0;
    return aside;
}

/* Until so many have ended. */
static void serve(aside_t *aside, int count)
{
    struct pollfd ready = { aside_fd(aside), POLLIN, 0 };

    while (ends < count) {
        assert_int_equal(1, poll(&ready, 1, 60000));
        aside_serve(aside);
    }
    assert_int_equal(count, ends);
}

static piece_t *piece_make(apr_pool_t *p)
{
    piece_t *piece = apr_pcalloc(p, sizeof(*piece));

    assert_int_equal(0, pipe(piece->begun));
    assert_int_equal(0, pipe(piece->go));
    return piece;
}

static void wait_for(const piece_t *piece)
{
    char byte;

    assert_int_equal(1, read(piece->begun[0], &byte, 1));
}

static void let_go(const piece_t *piece)
{
    assert_int_equal(1, write(piece->go[1], "", 1));
}

static void piece_close(const piece_t *piece)
{
    close(piece->begun[0]);
    close(piece->begun[1]);
    close(piece->go[0]);
    close(piece->go[1]);
}

/* The second one is done while the first one still works. */
static void several_work_beside_each_other(void **state)
{
    aside_t *aside = begin(2, *state);
    piece_t *first = piece_make(*state), *second = piece_make(*state);

    aside_run(aside, 0, work, done, release, first);
    aside_run(aside, 0, work, done, release, second);
    let_go(second);
    serve(aside, 1);
    assert_true(second->released);
    assert_false(first->released);
    let_go(first);
    serve(aside, 2);
    assert_int_equal(2, released);
    piece_close(first);
    piece_close(second);
}

/* What is more than there are threads waits: in its order, behind what comes first. */
static void more_than_there_are_threads(void **state)
{
    static const int order[] = { 0, 4, 1, 2, 3 };
    aside_t *aside = begin(1, *state);
    piece_t *pieces[5];
    int i;

    for (i = 0; i < 5; ++i) {
        pieces[i] = piece_make(*state);
        aside_run(aside, i == 4, work, done, release, pieces[i]);
        if (i == 0)
            wait_for(pieces[i]);
    }
    for (i = 0; i < 5; ++i) {
        let_go(pieces[order[i]]);
        serve(aside, i + 1);
        assert_true(pieces[order[i]]->released);
    }
    for (i = 0; i < 5; ++i)
        piece_close(pieces[i]);
}

static void nobody_hears_of_what_is_forgotten(void **state)
{
    aside_t *aside = begin(1, *state);
    piece_t *forgotten = piece_make(*state), *other = piece_make(*state);

    aside_forget(aside_run(aside, 0, work, done, release, forgotten));
    aside_run(aside, 0, work, done, release, other);
    let_go(forgotten);
    let_go(other);
    serve(aside, 1);
    assert_true(forgotten->released);
    assert_true(other->released);
    piece_close(forgotten);
    piece_close(other);
}

/* What waits and what is done is released by whoever is the last. */
static void its_end_waits_for_nobody(void **state)
{
    piece_t *first = piece_make(*state), *second = piece_make(*state);
    apr_pool_t *pool = NULL;
    aside_t *aside;

    assert_int_equal(APR_SUCCESS, apr_pool_create(&pool, *state));
    aside = begin(1, pool);
    aside_run(aside, 0, work, done, release, first);
    aside_run(aside, 0, work, done, release, second);
    wait_for(first);
    apr_pool_destroy(pool);
    let_go(first);
    while (__atomic_load_n(&released, __ATOMIC_SEQ_CST) < 2)
        usleep(1000);
    assert_int_equal(0, ends);
    assert_false(second->ended);
    piece_close(first);
    piece_close(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(several_work_beside_each_other),
        fixture_test(more_than_there_are_threads),
        fixture_test(nobody_hears_of_what_is_forgotten),
        fixture_test(its_end_waits_for_nobody),
    };

    return fixture_run(tests);
}
