/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_REHEARSAL_H
#define KEEPER_REHEARSAL_H

/* keeper/rehearsal.h - would httpd survive a graceful restart now? The parent's program is run once
 * more on a stage (keeper/stage.h), in the parent's frame; it reads the configuration and lets every
 * module do what it does in a restart, mod_ssl with all certificates among them, and ends before it
 * would serve (httpd/rehearsal.h). */

#include "ipc/plan.h"
#include "keeper/loop.h"

typedef struct rehearsal_outcome {
    int passed;
    const char *why; /* the line that httpd would have died with; NULL when passed */
    const char
        *changed;     /* files that the running httpd has read otherwise ("": which cannot be said),
                            or NULL */
    const char *bare; /* why there was no stage, so that only mod_ssl and the listeners were
                            tried; or NULL */
} rehearsal_outcome_t;

typedef void rehearsal_done_fn(void *baton, const rehearsal_outcome_t *outcome);

/** Start one; several may run. done is called once, later, from the loop; what it gets ends with the
 * call. When p ends, the rehearsal ends without a word. plan must live as long. */
void rehearsal_start(loop_t *loop, const plan_t *plan, rehearsal_done_fn *done, void *baton,
                     apr_pool_t *p);

#endif
