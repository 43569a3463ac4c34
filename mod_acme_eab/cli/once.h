/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_ONCE_H
#define CLI_ONCE_H

/* cli/once.h - a keeper without httpd: started by acmectl, with the last plan of the store, under its lock,
 * until acmectl ends, which waits for its end. */

#include "cli/command.h"

/** Does somebody hold the lock of the store: a keeper, or an httpd between two of them? */
int once_is_locked(const context_t *context);

/** Start it and wait until it listens.
 * @return APR_SUCCESS; APR_EBUSY when somebody was faster; else why not in context->result */
apr_status_t once_start(context_t *context);

#endif
