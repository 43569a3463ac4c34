/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_ACTIVATION_H
#define KEEPER_ACTIVATION_H

/* keeper/activation.h - how a new certificate comes into use. ACMEReload live: it is left in the memory
 * of httpd's workers (live/segment.h), the agent looks whether they serve it, and only then it counts as in
 * use. What cannot go that way, or did not get there, waits for a restart (keeper/reload.h). One with
 * must-staple goes no way before there is an OCSP response for it; responses are left in that memory
 * whichever way their certificates go. */

#include "keeper/changes.h"
#include "keeper/model.h"
#include "live/segment.h"

typedef struct activation activation_t;

/** @param segment NULL: there is none, and all wait for a restart */
activation_t *activation_make(const model_t *model, segment_t *segment);

/** The keeper has just started: publish what httpd does not serve yet. What is there already is looked at
 * again; and of what httpd was started with it is said why it could not come otherwise. */
void activation_start(activation_t *activation);

/** Something was installed, or an OCSP response has come: publish it. baton: the activation_t. */
void activation_hear(void *baton, const change_t *change);

/** What the agent was served.
 * @param fingerprint of the certificate that it looked for; one that is not the newest any more changes
 *                    nothing
 * @param seen        SEEN_...
 * @param why         half a sentence, of another process; or NULL
 * @return APR_SUCCESS, or APR_EINVAL when that is no answer */
apr_status_t activation_seen(activation_t *activation, keeper_certificate_t *certificate,
                             const char *fingerprint, const char *seen, const char *why);

#endif
