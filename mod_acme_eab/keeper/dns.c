/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/dns.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "base/address.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/name.h"
#include "crypto/txtrecord.h"
#include "keeper/program.h"
#include "store/dnsjournal.h"

#define RUNNING_MAX 8
#define RECORDS_PER_NAME 4 /* more values than that no honest agent asks for in one order */
#define RETRY_FIRST apr_time_from_sec(600)
#define RETRY_MAX apr_time_from_sec(6 * 3600)
#define TOKEN_MIN 22
#define WAITING_MAX 16 /* requests for one record */
#define FRESH apr_time_from_sec(60)

/* One TXT value, from just before it is added until it is certainly gone. What is to be done follows
 * from the difference between what is wanted and what is. */
typedef struct dns_record {
    keeper_dns_t *dns;
    apr_pool_t *pool;
    const char *certificate; /* id */
    const char *name, *record, *value, *command;
    int lasting;      /* it is meant to stay once it was added */
    apr_time_t added; /* when that was; 0: not yet */
    apr_time_t ended; /* when "add" ended in this process, by clock_steady(); 0: it was not run */
    int wanted;       /* it shall be there; else it shall be gone */
    int present;      /* "add" has succeeded; else it may be there or not */
    int adding;       /* what runs is "add" */
    int running;      /* the command is at work */
    int tried;        /* the command was run, now or before the keeper's start */
    apr_array_header_t
        *waiting;     /* int: ids of the requests that wait for it: a name and its wildcard
                                    can be proven by the same record */
    apr_time_t later; /* when a failed removal is tried again */
    apr_interval_time_t pause;
} dns_record_t;

struct keeper_dns {
    const means_t *means;
    const model_t *model;
    dns_done_fn *done;
    void *baton;
    apr_array_header_t *records; /* dns_record_t * */
    loop_timer_t *timer;
    apr_interval_time_t limit;
    int running;
};

static void pump(keeper_dns_t *dns);

static dns_record_t *record_at(const keeper_dns_t *dns, int i)
{
    return APR_ARRAY_IDX(dns->records, i, dns_record_t *);
}

/* ---- the journal ---- */

static apr_status_t save(const keeper_dns_t *dns, const char *certificate, eab_result_t *result)
{
    apr_array_header_t *kept;
    apr_pool_t *pool = NULL;
    apr_status_t rv;
    int i;

    apr_pool_create(&pool, dns->means->pool);
    kept = apr_array_make(pool, 4, sizeof(dnsjournal_record_t));
    for (i = 0; i < dns->records->nelts; ++i) {
        const dns_record_t *record = record_at(dns, i);

        if (strcmp(record->certificate, certificate) == 0) {
            dnsjournal_record_t *copy = apr_array_push(kept);

            copy->name = record->name;
            copy->record = record->record;
            copy->value = record->value;
            copy->command = record->command;
            copy->lasting = record->lasting;
            copy->added = record->added;
        }
    }
    rv = dnsjournal_save(dns->means->store, certificate, kept, result, pool);
    apr_pool_destroy(pool);
    return rv;
}

static dns_record_t *push(keeper_dns_t *dns, const char *certificate,
                          const dnsjournal_record_t *from)
{
    apr_pool_t *pool = NULL;
    dns_record_t *record;

    apr_pool_create(&pool, dns->means->pool);
    record = apr_pcalloc(pool, sizeof(*record));
    record->dns = dns;
    record->pool = pool;
    record->certificate = apr_pstrdup(pool, certificate);
    record->name = apr_pstrdup(pool, from->name);
    record->record = from->record != NULL ? apr_pstrdup(pool, from->record)
                                          : txtrecord_name(pool, TXTRECORD_DNS, from->name, NULL);
    record->value = apr_pstrdup(pool, from->value);
    record->command = apr_pstrdup(pool, from->command);
    record->lasting = from->lasting;
    record->added = from->added;
    record->waiting = apr_array_make(pool, 2, sizeof(int));
    APR_ARRAY_PUSH(dns->records, dns_record_t *) = record;
    return record;
}

/* Out of the list; its memory goes with forget(). */
static void drop(const dns_record_t *record)
{
    apr_array_header_t *records = record->dns->records;
    int i, kept = 0;

    for (i = 0; i < records->nelts; ++i) {
        dns_record_t *other = APR_ARRAY_IDX(records, i, dns_record_t *);

        if (other != record) {
            APR_ARRAY_IDX(records, kept++, dns_record_t *) = other;
        }
    }
    records->nelts = kept;
}

static void save_or_tell(const dns_record_t *record)
{
    eab_result_t *result = eab_result_make(record->pool);

    if (save(record->dns, record->certificate, result) != APR_SUCCESS) {
        log_line(LOG_LEVEL_ERROR, "%s", result->detail);
    }
}

/* It is gone from the DNS. */
static void forget(dns_record_t *record)
{
    drop(record);
    save_or_tell(record);
    apr_pool_destroy(record->pool);
}

/* ---- the command ---- */

static const plan_certificate_t *plan_of(const dns_record_t *record)
{
    const keeper_certificate_t *certificate = model_find(record->dns->model, record->certificate);

    return certificate != NULL ? certificate->plan : NULL;
}

/* The one that is configured now, if there still is one: the old program may be gone. */
static const char *command_of(const dns_record_t *record)
{
    const plan_certificate_t *plan = plan_of(record);

    return plan != NULL && plan->dns_command != NULL ? plan->dns_command : record->command;
}

static apr_array_header_t *make_variables(const dns_record_t *record, apr_pool_t *p)
{
    apr_array_header_t *variables = apr_array_make(p, 4, sizeof(const char *));

    APR_ARRAY_PUSH(variables, const char *) =
        apr_pstrcat(p, "ACME_EAB_ACTION=", record->adding ? "add" : "remove", NULL);
    APR_ARRAY_PUSH(variables, const char *) = apr_pstrcat(p, "ACME_EAB_NAME=", record->name, NULL);
    APR_ARRAY_PUSH(variables, const char *) =
        apr_pstrcat(p, "ACME_EAB_RECORD=", record->record, NULL);
    APR_ARRAY_PUSH(variables, const char *) =
        apr_pstrcat(p, "ACME_EAB_VALUE=", record->value, NULL);
    return variables;
}

/* NULL for a command that is none. */
static const char *const *make_arguments(const dns_record_t *record, apr_pool_t *p)
{
    apr_array_header_t *all = apr_array_make(p, 8, sizeof(const char *));
    char **argv = NULL;

    if (apr_tokenize_to_argv(command_of(record), &argv, p) != APR_SUCCESS || argv[0] == NULL) {
        return NULL;
    }
    for (; *argv != NULL; ++argv) {
        APR_ARRAY_PUSH(all, const char *) = *argv;
    }
    APR_ARRAY_PUSH(all, const char *) = record->adding ? "add" : "remove";
    APR_ARRAY_PUSH(all, const char *) = record->record;
    APR_ARRAY_PUSH(all, const char *) = record->value;
    APR_ARRAY_PUSH(all, const char *) = NULL;
    return (const char *const *)all->elts;
}

/* What it printed, as half a sentence; escaped, since it may quote the DNS. */
static const char *quote_output(const program_outcome_t *outcome, apr_pool_t *p)
{
    const char *text = (const char *)outcome->output->data;
    apr_size_t len = outcome->output->len > 0 ? strnlen(text, outcome->output->len) : 0;

    while (len > 0 && apr_isspace(text[len - 1])) {
        --len;
    }
    return len > 0 ? log_escape(p, apr_pstrmemdup(p, text, len)) : "nothing";
}

/* NULL: it did its work. Without what it printed, which is for the error log alone. */
static const char *explain(const dns_record_t *record, const program_outcome_t *outcome,
                           apr_pool_t *p)
{
    if (!outcome->started) {
        return apr_psprintf(p, "could not be run: %s", strerror(outcome->error));
    }
    if (outcome->timed_out) {
        return apr_psprintf(p, "did not end within %ld seconds and was killed",
                            (long)apr_time_sec(record->dns->limit));
    }
    if (outcome->status != 0) {
        return apr_pstrcat(p, "ended with ", program_describe_end(outcome, p), NULL);
    }
    return NULL;
}

static void reply(dns_record_t *record, const eab_result_t *result)
{
    int i;

    for (i = 0; i < record->waiting->nelts; ++i) {
        record->dns->done(record->dns->baton, APR_ARRAY_IDX(record->waiting, i, int), result);
    }
    apr_array_clear(record->waiting);
}

/* Nobody knows what a failed command has done: the value is taken away again. */
static void end_add(dns_record_t *record, const char *failure, eab_cause_t cause, apr_pool_t *p)
{
    eab_result_t *result = eab_result_make(p);

    record->present = (failure == NULL);
    record->ended = clock_steady();
    if (failure != NULL) {
        record->wanted = 0;
        eab_result_set(result, APR_EGENERAL, EAB_PROBLEM_DNS_COMMAND, "ACMEDNSCommand add %s %s.",
                       record->record, failure);
        result->identifier = apr_pstrdup(p, record->name);
        result->cause = cause;
    }
    else if (record->lasting) {
        record->added = apr_time_now();
        save_or_tell(record);
        log_line(LOG_LEVEL_NOTICE, "ACMEDNSCommand has added %s, which is meant to stay: %s",
                 record->record, record->value);
    }
    reply(record, result);
}

static void end_removal(dns_record_t *record, const char *failure)
{
    record->present = 0;
    if (record->wanted) {
        return; /* asked for again meanwhile */
    }
    if (failure == NULL) {
        forget(record);
        return;
    }
    record->pause = record->pause == 0 ? RETRY_FIRST : record->pause * 2;
    if (record->pause > RETRY_MAX) {
        record->pause = RETRY_MAX;
    }
    record->later = clock_steady() + record->pause;
}

static void on_command(void *baton, const program_outcome_t *outcome)
{
    dns_record_t *record = baton;
    keeper_dns_t *dns = record->dns;
    apr_pool_t *pool = NULL;
    const char *failure;

    apr_pool_create(&pool, dns->means->pool);
    record->running = 0;
    record->tried |= outcome->started;
    --dns->running;
    if ((failure = explain(record, outcome, pool)) != NULL) {
        log_line(LOG_LEVEL_ERROR, "ACMEDNSCommand %s %s %s; it printed: %s",
                 record->adding ? "add" : "remove", record->record, failure,
                 quote_output(outcome, pool));
    }
    if (record->adding) {
        end_add(record, failure, program_cause(outcome), pool);
    }
    else {
        end_removal(record, failure);
    }
    apr_pool_destroy(pool);
    pump(dns);
}

static void run(dns_record_t *record)
{
    keeper_dns_t *dns = record->dns;
    const char *const *argv;
    apr_pool_t *pool = NULL;

    apr_pool_create(&pool, dns->means->pool);
    record->adding = record->wanted;
    record->running = 1;
    ++dns->running;
    if ((argv = make_arguments(record, pool)) == NULL) {
        argv = apr_pcalloc(pool, 2 * sizeof(*argv)); /* a start that fails, and says why */
        ((const char **)argv)[0] = "";
    }
    program_start_with(dns->means->loop, argv, make_variables(record, pool), 1,
                       LIMIT_PROGRAM_OUTPUT, dns->limit, on_command, record, dns->means->pool);
    apr_pool_destroy(pool); /* the arguments were copied by the start */
}

/* A command may read all values of a name and write them back: never two of them side by side. */
static int name_is_busy(const keeper_dns_t *dns, const char *name)
{
    int i;

    for (i = 0; i < dns->records->nelts; ++i) {
        if (record_at(dns, i)->running && strcmp(record_at(dns, i)->name, name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Some CAs use one authorization for several orders: then several certificates have one value. */
static int is_shared(const dns_record_t *record)
{
    int i;

    for (i = 0; i < record->dns->records->nelts; ++i) {
        const dns_record_t *other = record_at(record->dns, i);

        if (other != record && other->wanted && strcmp(other->record, record->record) == 0
            && strcmp(other->value, record->value) == 0) {
            return 1;
        }
    }
    return 0;
}

/* What need not be removed, since it was never added or another certificate still uses it. */
static void forget_unneeded(keeper_dns_t *dns)
{
    int i;

    for (i = dns->records->nelts - 1; i >= 0; --i) {
        dns_record_t *record = record_at(dns, i);

        if (!record->wanted && !record->running && (!record->tried || is_shared(record))) {
            forget(record);
        }
    }
}

static int is_due(const dns_record_t *record, apr_time_t now)
{
    if (record->running || (record->wanted && record->present)) {
        return 0;
    }
    return record->wanted ? record->waiting->nelts > 0 : record->later <= now;
}

/* Start what can be started, and plan the rest. */
static void pump(keeper_dns_t *dns)
{
    apr_time_t now = clock_steady(), next = 0;
    int i;

    forget_unneeded(dns);
    for (i = 0; i < dns->records->nelts; ++i) {
        dns_record_t *record = record_at(dns, i);

        if (is_due(record, now)) {
            if (dns->running < RUNNING_MAX && !name_is_busy(dns, record->name)) {
                run(record);
            }
        }
        else if (!record->running && !record->wanted && (next == 0 || record->later < next)) {
            next = record->later;
        }
    }
    loop_timer_set(dns->timer, next != 0 ? apr_time_now() + (next - now) : 0);
}

static void on_timer(void *baton)
{
    pump(baton);
}

/* ---- at the start ---- */

static int has_open_order(const dns_record_t *record)
{
    const keeper_certificate_t *certificate = model_find(record->dns->model, record->certificate);

    return certificate != NULL && certificate->journal != NULL && !certificate->journal->finalized;
}

static void load(keeper_dns_t *dns, const char *certificate, apr_pool_t *ptemp)
{
    apr_array_header_t *records = NULL;
    eab_result_t *result = eab_result_make(ptemp);
    int i;

    if (dnsjournal_load(&records, dns->means->store, certificate, result, ptemp) != APR_SUCCESS) {
        log_line(LOG_LEVEL_ERROR,
                 "%s Look for TXT records of _acme-challenge names that were left in the DNS.",
                 result->detail);
    }
    for (i = 0; i < records->nelts; ++i) {
        const dnsjournal_record_t *stored = &APR_ARRAY_IDX(records, i, dnsjournal_record_t);
        dns_record_t *record = push(dns, certificate, stored);

        record->tried = 1;
        record->present = record->lasting && record->added != 0;
        record->wanted = record->present || has_open_order(record);
    }
}

keeper_dns_t *dns_make(const model_t *model, apr_interval_time_t limit, dns_done_fn *done,
                       void *baton)
{
    const means_t *means = model->means;
    keeper_dns_t *dns = apr_pcalloc(means->pool, sizeof(*dns));
    apr_array_header_t *certificates;
    apr_pool_t *pool = NULL;
    int i;

    dns->means = means;
    dns->model = model;
    dns->done = done;
    dns->baton = baton;
    dns->limit = limit;
    dns->records = apr_array_make(means->pool, 4, sizeof(dns_record_t *));
    dns->timer = loop_timer_make(means->loop, on_timer, dns);
    apr_pool_create(&pool, means->pool);
    certificates = dnsjournal_list(means->store, pool);
    /* Commands run as root, and are not taken from a store that may be somebody else's. */
    for (i = 0; means->store->trouble == NULL && i < certificates->nelts; ++i) {
        load(dns, APR_ARRAY_IDX(certificates, i, const char *), pool);
    }
    apr_pool_destroy(pool);
    pump(dns);
    return dns;
}

/* ---- requests ---- */

static int may_validate(const plan_certificate_t *plan, const char *name)
{
    unsigned char octets[ADDRESS_OCTETS_MAX];
    int i;

    for (i = 0; i < plan->names->nelts; ++i) {
        const char *own = APR_ARRAY_IDX(plan->names, i, const char *);

        if (strcmp(strncmp(own, "*.", 2) == 0 ? own + 2 : own, name) == 0) {
            return address_parse(octets, name) == 0; /* RFC 8738, 7 */
        }
    }
    return 0;
}

static int allows(const plan_certificate_t *plan, const char *type)
{
    int i;

    for (i = 0; i < plan->challenges->nelts; ++i) {
        if (strcmp(APR_ARRAY_IDX(plan->challenges, i, const char *), type) == 0) {
            return 1;
        }
    }
    return 0;
}

static int is_issuer(const char *text, apr_pool_t *p)
{
    const char *why = NULL, *name = text != NULL ? name_normalize(p, text, &why) : NULL;

    return name != NULL && *name != '*' && strcmp(name, text) == 0;
}

/* What the CA has put into the challenge. */
static apr_status_t check_words(const dns_challenge_t *challenge, eab_result_t *result)
{
    const char *token = challenge->token;

    if (strcmp(challenge->type, TXTRECORD_PERSIST) == 0) {
        return is_issuer(challenge->issuer, result->pool)
                   ? APR_SUCCESS
                   : eab_result_set(result, APR_EINVAL, EAB_PROBLEM_TOKEN,
                                    "The CA's %s challenge for %s has no usable issuer name.",
                                    challenge->type, challenge->name);
    }
    if (token == NULL || strlen(token) < TOKEN_MIN || !base64url_is_valid(token, LIMIT_TOKEN)) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_TOKEN,
                              "The CA's %s challenge for %s has no usable token.", challenge->type,
                              challenge->name);
    }
    return APR_SUCCESS;
}

static const char *account_url(const keeper_certificate_t *certificate)
{
    const registration_t *registration = certificate->account->registration;

    return registration != NULL ? registration->url : NULL;
}

static apr_status_t check(const keeper_certificate_t *certificate, const dns_challenge_t *challenge,
                          eab_result_t *result)
{
    const plan_certificate_t *plan = certificate->plan;

    if (challenge->name == NULL || !may_validate(plan, challenge->name)
        || !allows(plan, challenge->type)
        || txtrecord_name(result->pool, challenge->type, challenge->name, "") == NULL) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "No dns challenge of that name belongs to %s.", certificate->title);
    }
    if (check_words(challenge, result) != APR_SUCCESS) {
        return result->rv;
    }
    if (certificate->journal == NULL || certificate->journal->finalized
        || certificate->account->thumbprint == NULL
        || (strcmp(challenge->type, TXTRECORD_DNS) != 0 && account_url(certificate) == NULL)) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "No order for %s waits for a validation.", certificate->title);
    }
    if (plan->dns_command == NULL) {
        eab_result_set(result, APR_EINVAL, EAB_PROBLEM_DNS_COMMAND,
                       "The CA offers %s for %s, and no ACMEDNSCommand is set.", challenge->type,
                       challenge->name);
        result->identifier = apr_pstrdup(result->pool, challenge->name);
        return result->rv;
    }
    return APR_SUCCESS;
}

/* Where the certificate has the wildcard as well, one record shall do for both. */
static int has_wildcard(const plan_certificate_t *plan, const char *name)
{
    int i;

    for (i = 0; i < plan->names->nelts; ++i) {
        const char *own = APR_ARRAY_IDX(plan->names, i, const char *);

        if (strncmp(own, "*.", 2) == 0 && strcmp(own + 2, name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* What is to be in the DNS, in p. */
static void describe(dnsjournal_record_t *record, const keeper_certificate_t *certificate,
                     const dns_challenge_t *challenge, apr_pool_t *p)
{
    const char *url = account_url(certificate);

    record->name = challenge->name;
    record->record = txtrecord_name(p, challenge->type, challenge->name, url);
    record->command = certificate->plan->dns_command;
    record->lasting = strcmp(challenge->type, TXTRECORD_PERSIST) == 0;
    record->added = 0;
    record->value = record->lasting
                        ? txtrecord_persist(p, challenge->issuer, url,
                                            has_wildcard(certificate->plan, challenge->name))
                        : txtrecord_value(p, challenge->token, certificate->account->thumbprint);
}

static dns_record_t *find(const keeper_dns_t *dns, const char *certificate,
                          const dnsjournal_record_t *like)
{
    int i;

    for (i = 0; i < dns->records->nelts; ++i) {
        dns_record_t *record = record_at(dns, i);

        if (strcmp(record->certificate, certificate) == 0
            && strcmp(record->record, like->record) == 0
            && strcmp(record->value, like->value) == 0) {
            return record;
        }
    }
    return NULL;
}

static int count(const keeper_dns_t *dns, const char *certificate, int lasting)
{
    int i, found = 0;

    for (i = 0; i < dns->records->nelts; ++i) {
        found += strcmp(record_at(dns, i)->certificate, certificate) == 0
                 && record_at(dns, i)->lasting == lasting;
    }
    return found;
}

/* On disk before the command can run. NULL with the reason in result. */
static dns_record_t *note(keeper_dns_t *dns, const plan_certificate_t *plan,
                          const dnsjournal_record_t *wanted, eab_result_t *result)
{
    dns_record_t *record;

    if (count(dns, plan->id, wanted->lasting) >= RECORDS_PER_NAME * plan->names->nelts) {
        eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                       "Too many TXT records are in use for %s.",
                       name_shown(result->pool, plan->id));
        return NULL;
    }
    record = push(dns, plan->id, wanted);
    if (save(dns, plan->id, result) != APR_SUCCESS) {
        drop(record);
        apr_pool_destroy(record->pool);
        return NULL;
    }
    return record;
}

/* Whoever asks may have looked for it before it was there. */
static int is_fresh(const dns_record_t *record)
{
    return record->ended != 0 && clock_steady() - record->ended < FRESH;
}

/* It was added, and whoever asks has not found it. */
static apr_status_t refuse_again(const dns_record_t *record, eab_result_t *result)
{
    eab_result_set(result, APR_EGENERAL, EAB_PROBLEM_PERSIST,
                   "ACMEDNSCommand added %s on %.10s, and it is not in the DNS any more. It is not "
                   "added a second time: publish it by hand.",
                   record->record, clock_format(result->pool, record->added));
    result->identifier = apr_pstrdup(result->pool, record->name);
    return result->rv;
}

apr_status_t dns_add(keeper_dns_t *dns, keeper_certificate_t *certificate,
                     const dns_challenge_t *challenge, int id, eab_result_t *result)
{
    dnsjournal_record_t wanted;
    dns_record_t *record;
    apr_status_t rv = check(certificate, challenge, result);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    describe(&wanted, certificate, challenge, result->pool);
    if (wanted.record == NULL || wanted.value == NULL) {
        return eab_result_set(result, APR_EGENERAL, EAB_PROBLEM_INTERNAL,
                              "The TXT record of %s cannot be computed.", challenge->name);
    }
    record = find(dns, certificate->plan->id, &wanted);
    if (record == NULL && (record = note(dns, certificate->plan, &wanted, result)) == NULL) {
        return result->rv;
    }
    if (record->wanted && record->present) {
        return record->lasting && !is_fresh(record) ? refuse_again(record, result) : APR_SUCCESS;
    }
    if (record->waiting->nelts == WAITING_MAX) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "Too many requests wait for the TXT record of %s.", record->name);
    }
    record->wanted = 1;
    APR_ARRAY_PUSH(record->waiting, int) = id;
    pump(dns);
    return APR_EAGAIN;
}

/* A command at work replies when it ends. */
static void release(dns_record_t *record)
{
    eab_result_t *result;
    apr_pool_t *pool = NULL;

    if (record->lasting && (record->present || (record->running && record->adding))) {
        return;
    }
    record->wanted = 0;
    record->later = 0;
    if (record->waiting->nelts > 0 && !record->running) {
        apr_pool_create(&pool, record->pool);
        result = eab_result_make(pool);
        eab_result_set(result, APR_EGENERAL, EAB_PROBLEM_INTERNAL, "The order of %s is over.",
                       record->certificate);
        reply(record, result);
        apr_pool_destroy(pool);
    }
}

void dns_hear(void *baton, const change_t *change)
{
    keeper_dns_t *dns = baton;
    const keeper_certificate_t *certificate = change->certificate;
    int i;

    if (change->kind != CHANGE_FINALIZED && change->kind != CHANGE_ABANDONED) {
        return;
    }
    for (i = 0; i < dns->records->nelts; ++i) {
        if (strcmp(record_at(dns, i)->certificate, certificate->plan->id) == 0) {
            release(record_at(dns, i));
        }
    }
    pump(dns);
}

void dns_forget_agent(keeper_dns_t *dns)
{
    int i;

    for (i = 0; i < dns->records->nelts; ++i) {
        apr_array_clear(record_at(dns, i)->waiting);
    }
}
