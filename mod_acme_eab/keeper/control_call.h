/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_CONTROL_CALL_H
#define KEEPER_CONTROL_CALL_H

/* keeper/control_call.h - one act of root, as its command meets it.
 *
 * A command is a file of its own, control_NOUN.c, with a control_command_t for each, and a line in the table
 * of keeper/control_door.c. When it is asked for, the act is in the store (store/act.h); then begin is
 * called. While that has said APR_EAGAIN, step is called after each change of the model, after whatever the
 * command does of its own accord (control_wake()), and after a restart of the keeper: it looks at how things
 * are now, tells what is new, and goes on. Nothing may be remembered but in the model and in act->state,
 * which is written to the store before begin or step returns if control_save() was called.
 *
 * begin is called again where a keeper has died in it, or could not write that it was over: much later,
 * maybe, when a name has another certificate and an account another key. So it first saves what the act is
 * about, as it was when root asked, and keeps to that. */

#include <jansson.h>

#include "keeper/briefing.h"
#include "keeper/deactivation.h"
#include "keeper/delivery.h"
#include "keeper/herald.h"
#include "keeper/model.h"
#include "keeper/reload.h"
#include "keeper/revoking.h"
#include "keeper/rollover.h"
#include "keeper/succession.h"
#include "keeper/tasks.h"
#include "keeper/ticket.h"
#include "store/act.h"

typedef struct control_parts {
    const model_t *model;
    keeper_reload_t *reload;
    briefing_t *briefing; /* of the next agent */
    tasks_t *tasks;
    tickets_t *tickets;
    revoking_t *revoking;
    rollover_t *rollover;
    succession_t *succession;
    deactivation_t *deactivation;
    herald_t *herald;
    delivery_t *delivery;
    void (*wake)(void *baton); /* see control_wake() */
    void *baton;
} control_parts_t;

typedef struct control_call {
    const control_parts_t *parts;
    act_t *act;
    eab_result_t *result; /* why it is refused, or has failed */
    apr_pool_t *p;        /* of this call of begin or step */
} control_call_t;

/** @return APR_SUCCESS when the act is over, well; APR_EAGAIN when it goes on; else it is refused, or has
 *         failed, with one sentence in call->result that says what to do */
typedef apr_status_t control_step_fn(control_call_t *call);

typedef struct control_command {
    const char *name;
    control_step_fn *begin;
    control_step_fn *step; /* NULL: begin never says APR_EAGAIN */
    int without_httpd;     /* may be asked for where there is none */
} control_command_t;

/** Tell whoever waits; a later part of the same key takes the place of the earlier one, and the same again
 * is told once.
 * @param part given away */
void control_tell(control_call_t *call, const char *key, json_t *part);

/** act->state is to be in the store before what comes next. @return why it could not be written */
apr_status_t control_save(control_call_t *call);

/** What the store holds and nothing uses has changed: the status shows it. */
void control_show_leftovers(const control_call_t *call);

/** Something that a step waits for has happened, and is no change of the model: an answer to a task. */
void control_wake(const control_parts_t *parts);

/** The certificates that the act is about: those that "names" of its arguments name, by any of their names,
 * as they are or as a pattern with * and ?; with "all" all of them. A managed domain with several key types
 * has one for each.
 * @param plist keeper_certificate_t *, in call->p, each once
 * @return APR_SUCCESS, or EAB_PROBLEM_NO_SUCH */
apr_status_t control_choose(const apr_array_header_t **plist, control_call_t *call);

/** The configured account with that label, or with that id in the store; NULL with EAB_PROBLEM_NO_SUCH, or with
 * EAB_PROBLEM_REFUSED where the store has it and the configuration has not. */
keeper_account_t *control_choose_account(control_call_t *call, const char *label);

#endif
