/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/verify.h"

#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/door.h"
#include "cli/once.h"
#include "ipc/plan.h"

#define PATIENCE apr_time_from_sec(300)
#define END apr_time_from_sec(10) /* of the keeper, when its work is over */
#define PAUSE apr_time_from_msec(20)
#define SUFFIX "-import"

typedef struct verification {
    context_t *context; /* of the keeper that is asked: its store, a pool of its own */
    const context_t *caller;
    const plan_t *configured;     /* of the real store; or NULL */
    apr_array_header_t *accounts; /* found_account_t *: by the labels 0, 1 ... */
    int vouched;
} verification_t;

/* ---- what is known already ---- */

static plan_t *read_plan(const context_t *context)
{
    const char *text = NULL;
    apr_size_t length = 0;
    plan_t *plan = NULL;

    if (file_read(&text, &length,
                  apr_pstrcat(context->pool, context->store_dir, "/plan.json", NULL), LIMIT_PLAN,
                  context->pool)
        == APR_SUCCESS) {
        (void)plan_from_json(&plan, json_parse(context->pool, text, length, NULL),
                             eab_result_make(context->pool), context->pool);
    }
    return plan;
}

static const char *choose_run_dir(const verification_t *verification)
{
    const context_t *caller = verification->caller;

    return caller->run_dir != NULL            ? caller->run_dir
           : verification->configured != NULL ? verification->configured->run_dir
                                              : caller->default_run_dir;
}

/* How the CA is reached: as it was said, or else as it is configured for that CA. */
static void choose_way(plan_account_t *account, const verification_t *verification)
{
    const context_t *caller = verification->caller;
    const plan_t *plan = verification->configured;
    int i;

    for (i = 0; plan != NULL && i < plan->accounts->nelts; ++i) {
        const plan_account_t *other = &APR_ARRAY_IDX(plan->accounts, i, plan_account_t);

        if (strcmp(other->directory, account->directory) == 0) {
            account->ca_file = other->ca_file;
            account->proxy = other->proxy;
            account->proxy_credentials = other->proxy_credentials;
            break;
        }
    }
    if (command_has(caller, "ca-certificate")) {
        account->ca_file = command_value(caller, "ca-certificate");
    }
    if (command_has(caller, "proxy")) {
        account->proxy = command_value(caller, "proxy");
        account->proxy_credentials = NULL;
    }
}

/* The agent runs as ACMEUser; before anything is configured, as nobody. */
static apr_status_t choose_user(plan_t *plan, const verification_t *verification)
{
    const plan_t *configured = verification->configured;
    const struct passwd *nobody;

    if (geteuid() != 0) {
        return APR_SUCCESS;
    }
    if (configured != NULL && configured->user != NULL) {
        plan->user = configured->user;
        plan->uid = configured->uid;
        plan->gid = configured->gid;
        return APR_SUCCESS;
    }
    if ((nobody = getpwnam("nobody")) == NULL) {
        return eab_result_set(verification->caller->result, APR_ENOENT, EAB_PROBLEM_INTERNAL,
                              "There is no user nobody to ask the CA as. Start httpd with "
                              "mod_acme_eab once, which says who ACMEUser is.");
    }
    plan->user = "nobody";
    plan->uid = (int)nobody->pw_uid;
    plan->gid = (int)nobody->pw_gid;
    return APR_SUCCESS;
}

/* ---- the store that is made for it ---- */

static void clear(const verification_t *verification, const char *run_dir)
{
    file_remove_tree(verification->context->store_dir, verification->caller->pool);
    file_remove_tree(run_dir, verification->caller->pool);
}

static void add_account(plan_t *plan, const verification_t *verification, const intake_item_t *item)
{
    plan_account_t *account = apr_array_push(plan->accounts);

    memset(account, 0, sizeof(*account));
    account->label = apr_itoa(verification->context->pool, plan->accounts->nelts - 1);
    account->directory = item->directory;
    account->kid = item->kid;
    account->contacts = apr_array_make(verification->context->pool, 0, sizeof(const char *));
    account->where = item->path;
    choose_way(account, verification);
}

static apr_status_t write_plan(const plan_t *plan, const store_t *store, eab_result_t *result,
                               apr_pool_t *p)
{
    const char *path = store_path(p, store, "plan.json", NULL, NULL);
    text_t text = { 0 };
    apr_status_t rv;

    plan_print(plan, &text);
    rv = text.failed ? APR_ENOMEM : store_replace(path, text.data, text.len, p);
    text_free(&text);
    return rv == APR_SUCCESS
               ? rv
               : eab_result_set(result, rv, EAB_PROBLEM_STORE, "%s cannot be written: %s.", path,
                                file_reason(p, rv, path));
}

/* The accounts, as they would be in the real one, and a plan that has them and nothing else. */
static apr_status_t furnish(const verification_t *verification, const found_t *found,
                            const intake_options_t *options, const char *run_dir)
{
    context_t *context = verification->context;
    intake_options_t chosen = *options;
    plan_t *plan = plan_make(context->pool);
    found_t accounts = *found;
    apr_array_header_t *items;
    store_t *store = NULL;
    apr_status_t rv;
    int i;

    plan->agent_program = AGENT_PROGRAM;
    plan->store_dir = context->store_dir;
    plan->run_dir = run_dir;
    if ((rv = choose_user(plan, verification)) != APR_SUCCESS
        || (rv = store_open(&store, context->store_dir, context->result, context->pool))
               != APR_SUCCESS) {
        return rv;
    }
    chosen.dry_run = chosen.certificates = 0;
    chosen.accounts = 1;
    accounts.accounts = verification->accounts;
    items = intake(&accounts, store, &chosen);
    for (i = 0; i < items->nelts; ++i) {
        const intake_item_t *item = &APR_ARRAY_IDX(items, i, intake_item_t);

        if (item->outcome == INTAKE_SKIPPED) {
            return eab_result_set(context->result, APR_EGENERAL, EAB_PROBLEM_STORE,
                                  "The CA cannot be asked for %s: %s.", item->name, item->why);
        }
        add_account(plan, verification, item);
    }
    return write_plan(plan, store, context->result, context->pool);
}

/* ---- what the CA says ---- */

static const char *refuse(const verification_t *verification, const eab_result_t *problem)
{
    apr_pool_t *p = verification->caller->pool;
    const char *detail = log_escape(p, problem->detail != NULL ? problem->detail : "");

    if (eab_result_is_acme(problem, "externalAccountRequired")) {
        return "its CA wants the EAB key even to look an account up, and an import does not have "
               "it: import it without --verify, and httpd asks when it starts";
    }
    if (eab_result_is_acme(problem, "accountDoesNotExist")) {
        return apr_psprintf(p,
                            "its CA does not know its key, so it is another CA, or the account "
                            "is gone (%s)",
                            detail);
    }
    if (eab_result_is(problem, EAB_PROBLEM_ACCOUNT_STATUS)
        || eab_result_is_acme(problem, "unauthorized")) {
        return apr_psprintf(p, "its CA does not let it be used any more (%s)", detail);
    }
    return apr_psprintf(p, "its CA does not vouch for it: %s", detail);
}

static void hear(void *baton, const json_t *part)
{
    verification_t *verification = baton;
    apr_pool_t *p = verification->caller->pool;
    const char *label = json_peek_string(part, "label"), *url = json_peek_string(part, "url");
    apr_int64_t number = label != NULL ? apr_atoi64(label) : -1;
    eab_result_t *problem = eab_result_make(p);
    found_account_t *account;

    if (number < 0 || number >= verification->accounts->nelts) {
        return;
    }
    account = APR_ARRAY_IDX(verification->accounts, number, found_account_t *);
    if (url == NULL) {
        eab_result_from_json(problem, json_object_get(part, "problem"));
        account->why = refuse(verification, problem);
    }
    else if (account->url != NULL && strcmp(url, account->url) != 0) {
        account->why = apr_psprintf(p,
                                    "its CA knows its key by another account URL, %s: these files "
                                    "are of two accounts",
                                    log_escape(p, url));
    }
    else {
        account->url = apr_pstrdup(p, url);
        verification->vouched++;
    }
}

static apr_status_t ask(verification_t *verification)
{
    context_t *context = verification->context;
    int code = door_ask(context, "recognize", json_object(), PATIENCE, hear, verification, NULL);

    if (code == EXIT_UNDER_WAY) {
        eab_result_set(context->result, APR_TIMEUP, EAB_PROBLEM_CA_UNREACHABLE,
                       "The CA has not said within five minutes whether it knows the accounts. "
                       "Try again, or import without --verify.");
    }
    return code == EXIT_FINE                    ? APR_SUCCESS
           : context->result->rv != APR_SUCCESS ? context->result->rv
                                                : APR_EGENERAL;
}

/* Its socket is closed with the pool of the context, and it ends; then nobody writes there any more. */
static void dismiss(const verification_t *verification)
{
    context_t gone = *verification->context;
    apr_time_t end = clock_steady() + END;

    apr_pool_destroy(gone.pool);
    gone.pool = verification->caller->pool;
    while (once_is_locked(&gone) && clock_steady() < end) {
        apr_sleep(PAUSE);
    }
}

/* ---- all of it ---- */

static found_account_t *find(const found_t *found, const found_account_t *account)
{
    int i;

    for (i = 0; i < found->accounts->nelts; ++i) {
        if (APR_ARRAY_IDX(found->accounts, i, found_account_t *) == account) {
            return APR_ARRAY_IDX(found->accounts, i, found_account_t *);
        }
    }
    return NULL;
}

static void choose_accounts(const verification_t *verification, const found_t *found,
                            const apr_array_header_t *items)
{
    int i;

    for (i = 0; i < items->nelts; ++i) {
        const intake_item_t *item = &APR_ARRAY_IDX(items, i, intake_item_t);

        if (item->account != NULL && item->outcome != INTAKE_SKIPPED) {
            APR_ARRAY_PUSH(verification->accounts, found_account_t *) = find(found, item->account);
        }
    }
}

apr_status_t verify_accounts(context_t *context, const found_t *found,
                             const apr_array_header_t *items, const intake_options_t *options,
                             int *prefused)
{
    context_t asked = *context;
    verification_t verification = { &asked, context, read_plan(context), NULL, 0 };
    const char *run_dir;
    apr_status_t rv;

    *prefused = 0;
    apr_pool_create(&asked.pool, context->pool);
    asked.store_dir = apr_pstrcat(context->pool, context->store_dir, SUFFIX, NULL);
    run_dir = apr_pstrcat(context->pool, choose_run_dir(&verification), SUFFIX, NULL);
    verification.accounts = apr_array_make(context->pool, 4, sizeof(found_account_t *));
    choose_accounts(&verification, found, items);
    if (verification.accounts->nelts == 0) {
        return APR_SUCCESS;
    }
    if (once_is_locked(&asked)) {
        return eab_result_set(context->result, APR_EBUSY, EAB_PROBLEM_STORE,
                              "Another import asks its CA at the moment, with %s. Wait until it "
                              "is over.",
                              asked.store_dir);
    }
    clear(&verification, run_dir); /* what one left that was killed */
    if ((rv = furnish(&verification, found, options, run_dir)) == APR_SUCCESS) {
        rv = ask(&verification);
    }
    dismiss(&verification);
    clear(&verification, run_dir);
    *prefused = verification.accounts->nelts - verification.vouched;
    return rv;
}
