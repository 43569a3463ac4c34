/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEEPER_DNS_H
#define KEEPER_DNS_H

/* keeper/dns.h - TXT records for dns challenges (crypto/txtrecord.h), by the program in
 * ACMEDNSCommand. The keeper runs it, since its credentials may change the DNS, and makes name and
 * value itself, so that the agent cannot put anything else there. The program is run as
 *
 *     PROGRAM ARG... add|remove RECORD VALUE
 *
 * (a value may begin with "-"; for a program that would take it for an option ACMEDNSCommand ends with
 * "--")
 *
 * with ACME_EAB_ACTION, ACME_EAB_NAME, ACME_EAB_RECORD and ACME_EAB_VALUE in its environment, never
 * through a shell, eight at a time at most and one at a time for one record name. "add" must leave
 * other values of the record alone, may be called again for the same value, and returns when the
 * authoritative name servers answer with it. "remove" takes away this value only, and is content
 * when it is not there.
 *
 * Each record is in the store's journal before "add" runs, until "remove" has succeeded. That of
 * dns-persist-01 is meant to stay: it is added once, and never removed again after an "add" that
 * succeeded; who has taken it out of the DNS since then has his reasons. */

#include "keeper/changes.h"
#include "keeper/model.h"

#define DNS_COMMAND_LIMIT apr_time_from_sec(120)

typedef struct keeper_dns keeper_dns_t;

/** The request with that id is done; result says whether the record is there. */
typedef void dns_done_fn(void *baton, int id, const eab_result_t *result);

/** Read the journals. Records of orders in flight stay, as the CA may be looking at them; all others
 * are removed from the DNS, configured or not.
 * @param limit on the time of one run of a command */
keeper_dns_t *dns_make(const model_t *model, apr_interval_time_t limit, dns_done_fn *done,
                       void *baton);

/** A challenge, as the agent tells it. */
typedef struct dns_challenge {
    const char *type;
    const char *name;   /* must be one of the certificate's names, without "*." */
    const char *token;  /* of dns-01 and dns-account-01 */
    const char *issuer; /* of dns-persist-01: the CA's name for itself */
} dns_challenge_t;

/** Add the record for a challenge of the order in flight, for the request with that id.
 * @return APR_SUCCESS when it is there; APR_EAGAIN when done is called later; else the refusal in result */
apr_status_t dns_add(keeper_dns_t *dns, keeper_certificate_t *certificate,
                     const dns_challenge_t *challenge, int id, eab_result_t *result);

/** When the challenges of a certificate are decided, or its order is over, its records are removed, but
 * for those that are meant to stay. baton: the keeper_dns_t. */
void dns_hear(void *baton, const change_t *change);

/** The agent is gone: nobody waits for replies any more. */
void dns_forget_agent(keeper_dns_t *dns);

#endif
