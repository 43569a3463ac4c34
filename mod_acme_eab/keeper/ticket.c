/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/ticket.h"

#include <string.h>

#include <apr_strings.h>

#include "base/clock.h"

typedef struct ticket {
    apr_pool_t *pool; /* of subject; NULL: this place is free */
    ticket_act_t act;
    const char *subject;
    int reason;
    int left;         /* signatures */
    apr_time_t until; /* by clock_steady() */
} ticket_t;

struct tickets {
    apr_pool_t *pool;
    ticket_t places[TICKETS_MAX];
};

tickets_t *tickets_make(apr_pool_t *p)
{
    tickets_t *tickets = apr_pcalloc(p, sizeof(*tickets));

    tickets->pool = p;
    return tickets;
}

static void clear(ticket_t *ticket)
{
    apr_pool_destroy(ticket->pool);
    memset(ticket, 0, sizeof(*ticket));
}

/* NULL: there is none. One that is over is cleared when it is met. */
static ticket_t *find(tickets_t *tickets, ticket_act_t act, const char *subject)
{
    int i;

    for (i = 0; i < TICKETS_MAX; ++i) {
        ticket_t *ticket = &tickets->places[i];

        if (ticket->pool != NULL && (ticket->left == 0 || clock_steady() >= ticket->until)) {
            clear(ticket);
        }
        if (ticket->pool != NULL && ticket->act == act && strcmp(ticket->subject, subject) == 0) {
            return ticket;
        }
    }
    return NULL;
}

static ticket_t *find_place(tickets_t *tickets)
{
    int i;

    for (i = 0; i < TICKETS_MAX; ++i) {
        if (tickets->places[i].pool == NULL) {
            return &tickets->places[i];
        }
    }
    return NULL;
}

int ticket_make(tickets_t *tickets, ticket_act_t act, const char *subject, int reason)
{
    ticket_t *ticket;

    ticket_end(tickets, act, subject);
    if ((ticket = find_place(tickets)) == NULL) {
        return 0;
    }
    apr_pool_create(&ticket->pool, tickets->pool);
    ticket->act = act;
    ticket->subject = apr_pstrdup(ticket->pool, subject);
    ticket->reason = reason;
    ticket->left = TICKET_SIGNATURES;
    ticket->until = clock_steady() + TICKET_LIFE;
    return 1;
}

int ticket_use(tickets_t *tickets, ticket_act_t act, const char *subject, int *preason)
{
    ticket_t *ticket = subject != NULL ? find(tickets, act, subject) : NULL;

    if (ticket == NULL) {
        return 0;
    }
    --ticket->left;
    if (preason != NULL) {
        *preason = ticket->reason;
    }
    return 1;
}

void ticket_end(tickets_t *tickets, ticket_act_t act, const char *subject)
{
    ticket_t *ticket = find(tickets, act, subject);

    if (ticket != NULL) {
        clear(ticket);
    }
}
