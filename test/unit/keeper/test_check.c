/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/json.h"
#include "keeper/check.h"

/* What a person sees of one check. */
typedef struct verdict {
    int status;
    const char *output;
    const char *errors;
} verdict_t;

static const char *file(scene_t *s, const char *name)
{
    return apr_pstrcat(s->p, s->dir, "/", name, NULL);
}

static const char *content(scene_t *s, const char *name)
{
    const char *text = NULL;
    apr_size_t len = 0;

    assert_int_equal(APR_SUCCESS, file_read(&text, &len, file(s, name), 100000, s->p));
    return text;
}

static void redirect(int fd, const char *path, int flags)
{
    int from = open(path, flags, 0600);

    if (from < 0 || dup2(from, fd) < 0)
        _exit(99);
    close(from);
}

/* In a child, as the program does it: standard input is the plan. */
static verdict_t check(scene_t *s, const char *input)
{
    verdict_t verdict = { -1, NULL, NULL };
    int status = 0;
    pid_t pid;

    fixture_write(file(s, "input"), input, strlen(input));
    pid = fork();
    if (pid == 0) {
        redirect(0, file(s, "input"), O_RDONLY);
        redirect(1, file(s, "output"), O_WRONLY | O_CREAT | O_TRUNC);
        redirect(2, file(s, "errors"), O_WRONLY | O_CREAT | O_TRUNC);
        status = check_run(s->p);
        fflush(NULL);
        _exit(status);
    }
    assert_true(pid > 0);
    assert_int_equal(pid, waitpid(pid, &status, 0));
    assert_true(WIFEXITED(status));
    verdict.status = WEXITSTATUS(status);
    verdict.output = content(s, "output");
    verdict.errors = content(s, "errors");
    return verdict;
}

static verdict_t check_plan(scene_t *s)
{
    return check(s, json_text(s->p, json_own(s->p, plan_to_json(s->plan))));
}

static void a_good_source_is_silent(void **state)
{
    scene_t *s = scene_make(*state);
    verdict_t verdict = check_plan(s);

    assert_int_equal(0, verdict.status);
    assert_string_equal("", verdict.output);
    assert_string_equal("", verdict.errors);
    assert_false(scene_has(s, "")); /* nothing is made */
    scene_end(s);
}

static void a_bad_source_is_told_with_its_account(void **state)
{
    scene_t *s = scene_make(*state);
    plan_account_t *second = apr_array_push(s->plan->accounts);
    verdict_t verdict;

    *second = APR_ARRAY_IDX(s->plan->accounts, 0, plan_account_t);
    second->kid = "kid-2";
    second->eab_source = "file:/nowhere/eab.key";
    verdict = check_plan(s);
    assert_int_equal(1, verdict.status);
    assert_ptr_equal(verdict.output, strstr(verdict.output, "1 "));
    assert_non_null(strstr(verdict.output, "/nowhere/eab.key"));
    assert_ptr_equal(strchr(verdict.output, '\n'), strrchr(verdict.output, '\n'));
    scene_end(s);
}

static void the_key_is_not_told(void **state)
{
    scene_t *s = scene_make(*state);
    verdict_t verdict;

    s->account->eab_alg = "HS512"; /* for which it is too short */
    verdict = check_plan(s);
    assert_int_equal(1, verdict.status);
    assert_non_null(strstr(verdict.output, "HS512"));
    assert_null(strstr(verdict.output, HMAC_TEXT));
    assert_null(strstr(verdict.output, HMAC));
    scene_end(s);
}

static void a_bound_account_needs_no_source(void **state)
{
    scene_t *s = scene_make(*state);

    scene_start(s);
    scene_register(s);
    assert_int_equal(0, unlink(s->key_file));
    assert_int_equal(0, check_plan(s).status);
    s->account->kid = "kid-2";
    assert_int_equal(1, check_plan(s).status);
    scene_end(s);
}

static void a_program_is_looked_at_and_not_run(void **state)
{
    scene_t *s = scene_make(*state);
    const char *mark = file(s, "mark");
    const char *script = scene_script(s, "source.sh", apr_pstrcat(s->p, "touch ", mark, NULL));

    s->account->eab_source = apr_pstrcat(s->p, "exec:", script, NULL);
    assert_int_equal(0, check_plan(s).status);
    assert_int_not_equal(0, access(mark, F_OK));
    assert_int_equal(0, chmod(script, 0600));
    assert_int_equal(1, check_plan(s).status);
    scene_end(s);
}

static void no_eab_is_fine(void **state)
{
    scene_t *s = scene_make(*state);

    s->account->kid = s->account->eab_source = NULL;
    assert_int_equal(0, check_plan(s).status);
    scene_end(s);
}

static void what_is_no_plan_is_told_apart(void **state)
{
    static const char *const inputs[] = {
        "", "x", "[]", "{}", "{\"version\":1}", "{\"version\":2}"
    };
    scene_t *s = scene_make(*state);
    size_t i;

    for (i = 0; i < sizeof(inputs) / sizeof(inputs[0]); ++i) {
        verdict_t verdict = check(s, inputs[i]);

        assert_int_equal(2, verdict.status);
        assert_string_equal("", verdict.output);
        assert_non_null(strstr(verdict.errors, "plan"));
    }
    scene_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_good_source_is_silent),
        fixture_test(a_bad_source_is_told_with_its_account),
        fixture_test(the_key_is_not_told),
        fixture_test(a_bound_account_needs_no_source),
        fixture_test(a_program_is_looked_at_and_not_run),
        fixture_test(no_eab_is_fine),
        fixture_test(what_is_no_plan_is_told_apart),
    };

    return fixture_run(tests);
}
