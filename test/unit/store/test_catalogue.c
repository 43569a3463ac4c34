/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include "base/file.h"
#include "crypto/chain.h"
#include "store/catalogue.h"

typedef struct scene {
    apr_pool_t *p;
    store_t *store;
    keypair_t *key;
} scene_t;

static scene_t scene(apr_pool_t *p)
{
    scene_t s = { .p = p };

    assert_int_equal(APR_SUCCESS,
                     store_open(&s.store, fixture_directory(p), eab_result_make(p), p));
    s.key = keypair_adopt(p, keypair_generate("p256"));
    return s;
}

static void scene_end(scene_t *s)
{
    assert_int_equal(APR_SUCCESS, file_remove_tree(s->store->dir, s->p));
}

static apr_array_header_t *list(apr_pool_t *p, const char *names)
{
    apr_array_header_t *array = apr_array_make(p, 2, sizeof(const char *));
    char *rest = apr_pstrdup(p, names), *name;

    while ((name = apr_strtok(rest, " ", &rest)) != NULL)
        APR_ARRAY_PUSH(array, const char *) = name;
    return array;
}

static void put(scene_t *s, const char *entry, const char *number, const char *names)
{
    const char *pem = chain_make_fallback(s->p, s->key, list(s->p, names));
    const char *dir = store_path(s->p, s->store, "archive", entry, number);

    assert_int_equal(APR_SUCCESS, file_make_directory(dir, 0700, s->p));
    fixture_write(apr_pstrcat(s->p, dir, "/fullchain.pem", NULL), pem, strlen(pem));
}

static void expect(scene_t *s, const catalogue_t *catalogue, const char *names, const char *entries)
{
    const char *found =
        apr_array_pstrcat(s->p, catalogue_find(catalogue, list(s->p, names), s->p), ' ');

    assert_string_equal(entries, found);
}

static void a_certificate_is_found_by_its_names(void **state)
{
    scene_t s = scene(*state);
    const catalogue_t *catalogue;

    put(&s, "b.example", "000001", "b.example www.b.example");
    put(&s, "a.example", "000001", "a.example");
    put(&s, "a.example", "000002", "a.example b.example");
    put(&s, "_wildcard.c.example", "000001", "*.c.example");
    put(&s, "broken.example", "000001", "x.example");
    fixture_write(store_path(s.p, s.store, "archive", "broken.example", "000001/fullchain.pem"),
                  "x", 1);
    catalogue = catalogue_make(s.store, s.p);
    expect(&s, catalogue, "www.b.example", "b.example");
    expect(&s, catalogue, "WWW.B.example", "b.example");
    expect(&s, catalogue, "b.example", "a.example b.example");
    expect(&s, catalogue, "www.b.example a.example b.example", "a.example b.example");
    expect(&s, catalogue, "x.c.example", "_wildcard.c.example");
    expect(&s, catalogue, "*.c.example", "_wildcard.c.example");
    expect(&s, catalogue, "c.example x.x.c.example x.example nowhere", "");
    scene_end(&s);
}

static void an_empty_store_has_none(void **state)
{
    scene_t s = scene(*state);

    expect(&s, catalogue_make(s.store, s.p), "a.example", "");
    assert_int_equal(APR_SUCCESS, file_remove_tree(s.store->dir, s.p));
    expect(&s, catalogue_make(s.store, s.p), "a.example", "");
}

/* How many are to be looked at closely, for so many new names beside as many stored certificates. */
static int count_candidates(apr_pool_t *p, int count)
{
    scene_t s = scene(p);
    const catalogue_t *catalogue;
    int i, candidates = 0;

    for (i = 0; i < count; ++i)
        put(&s, apr_psprintf(p, "old%d.example", i), "000001",
            apr_psprintf(p, "old%d.example www.old%d.example", i, i));
    catalogue = catalogue_make(s.store, p);
    for (i = 0; i < count; ++i)
        candidates +=
            catalogue_find(catalogue, list(p, apr_psprintf(p, "new%d.example old%d.example", i, i)),
                           p)
                ->nelts;
    scene_end(&s);
    return candidates;
}

static void others_are_not_looked_at(void **state)
{
    assert_int_equal(20, count_candidates(*state, 20));
    assert_int_equal(200, count_candidates(*state, 200));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_certificate_is_found_by_its_names),
        fixture_test(an_empty_store_has_none),
        fixture_test(others_are_not_looked_at),
    };

    return fixture_run(tests);
}
