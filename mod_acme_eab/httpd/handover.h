/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_HANDOVER_H
#define HTTPD_HANDOVER_H

/* httpd/handover.h - the lock of the store between two keepers of one httpd: while the configuration is
 * read anew there is no keeper, and another httpd must not find the store free. */

#include <httpd.h>

/** Take over an open descriptor from the keeper that ends; -1 is nothing. It replaces an earlier one.
 * What another module forks meanwhile does not inherit it: it lies in a socket, and not in a number. */
void handover_put(process_rec *process, int descriptor);

/** For the next keeper: the descriptor, which is the caller's now, or -1. */
int handover_get(process_rec *process);

/** Let go: in a worker, and in the parent when nothing is managed any more. */
void handover_drop(process_rec *process);

#endif
