/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <stdlib.h>

#include <apr_fnmatch.h>

#include "base/name.h"
#include "httpd/owners.h"

static apr_array_header_t *words(apr_pool_t *p, const char *text)
{
    apr_array_header_t *list = apr_array_make(p, 2, sizeof(const char *));
    char *copy = apr_pstrdup(p, text), *last = NULL, *word;

    for (word = apr_strtok(copy, " ", &last); word != NULL; word = apr_strtok(NULL, " ", &last))
        APR_ARRAY_PUSH(list, const char *) = word;
    return list;
}

/* The numbers as "0 2". */
static const char *text_of(apr_array_header_t *found)
{
    const char *text = "";
    int i;

    owners_sort(found);
    for (i = 0; i < found->nelts; ++i)
        text = apr_psprintf(found->pool, "%s%s%d", text, i > 0 ? " " : "",
                            APR_ARRAY_IDX(found, i, int));
    return text;
}

static const char *of_name(const owners_t *owners, const char *name, apr_pool_t *p)
{
    apr_array_header_t *found = apr_array_make(p, 2, sizeof(int));

    owners_find(owners, found, name);
    return text_of(found);
}

static const char *caught_by(const owners_t *owners, const char *pattern, apr_pool_t *p)
{
    apr_array_header_t *found = apr_array_make(p, 2, sizeof(int));

    owners_find_caught(owners, found, pattern);
    return text_of(found);
}

static owners_t *some(apr_pool_t *p)
{
    owners_t *owners = owners_make(p);

    owners_add(owners, words(p, "www.example.edu example.edu"));
    owners_add(owners, words(p, "*.example.edu"));
    owners_add(owners, words(p, "mail.example.edu a.b.example.edu www.example.edu"));
    owners_add(owners, words(p, "192.0.2.7 2001:db8::1"));
    return owners;
}

static void a_name_finds_those_that_cover_it(void **state)
{
    const owners_t *owners = some(*state);

    assert_string_equal("0 1 2", of_name(owners, "www.example.edu", *state));
    assert_string_equal("0 1 2", of_name(owners, "WWW.Example.EDU", *state));
    assert_string_equal("0 1 2", of_name(owners, "www.example.edu.", *state));
    assert_string_equal("", of_name(owners, "www.example.edu..", *state));
    assert_string_equal("", of_name(owners, ".", *state));
    assert_string_equal("0", of_name(owners, "example.edu", *state));
    assert_string_equal("1", of_name(owners, "other.example.edu", *state));
    assert_string_equal("1", of_name(owners, "*.example.edu", *state));
    assert_string_equal("2", of_name(owners, "a.b.example.edu", *state));
    assert_string_equal("", of_name(owners, "b.example.org", *state));
    assert_string_equal("", of_name(owners, "edu", *state));
    assert_string_equal("", of_name(owners, "", *state));
    assert_string_equal("3", of_name(owners, "192.0.2.7", *state));
    assert_string_equal("3", of_name(owners, "[2001:DB8:0::1]", *state));
    assert_string_equal("", of_name(owners, "192.0.2.8", *state));
}

static void a_pattern_finds_those_that_it_catches(void **state)
{
    const owners_t *owners = some(*state);

    assert_string_equal("0 1 2", caught_by(owners, "*.example.edu", *state));
    assert_string_equal("0 1 2", caught_by(owners, "*.EDU", *state));
    assert_string_equal("2", caught_by(owners, "*.b.example.edu", *state));
    assert_string_equal("", caught_by(owners, "*.example.org", *state));
    assert_string_equal("0 1 2 3", caught_by(owners, "w?w.example.edu", *state)); /* it is tried */
    assert_string_equal("0 1 2 3", caught_by(owners, "*", *state));
}

static void what_is_too_long_finds_nothing(void **state)
{
    char longest[4000];

    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    longest[1] = '.';
    assert_string_equal("", of_name(some(*state), longest, *state));
    longest[0] = '*';
    assert_string_equal("", caught_by(some(*state), longest, *state));
}

static const char *any_name(apr_pool_t *p)
{
    static const char *const labels[] = { "a", "b", "www", "example", "edu", "org" };
    const char *name = "";
    int i, count = 2 + rand() % 3;

    for (i = 0; i < count; ++i)
        name = apr_pstrcat(p, name, *name != '\0' ? "." : "", labels[rand() % 6], NULL);
    return rand() % 4 == 0 ? apr_pstrcat(p, "*.", name, NULL) : name;
}

/* Nobody is missed who would be found by comparing each with each. */
static void nobody_is_missed(void **state)
{
    apr_pool_t *p = *state;
    owners_t *owners = owners_make(p);
    apr_array_header_t *all = apr_array_make(p, 100, sizeof(apr_array_header_t *));
    int i, k;

    srand(7);
    for (i = 0; i < 100; ++i) {
        apr_array_header_t *names = apr_array_make(p, 3, sizeof(const char *));

        for (k = 0; k <= i % 3; ++k)
            APR_ARRAY_PUSH(names, const char *) = any_name(p);
        APR_ARRAY_PUSH(all, apr_array_header_t *) = names;
        owners_add(owners, names);
    }
    for (k = 0; k < 500; ++k) {
        const char *name = any_name(p);
        const char *found = apr_pstrcat(p, " ", of_name(owners, name, p), " ", NULL);
        const char *caught = apr_pstrcat(p, " ", caught_by(owners, name, p), " ", NULL);

        for (i = 0; i < all->nelts; ++i) {
            const apr_array_header_t *names = APR_ARRAY_IDX(all, i, apr_array_header_t *);
            const char *number = apr_psprintf(p, " %d ", i);
            int n;

            if (name_matches_any(names, name) && strstr(found, number) == NULL)
                fail_msg("%s: %d is missed", name, i);
            for (n = 0; n < names->nelts && strncmp(name, "*.", 2) == 0; ++n) {
                if (apr_fnmatch(name, APR_ARRAY_IDX(names, n, const char *), 0) == APR_SUCCESS
                    && strstr(caught, number) == NULL)
                    fail_msg("%s catches a name of %d, which is missed", name, i);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_name_finds_those_that_cover_it),
        fixture_test(a_pattern_finds_those_that_it_catches),
        fixture_test(what_is_too_long_finds_nothing),
        fixture_test(nobody_is_missed),
    };

    return fixture_run(tests);
}
