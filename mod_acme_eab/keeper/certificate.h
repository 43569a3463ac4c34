/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_CERTIFICATE_H
#define KEEPER_CERTIFICATE_H

/* keeper/certificate.h - a configured certificate: what is installed, and its order in flight. */

#include "keeper/keeper.h"

/** Look up what the store has: the best generation and the order in flight. A journal that another
 * configuration began (other names or account) is dropped, unless its finalize was sent:
 * that certificate may exist and is collected first. */
keeper_certificate_t *certificate_open(keeper_t *keeper, int index, const plan_certificate_t *plan);

/** The store can be written to again: remove an order that is over and could not be removed. */
void certificate_tidy(keeper_certificate_t *certificate, apr_pool_t *ptemp);

/** The account could not be read before and can be now: read the order in flight. */
void certificate_mend(keeper_certificate_t *certificate);

/** A newOrder is about to be signed: it is on disk, and the key is in the making. Refused while an
 * order is in flight.
 * @param names some of the configured names, where the plan allows that and policy/subset.h permits
 *              it; NULL: all of them */
apr_status_t certificate_ordering(keeper_certificate_t *certificate,
                                  const apr_array_header_t *names, eab_result_t *result);

/** The CA gave the order URL: it is stored, and finalize with it, its URL or NULL. */
apr_status_t certificate_ordered(keeper_certificate_t *certificate, const char *url,
                                 const char *finalize, eab_result_t *result);

/** A finalize is about to be signed: the key, of the type that is configured now, and that fact are
 * on disk.
 * @return APR_EAGAIN while the key is being made: CHANGE_KEY follows */
apr_status_t certificate_finalizing(keeper_certificate_t *certificate, eab_result_t *result);

/** The order is lost or failed: forget it and its key. */
apr_status_t certificate_abandon(keeper_certificate_t *certificate, eab_result_t *result);

/** Check a chain that the CA sent, make it the next generation, and end the order. It covers what was
 * ordered, or less where the plan allows that and policy/subset.h permits it. */
apr_status_t certificate_install(keeper_certificate_t *certificate, const char *pem,
                                 eab_result_t *result);

/** What `replaces` of a newOrder says (RFC 9773, 5): the certificate in use, when it is of the same
 * account and shares a name with the order. NULL: there is none. */
const char *certificate_replaced(const keeper_certificate_t *certificate);

/** The best certificate as the agent may know it, in p; NULL when there is none. */
brief_facts_t *certificate_facts(const keeper_certificate_t *certificate, apr_pool_t *p);

/** True when httpd should load something else than it has. */
int certificate_waits_for_reload(const keeper_certificate_t *certificate);

/** Of everything whose change may mend a failure of this certificate. In p. */
const char *certificate_fingerprint(const keeper_certificate_t *certificate, apr_pool_t *p);

#endif
