/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/delivery.h"

#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "keeper/courier.h"
#include "keeper/program.h"
#include "policy/event.h"
#include "store/spool.h"

/* What a program ends with that wants to hear of it never again. */
#define STATUS_NEVER 100

/* How often it is looked whether a program has ended that a keeper of before has started. */
#define LOOK_INTERVAL apr_time_from_msec(250)

/* When a file that could not be removed is tried again. */
#define REMOVE_AGAIN apr_time_from_sec(60)

/* How much longer than its time its courier may take. */
#define COURIER_SLACK apr_time_from_sec(COURIER_GRACE + 20)

typedef struct item {
    apr_pool_t *pool;
    delivery_t *delivery;
    const char *id;
    apr_int64_t number;
    event_kind_t kind;
    const char *name; /* whose events are told in their order; "" for the server */
    const char *key_type;
    const char *account;
    int command; /* index in the plan */
    int attempts;
    apr_time_t since; /* when it happened */
    apr_time_t first; /* when it was first tried; 0: not yet */
    apr_time_t next;  /* not before */
    apr_size_t size;
    int running; /* by us, or by a keeper of before: */
    int foreign;
} item_t;

struct delivery {
    const means_t *means;
    chronicle_t *chronicle;
    const char *program;
    const char *host;
    const char **words;        /* of each command, as the spool knows it */
    apr_array_header_t *items; /* item_t *, by their numbers */
    apr_array_header_t
        *rest;          /* const char *: ids of those that are over and could not be removed */
    apr_size_t size;    /* of all */
    apr_int64_t number; /* of the newest */
    int full_told;
    int failed; /* the spool could not be written, which was said */
    loop_timer_t *timer;
    loop_timer_t *look;
    int started;
};

static const plan_event_command_t *command_of(const delivery_t *delivery, int i)
{
    return &APR_ARRAY_IDX(delivery->means->plan->event_commands, i, plan_event_command_t);
}

static item_t *item_at(const delivery_t *delivery, int i)
{
    return APR_ARRAY_IDX(delivery->items, i, item_t *);
}

static const char *text_of(const char *text)
{
    return text != NULL ? text : "";
}

static const char *describe(const item_t *item, apr_pool_t *p)
{
    return apr_psprintf(p, "Event %s (%s%s%s)", item->id, event_name(item->kind),
                        *item->name != '\0' ? ", " : "", log_escape(p, item->name));
}

/* The numbers that the status shows. */
static void tell_numbers(const delivery_t *delivery)
{
    chronicle_pending(delivery->chronicle, delivery->items->nelts,
                      delivery->items->nelts > 0 ? item_at(delivery, 0)->since : 0);
}

/* ---- the list ---- */

static void insert(delivery_t *delivery, item_t *item)
{
    apr_array_header_t *items = delivery->items;
    int i = items->nelts;

    APR_ARRAY_PUSH(items, item_t *) = item;
    for (; i > 0 && item_at(delivery, i - 1)->number > item->number; --i) {
        APR_ARRAY_IDX(items, i, item_t *) = item_at(delivery, i - 1);
    }
    APR_ARRAY_IDX(items, i, item_t *) = item;
    delivery->size += item->size;
    if (item->number > delivery->number) {
        delivery->number = item->number;
    }
}

static int index_of(const delivery_t *delivery, const item_t *item)
{
    int i = 0;

    while (i < delivery->items->nelts && item_at(delivery, i) != item) {
        ++i;
    }
    return i;
}

/* A file that is left would be told again by the next keeper, as if it had just happened. */
static void remove_file(delivery_t *delivery, const char *id, apr_pool_t *ptemp)
{
    if (spool_remove(delivery->means->store, id, ptemp) != APR_SUCCESS
        && delivery->rest->nelts < LIMIT_EVENTS) {
        APR_ARRAY_PUSH(delivery->rest, const char *) = apr_pstrdup(delivery->means->pool, id);
    }
}

/* The disk could not be written to: once more. @return 0 when nothing is left */
static int remove_rest(delivery_t *delivery)
{
    apr_array_header_t *rest = delivery->rest;
    apr_pool_t *pool = NULL;
    int i, left = 0;

    apr_pool_create(&pool, delivery->means->pool);
    for (i = 0; i < rest->nelts; ++i) {
        const char *id = APR_ARRAY_IDX(rest, i, const char *);

        if (spool_remove(delivery->means->store, id, pool) != APR_SUCCESS) {
            APR_ARRAY_IDX(rest, left++, const char *) = id;
        }
    }
    rest->nelts = left;
    apr_pool_destroy(pool);
    return left;
}

/* Out of the spool and the list, and its memory is gone. */
static void forget(item_t *item)
{
    delivery_t *delivery = item->delivery;
    int i = index_of(delivery, item);

    remove_file(delivery, item->id, item->pool);
    delivery->size -= item->size;
    for (; i + 1 < delivery->items->nelts; ++i) {
        APR_ARRAY_IDX(delivery->items, i, item_t *) = item_at(delivery, i + 1);
    }
    --delivery->items->nelts;
    apr_pool_destroy(item->pool);
    tell_numbers(delivery);
}

/* NULL when its program is not configured any more, or it cannot be read. */
static item_t *make_item(delivery_t *delivery, const char *id, const json_t *entry)
{
    const json_t *event = json_object_get(entry, "event");
    const char *words = text_of(json_peek_string(entry, "command"));
    apr_pool_t *pool = NULL;
    item_t *item;
    const char *text;

    apr_pool_create(&pool, delivery->means->pool);
    item = apr_pcalloc(pool, sizeof(*item));
    item->pool = pool;
    item->delivery = delivery;
    item->id = apr_pstrdup(pool, id);
    item->number = spool_number(id);
    item->kind = event_parse(json_peek_string(event, "event"));
    item->name = apr_pstrdup(pool, text_of(json_peek_string(event, "name")));
    item->key_type = apr_pstrdup(pool, text_of(json_peek_string(event, "key_type")));
    item->account = apr_pstrdup(pool, text_of(json_peek_string(event, "account")));
    item->attempts = (int)json_peek_int(entry, "attempts", 0);
    item->since = json_peek_time(event, "at");
    item->first = json_peek_time(entry, "first");
    item->next = json_peek_time(entry, "next");
    text = json_text(pool, entry);
    item->size = text != NULL ? strlen(text) : 0;
    for (item->command = 0; item->command < delivery->means->plan->event_commands->nelts
                            && strcmp(delivery->words[item->command], words) != 0;
         ++item->command) {
        ;
    }
    if (item->command == delivery->means->plan->event_commands->nelts || item->kind == EVENT_NONE) {
        log_line(LOG_LEVEL_NOTICE,
                 "Event %s (%s) is not told: ACMEEventCommand %s is not configured any more", id,
                 log_escape(pool, text_of(json_peek_string(event, "event"))),
                 log_escape(pool, words));
        spool_remove(delivery->means->store, id, pool);
        apr_pool_destroy(pool);
        return NULL;
    }
    return item;
}

/* ---- telling ---- */

static void pump(delivery_t *delivery);

/* Write down what is known of it. A failure costs a try more or less after a restart. */
static void keep(const item_t *item)
{
    apr_pool_t *pool = NULL;
    json_t *entry;

    apr_pool_create(&pool, item->pool);
    entry = spool_get(item->delivery->means->store, item->id, pool);
    if (entry != NULL) {
        json_object_set_new(entry, "attempts", json_integer(item->attempts));
        json_put_time(entry, "first", item->first);
        json_put_time(entry, "next", item->next);
        spool_put(item->delivery->means->store, item->id, entry, eab_result_make(pool));
    }
    apr_pool_destroy(pool);
}

static void enter_given_up(const item_t *item, const char *why)
{
    json_t *entry = json_object();

    json_put_string(entry, "event", "event-given-up");
    json_put_string(entry, "id", item->id);
    json_put_string(entry, "what", event_name(item->kind));
    json_put_string(entry, "name", *item->name != '\0' ? item->name : NULL);
    json_put_string(entry, "why", why);
    chronicle_enter(item->delivery->chronicle, entry);
    chronicle_count(item->delivery->chronicle, COUNT_EVENTS_GIVEN_UP);
}

static void give_up(item_t *item, const char *why)
{
    log_line(LOG_LEVEL_ERROR, "%s was not told to %s: %s. It is given up",
             describe(item, item->pool), item->delivery->words[item->command], why);
    enter_given_up(item, why);
    forget(item);
}

static void try_again(item_t *item, const char *why)
{
    const plan_t *plan = item->delivery->means->plan;
    apr_time_t now = apr_time_now();

    ++item->attempts;
    item->first = item->first != 0 ? item->first : now;
    item->next = event_retry(now, item->attempts, item->first, plan->event_retry);
    if (item->next == 0 || item->kind == EVENT_TEST) {
        give_up(item, item->kind == EVENT_TEST
                          ? why
                          : apr_psprintf(item->pool, "%s, at the %d. try", why, item->attempts));
        return;
    }
    log_line(LOG_LEVEL_WARNING, "%s was not told to %s: %s. It is tried again at %s",
             describe(item, item->pool), item->delivery->words[item->command], why,
             clock_format(item->pool, item->next));
    keep(item);
}

static const char *explain(int status, apr_pool_t *p)
{
    if (status < 0) { /* it was killed, or could not write it down: the disk may be full */
        return "nobody knows how it ended";
    }
    if (status == COURIER_TIMED_OUT) {
        return "it took longer than ACMEEventTimeout lets it";
    }
    if (status == COURIER_CANNOT_RUN || status == COURIER_NOT_FOUND) {
        return "the program could not be run";
    }
    return apr_psprintf(p, "it ended with exit status %d", status);
}

static void conclude(item_t *item, int status)
{
    delivery_t *delivery = item->delivery;

    item->running = item->foreign = 0;
    if (status == 0) {
        log_line(LOG_LEVEL_INFO, "%s was told to %s", describe(item, item->pool),
                 delivery->words[item->command]);
        chronicle_count(delivery->chronicle, COUNT_EVENTS_DELIVERED);
        forget(item);
    }
    else if (status == STATUS_NEVER) {
        give_up(item, "it ended with exit status 100, which means: never again");
    }
    else {
        try_again(item, explain(status, item->pool));
    }
}

static void on_told(void *baton, const program_outcome_t *outcome)
{
    item_t *item = baton;
    delivery_t *delivery = item->delivery;
    int status = spool_take_end(delivery->means->store, item->id, item->pool);

    if (status < 0 && outcome->started && !outcome->timed_out && outcome->status == COURIER_BUSY) {
        item->foreign = 1; /* somebody else was faster */
        loop_timer_set(delivery->look, apr_time_now() + LOOK_INTERVAL);
        return;
    }
    if (status < 0 && outcome->timed_out) {
        status = COURIER_TIMED_OUT;
    }
    conclude(item, status);
    pump(delivery);
}

static void tell(item_t *item)
{
    delivery_t *delivery = item->delivery;
    const plan_t *plan = delivery->means->plan;
    const plan_event_command_t *command = command_of(delivery, item->command);
    apr_array_header_t *argv = apr_array_make(item->pool, 8, sizeof(const char *));

    APR_ARRAY_PUSH(argv, const char *) = delivery->program;
    APR_ARRAY_PUSH(argv, const char *) = "--tell";
    APR_ARRAY_PUSH(argv, const char *) = spool_path(item->pool, delivery->means->store, item->id);
    APR_ARRAY_PUSH(argv, const char *) =
        apr_psprintf(item->pool, "%d", (int)apr_time_sec(plan->event_timeout));
    APR_ARRAY_PUSH(argv, const char *) = command->user;
    apr_array_cat(argv, command->argv);
    APR_ARRAY_PUSH(argv, const char *) = NULL;
    item->running = 1;
    program_start_lasting(delivery->means->loop, (const char *const *)argv->elts,
                          plan->event_timeout + COURIER_SLACK, on_told, item,
                          delivery->means->pool); /* that of the item may end with it */
}

/* A test waits for nothing, and nothing for it. */
static int is_behind(const item_t *item, const item_t *earlier)
{
    return item->kind != EVENT_TEST && earlier->kind != EVENT_TEST
           && strcmp(earlier->name, item->name) == 0;
}

/* Does the program of this one run, or an earlier one of the same name wait? */
static int is_held(const delivery_t *delivery, int index)
{
    const item_t *item = item_at(delivery, index);
    int i;

    for (i = 0; i < delivery->items->nelts; ++i) {
        const item_t *other = item_at(delivery, i);

        if (other->command == item->command
            && (other->running || (i < index && is_behind(item, other)))) {
            return 1;
        }
    }
    return 0;
}

/* Tell what is due and not held, and look again when the next one is. */
static void pump(delivery_t *delivery)
{
    apr_time_t now = apr_time_now(), next = 0;
    int i;

    for (i = 0; delivery->started && i < delivery->items->nelts; ++i) {
        item_t *item = item_at(delivery, i);

        if (is_held(delivery, i)) {
            continue;
        }
        if (item->next <= now) {
            tell(item);
        }
        else if (next == 0 || item->next < next) {
            next = item->next;
        }
    }
    if (remove_rest(delivery) && (next == 0 || next > now + REMOVE_AGAIN)) {
        next = now + REMOVE_AGAIN;
    }
    loop_timer_set(delivery->timer, next);
}

static void on_due(void *baton)
{
    pump(baton);
}

/* Has a program ended that a keeper of before has started? What has left no word is told again. */
static void on_look(void *baton)
{
    delivery_t *delivery = baton;
    apr_pool_t *pool = NULL;
    int i, waits = 0, fd = -1;

    for (i = delivery->items->nelts - 1; i >= 0; --i) {
        item_t *item = item_at(delivery, i);
        int status;

        if (!item->foreign) {
            continue;
        }
        apr_pool_create(&pool, item->pool);
        if (APR_STATUS_IS_EBUSY(
                spool_lock(&fd, spool_path(pool, delivery->means->store, item->id)))) {
            waits = 1;
            apr_pool_destroy(pool);
            continue;
        }
        if (fd >= 0) {
            close(fd);
        }
        status = spool_take_end(delivery->means->store, item->id, pool);
        apr_pool_destroy(pool);
        item->running = item->foreign = 0;
        if (status >= 0) {
            conclude(item, status);
        }
    }
    if (waits) {
        loop_timer_set(delivery->look, apr_time_now() + LOOK_INTERVAL);
    }
    pump(delivery);
}

/* ---- new ones ---- */

static int is_out_of_date(const item_t *old, const item_t *item)
{
    if (old->running || old->command != item->command || strcmp(old->name, item->name) != 0
        || strcmp(old->key_type, item->key_type) != 0) {
        return 0;
    }
    return (item->kind == EVENT_DEPLOYED && old->kind == EVENT_DEPLOYED)
           || (item->kind == EVENT_RECOVERED && old->kind == EVENT_FAILING);
}

/* What the new one makes needless is not told any more. */
static void supersede(delivery_t *delivery, const item_t *item)
{
    int i;

    for (i = delivery->items->nelts - 1; i >= 0; --i) {
        item_t *old = item_at(delivery, i);

        if (old != item && is_out_of_date(old, item)) {
            forget(old);
        }
    }
}

/* The oldest that can be done without: a failure, or any. NULL: all are being told. */
static item_t *find_victim(const delivery_t *delivery)
{
    item_t *victim = NULL;
    int i;

    for (i = delivery->items->nelts - 1; i >= 0; --i) {
        item_t *item = item_at(delivery, i);

        if (!item->running
            && (victim == NULL || item->kind == EVENT_FAILING || victim->kind != EVENT_FAILING)) {
            victim = item;
        }
    }
    return victim;
}

static void make_room(delivery_t *delivery)
{
    item_t *victim;

    while ((delivery->items->nelts >= LIMIT_EVENTS || delivery->size > LIMIT_EVENTS_SIZE)
           && (victim = find_victim(delivery)) != NULL) {
        if (!delivery->full_told) {
            delivery->full_told = 1;
            log_line(LOG_LEVEL_ERROR,
                     "%d events wait to be told, more than are kept: the oldest are given up. Look "
                     "why the programs of ACMEEventCommand fail",
                     delivery->items->nelts);
        }
        enter_given_up(victim, "too many wait");
        forget(victim);
    }
    if (delivery->items->nelts < LIMIT_EVENTS / 2) {
        delivery->full_told = 0;
    }
}

static const char *next_id(delivery_t *delivery, apr_pool_t *p)
{
    apr_time_exp_t now;

    apr_time_exp_gmt(&now, apr_time_now());
    return apr_psprintf(p, "%04d%02d%02dT%02d%02d%02dZ-%06" APR_INT64_T_FMT, now.tm_year + 1900,
                        now.tm_mon + 1, now.tm_mday, now.tm_hour, now.tm_min, now.tm_sec,
                        ++delivery->number);
}

int delivery_is_wanted(const delivery_t *delivery, event_kind_t kind)
{
    const plan_t *plan = delivery->means->plan;
    int i;

    for (i = 0; i < plan->event_commands->nelts; ++i) {
        if (event_is_wanted(kind, command_of(delivery, i)->events)) {
            return 1;
        }
    }
    return 0;
}

/* Said once for each time that the disk fails. */
static void note_outcome(delivery_t *delivery, const eab_result_t *result)
{
    if (result->rv != APR_SUCCESS && !delivery->failed) {
        log_line(LOG_LEVEL_ERROR,
                 "%s The programs of ACMEEventCommand are told what happens when that is mended",
                 result->detail);
    }
    delivery->failed = result->rv != APR_SUCCESS;
}

static apr_status_t spool(delivery_t *delivery, json_t *event, int command, const char *of,
                          json_t *told, apr_pool_t *p)
{
    eab_result_t *result = eab_result_make(p);
    json_t *entry = json_own(p, json_object());
    const char *id = next_id(delivery, p);
    item_t *item;

    make_room(delivery);
    json_put_string(event, "id", id);
    json_object_set(entry, "event", event);
    json_put_string(entry, "command", delivery->words[command]);
    json_object_set_new(entry, "attempts", json_integer(0));
    if (of != NULL) {
        json_put_string(entry, "of", of);
        json_object_set(entry, "told", told);
    }
    spool_put(delivery->means->store, id, entry, result);
    note_outcome(delivery, result);
    if (result->rv == APR_SUCCESS && (item = make_item(delivery, id, entry)) != NULL) {
        insert(delivery, item);
        supersede(delivery, item);
        tell_numbers(delivery);
    }
    return result->rv;
}

apr_status_t delivery_add(delivery_t *delivery, event_kind_t kind, json_t *event, const char *of,
                          json_t *told)
{
    const plan_t *plan = delivery->means->plan;
    apr_status_t rv = APR_SUCCESS;
    apr_pool_t *pool = NULL;
    int i, last = -1;

    for (i = 0; i < plan->event_commands->nelts; ++i) {
        last = event_is_wanted(kind, command_of(delivery, i)->events) ? i : last;
    }
    apr_pool_create(&pool, delivery->means->pool);
    json_put_string(event, "host", delivery->host);
    for (i = 0; i <= last && rv == APR_SUCCESS; ++i) {
        if (event_is_wanted(kind, command_of(delivery, i)->events)) {
            rv = spool(delivery, event, i, i == last ? of : NULL, told, pool);
        }
    }
    apr_pool_destroy(pool);
    if (last >= 0 && delivery->started) {
        loop_timer_set(delivery->timer, apr_time_now()); /* not from inside of what has happened */
    }
    return rv;
}

/* ---- a keeper begins ---- */

static void load_one(delivery_t *delivery, const char *id, delivery_told_fn *told, void *baton,
                     apr_pool_t *ptemp)
{
    const store_t *store = delivery->means->store;
    const json_t *entry = spool_get(store, id, ptemp);
    item_t *item;
    int fd = -1;

    if (entry == NULL) {
        spool_remove(store, id, ptemp);
        return;
    }
    if (json_peek_string(entry, "of") != NULL) {
        told(baton, json_peek_string(entry, "of"), json_object_get(entry, "told"));
    }
    if ((item = make_item(delivery, id, entry)) == NULL) {
        return;
    }
    insert(delivery, item);
    if (APR_STATUS_IS_EBUSY(spool_lock(&fd, spool_path(ptemp, store, id)))) {
        item->running = item->foreign = 1;
    }
    else if (fd >= 0) {
        int status = spool_take_end(store, id, ptemp);

        close(fd);
        if (status >= 0) {
            conclude(item, status);
        }
    }
}

void delivery_load(delivery_t *delivery, delivery_told_fn *told, void *baton)
{
    apr_array_header_t *ids;
    apr_pool_t *pool = NULL, *ptemp = NULL;
    int i;

    if (delivery->means->store->trouble != NULL) {
        return;
    }
    apr_pool_create(&pool, delivery->means->pool);
    apr_pool_create(&ptemp, pool);
    ids = spool_list(delivery->means->store, pool);
    delivery->number =
        apr_time_as_msec(apr_time_now()); /* no id of a keeper of before comes again */
    for (i = 0; i < ids->nelts; ++i) {
        load_one(delivery, APR_ARRAY_IDX(ids, i, const char *), told, baton, ptemp);
        apr_pool_clear(ptemp);
    }
    apr_pool_destroy(pool);
    tell_numbers(delivery);
}

void delivery_start(delivery_t *delivery)
{
    delivery->started = 1;
    loop_timer_set(delivery->timer, apr_time_now());
    loop_timer_set(delivery->look, apr_time_now());
}

static const char *words_of(const plan_event_command_t *command, apr_pool_t *p)
{
    return apr_pstrcat(p, command->user, " ", apr_array_pstrcat(p, command->argv, ' '), NULL);
}

static const char *host_name(apr_pool_t *p)
{
    char name[256];

    if (gethostname(name, sizeof(name)) != 0) {
        return NULL;
    }
    name[sizeof(name) - 1] = '\0';
    return apr_pstrdup(p, name);
}

delivery_t *delivery_make(const means_t *means, chronicle_t *chronicle, const char *program)
{
    delivery_t *delivery = apr_pcalloc(means->pool, sizeof(*delivery));
    int i, count = means->plan->event_commands->nelts;

    delivery->means = means;
    delivery->chronicle = chronicle;
    delivery->program = program;
    delivery->host = host_name(means->pool);
    delivery->items = apr_array_make(means->pool, 16, sizeof(item_t *));
    delivery->rest = apr_array_make(means->pool, 1, sizeof(const char *));
    delivery->timer = loop_timer_make(means->loop, on_due, delivery);
    delivery->look = loop_timer_make(means->loop, on_look, delivery);
    delivery->words = apr_pcalloc(means->pool, sizeof(const char *) * ((apr_size_t)count + 1));
    for (i = 0; i < count; ++i) {
        delivery->words[i] = words_of(command_of(delivery, i), means->pool);
    }
    return delivery;
}

/* ---- what root may ask ---- */

json_t *delivery_list(const delivery_t *delivery)
{
    json_t *list = json_array();
    int i;

    for (i = 0; i < delivery->items->nelts; ++i) {
        const item_t *item = item_at(delivery, i);
        json_t *json = json_object();

        json_put_string(json, "id", item->id);
        json_put_string(json, "event", event_name(item->kind));
        json_put_string(json, "name", *item->name != '\0' ? item->name : NULL);
        json_put_string(json, "key_type", *item->key_type != '\0' ? item->key_type : NULL);
        json_put_string(json, "account", *item->account != '\0' ? item->account : NULL);
        json_put_string(json, "command", delivery->words[item->command]);
        json_object_set_new(json, "attempts", json_integer(item->attempts));
        json_put_time(json, "since", item->since);
        json_put_time(json, "next", item->next);
        json_object_set_new(json, "running", json_boolean(item->running));
        json_array_append_new(list, json);
    }
    return list;
}

static item_t *find(const delivery_t *delivery, const char *id)
{
    int i;

    for (i = 0; i < delivery->items->nelts; ++i) {
        if (strcmp(item_at(delivery, i)->id, id) == 0) {
            return item_at(delivery, i);
        }
    }
    return NULL;
}

apr_status_t delivery_retry(delivery_t *delivery, const char *id)
{
    item_t *item = find(delivery, id);

    if (item == NULL) {
        return APR_ENOENT;
    }
    if (item->running) {
        return APR_EBUSY;
    }
    item->next = 0;
    keep(item);
    loop_timer_set(delivery->timer, apr_time_now());
    return APR_SUCCESS;
}

apr_status_t delivery_drop(delivery_t *delivery, const char *id)
{
    item_t *item = find(delivery, id);

    if (item == NULL) {
        return APR_ENOENT;
    }
    if (item->running) {
        return APR_EBUSY;
    }
    forget(item);
    loop_timer_set(delivery->timer, apr_time_now());
    return APR_SUCCESS;
}
