/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/control_call.h"

#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>

#include <apr_strings.h>

#include "base/json.h"
#include "base/name.h"
#include "keeper/leftover.h"
#include "store/registration.h"

/* Each part has a number, so that whoever waits gets what is newer than what he has. */
static apr_int64_t last_number(const json_t *told)
{
    return json_peek_int(json_object_get(told, ""), "n", 0);
}

void control_tell(control_call_t *call, const char *key, json_t *part)
{
    json_t *told = call->act->told;
    apr_int64_t number = last_number(told);
    const json_t *before = json_object_get(told, key);

    json_object_set_new(part, "key", json_string(key));
    json_object_set_new(part, "n", json_integer(json_peek_int(before, "n", 0)));
    if (before != NULL && json_equal(before, part)) {
        json_decref(part);
        return;
    }
    json_object_set_new(part, "n", json_integer(number + 1));
    json_object_set_new(told, key, part);
    json_object_set_new(told, "", json_pack("{s:I}", "n", (json_int_t)number + 1));
}

apr_status_t control_save(control_call_t *call)
{
    const means_t *means = call->parts->model->means;
    apr_status_t rv = act_save(means->store, call->act, call->result, call->p);

    if (rv != APR_SUCCESS) {
        changes_tell_store(means->changes);
    }
    return rv;
}

void control_show_leftovers(const control_call_t *call)
{
    briefing_t *briefing = call->parts->briefing;

    briefing->leftovers = leftover_list(call->parts->model);
    tasks_show_leftovers(call->parts->tasks, briefing->leftovers);
}

void control_wake(const control_parts_t *parts)
{
    parts->wake(parts->baton);
}

static int is_pattern(const char *text)
{
    return strpbrk(text, "*?[") != NULL;
}

/* A wildcard that is configured is a name like others. */
static int has_name(const plan_certificate_t *plan, const char *name)
{
    int i;

    if (strcmp(plan->id, name) == 0) {
        return 1;
    }
    for (i = 0; i < plan->names->nelts; ++i) {
        if (strcmp(APR_ARRAY_IDX(plan->names, i, const char *), name) == 0) {
            return 1;
        }
    }
    return 0;
}

static int fits_pattern(const plan_certificate_t *plan, const char *pattern)
{
    int i;

    for (i = 0; is_pattern(pattern) && i < plan->names->nelts; ++i) {
        if (fnmatch(pattern, APR_ARRAY_IDX(plan->names, i, const char *), 0) == 0) {
            return 1;
        }
    }
    return 0;
}

typedef int fits_fn(const plan_certificate_t *plan, const char *name);

/* Marks those that fit. @return how many those are */
static int mark(unsigned char *marks, const model_t *model, fits_fn *fits, const char *name)
{
    int i, n = 0;

    for (i = 0; i < model->certificates->nelts; ++i) {
        if (fits(model_certificate(model, i)->plan, name)) {
            marks[i] = 1;
            ++n;
        }
    }
    return n;
}

static apr_status_t mark_named(unsigned char *marks, control_call_t *call)
{
    const model_t *model = call->parts->model;
    const apr_array_header_t *names = json_copy_strings(call->p, call->act->arguments, "names");
    int i;

    for (i = 0; i < names->nelts; ++i) {
        const char *name = name_lower(call->p, APR_ARRAY_IDX(names, i, const char *));

        if (mark(marks, model, has_name, name) == 0
            && mark(marks, model, fits_pattern, name) == 0) {
            return eab_result_set(call->result, APR_ENOENT, EAB_PROBLEM_NO_SUCH,
                                  "No managed domain has the name %s; \"acmectl status\" lists "
                                  "those that are configured%s.",
                                  name, name_is_ascii(name) ? "" : ", in their xn-- form");
        }
    }
    if (names->nelts == 0) {
        return eab_result_set(call->result, APR_ENOENT, EAB_PROBLEM_NO_SUCH,
                              "Name a certificate, or say --all.");
    }
    return APR_SUCCESS;
}

apr_status_t control_choose(const apr_array_header_t **plist, control_call_t *call)
{
    const model_t *model = call->parts->model;
    apr_array_header_t *list =
        apr_array_make(call->p, model->certificates->nelts, sizeof(keeper_certificate_t *));
    unsigned char *marks = apr_pcalloc(call->p, (apr_size_t)model->certificates->nelts + 1);
    int all = json_peek_bool(call->act->arguments, "all", 0);
    apr_status_t rv = APR_SUCCESS;
    int i;

    *plist = list;
    if (!all) {
        rv = mark_named(marks, call);
    }
    for (i = 0; rv == APR_SUCCESS && i < model->certificates->nelts; ++i) {
        if (all || marks[i]) {
            APR_ARRAY_PUSH(list, keeper_certificate_t *) = model_certificate(model, i);
        }
    }
    return rv;
}

/* In the store, and of no use to what is configured. */
static int is_stored(const control_call_t *call, const char *id)
{
    struct stat st;

    return registration_id_is_valid(id)
           && lstat(store_path(call->p, call->parts->model->means->store, "accounts", id, NULL),
                    &st)
                  == 0;
}

keeper_account_t *control_choose_account(control_call_t *call, const char *label)
{
    const model_t *model = call->parts->model;
    int i;

    for (i = 0; label != NULL && i < model->accounts->nelts; ++i) {
        keeper_account_t *account = model_account(model, i);

        if (strcmp(account->plan->label, label) == 0
            || (account->registration != NULL && strcmp(account->registration->id, label) == 0)) {
            return account;
        }
    }
    if (label != NULL && is_stored(call, label)) {
        eab_result_set(
            call->result, APR_ENOENT, EAB_PROBLEM_REFUSED,
            "Account %s is in the store, and nothing says any more how its CA is to be "
            "reached: put its ACMEServer, ACMEEABKid and ACMEEABKey into an <ACMEAccount "
            "old>, reload httpd, and call it old here.",
            label);
        return NULL;
    }
    eab_result_set(call->result, APR_ENOENT, EAB_PROBLEM_NO_SUCH,
                   "No account is called %s; \"acmectl account list\" lists those that are "
                   "configured.",
                   label != NULL ? label : "so");
    return NULL;
}
