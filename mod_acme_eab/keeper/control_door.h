/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_CONTROL_DOOR_H
#define KEEPER_CONTROL_DOOR_H

/* keeper/control_door.h - what root may ask, through acmectl: one table of commands, everything else is
 * refused. Acts are written down before they begin (store/act.h). One that was under way when the keeper
 * before ended goes on here, whether somebody waits for it or not. */

#include "keeper/control_call.h"
#include "ipc/message.h"

typedef struct control_door control_door_t;

/** Nothing goes on yet.
 * @param parts what the commands work with; copied, but for its last two members, which are the door's */
control_door_t *control_door_make(const control_parts_t *parts);

/** Go on with what was under way. */
void control_door_start(control_door_t *door);

/** Somebody at the other end of a connection, from ASK to its end. */
typedef struct control_watch control_watch_t;

/** There is something new for him: control_watch_flush() says it. Called from inside the door's functions. */
typedef void control_news_fn(void *baton);

/** Carry out an ASK, or find that it was before, by its id.
 * @param uid who asks, as the kernel knows
 * @param p   of the connection; the watch ends with control_watch_end()
 * @return what is told; NULL when it is no ASK: end the connection */
control_watch_t *control_door_ask(control_door_t *door, const json_t *body, int uid,
                                  control_news_fn *news, void *baton, apr_pool_t *p);

/** Say what he has not heard yet: PARTs, and at last END.
 * @return APR_SUCCESS; APR_EOF when END was sent, and nothing follows; else what send returned */
apr_status_t control_watch_flush(control_watch_t *watch, message_send_fn *send, void *baton);

/** He has gone. The act goes on. */
void control_watch_end(control_watch_t *watch);

/** Something that acts may wait for has happened. baton: the control_door_t. */
void control_door_hear(void *baton, const change_t *change);

#endif
