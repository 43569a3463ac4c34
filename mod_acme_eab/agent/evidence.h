/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_EVIDENCE_H
#define AGENT_EVIDENCE_H

/* agent/evidence.h - what is to be seen of why an authorization failed: which challenge, whether the CA
 * asked this httpd, what else it offers, where the name leads. For the advice (policy/fact.h). */

#include "acme/authorization.h"
#include "agent/flight.h"
#include "agent/lookup.h"
#include "policy/fact.h"

/** Facts about the authorization, which is lost or has no challenge that can be answered. */
facts_t evidence_of(const flight_t *flight, const acme_authorization_t *authorization);

/** The facts that say which challenge is spoken of; 0 for a type that is not known here. */
facts_t evidence_of_type(const char *type);

/** Would it help to know where its name leads? Yes where the CA looked for a host by it and did not come
 * here. @param facts what evidence_of() said */
int evidence_wants_addresses(const acme_authorization_t *authorization, facts_t facts);

/** Facts about the addresses of a name. @param found by lookup_addresses() */
facts_t evidence_of_addresses(const lookup_found_t *found);

#endif
