/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_TICKET_H
#define KEEPER_TICKET_H

/* keeper/ticket.h - what only root may have signed. The agent asks for these sentences like for any other,
 * and the keeper signs them only while there is a ticket for just that: this act, of this certificate or
 * account. Tickets are made by the commands of keeper/control_door.c and by nobody else; they are in memory
 * alone, so that a keeper that was started anew knows none until the act that wants it goes on.
 *
 * A ticket is for one act. The sentence may be signed with it TICKET_SIGNATURES times, each time for the same
 * subject and with the same reason: CAs refuse nonces, and an answer may be lost. It is over when the act is
 * (ticket_end()), when its signatures are used up, and after TICKET_LIFE.
 *
 * A new one of these sentences is: a row in ticket_act_t here; a sentence_t in ipc/message.h whose case in
 * keeper/sentence.c begins with ticket_use(); and a command (keeper/control_call.h) whose begin or step
 * calls ticket_make() and gives the agent a task (keeper/tasks.h). */

#include <apr_pools.h>
#include <apr_time.h>

typedef enum {
    TICKET_REVOKE,     /* subject: the fingerprint of a certificate (SHA-256, hexadecimal) */
    TICKET_KEY_CHANGE, /* subject: the id of an account in the store */
    TICKET_DEACTIVATE  /* the same */
} ticket_act_t;

#define TICKET_LIFE apr_time_from_sec(600)
#define TICKET_SIGNATURES 6
#define TICKETS_MAX 64 /* at a time */

typedef struct tickets tickets_t;

/** None are there yet. */
tickets_t *tickets_make(apr_pool_t *p);

/** Make one, in the place of an earlier one for the same. Only for the commands of root.
 * @param reason a number of the act's own (RFC 5280, 5.3.1); 0 where there is none
 * @return false when there are TICKETS_MAX already */
int ticket_make(tickets_t *tickets, ticket_act_t act, const char *subject, int reason);

/** Is there one for that? Then it counts as used once more.
 * @param preason as it was made with; may be NULL
 * @return true: sign */
int ticket_use(tickets_t *tickets, ticket_act_t act, const char *subject, int *preason);

/** The act is over, or given up: nothing more is signed for it. */
void ticket_end(tickets_t *tickets, ticket_act_t act, const char *subject);

#endif
