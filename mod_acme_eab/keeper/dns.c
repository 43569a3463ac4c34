/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/dns.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>
#include <openssl/evp.h>

#include "base/address.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "keeper/agent.h"
#include "keeper/program.h"
#include "store/dnsjournal.h"

#define RUNNING_MAX 8
#define RECORDS_PER_NAME 4 /* more values than that no honest agent asks for in one order */
#define RETRY_FIRST apr_time_from_sec(600)
#define RETRY_MAX apr_time_from_sec(6 * 3600)
#define TOKEN_MIN 22

/* One TXT value, from just before it is added until it is certainly gone. What is to be done follows
 * from the difference between what is wanted and what is. */
typedef struct dns_record {
    keeper_dns_t *dns;
    apr_pool_t *pool;
    const char *certificate; /* id */
    const char *name, *value, *command;
    int wanted;       /* it shall be there; else it shall be gone */
    int present;      /* "add" has succeeded; else it may be there or not */
    int adding;       /* what runs is "add" */
    int running;      /* the command is at work */
    int tried;        /* the command was run, now or before the keeper's start */
    int reply;        /* id of the request that waits for it; 0: none */
    apr_time_t later; /* when a failed removal is tried again */
    apr_interval_time_t pause;
} dns_record_t;

struct keeper_dns {
    keeper_t *keeper;
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

static const char *record_name(apr_pool_t *p, const dns_record_t *record)
{
    return apr_pstrcat(p, "_acme-challenge.", record->name, NULL);
}

/* ---- the journal ---- */

static apr_status_t save(const keeper_dns_t *dns, const char *certificate, eab_result_t *result)
{
    apr_array_header_t *kept;
    apr_pool_t *pool = NULL;
    apr_status_t rv;
    int i;

    apr_pool_create(&pool, dns->keeper->pool);
    kept = apr_array_make(pool, 4, sizeof(dnsjournal_record_t));
    for (i = 0; i < dns->records->nelts; ++i) {
        const dns_record_t *record = record_at(dns, i);

        if (strcmp(record->certificate, certificate) == 0) {
            dnsjournal_record_t *copy = apr_array_push(kept);

            copy->name = record->name;
            copy->value = record->value;
            copy->command = record->command;
        }
    }
    rv = dnsjournal_save(dns->keeper->store, certificate, kept, result, pool);
    apr_pool_destroy(pool);
    return rv;
}

static dns_record_t *push(keeper_dns_t *dns, const char *certificate, const char *name,
                          const char *value, const char *command)
{
    apr_pool_t *pool = NULL;
    dns_record_t *record;

    apr_pool_create(&pool, dns->keeper->pool);
    record = apr_pcalloc(pool, sizeof(*record));
    record->dns = dns;
    record->pool = pool;
    record->certificate = apr_pstrdup(pool, certificate);
    record->name = apr_pstrdup(pool, name);
    record->value = apr_pstrdup(pool, value);
    record->command = apr_pstrdup(pool, command);
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

/* It is gone from the DNS. */
static void forget(dns_record_t *record)
{
    eab_result_t *result = eab_result_make(record->pool);

    drop(record);
    if (save(record->dns, record->certificate, result) != APR_SUCCESS) {
        log_line(LOG_LEVEL_ERROR, "%s", result->detail);
    }
    apr_pool_destroy(record->pool);
}

/* ---- the command ---- */

static const plan_certificate_t *plan_of(const dns_record_t *record)
{
    const apr_array_header_t *certificates = record->dns->keeper->plan->certificates;
    int i;

    for (i = 0; i < certificates->nelts; ++i) {
        const plan_certificate_t *plan = &APR_ARRAY_IDX(certificates, i, plan_certificate_t);

        if (strcmp(plan->id, record->certificate) == 0) {
            return plan;
        }
    }
    return NULL;
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
        apr_pstrcat(p, "ACME_EAB_RECORD=", record_name(p, record), NULL);
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
    APR_ARRAY_PUSH(all, const char *) = record_name(p, record);
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
    int id = record->reply;

    record->reply = 0;
    if (id != 0) {
        agent_reply(record->dns->keeper->agent, id, NULL, result);
    }
}

/* Nobody knows what a failed command has done: the value is taken away again. */
static void end_add(dns_record_t *record, const char *failure, eab_result_t *result, apr_pool_t *p)
{
    record->present = (failure == NULL);
    if (failure != NULL) {
        record->wanted = 0;
        eab_result_set(result, APR_EGENERAL, EAB_PROBLEM_DNS_COMMAND, "ACMEDNSCommand add %s %s.",
                       record_name(p, record), failure);
        result->identifier = apr_pstrdup(p, record->name);
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

    apr_pool_create(&pool, dns->keeper->pool);
    record->running = 0;
    record->tried |= outcome->started;
    --dns->running;
    if ((failure = explain(record, outcome, pool)) != NULL) {
        log_line(LOG_LEVEL_ERROR, "ACMEDNSCommand %s %s %s; it printed: %s",
                 record->adding ? "add" : "remove", record_name(pool, record), failure,
                 quote_output(outcome, pool));
    }
    if (record->adding) {
        end_add(record, failure, eab_result_make(pool), pool);
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

    apr_pool_create(&pool, dns->keeper->pool);
    record->adding = record->wanted;
    record->running = 1;
    ++dns->running;
    if ((argv = make_arguments(record, pool)) == NULL) {
        argv = apr_pcalloc(pool, 2 * sizeof(*argv)); /* a start that fails, and says why */
        ((const char **)argv)[0] = "";
    }
    program_start_with(dns->keeper->loop, argv, make_variables(record, pool), 1,
                       LIMIT_PROGRAM_OUTPUT, dns->limit, on_command, record, dns->keeper->pool);
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

        if (other != record && other->wanted && strcmp(other->name, record->name) == 0
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
    return record->wanted ? record->reply != 0 : record->later <= now;
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
    const keeper_t *keeper = record->dns->keeper;
    int i;

    for (i = 0; i < keeper->certificates->nelts; ++i) {
        const keeper_certificate_t *certificate = keeper_certificate_at(keeper, i);

        if (strcmp(certificate->plan->id, record->certificate) == 0) {
            return certificate->journal != NULL && !certificate->journal->finalized;
        }
    }
    return 0;
}

static void load(keeper_dns_t *dns, const char *certificate, apr_pool_t *ptemp)
{
    apr_array_header_t *records = NULL;
    eab_result_t *result = eab_result_make(ptemp);
    int i;

    if (dnsjournal_load(&records, dns->keeper->store, certificate, result, ptemp) != APR_SUCCESS) {
        log_line(LOG_LEVEL_ERROR,
                 "%s Look for TXT records of _acme-challenge names that were left in the DNS.",
                 result->detail);
    }
    for (i = 0; i < records->nelts; ++i) {
        const dnsjournal_record_t *stored = &APR_ARRAY_IDX(records, i, dnsjournal_record_t);
        dns_record_t *record = push(dns, certificate, stored->name, stored->value, stored->command);

        record->tried = 1;
        record->wanted = has_open_order(record);
    }
}

keeper_dns_t *dns_make(keeper_t *keeper, apr_interval_time_t limit)
{
    keeper_dns_t *dns = apr_pcalloc(keeper->pool, sizeof(*dns));
    apr_array_header_t *certificates;
    apr_pool_t *pool = NULL;
    int i;

    dns->keeper = keeper;
    dns->limit = limit;
    dns->records = apr_array_make(keeper->pool, 4, sizeof(dns_record_t *));
    dns->timer = loop_timer_make(keeper->loop, on_timer, dns);
    apr_pool_create(&pool, keeper->pool);
    certificates = dnsjournal_list(keeper->store, pool);
    /* Commands run as root, and are not taken from a store that may be somebody else's. */
    for (i = 0; keeper->store->trouble == NULL && i < certificates->nelts; ++i) {
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

static int allows_dns(const plan_certificate_t *plan)
{
    int i;

    for (i = 0; i < plan->challenges->nelts; ++i) {
        if (strcmp(APR_ARRAY_IDX(plan->challenges, i, const char *), "dns-01") == 0) {
            return 1;
        }
    }
    return 0;
}

static apr_status_t check(const keeper_certificate_t *certificate, const char *name,
                          const char *token, eab_result_t *result)
{
    const plan_certificate_t *plan = certificate->plan;

    if (name == NULL || !may_validate(plan, name) || !allows_dns(plan)) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "No dns-01 challenge of that name belongs to %s.", plan->id);
    }
    if (token == NULL || strlen(token) < TOKEN_MIN || !base64url_is_valid(token, LIMIT_TOKEN)) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_TOKEN,
                              "The CA's dns-01 challenge for %s has no usable token.", name);
    }
    if (certificate->journal == NULL || certificate->journal->finalized
        || certificate->account->thumbprint == NULL) {
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                              "No order for %s waits for a validation.", plan->id);
    }
    if (plan->dns_command == NULL) {
        eab_result_set(result, APR_EINVAL, EAB_PROBLEM_DNS_COMMAND,
                       "The CA offers dns-01 for %s, and no ACMEDNSCommand is set.", name);
        result->identifier = apr_pstrdup(result->pool, name);
        return result->rv;
    }
    return APR_SUCCESS;
}

/* base64url(SHA-256(key authorization)) (RFC 8555, 8.4). NULL on failure. */
static const char *txt_value(const char *token, const char *thumbprint, apr_pool_t *p)
{
    const char *text = apr_pstrcat(p, token, ".", thumbprint, NULL);
    unsigned char digest[32];

    if (EVP_Digest(text, strlen(text), digest, NULL, EVP_sha256(), NULL) != 1) {
        return NULL;
    }
    return base64url_encode(p, digest, sizeof(digest));
}

static dns_record_t *find(const keeper_dns_t *dns, const char *certificate, const char *name,
                          const char *value)
{
    int i;

    for (i = 0; i < dns->records->nelts; ++i) {
        dns_record_t *record = record_at(dns, i);

        if (strcmp(record->certificate, certificate) == 0 && strcmp(record->name, name) == 0
            && strcmp(record->value, value) == 0) {
            return record;
        }
    }
    return NULL;
}

static int count(const keeper_dns_t *dns, const char *certificate)
{
    int i, found = 0;

    for (i = 0; i < dns->records->nelts; ++i) {
        found += strcmp(record_at(dns, i)->certificate, certificate) == 0;
    }
    return found;
}

/* On disk before the command can run. NULL with the reason in result. */
static dns_record_t *note(keeper_dns_t *dns, const plan_certificate_t *plan, const char *name,
                          const char *value, eab_result_t *result)
{
    dns_record_t *record;

    if (count(dns, plan->id) >= RECORDS_PER_NAME * plan->names->nelts) {
        eab_result_set(result, APR_EINVAL, EAB_PROBLEM_INTERNAL,
                       "Too many TXT records are in use for %s.", plan->id);
        return NULL;
    }
    record = push(dns, plan->id, name, value, plan->dns_command);
    if (save(dns, plan->id, result) != APR_SUCCESS) {
        drop(record);
        apr_pool_destroy(record->pool);
        return NULL;
    }
    return record;
}

apr_status_t dns_add(keeper_dns_t *dns, keeper_certificate_t *certificate, const char *name,
                     const char *token, int id, eab_result_t *result)
{
    const char *value;
    dns_record_t *record;
    apr_status_t rv = check(certificate, name, token, result);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    value = txt_value(token, certificate->account->thumbprint, result->pool);
    if (value == NULL) {
        return eab_result_set(result, APR_EGENERAL, EAB_PROBLEM_INTERNAL,
                              "The TXT record of %s cannot be computed.", name);
    }
    record = find(dns, certificate->plan->id, name, value);
    if (record == NULL && (record = note(dns, certificate->plan, name, value, result)) == NULL) {
        return result->rv;
    }
    if (record->wanted && record->present) {
        return APR_SUCCESS;
    }
    reply(record, result); /* of a request for the same, which this one supersedes */
    record->wanted = 1;
    record->reply = id;
    pump(dns);
    return APR_EAGAIN;
}

/* A command at work replies when it ends. */
static void release(dns_record_t *record)
{
    eab_result_t *result;
    apr_pool_t *pool = NULL;

    record->wanted = 0;
    record->later = 0;
    if (record->reply != 0 && !record->running) {
        apr_pool_create(&pool, record->pool);
        result = eab_result_make(pool);
        eab_result_set(result, APR_EGENERAL, EAB_PROBLEM_INTERNAL, "The order of %s is over.",
                       record->certificate);
        reply(record, result);
        apr_pool_destroy(pool);
    }
}

void dns_release(keeper_dns_t *dns, const keeper_certificate_t *certificate)
{
    int i;

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
        record_at(dns, i)->reply = 0;
    }
}
