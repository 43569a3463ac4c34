/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_GATHERING_H
#define KEEPER_GATHERING_H

/* keeper/gathering.h - the certificates that wait for a restart of httpd, and those that will soon:
 * what policy/reload.h decides by, and how that is told. */

#include "keeper/model.h"
#include "policy/reload.h"
#include "store/reload.h"

/* How often httpd is restarted for one and the same certificate. */
#define GATHERING_TRIES_MAX 3

/** httpd does not load it, for whatever reason: asking on would change nothing. */
int gathering_is_given_up(const keeper_certificate_t *certificate, const reload_memory_t *memory);

/** True when it waits and is no more than a renewal: httpd serves one of the same CA account and kind of
 * key that covers as many of the configured names, and was not restarted for it yet. */
int gathering_is_renewal(const keeper_certificate_t *certificate, const reload_memory_t *memory);

/** All but what is known of refusals and of the last restart. */
reload_facts_t gathering_facts(const model_t *model, const reload_memory_t *memory, apr_time_t now);

/** Why the restart is put off, as a sentence with the names of those that wait; NULL when it is not.
 * In p. */
const char *gathering_why(const model_t *model, const reload_memory_t *memory,
                          const reload_decision_t *decision, apr_pool_t *p);

#endif
