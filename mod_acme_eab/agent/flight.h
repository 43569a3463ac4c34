/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_FLIGHT_H
#define AGENT_FLIGHT_H

/* agent/flight.h - what is known of a job's order in flight, and of its authorizations. It outlives an
 * attempt that the order survives, and ends with the order. */

#include "acme/memory.h"
#include "acme/order.h"
#include "ipc/brief.h"

typedef struct flight {
    apr_pool_t *parent;
    apr_pool_t *pool;       /* NULL: nothing was put into it yet; see flight_pool() */
    acme_memory_t *memory;  /* NULL: nothing was told yet; see flight_memory() */
    acme_order_t *order;    /* as last read, in order_pool; NULL: not yet */
    apr_pool_t *order_pool; /* for what is about the order as it was read then */
    int unstored;           /* the keeper could not write its URL down yet */
    /* Authorizations: */
    int authorizations; /* being read, or waiting for what they need to be answered */
    apr_array_header_t
        *pending;  /* acme_authorization_t *, in order_pool: to answer once all were read */
    int looks;     /* at authorizations, that are still to come, then */
    int blocked;   /* one of them cannot become valid */
    int looking;   /* names whose lasting record is looked for in this round */
    int lacking;   /* some of them have none, and are to be left out */
    int explained; /* how often they were looked at for the reason of a failure */
    int undecided; /* of them, that the CA is validating still */
    /* Answers to challenges: */
    int answered;       /* some are in place */
    int doubtful;       /* the CA may not have heard of one: the authorizations tell */
    int unread;         /* that the CA has not read yet, as far as can be seen */
    apr_time_t read_at; /* when it read one last, by clock_steady(); 0: never */
    /* The certificate: */
    apr_array_header_t
        *alternates; /* const char *, in order_pool: URLs of further chains to look at */
    json_t *chain;   /* message with the fetched chain, on its way to the keeper */
} flight_t;

/** One for each job, in parent: what the journal knows of an order, or nothing yet. */
flight_t *flight_begin(apr_pool_t *parent, const brief_certificate_t *brief);

/** The order as it is now, in a pool which is given away; its predecessor is freed. */
void flight_keep(flight_t *flight, acme_order_t *order, apr_pool_t *pool);

/** For what ends with it. Thousands of jobs have no order, and so no pool. */
apr_pool_t *flight_pool(flight_t *flight);

/** What the order and its authorizations told. */
acme_memory_t *flight_memory(flight_t *flight);

/** Free all of it: it is the next one now, of which nothing is known. */
void flight_end(flight_t *flight);

#endif
