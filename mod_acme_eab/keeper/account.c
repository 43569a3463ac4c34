/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/account.h"

#include <string.h>

#include <apr_strings.h>
#include <openssl/evp.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "crypto/jose.h"
#include "keeper/program.h"
#include "keeper/url.h"
#include "store/blocked.h"

#define EXEC_LIMIT apr_time_from_sec(30)

/* How long an account that the CA has forgotten may be bound again, and how often. */
#define REBINDING_SPAN apr_time_from_sec(60 * 60)
#define REBINDING_PAUSE apr_time_from_sec(24 * 60 * 60)

static void tell(keeper_account_t *account, change_kind_t kind, const eab_result_t *result)
{
    changes_tell_account(account->means->changes, kind, account, result);
}

static void forget_eab_key(keeper_account_t *account)
{
    if (account->eab_pool != NULL) {
        apr_pool_destroy(account->eab_pool); /* cleanses */
        account->eab_pool = NULL;
    }
    account->eab_key = NULL;
}

/* It may be asked for often, and what is said of it each time is not collected. */
static void clear_eab_problem(keeper_account_t *account)
{
    apr_pool_t *pool = NULL;

    if (account->eab_problem != NULL) {
        apr_pool_destroy(account->eab_problem->pool);
    }
    apr_pool_create(&pool, account->means->pool);
    account->eab_problem = eab_result_make(pool);
}

static void warn_about_key(const keeper_account_t *account, const char *warning)
{
    if (warning != NULL) {
        log_line(LOG_LEVEL_WARNING, "Account %s (%s): %s", account->plan->label,
                 account->plan->where, warning);
    }
}

static void read_file_source(keeper_account_t *account)
{
    const char *warning = NULL;

    forget_eab_key(account);
    apr_pool_create(&account->eab_pool, account->means->pool);
    clear_eab_problem(account);
    if (eabsource_read(&account->eab_key, account->source, account->plan->eab_alg, &warning,
                       account->eab_problem, account->eab_pool)
        != APR_SUCCESS) {
        forget_eab_key(account);
    }
    warn_about_key(account, warning);
}

static void decode_output(keeper_account_t *account, const secret_t *output)
{
    const char *warning = NULL;

    apr_pool_create(&account->eab_pool, account->means->pool);
    if (eabsource_decode(&account->eab_key, account->source, output, account->plan->eab_alg,
                         &warning, account->eab_problem, account->eab_pool)
        != APR_SUCCESS) {
        forget_eab_key(account);
    }
    warn_about_key(account, warning);
}

static void on_program(void *baton, const program_outcome_t *outcome)
{
    keeper_account_t *account = baton;

    account->eab_running = 0;
    if (account->registration->url != NULL) { /* it was bound meanwhile: no key is needed */
        tell(account, CHANGE_KEY, NULL);
        return;
    }
    if (!outcome->started) {
        eab_result_set(account->eab_problem, outcome->error, EAB_PROBLEM_EAB_KEY,
                       "The program %s of ACMEEABKey could not be started: %s.",
                       account->source->path, strerror(outcome->error));
    }
    else if (outcome->timed_out) {
        eab_result_set(account->eab_problem, APR_TIMEUP, EAB_PROBLEM_EAB_KEY,
                       "The program %s of ACMEEABKey did not end within 30 seconds.",
                       account->source->path);
    }
    else if (outcome->status != 0) {
        eab_result_set(account->eab_problem, APR_EGENERAL, EAB_PROBLEM_EAB_KEY,
                       "The program %s of ACMEEABKey failed with %s; its messages are in the error "
                       "log.",
                       account->source->path, program_describe_end(outcome, account->means->pool));
        account->eab_problem->cause = program_cause(outcome);
    }
    else {
        decode_output(account, outcome->output);
    }
    /* Without a key nobody shall sign: that would only run the program again. */
    tell(account, CHANGE_KEY, account->eab_key != NULL ? NULL : account->eab_problem);
}

static void read_program_source(keeper_account_t *account)
{
    clear_eab_problem(account);
    forget_eab_key(account);
    account->eab_running = 1;
    program_start(account->means->loop, account->source->argv, 0, LIMIT_EAB_SOURCE, EXEC_LIMIT,
                  on_program, account, account->means->pool);
}

static void read_source(keeper_account_t *account)
{
    if (account->source->kind == EABSOURCE_EXEC) {
        read_program_source(account);
    }
    else {
        read_file_source(account);
    }
}

apr_status_t account_need_eab_key(keeper_account_t *account, eab_result_t *result)
{
    if (account->plan->kid == NULL || account->eab_key != NULL) {
        return APR_SUCCESS;
    }
    if (account->source == NULL) {
        eab_result_copy(result, account->eab_problem);
        return result->rv;
    }
    if (!account->eab_running) {
        read_source(account);
    }
    if (account->eab_running) {
        return APR_EAGAIN;
    }
    eab_result_copy(result, account->eab_problem);
    return account->eab_problem->rv;
}

/* The key of an account that was registered once is read when it is needed again, if ever. */
static void open_source(keeper_account_t *account)
{
    const plan_account_t *plan = account->plan;

    if (plan->kid == NULL) {
        return;
    }
    if (plan->eab_source == NULL) {
        eab_result_set(account->eab_problem, APR_EINVAL, EAB_PROBLEM_EAB_KEY,
                       "ACMEEABKid is set without ACMEEABKey.");
    }
    else if ((account->source != NULL
              || eabsource_parse(&account->source, plan->eab_source, account->eab_problem,
                                 account->means->pool)
                     == APR_SUCCESS)
             && account->registration->created == 0 && account->registration->url == NULL
             && !account->eab_running) {
        read_source(account);
    }
}

/* One line, "user:password". The agent has to say it to the proxy, so it is no secret of the
 * keeper's; httpd does not see it. */
static apr_status_t read_proxy(keeper_account_t *account)
{
    const char *path = account->plan->proxy_credentials;
    const char *text = NULL;
    apr_size_t len = 0;
    apr_status_t rv;

    account->proxy_credentials = NULL;
    if (path == NULL) {
        return APR_SUCCESS;
    }
    if ((rv = file_read(&text, &len, path, LIMIT_EAB_SOURCE, account->pool)) != APR_SUCCESS) {
        return eab_result_set(account->broken, rv, EAB_PROBLEM_CA_UNREACHABLE,
                              "The file %s of ACMEProxy cannot be read: %s.", path,
                              file_reason(account->pool, rv, path));
    }
    account->proxy_credentials = apr_pstrmemdup(account->pool, text, strcspn(text, "\r\n"));
    return APR_SUCCESS;
}

static apr_status_t read_trust(keeper_account_t *account)
{
    const char *path = account->plan->ca_file;
    apr_size_t len = 0;
    apr_status_t rv;

    account->ca_pem = NULL;
    if (path == NULL) {
        return APR_SUCCESS;
    }
    rv = file_read(&account->ca_pem, &len, path, LIMIT_CA_FILE, account->pool);
    if (rv != APR_SUCCESS) {
        return eab_result_set(account->broken, rv, EAB_PROBLEM_CA_UNTRUSTED,
                              "ACMECACertificateFile %s cannot be read: %s.", path,
                              file_reason(account->pool, rv, path));
    }
    if (strstr(account->ca_pem, "-----BEGIN CERTIFICATE-----") == NULL) {
        return eab_result_set(account->broken, APR_EINVAL, EAB_PROBLEM_CA_UNTRUSTED,
                              "ACMECACertificateFile %s holds no certificate in PEM form.", path);
    }
    return APR_SUCCESS;
}

/* What the agent needs to reach the CA. */
static apr_status_t read_way(keeper_account_t *account)
{
    apr_status_t rv = read_proxy(account);

    return rv == APR_SUCCESS ? read_trust(account) : rv;
}

static apr_status_t refuse_rebinding(const keeper_account_t *account, apr_interval_time_t left,
                                     eab_result_t *result)
{
    char when[CLOCK_TEXT_SIZE];

    clock_print(when, account->registration->rebinding);
    eab_result_set(result, APR_EINVAL, EAB_PROBLEM_EAB_USED,
                   "The CA does not know account %s any more, and its EAB key was used again at %s "
                   "already.",
                   account->plan->label, when);
    result->retry_after = apr_time_sec(left) + 1;
    return result->rv;
}

/* Times of the future come from a clock that was wrong, and nothing waits for them. */
static apr_status_t permit_rebinding(keeper_account_t *account, eab_result_t *result)
{
    registration_t *registration = account->registration;
    apr_time_t before = registration->rebinding;
    apr_time_t now = apr_time_now();
    apr_interval_time_t since = now - before;
    apr_status_t rv;

    if (since >= 0 && since < REBINDING_SPAN && registration->created < before) {
        return APR_SUCCESS; /* tried again, after a nonce that was refused for example */
    }
    if (since >= 0 && since < REBINDING_PAUSE) {
        return refuse_rebinding(account, REBINDING_PAUSE - since, result);
    }
    registration->rebinding = now;
    rv = registration_save(account->means->store, registration, result, result->pool);
    if (rv != APR_SUCCESS) {
        registration->rebinding = before;
    }
    return rv;
}

apr_status_t account_permit_eab(keeper_account_t *account, const char *url, eab_result_t *result)
{
    if (account->plan->kid == NULL) {
        return APR_SUCCESS;
    }
    if (!url_is_beside(url, account->plan->directory)) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_EAB_HOST,
                              "The CA's newAccount is at another host than ACMEServer; the EAB key "
                              "is not used there: %s",
                              url);
    }
    return account->registration->created != 0 ? permit_rebinding(account, result) : APR_SUCCESS;
}

/* Never registered anew by itself: that was a decision (checklist A-11). */
static void refuse_closed(keeper_account_t *account)
{
    const registration_t *registration = account->registration;

    account->key = NULL;
    account->next_key = NULL;
    eab_result_set(account->broken, APR_EACCES, EAB_PROBLEM_ACCOUNT_STATUS,
                   "The account %s was deactivated with acmectl at %s, which cannot be undone. For "
                   "another one set another ACMEEABKid, or, if the CA takes this one again, say "
                   "\"acmectl account forget %s\" and restart httpd.",
                   registration->url != NULL ? registration->url : account->plan->label,
                   clock_format(account->pool, registration->closed), account->plan->label);
}

/* What a crash has left of another key: without it, it is known which one counts. */
static apr_status_t load_next_key(keeper_account_t *account)
{
    const store_t *store = account->means->store;
    registration_t *registration = account->registration;
    apr_status_t rv = registration_next_key(&account->next_key, store, registration,
                                            account->broken, account->pool);

    if (!APR_STATUS_IS_ENOENT(rv)) {
        return rv;
    }
    eab_result_clear(account->broken);
    account->next_key = NULL;
    if (registration->rolling != 0) {
        registration->rolling = 0;
        registration_save(store, registration, eab_result_make(account->pool), account->pool);
    }
    return APR_SUCCESS;
}

static void load(keeper_account_t *account)
{
    const plan_account_t *plan = account->plan;
    store_t *store = account->means->store;

    apr_pool_create(&account->pool, account->means->pool);
    account->registration = NULL;
    account->key = account->next_key = NULL;
    account->broken = eab_result_make(account->pool);
    if (store->trouble != NULL) {
        eab_result_copy(account->broken, store->trouble);
        return;
    }
    if (registration_load(&account->registration, store, plan->directory, plan->kid,
                          account->broken, account->pool)
        != APR_SUCCESS) {
        return;
    }
    if (account->registration->damaged) {
        log_line(LOG_LEVEL_WARNING, "Account %s (%s): %s", plan->label, plan->where,
                 account->broken->detail);
        eab_result_clear(account->broken);
    }
    if (account->registration->closed != 0) {
        registration_close(store, account->registration, 0, eab_result_make(account->pool),
                           account->pool); /* what a crash has left of it */
        refuse_closed(account);
        return;
    }
    if (registration_key(&account->key, store, account->registration, account->broken,
                         account->pool)
            == APR_SUCCESS
        && load_next_key(account) == APR_SUCCESS && read_way(account) == APR_SUCCESS) {
        account->thumbprint = jose_thumbprint(account->pool, account->key);
        open_source(account);
    }
}

static void recall_failure(keeper_account_t *account)
{
    apr_pool_t *pool = NULL;

    if (account->registration != NULL) {
        apr_pool_create(&pool, account->means->pool);
        failing_recall(&account->failing, account->means, account->registration->id,
                       account_fingerprint(account, pool), 0);
        apr_pool_destroy(pool);
    }
}

keeper_account_t *account_open(const means_t *means, int index, const plan_account_t *plan)
{
    keeper_account_t *account = apr_pcalloc(means->pool, sizeof(*account));

    account->means = means;
    account->index = index;
    account->plan = plan;
    account->contacts = apr_array_pstrcat(means->pool, plan->contacts, ' ');
    clear_eab_problem(account);
    load(account);
    if (account->broken->rv != APR_SUCCESS) {
        log_line(LOG_LEVEL_ERROR, "Account %s (%s) cannot be used: %s", plan->label, plan->where,
                 account->broken->detail);
    }
    recall_failure(account);
    return account;
}

int account_mend(keeper_account_t *account)
{
    apr_pool_t *before = account->pool;

    if (account->broken->rv == APR_SUCCESS) {
        return 0;
    }
    load(account);
    apr_pool_destroy(before);
    if (account->broken->rv != APR_SUCCESS) {
        return 0;
    }
    log_line(LOG_LEVEL_NOTICE, "Account %s (%s) can be used again", account->plan->label,
             account->plan->where);
    recall_failure(account);
    return 1;
}

apr_status_t account_registered(keeper_account_t *account, const char *url, const char *terms,
                                eab_result_t *result)
{
    registration_t *registration = account->registration;
    const char *before = registration->url;
    apr_time_t created = registration->created;
    apr_status_t rv;

    if (!url_is_https(url)) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_CA_ANSWER,
                              "The CA's account URL is no https URL.");
    }
    if (before != NULL && strcmp(before, url) == 0) {
        return APR_SUCCESS;
    }
    if (before != NULL) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "Account %s is registered already.", account->plan->label);
    }
    if (account->url_pool != NULL) {
        apr_pool_destroy(account->url_pool);
    }
    apr_pool_create(&account->url_pool, account->means->pool);
    registration->url = apr_pstrdup(account->url_pool, url);
    registration->created = apr_time_now();
    registration->terms = url_is_plain(terms) ? apr_pstrdup(account->url_pool, terms) : NULL;
    registration->contacts = account->contacts;
    rv = registration_save(account->means->store, registration, result, result->pool);
    if (rv != APR_SUCCESS) {
        registration->url = NULL;
        registration->created = created;
        return rv;
    }
    forget_eab_key(account);
    log_line(LOG_LEVEL_NOTICE, "Account %s is registered at the CA: %s", account->plan->label,
             log_escape(result->pool, url));
    tell(account, CHANGE_REGISTERED, NULL);
    return APR_SUCCESS;
}

int account_contact_changed(const keeper_account_t *account)
{
    const registration_t *registration = account->registration;
    const apr_array_header_t *contacts = account->plan->contacts;

    return registration != NULL && registration->url != NULL && contacts->nelts > 0
           && (registration->contacts == NULL
               || strcmp(registration->contacts, account->contacts) != 0);
}

apr_status_t account_contacted(keeper_account_t *account, eab_result_t *result)
{
    registration_t *registration = account->registration;
    const char *before = registration->contacts;
    apr_status_t rv;

    registration->contacts = account->contacts;
    rv = registration_save(account->means->store, registration, result, result->pool);
    if (rv != APR_SUCCESS) {
        registration->contacts = before;
    }
    return rv;
}

apr_status_t account_unregister(keeper_account_t *account, eab_result_t *result)
{
    const char *before = account->registration->url;
    apr_status_t rv;

    if (before == NULL) {
        return APR_SUCCESS;
    }
    account->registration->url = NULL;
    rv = registration_save(account->means->store, account->registration, result, result->pool);
    if (rv != APR_SUCCESS) {
        account->registration->url = before;
        return rv;
    }
    log_line(LOG_LEVEL_WARNING, "Account %s: the CA does not know the account %s any more",
             account->plan->label, log_escape(result->pool, before));
    tell(account, CHANGE_UNREGISTERED, NULL);
    return APR_SUCCESS;
}

apr_status_t account_attempted(keeper_account_t *account, eab_result_t *result)
{
    apr_status_t rv = APR_SUCCESS;

    if (!account->registration->attempted) {
        account->registration->attempted = 1;
        rv = registration_save(account->means->store, account->registration, result, result->pool);
        if (rv != APR_SUCCESS) {
            account->registration->attempted = 0;
        }
    }
    return rv;
}

apr_status_t account_failed(keeper_account_t *account, failure_t *failure, eab_result_t *result)
{
    apr_status_t rv;

    if (failure != NULL) {
        failure->fingerprint = account_fingerprint(account, result->pool);
    }
    rv = failing_keep(&account->failing, account->means, account->registration->id, failure, 0,
                      result);
    tell(account, failure != NULL ? CHANGE_FAILED : CHANGE_RECOVERED, NULL);
    return rv;
}

/* The EAB source counts only until the account is bound: a key file that is removed later changes
 * nothing. */
const char *account_fingerprint(const keeper_account_t *account, apr_pool_t *p)
{
    const plan_account_t *plan = account->plan;
    const char *source = "", *ca = "";
    const char *text;
    unsigned char digest[32];
    apr_size_t len;

    if (account->registration != NULL && account->registration->url == NULL
        && account->source != NULL) {
        source = eabsource_state(p, account->source);
    }
    if (plan->ca_file != NULL
        && file_read(&ca, &len, plan->ca_file, LIMIT_CA_FILE, p) != APR_SUCCESS) {
        ca = "";
    }
    text = apr_pstrcat(p, plan->directory, "\n", plan->kid ? plan->kid : "", "\n", plan->eab_alg,
                       "\n", source, "\n", apr_array_pstrcat(p, plan->contacts, ' '), "\n",
                       plan->terms_accepted ? "accepted" : "", "\n", ca, "\n",
                       plan->proxy ? plan->proxy : "", NULL);
    if (EVP_Digest(text, strlen(text), digest, NULL, EVP_sha256(), NULL) != 1) {
        return "";
    }
    return hex_encode(p, digest, 16);
}

void account_tidy(keeper_account_t *account, apr_pool_t *ptemp)
{
    if (account->registration != NULL) {
        failing_tidy(&account->failing, account->means, account->registration->id, ptemp);
    }
}

void account_hurry(keeper_account_t *account)
{
    if (account->failing.failure == NULL) {
        return;
    }
    failing_hurry(&account->failing, account->means,
                  account->registration != NULL ? account->registration->id : NULL);
    if (!account->eab_running) {
        forget_eab_key(account);
    }
}

/* ---- another key, and the end ---- */

static apr_status_t save(const keeper_account_t *account, eab_result_t *result)
{
    return registration_save(account->means->store, account->registration, result, result->pool);
}

apr_status_t account_roll(keeper_account_t *account, const char *by, eab_result_t *result)
{
    registration_t *registration = account->registration;
    const store_t *store = account->means->store;
    apr_time_t before = registration->rolling;
    keypair_t *key = NULL;
    apr_status_t rv;

    rv = registration_make_next_key(&key, store, registration, result, account->pool);
    if (rv == APR_SUCCESS) {
        rv = blocked_check_key(store, key, result, result->pool);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    registration->rolling = apr_time_now();
    registration->by = apr_pstrdup(account->pool, by);
    if ((rv = save(account, result)) != APR_SUCCESS) {
        registration->rolling = before;
        return rv;
    }
    account->next_key = key;
    return APR_SUCCESS;
}

apr_status_t account_rolled(keeper_account_t *account, eab_result_t *result)
{
    registration_t *registration = account->registration;
    apr_status_t rv;

    rv = registration_take_next_key(account->means->store, registration, result, result->pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    account->key = account->next_key;
    account->next_key = NULL;
    account->thumbprint = jose_thumbprint(account->pool, account->key);
    registration->rolling = 0;
    (void)save(account, eab_result_make(result->pool)); /* the key says so already */
    log_line(LOG_LEVEL_NOTICE, "Account %s has another key at the CA, for %s", account->plan->label,
             log_escape(result->pool, registration->by));
    tell(account, CHANGE_REKEYED, NULL);
    return APR_SUCCESS;
}

apr_status_t account_not_rolled(keeper_account_t *account, eab_result_t *result)
{
    registration_t *registration = account->registration;
    apr_status_t rv;

    rv = registration_drop_next_key(account->means->store, registration, result, result->pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    account->next_key = NULL;
    registration->rolling = 0;
    return save(account, result);
}

apr_status_t account_close(keeper_account_t *account, const char *by, eab_result_t *result)
{
    registration_t *registration = account->registration;
    apr_time_t before = registration->closing;
    apr_status_t rv;

    registration->closing = apr_time_now();
    registration->by = apr_pstrdup(account->pool, by);
    if ((rv = save(account, result)) != APR_SUCCESS) {
        registration->closing = before;
    }
    return rv;
}

apr_status_t account_not_closed(keeper_account_t *account, eab_result_t *result)
{
    account->registration->closing = 0;
    return save(account, result);
}

apr_status_t account_closed(keeper_account_t *account, eab_result_t *result)
{
    registration_t *registration = account->registration;
    int known = account->broken->rv != APR_SUCCESS; /* what could not be removed is removed now */
    apr_status_t rv;

    rv = registration_close(account->means->store, registration, apr_time_now(), result,
                            result->pool);
    if (registration->closed == 0 || known) {
        return rv;
    }
    forget_eab_key(account);
    refuse_closed(account);
    log_line(LOG_LEVEL_NOTICE, "Account %s is deactivated at the CA, for %s", account->plan->label,
             log_escape(result->pool, registration->by));
    tell(account, CHANGE_CLOSED, NULL);
    return rv;
}
