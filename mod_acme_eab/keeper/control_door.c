/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/control_door.h"

#include <string.h>

#include <apr_strings.h>

#include "base/bytes.h"
#include "base/json.h"
#include "base/log.h"
#include "keeper/control_ask.h"
#include "keeper/control_events.h"
#include "keeper/control_renew.h"
#include "keeper/control_revoke.h"
#include "keeper/control_rollover.h"
#include "keeper/control_store.h"
#include "store/history.h"

/* Many changes come at once, and a step may look at thousands of certificates. */
#define PAUSE apr_time_from_msec(100)

/* Not all that a step looks at is a change of the model. */
#define LOOK apr_time_from_sec(2)

static const control_command_t *const commands[] = {
    &control_renew,       &control_retry,    &control_check,      &control_update,
    &control_delete,      &control_forget,   &control_events,     &control_revoke,
    &control_compromised, &control_rollover, &control_deactivate, &control_recognize,
    &control_new_account,
};

/* An act that is remembered, and who waits for it. */
typedef struct deed {
    struct deed *next; /* an older one */
    act_t *act;
    const control_command_t *command; /* NULL: there is none of that name any more */
    control_watch_t *watches;
    int unsaved; /* how far it is could not be written */
} deed_t;

struct control_watch {
    control_watch_t *next; /* of the same act */
    control_door_t *door;
    deed_t *deed;
    int waits;         /* until the act is over */
    apr_int64_t heard; /* the number of the newest part */
    int over;          /* END was said */
    control_news_fn *news;
    void *baton;
};

struct control_door {
    control_parts_t parts;
    const means_t *means;
    deed_t *deeds; /* the newest first */
    int count;
    loop_timer_t *timer; /* of the next step */
};

static const control_command_t *find_command(const char *name)
{
    size_t i;

    for (i = 0; name != NULL && i < sizeof(commands) / sizeof(commands[0]); ++i) {
        if (strcmp(commands[i]->name, name) == 0) {
            return commands[i];
        }
    }
    return NULL;
}

/* ---- acts ---- */

static deed_t *find_deed(const control_door_t *door, const char *id)
{
    deed_t *deed = door->deeds;

    while (deed != NULL && strcmp(deed->act->id, id) != 0) {
        deed = deed->next;
    }
    return deed;
}

static deed_t *add_deed(control_door_t *door, act_t *act)
{
    deed_t *deed = apr_pcalloc(act->pool, sizeof(*deed));

    deed->act = act;
    deed->command = find_command(act->command);
    deed->next = door->deeds;
    door->deeds = deed;
    ++door->count;
    return deed;
}

/* The oldest ones that are over and that nobody waits for. */
static void forget_old(control_door_t *door)
{
    deed_t **entry = &door->deeds, *deed;
    apr_pool_t *pool = NULL;
    int behind = 0;

    apr_pool_create(&pool, door->means->pool);
    while ((deed = *entry) != NULL) {
        if (++behind > ACTS_KEPT && deed->act->ended && deed->watches == NULL) {
            *entry = deed->next;
            --door->count;
            act_remove(door->means->store, deed->act, pool);
            apr_pool_destroy(deed->act->pool);
        }
        else {
            entry = &deed->next;
        }
    }
    apr_pool_destroy(pool);
}

static void tell_watches(const deed_t *deed)
{
    control_watch_t *watch, *next;

    for (watch = deed->watches; watch != NULL; watch = next) {
        next = watch->next;
        watch->news(watch->baton);
    }
}

/* What cannot be written is tried again, and said once. */
static void save(const control_door_t *door, deed_t *deed, apr_pool_t *ptemp)
{
    eab_result_t *result = eab_result_make(ptemp);
    int before = deed->unsaved;

    deed->unsaved = act_save(door->means->store, deed->act, result, ptemp) != APR_SUCCESS;
    if (deed->unsaved && !before) {
        log_line(LOG_LEVEL_ERROR, "%s", result->detail);
        changes_tell_store(door->means->changes);
    }
}

/* What root was told to have ended is not begun again by the next keeper: where that cannot be written, as the
 * disk is full, the act is forgotten. */
static void end_act(const control_door_t *door, deed_t *deed, const eab_result_t *result,
                    apr_pool_t *ptemp)
{
    deed->act->ended = 1;
    if (result->rv != APR_SUCCESS) {
        eab_result_copy(deed->act->problem, result);
    }
    save(door, deed, ptemp);
    if (deed->unsaved && act_remove(door->means->store, deed->act, ptemp) == APR_SUCCESS) {
        deed->unsaved = 0;
    }
}

/* Who asked for what is there to be read later, whatever came of it. */
static void enter_history(const control_door_t *door, const act_t *act, apr_pool_t *ptemp)
{
    static const char *const members[] = { "loginuid", "sudo_user", "uid", "tty" };
    json_t *entry = json_own(ptemp, json_object());
    const char *line = json_peek_string(act->by, "line");
    const json_t *names = json_object_get(act->arguments, "names");
    eab_result_t *result = eab_result_make(ptemp);
    size_t i;

    json_put_string(entry, "event", "command");
    json_put_string(entry, "command", line != NULL ? line : act->command);
    json_put_string(entry, "by", json_peek_string(act->by, "user"));
    for (i = 0; i < sizeof(members) / sizeof(members[0]); ++i) {
        if (json_object_get(act->by, members[i]) != NULL) {
            json_object_set(entry, members[i], json_object_get(act->by, members[i]));
        }
    }
    if (json_array_size(names) > 0) {
        json_object_set_new(entry, "names", json_deep_copy(names));
    }
    json_put_string(entry, "outcome",
                    !act->ended                       ? "begun"
                    : act->problem->rv == APR_SUCCESS ? "done"
                                                      : "refused");
    if (act->problem->rv != APR_SUCCESS) {
        json_object_set_new(entry, "problem", eab_result_to_json(act->problem));
    }
    if (history_add(door->means->store, entry, 1, result) != APR_SUCCESS) {
        log_line(LOG_LEVEL_ERROR, "%s", result->detail);
    }
}

/* Begin, or go on. */
static void carry_out(const control_door_t *door, deed_t *deed, control_step_fn *step)
{
    control_call_t call = { &door->parts, deed->act, NULL, NULL };
    int begins = !deed->act->begun;
    apr_status_t rv;

    apr_pool_create(&call.p, door->means->pool);
    call.result = eab_result_make(call.p);
    rv = step(&call);
    if (!APR_STATUS_IS_EAGAIN(rv)) {
        if (rv != APR_SUCCESS && call.result->rv == APR_SUCCESS) {
            eab_result_set(call.result, rv, EAB_PROBLEM_INTERNAL, "%s could not be carried out.",
                           deed->act->command);
        }
        if (rv == APR_SUCCESS) {
            eab_result_clear(call.result);
        }
        end_act(door, deed, call.result, call.p);
    }
    else if (!deed->act->begun) {
        deed->act->begun = 1;
        save(door, deed, call.p);
    }
    if (begins) {
        enter_history(door, deed->act, call.p);
    }
    apr_pool_destroy(call.p);
    tell_watches(deed);
}

static void save_again(const control_door_t *door, deed_t *deed)
{
    apr_pool_t *pool = NULL;

    if (deed->unsaved) {
        apr_pool_create(&pool, door->means->pool);
        save(door, deed, pool);
        apr_pool_destroy(pool);
    }
}

/* One that was written down and never begun is begun. */
static void go_on(const control_door_t *door, deed_t *deed)
{
    act_t *act = deed->act;
    apr_pool_t *pool = NULL;
    eab_result_t *result;

    save_again(door, deed);
    if (act->ended) {
        return;
    }
    if (deed->command != NULL && act->at > apr_time_now() - ACTS_AGE) {
        carry_out(door, deed, act->begun ? deed->command->step : deed->command->begin);
        return;
    }
    apr_pool_create(&pool, door->means->pool);
    result = eab_result_make(pool);
    eab_result_set(result, APR_TIMEUP, EAB_PROBLEM_REFUSED,
                   "%s has not come to an end in a day and is not followed any more; see the "
                   "status.",
                   act->command);
    end_act(door, deed, result, pool);
    apr_pool_destroy(pool);
    tell_watches(deed);
}

static void on_timer(void *baton)
{
    control_door_t *door = baton;
    int going = 0;
    deed_t *deed;

    for (deed = door->deeds; deed != NULL; deed = deed->next) {
        go_on(door, deed);
        going |= !deed->act->ended || deed->unsaved;
    }
    if (going) {
        loop_timer_set(door->timer, apr_time_now() + LOOK);
    }
}

static void wake(void *baton)
{
    control_door_t *door = baton;

    loop_timer_set(door->timer, apr_time_now() + PAUSE);
}

void control_door_hear(void *baton, const change_t *change)
{
    (void)change;
    wake(baton);
}

void control_door_start(control_door_t *door)
{
    apr_pool_t *pool = NULL;
    apr_array_header_t *acts;
    int i;

    if (door->means->store->trouble != NULL) {
        return;
    }
    apr_pool_create(&pool, door->means->pool);
    acts = act_list(door->means->store, door->means->pool);
    for (i = 0; i < acts->nelts; ++i) {
        add_deed(door, APR_ARRAY_IDX(acts, i, act_t *));
    }
    apr_pool_destroy(pool);
    on_timer(door); /* before anybody is told how it was a while ago */
}

control_door_t *control_door_make(const control_parts_t *parts)
{
    const means_t *means = parts->model->means;
    control_door_t *door = apr_pcalloc(means->pool, sizeof(*door));

    door->means = means;
    door->parts = *parts;
    door->parts.wake = wake;
    door->parts.baton = door;
    door->timer = loop_timer_make(means->loop, on_timer, door);
    return door;
}

/* ---- who asks ---- */

/* Nothing is begun that is not written down before. NULL with the reason in act->problem. */
static deed_t *begin_act(control_door_t *door, act_t *act, apr_pool_t *ptemp)
{
    eab_result_t *result = eab_result_make(ptemp);
    deed_t *deed = add_deed(door, act);
    int stored;

    if (deed->command == NULL) {
        eab_result_set(result, APR_EINVAL, EAB_PROBLEM_REFUSED,
                       "The keeper knows no command %s; acmectl and the keeper must be of one "
                       "version: restart httpd after an update.",
                       log_escape(ptemp, act->command));
    }
    else if (door->means->store->trouble != NULL) {
        eab_result_copy(result, door->means->store->trouble);
    }
    else if (door->count > LIMIT_ACTS) {
        eab_result_set(result, APR_EBUSY, EAB_PROBLEM_REFUSED,
                       "%d acts are under way already; try again when some are over.", LIMIT_ACTS);
    }
    stored = result->rv == APR_SUCCESS
             && act_save(door->means->store, act, result, ptemp) == APR_SUCCESS;
    if (!stored) {
        act->ended = 1;
        eab_result_copy(act->problem, result);
        return deed;
    }
    log_line(LOG_LEVEL_NOTICE, "acmectl %s was asked for by %s", act->command,
             log_escape(ptemp, json_peek_string(act->by, "user")));
    carry_out(door, deed, deed->command->begin);
    wake(door);
    return deed;
}

static act_t *read_act(const control_door_t *door, const json_t *body, int uid)
{
    const char *id = json_peek_string(body, "id");
    const char *command = json_peek_string(body, "command");
    act_t *act;

    if (!hex_is_valid(id, ACT_ID_DIGITS) || command == NULL || strlen(command) > LIMIT_WORD) {
        return NULL;
    }
    act = act_make(id, command, json_object_get(body, "arguments"), json_object_get(body, "by"),
                   door->means->pool);
    json_object_set_new(act->by, "uid", json_integer(uid));
    return act;
}

control_watch_t *control_door_ask(control_door_t *door, const json_t *body, int uid,
                                  control_news_fn *news, void *baton, apr_pool_t *p)
{
    act_t *act = read_act(door, body, uid);
    control_watch_t *watch;
    deed_t *deed;

    if (act == NULL) {
        return NULL;
    }
    if ((deed = find_deed(door, act->id)) != NULL) {
        apr_pool_destroy(act->pool);
    }
    else {
        deed = begin_act(door, act, p);
    }
    watch = apr_pcalloc(p, sizeof(*watch));
    watch->door = door;
    watch->deed = deed;
    watch->waits = json_peek_bool(body, "wait", 0);
    watch->news = news;
    watch->baton = baton;
    watch->next = deed->watches;
    deed->watches = watch;
    forget_old(door);
    return watch;
}

static apr_status_t send_parts(control_watch_t *watch, message_send_fn *send, void *baton)
{
    json_t *told = watch->deed->act->told, *part;
    apr_int64_t newest = watch->heard;
    apr_status_t rv = APR_SUCCESS;
    const char *key;

    json_object_foreach(told, key, part)
    {
        apr_int64_t number = json_peek_int(part, "n", 0);

        if (number > watch->heard && key[0] != '\0' && rv == APR_SUCCESS) {
            rv = send(baton, MESSAGE_PART, json_incref(part));
            newest = number > newest ? number : newest;
        }
    }
    watch->heard = newest;
    return rv;
}

apr_status_t control_watch_flush(control_watch_t *watch, message_send_fn *send, void *baton)
{
    const act_t *act = watch->deed->act;
    apr_status_t rv;
    json_t *body;

    if (watch->over) {
        return APR_EOF;
    }
    if ((rv = send_parts(watch, send, baton)) != APR_SUCCESS || (watch->waits && !act->ended)) {
        return rv;
    }
    body = json_pack("{s:b}", "running", !act->ended);
    if (act->problem->rv != APR_SUCCESS) {
        json_object_set_new(body, "problem", eab_result_to_json(act->problem));
    }
    watch->over = 1;
    rv = send(baton, MESSAGE_END, body);
    return rv == APR_SUCCESS ? APR_EOF : rv;
}

void control_watch_end(control_watch_t *watch)
{
    control_watch_t **entry = &watch->deed->watches;

    while (*entry != NULL && *entry != watch) {
        entry = &(*entry)->next;
    }
    if (*entry != NULL) {
        *entry = watch->next;
    }
}
