/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/agent_door.h"

#include <limits.h>

#include <apr_strings.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "ipc/message.h"
#include "keeper/directory.h"
#include "keeper/sentence.h"
#include "keeper/staple.h"
#include "keeper/validation.h"
#include "keeper/window.h"
#include "policy/budget.h"

/* A request that waits for something slow: a key in the making, an exec: source, the disk. Only one can wait
 * for each account and each certificate; the agent has only one under way. */
typedef struct waiting {
    int id;       /* 0: nothing waits */
    int sentence; /* to be signed; 0: a certificate is being installed */
    const char *url;
    const char *nonce;
    apr_pool_t *pool; /* of the two strings; ends with the reply */
} waiting_t;

/* What the agent asks about one account or certificate. */
typedef struct dealings {
    waiting_t waiting;
    budget_t budgets[MESSAGE_TYPES];
} dealings_t;

struct agent_door {
    const model_t *model;
    keeper_dns_t *dns;
    activation_t *activation;
    chronicle_t *chronicle;
    tasks_t *tasks;
    agent_line_t *line;
    dealings_t *accounts;     /* one for each, by its index */
    dealings_t *certificates; /* the same */
    int *names;               /* of all certificates of each account, by its index */
};

/* One request, decoded as far as all have in common. */
typedef struct request {
    agent_door_t *door;
    int id;
    const json_t *body;
    keeper_account_t *account;         /* the one it names, or NULL */
    keeper_certificate_t *certificate; /* the same */
    eab_result_t *result;
    apr_pool_t *p;
} request_t;

/* Returns APR_SUCCESS (reply DONE or the problem), APR_EAGAIN (the reply follows later), or
 * APR_EINVAL (protocol violation). */
typedef apr_status_t request_fn(request_t *request);

typedef enum { ABOUT_ACCOUNT = 1, ABOUT_CERTIFICATE = 2, ABOUT_A_TASK = 4 } request_about_t;

typedef struct request_row {
    int type;
    int about; /* one of these must be named */
    request_fn *handle;
    budget_rule_t of_account; /* how often about one account, for each name of its certificates */
    budget_rule_t of_certificate; /* how often about one certificate */
} request_row_t;

static dealings_t *dealings_of(const agent_door_t *door, const keeper_account_t *account,
                               const keeper_certificate_t *certificate)
{
    return certificate != NULL ? &door->certificates[certificate->index]
                               : &door->accounts[account->index];
}

/* A second one while one waits is a violation. */
static waiting_t *begin_waiting(dealings_t *dealings, const request_t *request)
{
    waiting_t *waiting = &dealings->waiting;

    if (waiting->id != 0) {
        return NULL;
    }
    apr_pool_create(&waiting->pool, request->door->model->means->pool);
    waiting->id = request->id;
    waiting->sentence = 0;
    return waiting;
}

/* Keep what is needed to sign when the key is there. */
static apr_status_t wait_for_key(request_t *request, int sentence, const char *url,
                                 const char *nonce)
{
    waiting_t *waiting = begin_waiting(sentence_is_of_certificate(sentence)
                                           ? dealings_of(request->door, NULL, request->certificate)
                                           : dealings_of(request->door, request->account, NULL),
                                       request);

    if (waiting == NULL) {
        return APR_EINVAL;
    }
    waiting->sentence = sentence;
    waiting->url = apr_pstrdup(waiting->pool, url);
    waiting->nonce = apr_pstrdup(waiting->pool, nonce);
    return APR_EAGAIN;
}

static int is_act(int sentence)
{
    return sentence >= SENTENCE_REVOKE_BY_ACCOUNT;
}

static apr_status_t handle_sign(request_t *request)
{
    const char *url = json_peek_string(request->body, "url");
    const char *nonce = json_peek_string(request->body, "nonce");
    int sentence = sentence_parse(json_peek_string(request->body, "sentence"));
    int index;
    sentence_order_t order = { 0, 0, NULL, 0 };
    const char *jws = NULL;
    apr_status_t rv;

    if (sentence == 0 || url == NULL || nonce == NULL
        || (sentence_is_of_certificate(sentence) ? request->certificate == NULL
                                                 : request->account == NULL)) {
        return APR_EINVAL;
    }
    index = sentence_is_of_certificate(sentence) ? request->certificate->index
                                                 : request->account->index;
    sentence_order_from_json(&order, request->body, request->p);
    rv = is_act(sentence) ? sentence_sign_act(&jws, request->door->model, sentence, index, url,
                                              nonce, json_peek_string(request->body, "subject"),
                                              request->result, request->p)
                          : sentence_sign_order(&jws, request->door->model, sentence, index, url,
                                                nonce, &order, request->result, request->p);
    if (APR_STATUS_IS_EAGAIN(rv)) {
        return wait_for_key(request, sentence, url, nonce);
    }
    agent_line_reply_signed(request->door->line, request->id, jws, request->result);
    return APR_EAGAIN;
}

static apr_status_t handle_registered(request_t *request)
{
    account_registered(request->account, json_peek_string(request->body, "url"),
                       json_peek_string(request->body, "terms"), request->result);
    return APR_SUCCESS;
}

static apr_status_t handle_contacted(request_t *request)
{
    account_contacted(request->account, request->result);
    return APR_SUCCESS;
}

static apr_status_t handle_unregister(request_t *request)
{
    account_unregister(request->account, request->result);
    return APR_SUCCESS;
}

static apr_status_t handle_ordered(request_t *request)
{
    certificate_ordered(request->certificate, json_peek_string(request->body, "url"),
                        json_peek_string(request->body, "finalize"), request->result);
    return APR_SUCCESS;
}

static apr_status_t handle_abandon(request_t *request)
{
    certificate_abandon(request->certificate, request->result);
    return APR_SUCCESS;
}

static apr_status_t handle_install(request_t *request)
{
    dealings_t *dealings = dealings_of(request->door, NULL, request->certificate);

    if (dealings->waiting.id != 0) {
        return APR_EINVAL;
    }
    if (APR_STATUS_IS_EAGAIN(certificate_install(
            request->certificate, json_peek_string(request->body, "pem"), request->result))) {
        begin_waiting(dealings, request);
        return APR_EAGAIN;
    }
    return APR_SUCCESS;
}

static apr_status_t handle_seen(request_t *request)
{
    if (activation_seen(request->door->activation, request->certificate,
                        json_peek_string(request->body, "fingerprint"),
                        json_peek_string(request->body, "seen"),
                        json_peek_string(request->body, "why"))
        != APR_SUCCESS) {
        return APR_EINVAL;
    }
    agent_line_reply(request->door->line, request->id,
                     certificate_facts(request->certificate, request->p), request->result);
    return APR_EAGAIN;
}

static apr_status_t handle_staple(request_t *request)
{
    if (staple_keep(request->certificate, json_peek_string(request->body, "fingerprint"),
                    json_peek_string(request->body, "response"), request->result)
        == APR_SUCCESS) {
        agent_line_reply(request->door->line, request->id,
                         certificate_facts(request->certificate, request->p), request->result);
        return APR_EAGAIN;
    }
    return APR_SUCCESS;
}

/* NULL when the agent tells that nothing fails. */
static failure_t *read_failure(const json_t *json, apr_pool_t *p)
{
    brief_failure_t brief;
    failure_t *failure;

    if (!json_is_object(json)) {
        return NULL;
    }
    brief_failure_from_json(&brief, json, p);
    if (brief.attempts <= 0) {
        return NULL;
    }
    failure = apr_pcalloc(p, sizeof(*failure));
    failure->attempts = brief.attempts;
    failure->since = brief.since;
    failure->next = brief.next;
    failure->place = brief.place;
    failure->subset = brief.subset;
    failure->facts = brief.facts;
    failure->tried = brief.tried;
    failure->problem = brief.problem;
    return failure;
}

static apr_status_t handle_failed(request_t *request)
{
    failure_t *failure = read_failure(json_object_get(request->body, "failure"), request->p);

    if (request->certificate != NULL) {
        certificate_failed(request->certificate, failure, request->result);
    }
    else {
        account_failed(request->account, failure, request->result);
    }
    return APR_SUCCESS;
}

static apr_status_t handle_window(request_t *request)
{
    window_keep(request->certificate, json_object_get(request->body, "window"), request->result);
    return APR_SUCCESS;
}

static apr_status_t handle_validations(request_t *request)
{
    validation_keep(request->certificate, json_object_get(request->body, "validations"),
                    request->result);
    return APR_SUCCESS;
}

static apr_status_t handle_directory(request_t *request)
{
    directory_keep(request->account, json_object_get(request->body, "directory"), request->result);
    return APR_SUCCESS;
}

static apr_status_t handle_dns_add(request_t *request)
{
    dns_challenge_t challenge = { NULL, NULL, NULL, NULL };
    apr_status_t rv;

    challenge.type = json_peek_string(request->body, "type");
    challenge.name = json_peek_string(request->body, "name");
    challenge.token = json_peek_string(request->body, "token");
    challenge.issuer = json_peek_string(request->body, "issuer");
    if (challenge.type == NULL) {
        return APR_EINVAL;
    }
    rv =
        dns_add(request->door->dns, request->certificate, &challenge, request->id, request->result);
    return APR_STATUS_IS_EAGAIN(rv) ? rv : APR_SUCCESS;
}

static apr_status_t handle_requests(request_t *request)
{
    return chronicle_requests(request->door->chronicle, request->account,
                              json_object_get(request->body, "requests"));
}

static apr_status_t handle_report(request_t *request)
{
    return tasks_report(request->door->tasks, request->body, request->p);
}

#define NONE \
    { \
        0, 0 \
    }
#define SECONDS(n) apr_time_from_sec(n)

/* The budgets are several times what an issuance and its repetitions need: each newOrder may be tried
 * six times with a new nonce, and for fewer names six times in an attempt. Most of these write to the
 * disk, and newOrder makes a key. */
/* clang-format off */
static const request_row_t rows[] = {
    { MESSAGE_SIGN, ABOUT_ACCOUNT | ABOUT_CERTIFICATE, handle_sign,
      { 100, SECONDS(1) }, { 60, SECONDS(5) } },
    { MESSAGE_REGISTERED, ABOUT_ACCOUNT, handle_registered, { 10, SECONDS(60) }, NONE },
    { MESSAGE_CONTACTED, ABOUT_ACCOUNT, handle_contacted, { 10, SECONDS(60) }, NONE },
    { MESSAGE_UNREGISTER, ABOUT_ACCOUNT, handle_unregister, { 10, SECONDS(60) }, NONE },
    { MESSAGE_ORDERED, ABOUT_CERTIFICATE, handle_ordered, NONE, { 30, SECONDS(10) } },
    { MESSAGE_ABANDON, ABOUT_CERTIFICATE, handle_abandon, NONE, { 30, SECONDS(10) } },
    { MESSAGE_INSTALL, ABOUT_CERTIFICATE, handle_install, NONE, { 10, SECONDS(60) } },
    { MESSAGE_SEEN, ABOUT_CERTIFICATE, handle_seen, NONE, { 20, SECONDS(10) } },
    { MESSAGE_STAPLE, ABOUT_CERTIFICATE, handle_staple, NONE, { 20, SECONDS(10) } },
    { MESSAGE_FAILED, ABOUT_ACCOUNT | ABOUT_CERTIFICATE, handle_failed,
      { 30, SECONDS(20) }, { 30, SECONDS(20) } },
    { MESSAGE_WINDOW, ABOUT_CERTIFICATE, handle_window, NONE, { 20, SECONDS(60) } },
    { MESSAGE_VALIDATIONS, ABOUT_CERTIFICATE, handle_validations, NONE, { 20, SECONDS(60) } },
    { MESSAGE_DIRECTORY, ABOUT_ACCOUNT, handle_directory, { 20, SECONDS(60) }, NONE },
    { MESSAGE_REQUESTS, ABOUT_ACCOUNT, handle_requests, { 30, SECONDS(1) }, NONE },
    { MESSAGE_REPORT, ABOUT_A_TASK, handle_report, NONE, NONE },
    { MESSAGE_DNS_ADD, ABOUT_CERTIFICATE, handle_dns_add, NONE, { 50, SECONDS(5) } },
};
/* clang-format on */

static const request_row_t *find_row(int type)
{
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        if (rows[i].type == type) {
            return &rows[i];
        }
    }
    return NULL;
}

static int names_what_it_must(const request_t *request, const request_row_t *row)
{
    if (row->about == ABOUT_A_TASK
        || ((row->about & ABOUT_CERTIFICATE) != 0 && request->certificate != NULL)) {
        return 1;
    }
    return (row->about & ABOUT_ACCOUNT) != 0 && request->account != NULL
           && request->account->registration != NULL;
}

/* POST-as-GET and answers to challenges are asked for with the account, for each name of each of its
 * certificates, and told with each certificate that comes; of a dns challenge there is a record for each
 * name. */
static int count_shares(const agent_door_t *door, int type, const keeper_account_t *account,
                        const keeper_certificate_t *certificate)
{
    if (certificate != NULL) {
        return type == MESSAGE_DNS_ADD ? certificate->plan->names->nelts : 1;
    }
    return type == MESSAGE_SIGN || type == MESSAGE_REQUESTS ? 1 + door->names[account->index] : 1;
}

apr_interval_time_t agent_door_delay(agent_door_t *door, int type, const json_t *body)
{
    const request_row_t *row = find_row(type);
    keeper_account_t *account = model_account(door->model, json_peek_int(body, "account", -1));
    keeper_certificate_t *certificate =
        model_certificate(door->model, json_peek_int(body, "certificate", -1));

    if (row == NULL || (account == NULL && certificate == NULL)) {
        return 0;
    }
    if (certificate != NULL && row->of_certificate.burst > 0) {
        return budget_take(&dealings_of(door, NULL, certificate)->budgets[type],
                           &row->of_certificate, count_shares(door, type, NULL, certificate),
                           clock_steady());
    }
    if (account != NULL && row->of_account.burst > 0) {
        return budget_take(&dealings_of(door, account, NULL)->budgets[type], &row->of_account,
                           count_shares(door, type, account, NULL), clock_steady());
    }
    return 0;
}

/* 0 for what is no id: a number must come back as it was sent. */
static int request_id(const json_t *body)
{
    apr_int64_t id = json_peek_int(body, "id", 0);

    return (id > 0 && id <= INT_MAX) ? (int)id : 0;
}

apr_status_t agent_door_handle(agent_door_t *door, int type, const json_t *body, apr_pool_t *p)
{
    const request_row_t *row = find_row(type);
    request_t request = { NULL, 0, NULL, NULL, NULL, NULL, NULL };
    apr_status_t rv;

    request.door = door;
    request.id = request_id(body);
    request.body = body;
    request.account = model_account(door->model, json_peek_int(body, "account", -1));
    request.certificate = model_certificate(door->model, json_peek_int(body, "certificate", -1));
    request.result = eab_result_make(p);
    request.p = p;
    if (row == NULL || request.id <= 0 || !names_what_it_must(&request, row)) {
        log_line(LOG_LEVEL_ERROR, "The agent sent a message that is not allowed (%s)",
                 message_name(type));
        return APR_EINVAL;
    }
    rv = row->handle(&request);
    if (eab_result_is(request.result, EAB_PROBLEM_STORE)) {
        changes_tell_store(door->model->means->changes);
    }
    if (rv == APR_SUCCESS) {
        agent_line_reply(door->line, request.id, NULL, request.result);
    }
    return APR_STATUS_IS_EAGAIN(rv) ? APR_SUCCESS : rv;
}

static void sign(const agent_door_t *door, waiting_t *waiting, int index)
{
    apr_pool_t *pool = waiting->pool;
    eab_result_t *result = eab_result_make(pool);
    const char *jws = NULL;
    int id = waiting->id;

    if (APR_STATUS_IS_EAGAIN(sentence_sign(&jws, door->model, waiting->sentence, index,
                                           waiting->url, waiting->nonce, result, pool))) {
        return;
    }
    waiting->id = 0;
    waiting->pool = NULL;
    agent_line_reply_signed(door->line, id, jws, result);
    apr_pool_destroy(pool);
}

static void forget(waiting_t *waiting)
{
    if (waiting->id != 0) {
        waiting->id = 0;
        apr_pool_destroy(waiting->pool);
    }
}

static int ends_waiting(const change_t *change, const waiting_t *waiting)
{
    return waiting->sentence == 0
               ? change->kind == CHANGE_INSTALLED || change->kind == CHANGE_NOT_INSTALLED
               : change->kind == CHANGE_KEY || change->kind == CHANGE_ABANDONED;
}

static void tell_installed(const agent_door_t *door, waiting_t *waiting, const change_t *change)
{
    if (change->result != NULL) {
        agent_line_reply(door->line, waiting->id, NULL, change->result);
    }
    else {
        agent_line_reply(door->line, waiting->id,
                         certificate_facts(change->certificate, waiting->pool),
                         eab_result_make(waiting->pool));
    }
    forget(waiting);
}

/* What waits for this change, or NULL. */
static waiting_t *find_waiting(const agent_door_t *door, const change_t *change)
{
    waiting_t *waiting;

    if (change->certificate == NULL && change->account == NULL) {
        return NULL;
    }
    waiting = &dealings_of(door, change->account, change->certificate)->waiting;
    return waiting->id != 0 && ends_waiting(change, waiting) ? waiting : NULL;
}

void agent_door_expect(void *baton, const change_t *change)
{
    const agent_door_t *door = baton;
    const waiting_t *waiting = find_waiting(door, change);

    if (waiting != NULL && waiting->sentence == 0) {
        agent_line_begin(door->line);
    }
}

void agent_door_hear(void *baton, const change_t *change)
{
    const agent_door_t *door = baton;
    waiting_t *waiting = find_waiting(door, change);

    if (waiting == NULL) {
        return;
    }
    if (waiting->sentence == 0) {
        tell_installed(door, waiting, change);
        agent_line_end(door->line);
    }
    else if (change->result != NULL) {
        agent_line_reply(door->line, waiting->id, NULL, change->result);
        forget(waiting);
    }
    else {
        sign(door, waiting,
             change->certificate != NULL ? change->certificate->index : change->account->index);
    }
}

void agent_door_greet(const agent_door_t *door)
{
    tasks_begin(door->tasks);
}

void agent_door_forget(agent_door_t *door)
{
    int i;

    for (i = 0; i < door->model->accounts->nelts; ++i) {
        forget(&door->accounts[i].waiting);
    }
    for (i = 0; i < door->model->certificates->nelts; ++i) {
        forget(&door->certificates[i].waiting);
    }
    /* The next agent would take the order of a certificate that is being installed for one in flight. */
    syncer_settle(door->model->means->syncer);
    dns_forget_agent(door->dns);
}

agent_door_t *agent_door_make(const model_t *model, keeper_dns_t *dns, activation_t *activation,
                              chronicle_t *chronicle, tasks_t *tasks, agent_line_t *line)
{
    apr_pool_t *p = model->means->pool;
    agent_door_t *door = apr_pcalloc(p, sizeof(*door));
    int i;

    door->model = model;
    door->dns = dns;
    door->activation = activation;
    door->chronicle = chronicle;
    door->tasks = tasks;
    door->line = line;
    door->accounts = apr_pcalloc(p, sizeof(dealings_t) * (apr_size_t)model->accounts->nelts);
    door->certificates =
        apr_pcalloc(p, sizeof(dealings_t) * (apr_size_t)model->certificates->nelts);
    door->names = apr_pcalloc(p, sizeof(int) * (apr_size_t)model->accounts->nelts);
    for (i = 0; i < model->certificates->nelts; ++i) {
        const keeper_certificate_t *certificate = model_certificate(model, i);

        door->names[certificate->account->index] += certificate->plan->names->nelts;
    }
    return door;
}
