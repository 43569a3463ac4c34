/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENROLL_PAIR_H
#define ENROLL_PAIR_H

/* enroll/pair.h - an EAB pair that a manager makes anew for each request and shows once: the place for
 * it is taken first, and that it was asked for is written down, so that a run that ended in between is
 * told of by the next one. */

#include "enroll/errand.h"
#include "enroll/manager.h"

typedef struct pair_terms {
    const char *errand;   /* what is asked for: the name of the journal */
    const char *path;     /* of the request; may hold a secret */
    const char *type;     /* Content-Type of body, or NULL */
    const secret_t *body; /* or NULL */
    int wanted;           /* the HTTP status of success */
    const char *kid;      /* the members of the answer */
    const char *key;
    const char *directory; /* a member as well, or NULL: it is usual_directory */
    const char *usual_directory;
    const char *lost; /* what to do about a pair that was made and not seen */
} pair_terms_t;

/** Ask for the pair, write the key, say the rest. */
apr_status_t pair_fetch(errand_t *errand, manager_t *manager, const pair_terms_t *terms);

#endif
