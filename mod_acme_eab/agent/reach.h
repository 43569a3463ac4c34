/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_REACH_H
#define AGENT_REACH_H

/* agent/reach.h - is this httpd met where a CA would look for it, at each address of a name? An answer to a
 * challenge that there is none of is put in place, asked for as a CA asks (agent/knock.h), and taken away. Asked by root
 * (acmectl check). A hint only: the CA looks from elsewhere, and maybe elsewhere. */

#include "agent/task.h"
#include "base/address.h"

#define REACH_ADDRESSES_MAX 8

typedef struct reach_address {
    unsigned char octets[ADDRESS_OCTETS_MAX];
    int size; /* 4 or 16 */
} reach_address_t;

typedef void reach_done_fn(void *baton);

/** Port 80 where http-01 is allowed for task->job, port 443 where tls-alpn-01 is; tells for each address.
 * done later, or from inside when there is nothing to look at. addresses must stay until then. */
void reach_look(const task_t *task, const char *name, const reach_address_t *addresses, int count,
                reach_done_fn *done, void *baton);

#endif
