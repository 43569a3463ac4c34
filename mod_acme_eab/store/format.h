/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_FORMAT_H
#define STORE_FORMAT_H

/* store/format.h - format.json: by which version of the store's format it is written,
 * {"version": 1}. A store without it is of version 1. */

#include "store/store.h"

#define FORMAT_VERSION 1

/** Can this program read a store in dir? Damaged or unreadable, the file says nothing.
 * @return APR_SUCCESS; APR_ENOTIMPL with EAB_PROBLEM_STORE and what to do in result for a newer one */
apr_status_t format_judge(const char *dir, eab_result_t *result);

/** Write it if there is none, or none that can be read. Only under the lock. What fails is tried again
 * at the next start. */
void format_write(const store_t *store, apr_pool_t *ptemp);

#endif
