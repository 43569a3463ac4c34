/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_UNEXPORTED_H
#define STORE_UNEXPORTED_H

/* store/unexported.h - which exports fail, and why (unexported.json): what one keeper has found out, the
 * next shows until it has tried again. */

#include <jansson.h>

#include "store/store.h"

/** Sentences by the path that cannot be written to. In p; NULL when none is known. */
const json_t *unexported_recall(const store_t *store, apr_pool_t *p);

/** Keep them in the place of those before; an empty object when all can be written. A failure costs that
 * knowledge alone. */
void unexported_remember(const store_t *store, const json_t *sentences, apr_pool_t *ptemp);

#endif
