/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPC_MESSAGE_H
#define IPC_MESSAGE_H

/* ipc/message.h - the catalogue of messages. What is not listed here cannot be said.
 * What root says to the keeper, over the socket in the store, is in ipc/control.h.
 *
 * httpd to keeper:    LOCK, if the keeper before had the lock of the store; SEGMENT, if there is one; PLAN,
 *                     once.
 * keeper to httpd:    LOCK, once, when it has it; READY, once; ALIVE.
 * keeper to agent:    BRIEF, once and first; then SIGNED, DONE, PROBLEM as replies, NEWS, COUNTERS and
 *                     TASK.
 * agent to keeper:    requests. Each has an "id" (a positive integer of the agent's), which its one
 *                     reply repeats, and names an account or a certificate by its index in the brief.
 *                     And ALIVE, which has no reply.
 *
 * PLAN and BRIEF have no largest size: their accounts and certificates come before them, each in a
 * message of its own.
 *
 * Sentences (SIGN): the agent says what kind of request it wants to send, to which URL, with which
 * nonce; the keeper makes header and payload from root's plan. So the agent cannot order, finalize
 * or bind anything that is not configured. */

#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>
#include <jansson.h>

/* What the keeper ends with when another one is to begin with what is in the store now. */
#define KEEPER_ANEW 2

typedef enum {
    MESSAGE_PLAN = 1,    /* the rest of plan_to_json(); the plan is whole */
    MESSAGE_ACCOUNT,     /* one of "accounts" of the plan or brief that comes */
    MESSAGE_CERTIFICATE, /* one of its "certificates" */
    MESSAGE_READY,       /* {} */
    MESSAGE_ALIVE,       /* {}: nothing to say, and not hanging */
    MESSAGE_LOCK,        /* {}, with the open descriptor of the lock of the store: the keeper's, for
                            httpd to hand to the next one */
    MESSAGE_SEGMENT,     /* {}, with the open descriptor of live/segment.h */
    MESSAGE_BRIEF,       /* the rest of brief_to_json(); the brief is whole */
    MESSAGE_COUNTERS, /* {counters, history}: what the keeper has counted and written down, for the status */
    MESSAGE_EXPORTS, /* {exports}: what is handed over to other programs, for the status */
    MESSAGE_NEWS,    /* news_to_json() and "in", milliseconds until next: the state of the reload
                         changed */

    MESSAGE_TASK, /* {what, task?, account | certificate, ...}: root wants something of the agent,
                         keeper/tasks.h. With a number it answers by REPORT */

    MESSAGE_ASK,  /* {id, command, arguments, wait, by}: root wants an act, ipc/control.h */
    MESSAGE_PART, /* {key, ...}: what has come of it so far */
    MESSAGE_END,  /* {running, problem?}: nothing more comes on this connection */

    MESSAGE_SIGN,       /* {id, sentence, account | certificate, url, nonce, for newOrder
                           sentence_order_to_json(), of what only root may ask for
                           "subject"} -> SIGNED {id, jws} */
    MESSAGE_REGISTERED, /* {id, account, url, terms?} -> DONE: the account URL is on disk */
    MESSAGE_CONTACTED,  /* {id, account} -> DONE: it is on disk which contacts the CA was told */
    MESSAGE_UNREGISTER, /* {id, account} -> DONE: the CA does not know the account any more */
    MESSAGE_ORDERED,    /* {id, certificate, url, finalize?} -> DONE: they are on disk */
    MESSAGE_ABANDON,    /* {id, certificate} -> DONE: the order is lost or failed, forget it */
    MESSAGE_INSTALL, /* {id, certificate, pem} -> DONE {id, facts, activation}: checked, stored, and
                            on its way to httpd */
    MESSAGE_SEEN,    /* {id, certificate, fingerprint, outcome, why?} -> DONE {id, activation}: what
                            a client of this httpd was served after a certificate went live */
    MESSAGE_STAPLE, /* {id, certificate, fingerprint, response} -> DONE {id, facts}: an OCSP response
                            in base64url, checked, stored, and on its way to httpd */
    MESSAGE_FAILED,      /* {id, account | certificate, failure | null} -> DONE: remember, forget */
    MESSAGE_WINDOW,      /* {id, certificate, window} -> DONE: when to renew it is on disk */
    MESSAGE_VALIDATIONS, /* {id, certificate, validations} -> DONE: how long the CA goes by its
                            validations is on disk */
    MESSAGE_DIRECTORY, /* {id, account, directory} -> DONE: what the CA says of itself is on disk */
    MESSAGE_REPORT,    /* {id, task, part?, end?, problem?} -> DONE: what has come of a TASK */
    MESSAGE_DNS_ADD,   /* {id, certificate, type, name, token | issuer} -> DONE: the TXT record of a
                           dns challenge is there. The keeper makes it, and takes it away by itself
                           when the order is finalized or over, unless it is meant to stay. */

    MESSAGE_REQUESTS, /* {id, account, requests: [{resource, code, count}]} -> DONE: counted */

    MESSAGE_SIGNED,
    MESSAGE_DONE,    /* {id, news?}: as in NEWS, when the state of the reload changed with it */
    MESSAGE_PROBLEM, /* {id, problem, news?}: refused, eab_result_to_json() */

    MESSAGE_TYPES
} message_type_t;

/** For logs. Static. */
const char *message_name(int type);

/** How often who has nothing to say says that (ALIVE), and how many times in a row that may be
 * missed. Who waits counts its own looks, not the time: it may have been asleep as well. */
#define MESSAGE_ALIVE_INTERVAL apr_time_from_sec(20)
#define MESSAGE_ALIVE_MISSED 6

/** Takes the next message of several; body is given away. Anything but APR_SUCCESS ends them. */
typedef apr_status_t message_send_fn(void *baton, int type, json_t *body);

typedef enum {
    SENTENCE_NEW_ACCOUNT = 1,  /* newAccount with contacts, terms and EAB; signed with the jwk */
    SENTENCE_FIND_ACCOUNT,     /* newAccount, onlyReturnExisting; signed with the jwk */
    SENTENCE_FIND_ACCOUNT_EAB, /* the same with EAB, for CAs that want it there too (E-16) */
    SENTENCE_UPDATE_CONTACT,   /* the configured contacts, to the account's URL */
    SENTENCE_READ,             /* POST-as-GET */
    SENTENCE_CHALLENGE,        /* {}: the answer to a challenge is in place */
    SENTENCE_NEW_ORDER,        /* the names of a certificate */
    SENTENCE_FINALIZE,         /* the CSR of a certificate; it is on disk that it was signed */

    /* Only while there is a ticket for it (keeper/ticket.h), which root makes. The first two name the
     * certificate by its fingerprint, and an account at its CA. */
    SENTENCE_REVOKE_BY_ACCOUNT,     /* revokeCert, signed by the account that ordered it */
    SENTENCE_REVOKE_BY_CERTIFICATE, /* the same, signed with the certificate's own key as jwk */
    SENTENCE_KEY_CHANGE,            /* keyChange to the next key of the account, which is on disk */
    SENTENCE_DEACTIVATE, /* to the account's URL; of one that another took the place of: that is
                            named by its id, and signs with its own key */
    SENTENCE_FIND_SUPERSEDED, /* as FIND_ACCOUNT, of such a one: is it at its end? */
    SENTENCE_FIND_NEXT /* as FIND_ACCOUNT, signed with the next key: does the CA know that by now? It
                          needs no ticket, as nothing follows */
} sentence_t;

/** What of a newOrder the agent may choose, since it depends on what the CA said. The words
 * themselves are the keeper's. */
typedef struct sentence_order {
    int replaces; /* name the certificate that this one replaces, if there is one (RFC 9773, 5) */
    int profile;  /* name the configured profile */
    apr_array_header_t *names; /* const char *: some of the configured names, where the plan
                                        allows that; NULL: all of them */
    int trial;                 /* not to be finalized before the certificate is due */
} sentence_order_t;

void sentence_order_to_json(json_t *body, const sentence_order_t *order);
/** The names are copied into p. */
void sentence_order_from_json(sentence_order_t *order, const json_t *body, apr_pool_t *p);

/** What a job hands to the session and the session to the signer. index: of the account for the
 * most, of the certificate for newOrder and finalize. */
typedef struct sentence_request {
    sentence_t sentence;
    int index;
    sentence_order_t order; /* of newOrder */
    const char *subject;    /* the fingerprint of the certificate to be revoked, the id of the
                                account that another took the place of; else NULL */
    const char *resource;   /* what is read, for whoever counts (RFC 8555, 7.1): "order", "orders",
                                "authorization", "certificate", "account" */
} sentence_request_t;

/** "newOrder", "finalize" ...; NULL for no sentence. Static. */
const char *sentence_name(int sentence);

/** The sentence of that name; 0 for none. */
int sentence_parse(const char *name);

/** True when the sentence is about a certificate, false when about an account. */
int sentence_is_of_certificate(int sentence);

#endif
