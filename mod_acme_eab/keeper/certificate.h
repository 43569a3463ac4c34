/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_CERTIFICATE_H
#define KEEPER_CERTIFICATE_H

/* keeper/certificate.h - a configured certificate: what is installed, and its order in flight. */

#include "crypto/keypair.h"
#include "crypto/staple.h"
#include "ipc/brief.h"
#include "keeper/account.h"
#include "keeper/failing.h"
#include "keeper/means.h"
#include "store/demand.h"
#include "store/generation.h"
#include "store/journal.h"

struct installation;

/* There are thousands: what is replaced while the keeper lives (best and served, which others may hold as
 * well, activation_why, staple_url) is in memory of its own, of just its size. */
typedef struct keeper_certificate {
    const means_t *means;
    int index; /* in the plan */
    const plan_certificate_t *plan;
    const char *title; /* what sentences call it, name_shown() */
    keeper_account_t *account;
    generation_t *best;   /* what httpd should serve; NULL: nothing */
    generation_t *served; /* what httpd serves, as long as it is in the store; or NULL */
    const char *in_use;   /* the fingerprint of what it serves, of served or of the plan; or NULL */
    int has_changed; /* that is what came into use since this keeper began; else, what httpd was
                        started with */
    const char *activation; /* how best comes into use: ACTIVATION_..., static */
    char *activation_why;   /* or NULL */
    apr_time_t installed;   /* when best came, if that was in this process; else 0 */
    apr_time_t ordered;     /* when that was ordered, the same */
    brief_window_t window;  /* what the CA said of when to renew it */
    member_block_t *window_block;
    brief_validations_t validations; /* how long the CA goes by them */
    member_block_t *validations_block;
    char *staple_url; /* where to ask whether best is good; NULL: nobody needs to know, or can */
    staple_facts_t staple; /* what the CA said last of it; until is 0: nothing yet */
    journal_t *journal;    /* the order in flight, or NULL */
    keypair_t *key;        /* its key, once it is made */
    int over;              /* the last order is over and could not be removed from the store */
    int key_running;
    int durable;        /* the record that it is finalized, and the key, are on the disk */
    int key_doubtful;   /* the disk has failed: its file is to be written anew */
    syncing_t *syncing; /* ... or on their way there; or NULL */
    struct installation *installation; /* a new certificate on its way there; or NULL */
    apr_pool_t *order_pool;            /* owns journal and key */
    apr_pool_t *key_pool;              /* part of it, of the key */
    failing_t failing;
    apr_time_t demanded; /* keeper/demand.h: since when root wants another one; 0: nobody does */
} keeper_certificate_t;

/** Look up what the store has: the best generation and the order in flight. A journal that another
 * configuration began (other names or account) is dropped, unless its finalize was sent:
 * that certificate may exist and is collected first. */
keeper_certificate_t *certificate_open(const means_t *means, int index,
                                       const plan_certificate_t *plan, keeper_account_t *account);

/** The store can be written to again: remove an order that is over and could not be removed, and tell
 * it what fails. */
void certificate_tidy(keeper_certificate_t *certificate, apr_pool_t *ptemp);

/** The account could not be read before and can be now: read the order in flight. */
void certificate_mend(keeper_certificate_t *certificate);

/** A newOrder is about to be signed: it is on disk, and the key is in the making. Refused while an
 * order is in flight.
 * @param names some of the configured names, where the plan allows that and policy/subset.h permits
 *              it; NULL: all of them
 * @param trial it is to be finalized when a certificate is due, and not before */
apr_status_t certificate_ordering(keeper_certificate_t *certificate,
                                  const apr_array_header_t *names, int trial, eab_result_t *result);

/** An order is in flight, and not on trial: a certificate is coming. */
int certificate_is_ordering(const keeper_certificate_t *certificate);

/** The CA has revoked the best certificate, if it has that fingerprint. */
void certificate_revoked(keeper_certificate_t *certificate, const char *fingerprint,
                         const revoked_t *revoked);

/** The CA gave the order URL: it is stored, and finalize with it, its URL or NULL. */
apr_status_t certificate_ordered(keeper_certificate_t *certificate, const char *url,
                                 const char *finalize, eab_result_t *result);

/** A finalize is about to be signed: the key, of the type that is configured now, and that fact are
 * on disk.
 * @return APR_EAGAIN while the key is being made, or the disk works: CHANGE_KEY follows */
apr_status_t certificate_finalizing(keeper_certificate_t *certificate, eab_result_t *result);

/** The order is lost or failed: forget it and its key. Refused while its certificate is being installed. */
apr_status_t certificate_abandon(keeper_certificate_t *certificate, eab_result_t *result);

/** Check a chain that the CA sent, make it the next generation, and end the order. It covers what was
 * ordered, or less where the plan allows that and policy/subset.h permits it.
 * @return APR_EAGAIN while the disk works: CHANGE_INSTALLED or CHANGE_NOT_INSTALLED follows; or the failure
 *         in result */
apr_status_t certificate_install(keeper_certificate_t *certificate, const char *pem,
                                 eab_result_t *result);

/** What `replaces` of a newOrder says (RFC 9773, 5): the certificate in use, when it is of the same
 * account and shares a name with the order. NULL: there is none. */
const char *certificate_replaced(const keeper_certificate_t *certificate);

/** The best certificate as the agent may know it, in p; NULL when there is none. */
brief_facts_t *certificate_facts(const keeper_certificate_t *certificate, apr_pool_t *p);

/** How the best certificate comes into use: by a restart, unless it is said otherwise here. With
 * ACTIVATION_LIVE it is in use from now on.
 * @param why is copied; or NULL */
void certificate_activate(keeper_certificate_t *certificate, const char *activation,
                          const char *why);

/** A keeper before this one has brought it into use without a restart. */
void certificate_is_served(keeper_certificate_t *certificate, const generation_t *generation);

/** True when httpd should serve something else than it does, whichever way. */
int certificate_waits(const keeper_certificate_t *certificate);

/** True when httpd should load something else than it has, and nothing but a restart makes it. */
int certificate_waits_for_reload(const keeper_certificate_t *certificate);

/** The agent's attempt at the certificate failed; NULL: nothing fails any more. The fingerprint is set
 * here.
 * @return APR_SUCCESS, or why that is in memory only in result */
apr_status_t certificate_failed(keeper_certificate_t *certificate, failure_t *failure,
                                eab_result_t *result);

/** Of everything whose change may mend a failure of this certificate. In p. */
const char *certificate_fingerprint(const keeper_certificate_t *certificate, apr_pool_t *p);

#endif
