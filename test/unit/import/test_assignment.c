/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include "import/assignment.h"

static const char *ini(apr_pool_t *p, const char *text, const char *key)
{
    secret_t secret = { (unsigned char *)apr_pstrdup(p, text), strlen(text) };

    return assignment_ini(p, &secret, key);
}

static const char *shell(apr_pool_t *p, const char *text, const char *key)
{
    secret_t secret = { (unsigned char *)apr_pstrdup(p, text), strlen(text) };

    return assignment_shell(p, &secret, key);
}

static void ini_values(void **state)
{
    const char *text = "# eab_kid = no\n; eab_kid = no\n[x]\r\n eab-kid =  one two \r\n"
                       "eab_kid = three\nquoted = \"a b\"\nempty =\nnone = None\nlast = x";

    assert_string_equal("one two", ini(*state, text, "eab_kid"));
    assert_string_equal("a b", ini(*state, text, "quoted"));
    assert_string_equal("x", ini(*state, text, "last"));
    assert_null(ini(*state, text, "empty"));
    assert_null(ini(*state, text, "none"));
    assert_null(ini(*state, text, "kid"));
    assert_null(ini(*state, "", "kid"));
    assert_null(ini(*state, "=", "kid"));
}

/* A shell would run some of it; here nothing is run, and nothing is made up. */
static void shell_values(void **state)
{
    assert_string_equal("a b", shell(*state, "K='a b'\n", "K"));
    assert_string_equal("a b", shell(*state, "K=\"a b\" # comment\n", "K"));
    assert_string_equal("b", shell(*state, "K=a\nexport K=b\n", "K"));
    assert_string_equal("$x`y`", shell(*state, "K='$x`y`'", "K"));
    assert_null(shell(*state, "K=\"$(id)\"", "K"));
    assert_null(shell(*state, "K=`id`", "K"));
    assert_null(shell(*state, "K=${HOME}/x", "K"));
    assert_null(shell(*state, "K=a;id", "K"));
    assert_null(shell(*state, "K='a'b", "K"));
    assert_null(shell(*state, "K='a", "K"));
    assert_null(shell(*state, "K=a id", "K"));
    assert_null(shell(*state, "K+=a", "K"));
    assert_null(shell(*state, "# K=a\n", "K"));
    assert_null(shell(*state, "LK=a\n", "K"));
    assert_null(shell(*state, "K=", "K"));
}

/* Millions of lines with a NUL are passed over one after the other. */
static void lines_with_nul(void **state)
{
    apr_size_t len = 2000000, i;
    char *text = apr_palloc(*state, len + 4);
    secret_t secret = { (unsigned char *)text, len + 4 };

    for (i = 0; i < len; i += 2) {
        text[i] = '\0';
        text[i + 1] = '\n';
    }
    memcpy(text + len, "K=v\n", 4);
    assert_string_equal("v", assignment_shell(*state, &secret, "K"));
    assert_string_equal("v", assignment_ini(*state, &secret, "K"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(ini_values),
        fixture_test(shell_values),
        fixture_test(lines_with_nul),
    };

    return fixture_run(tests);
}
