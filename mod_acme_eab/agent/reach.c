/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/reach.h"

#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <openssl/evp.h>

#include "agent/answer.h"
#include "agent/finding.h"
#include "agent/knock.h"
#include "base/aside.h"
#include "base/bytes.h"
#include "base/name.h"

#define PATH_PREFIX "/.well-known/acme-challenge/"
#define TOKEN_OCTETS 16 /* RFC 8555, 8.1: 128 bits at least */
#define PATH_MAX_LENGTH 200
#define HOST_MAX 260
#define DIGEST 32

typedef struct reach {
    const task_t *task;
    const char *name;
    const reach_address_t *addresses;
    int count;
    const char *token;
    const char *answer; /* what is to come back */
    int http, tls;      /* to be looked at */
    int at;             /* of the knocks: first all at port 80 */
    reach_done_fn *done;
    void *baton;
} reach_t;

/* One knock, for a thread. */
typedef struct call {
    reach_t *reach; /* not looked at in the thread */
    reach_address_t address;
    int tls;
    char host[HOST_MAX];
    char path[PATH_MAX_LENGTH];
    char answer[PATH_MAX_LENGTH];
    unsigned char digest[DIGEST];
    knock_found_t found;
} call_t;

static int allows(const job_t *job, const char *type)
{
    return name_is_among(job->brief->challenges, type);
}

/* Then its answers lie where ours would, and they are the CA's to ask for. */
static int is_at_work(const task_t *task, const char *name)
{
    int i;

    for (i = 0; i < task->jobs->nelts; ++i) {
        const job_t *job = APR_ARRAY_IDX(task->jobs, i, const job_t *);

        if ((job->flight->answered || (job->state != JOB_IDLE && job->state != JOB_QUEUED))
            && name_is_among(job->brief->names, name)) {
            return 1;
        }
    }
    return 0;
}

/* ---- what is put in place ---- */

static const char *make_token(apr_pool_t *p)
{
    unsigned char octets[TOKEN_OCTETS];

    apr_generate_random_bytes(octets, sizeof(octets));
    return base64url_encode(p, octets, sizeof(octets));
}

static void put_http(reach_t *reach)
{
    const task_t *task = reach->task;

    if (answer_put(task->kit->brief->run_dir, reach->name, reach->token,
                   task->job->account->brief->thumbprint, task->pool)
        != APR_SUCCESS) {
        reach->http = 0;
        finding_tell(task, "port 80", reach->name, FINDING_FAULT,
                     "an answer to http-01 cannot be written to ACMERunDir");
    }
}

static void put_tls(reach_t *reach)
{
    const task_t *task = reach->task;
    kit_t *kit = task->kit;

    if (kit->alpncert_keys == NULL) {
        kit->alpncert_keys = alpncert_keys_make(kit->pool);
    }
    if (kit->alpncert_keys == NULL
        || answer_put_tls(kit->brief->run_dir, reach->name, reach->token,
                          task->job->account->brief->thumbprint, kit->alpncert_keys, task->pool)
               != APR_SUCCESS) {
        reach->tls = 0;
        finding_tell(task, "port 443", reach->name, FINDING_FAULT,
                     "an answer to tls-alpn-01 cannot be written to ACMERunDir");
    }
}

/* Not what belongs to an order that has begun meanwhile. */
static void take_away(const reach_t *reach)
{
    const char *run_dir = reach->task->kit->brief->run_dir;

    if (reach->http) {
        answer_take(run_dir, reach->name, reach->token, reach->task->pool);
    }
    if (reach->tls && !is_at_work(reach->task, reach->name)) {
        answer_take(run_dir, reach->name, NULL, reach->task->pool);
    }
}

/* ---- what came back ---- */

static void tell(const reach_t *reach, const call_t *call)
{
    apr_pool_t *p = reach->task->pool;
    const char *where = address_text(p, call->address.octets, call->address.size);
    const char *why = call->found.why, *text = NULL, *type = call->tls ? "tls-alpn-01" : "http-01";

    switch (call->found.outcome) {
    case KNOCK_FINE:
        text = apr_psprintf(p, "%s answers with what was put in place", where);
        break;
    case KNOCK_SILENT:
        text = apr_psprintf(p, "nobody answers at %s (%s)", where, why);
        break;
    case KNOCK_ELSEWHERE:
        text = apr_psprintf(p, "%s redirects to %s; a CA follows that, this check does not", where,
                            why);
        break;
    case KNOCK_ANOTHER:
        text = apr_psprintf(p, "%s is answered by another server (%s)", where, why);
        break;
    }
    if (call->found.outcome != KNOCK_FINE) {
        text = apr_psprintf(p, "%s; needed only if the CA asks for %s", text, type);
    }
    finding_tell(reach->task, call->tls ? "port 443" : "port 80", reach->name,
                 call->found.outcome == KNOCK_FINE ? FINDING_OK : FINDING_WARNING, text);
}

/* ---- one after the other ---- */

static void knock(void *data)
{
    call_t *call = data;

    if (call->tls) {
        knock_tls(&call->found, call->address.octets, call->address.size, KNOCK_TLS_PORT,
                  call->host, call->digest);
    }
    else {
        knock_http(&call->found, call->address.octets, call->address.size, KNOCK_HTTP_PORT,
                   call->host, call->path, call->answer);
    }
}

static void go_on(reach_t *reach);

static void on_knocked(void *data)
{
    call_t *call = data;

    tell(call->reach, call);
    go_on(call->reach);
}

static void write_host(call_t *call, const reach_t *reach)
{
    const char *reverse = address_reverse(reach->task->pool, reach->name);

    if (reverse == NULL) {
        apr_cpystrn(call->host, reach->name, sizeof(call->host));
    }
    else if (call->tls) {
        apr_cpystrn(call->host, reverse, sizeof(call->host));
    }
    else {
        apr_snprintf(call->host, sizeof(call->host),
                     strchr(reach->name, ':') != NULL ? "[%s]" : "%s", reach->name);
    }
}

static void begin_knock(reach_t *reach, int tls, const reach_address_t *address)
{
    call_t *call = calloc(1, sizeof(*call));

    if (call == NULL) {
        abort();
    }
    call->reach = reach;
    call->address = *address;
    call->tls = tls;
    write_host(call, reach);
    apr_snprintf(call->path, sizeof(call->path), PATH_PREFIX "%s", reach->token);
    apr_cpystrn(call->answer, reach->answer, sizeof(call->answer));
    EVP_Digest(reach->answer, strlen(reach->answer), call->digest, NULL, EVP_sha256(), NULL);
    aside_run(reach->task->kit->aside, 0, knock, on_knocked, free, call);
}

static void go_on(reach_t *reach)
{
    int next = reach->at++, tls = !reach->http || next >= reach->count;
    int index = reach->http && tls ? next - reach->count : next;

    if ((tls && !reach->tls) || index >= reach->count) {
        take_away(reach);
        reach->done(reach->baton);
        return;
    }
    begin_knock(reach, tls, &reach->addresses[index]);
}

static int cannot_be_looked_at(const reach_t *reach)
{
    const task_t *task = reach->task;
    const char *why = task->kit->brief->once                          ? "httpd does not run"
                      : task->job->account->brief->thumbprint == NULL ? "its account has no key"
                      : is_at_work(task, reach->name)
                          ? "an order is under way, and shows it by itself"
                          : NULL;

    if (why != NULL) {
        finding_tell(task, reach->http ? "port 80" : "port 443", reach->name, FINDING_NOT_RUN, why);
    }
    return why != NULL;
}

void reach_look(const task_t *task, const char *name, const reach_address_t *addresses, int count,
                reach_done_fn *done, void *baton)
{
    reach_t *reach = apr_pcalloc(task->pool, sizeof(*reach));

    reach->task = task;
    reach->name = name;
    reach->addresses = addresses;
    reach->count = count < REACH_ADDRESSES_MAX ? count : REACH_ADDRESSES_MAX;
    reach->done = done;
    reach->baton = baton;
    reach->http = allows(task->job, "http-01");
    reach->tls = allows(task->job, "tls-alpn-01");
    if (count == 0 || (!reach->http && !reach->tls) || cannot_be_looked_at(reach)) {
        done(baton);
        return;
    }
    reach->token = make_token(task->pool);
    reach->answer =
        apr_pstrcat(task->pool, reach->token, ".", task->job->account->brief->thumbprint, NULL);
    if (reach->http) {
        put_http(reach);
    }
    if (reach->tls) {
        put_tls(reach);
    }
    go_on(reach);
}
