/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_RESULT_H
#define BASE_RESULT_H

/* base/result.h - the one error object, from the bottom of the code to the status page.
 *
 * A function that can fail returns an apr_status_t for control flow and fills an eab_result_t for
 * people: what went wrong in words, as an ACME problem document (RFC 8555, 6.7; RFC 9457) when a
 * CA said it, or with a type of our own (EAB_PROBLEM_...) when we found it ourselves.
 * The text of a CA is kept as it came; whoever shows it escapes it. */

#include <apr_errno.h>
#include <apr_pools.h>
#include <jansson.h>

#define ACME_ERROR "urn:ietf:params:acme:error:"
#define EAB_PROBLEM "urn:acme-eab:problem:"

/* Problems that we find ourselves; policy/problem.c knows what to advise for each. */
#define EAB_PROBLEM_CA_UNREACHABLE EAB_PROBLEM "caUnreachable"   /* TCP, DNS, time-out */
#define EAB_PROBLEM_CA_UNTRUSTED EAB_PROBLEM "caUntrusted"       /* TLS verification of the CA */
#define EAB_PROBLEM_PROXY_UNTRUSTED EAB_PROBLEM "proxyUntrusted" /* the same of an https proxy */
#define EAB_PROBLEM_CA_ANSWER EAB_PROBLEM "caAnswer"             /* not what RFC 8555 says */
#define EAB_PROBLEM_NONCE_LOOP EAB_PROBLEM "nonceLoop"           /* badNonce again and again */
#define EAB_PROBLEM_TERMS EAB_PROBLEM "termsNotAccepted"         /* ACMETermsOfService is missing */
#define EAB_PROBLEM_EAB_MISSING EAB_PROBLEM "eabMissing"       /* CA demands EAB, none configured */
#define EAB_PROBLEM_EAB_KEY EAB_PROBLEM "eabKey"               /* key source unreadable or bad */
#define EAB_PROBLEM_EAB_HOST EAB_PROBLEM "eabHost"             /* newAccount is at another host */
#define EAB_PROBLEM_EAB_USED EAB_PROBLEM "eabUsed"             /* again, today, for one account */
#define EAB_PROBLEM_ACCOUNT_STATUS EAB_PROBLEM "accountStatus" /* deactivated, revoked */
#define EAB_PROBLEM_NO_CHALLENGE EAB_PROBLEM "noChallenge"     /* none of the offered is allowed */
#define EAB_PROBLEM_TOKEN EAB_PROBLEM "badToken"               /* token is not base64url */
#define EAB_PROBLEM_VALIDATION EAB_PROBLEM "validationFailed"  /* authz invalid, CA gave no error */
#define EAB_PROBLEM_ORDER_INVALID EAB_PROBLEM "orderInvalid"   /* order invalid, CA gave no error */
#define EAB_PROBLEM_ORDER_CHANGED EAB_PROBLEM "orderChanged"   /* names are not what we ordered */
#define EAB_PROBLEM_ORDER_LOST EAB_PROBLEM "orderLost"         /* expired or unknown at the CA */
#define EAB_PROBLEM_NAME_DROPPED EAB_PROBLEM "nameDropped"     /* not on the certificate */
#define EAB_PROBLEM_FEWER_NAMES EAB_PROBLEM "fewerNames"       /* than a good one in place covers */
#define EAB_PROBLEM_CHAIN EAB_PROBLEM "chainRejected"       /* certificate is not what we ordered */
#define EAB_PROBLEM_PROFILE EAB_PROBLEM "profileNotOffered" /* ACMEProfile ... required */
#define EAB_PROBLEM_ACCOUNT_PENDING EAB_PROBLEM "accountNotReady" /* waits for its account */
#define EAB_PROBLEM_STORE EAB_PROBLEM "store"                     /* disk full, read-only ... */
#define EAB_PROBLEM_ANSWER_FILE EAB_PROBLEM "answerFile"          /* run directory not writable */
#define EAB_PROBLEM_LAPSED \
    EAB_PROBLEM "validationLapsed" /* the same, and there was no need before */
#define EAB_PROBLEM_DNS_COMMAND EAB_PROBLEM "dnsCommand" /* ACMEDNSCommand failed */
#define EAB_PROBLEM_PERSIST \
    EAB_PROBLEM "persistRecord"                     /* the record of dns-persist-01 is not there */
#define EAB_PROBLEM_UNUSABLE EAB_PROBLEM "unusable" /* not on the terms of a virtual host */
#define EAB_PROBLEM_STAPLING EAB_PROBLEM "stapling" /* no OCSP response that could be shown */
#define EAB_PROBLEM_NOT_RUNNING EAB_PROBLEM "notRunning" /* the keeper cannot be started */
#define EAB_PROBLEM_CA_BUSY EAB_PROBLEM "caBusy"       /* 429 without a type; in the status only */
#define EAB_PROBLEM_CA_BROKEN EAB_PROBLEM "caBroken"   /* 408, 5xx without a type; the same */
#define EAB_PROBLEM_CA_REFUSED EAB_PROBLEM "caRefused" /* any other without a type; the same */
#define EAB_PROBLEM_NO_DIRECTORY EAB_PROBLEM "noDirectory" /* at the address in ACMEServer */
#define EAB_PROBLEM_REVOKED EAB_PROBLEM "revoked" /* a certificate, or a key that others may know */
#define EAB_PROBLEM_NO_SUCH EAB_PROBLEM "noSuch"  /* root named what does not exist */
#define EAB_PROBLEM_REFUSED EAB_PROBLEM "refused" /* root asked for what is not done now */
#define EAB_PROBLEM_INTERNAL EAB_PROBLEM "internal"

/* What a sentence of ours tells that its type does not; policy/fact.c goes by it, so that the words
 * may change. */
typedef enum eab_cause {
    CAUSE_UNTOLD,
    CAUSE_SIGNAL,    /* ended a program */
    CAUSE_OTHER_KEY, /* a certificate that came is for another key; ... */
    CAUSE_OTHER_NAMES,
    CAUSE_EXPIRED,
    CAUSE_OTHER_USAGE,
    CAUSE_UNFIT, /* for the TLS settings of a server */
    CAUSE_UNREADABLE
} eab_cause_t;

typedef struct eab_result {
    apr_pool_t *pool;        /* owns everything below */
    apr_status_t rv;         /* APR_SUCCESS: no problem, all else is unset */
    const char *type;        /* a full URN, or NULL when a CA gave none */
    int http_status;         /* of the answer; 0 when there was none */
    const char *detail;      /* one sentence; remote text, not escaped */
    const char *instance;    /* URL a person should open, or NULL (RFC 8555, 7.3.3) */
    const char *identifier;  /* the name it is about, or NULL */
    const char *url;         /* the request that failed, or NULL */
    json_t *subproblems;     /* array as the CA sent it (RFC 8555, 6.7.1), owned by pool, or NULL */
    apr_int64_t retry_after; /* seconds the CA asked to wait, counted from its answer; -1: unsaid */
    int foreign;             /* no word of the CA: of what stands before it, or garbled on the way.
                                Not written to JSON */
    eab_cause_t cause;       /* set by whoever made detail, after eab_result_set() */
} eab_result_t;

/** An empty result (rv APR_SUCCESS). Lives in p. */
eab_result_t *eab_result_make(apr_pool_t *p);

/** Forget what it holds; its pool stays. */
void eab_result_clear(eab_result_t *result);

/** Record a failure: all fields are replaced. type may be NULL. The text is formatted into the
 * pool of result. @return rv, so that a caller can `return eab_result_set(...)`. */
apr_status_t eab_result_set(eab_result_t *result, apr_status_t rv, const char *type,
                            const char *format, ...) __attribute__((format(printf, 4, 5)));

/** Make it take max bytes at most, as JSON: members of subproblems that nobody reads go first, then
 * their words, then the last of them, then its own words. */
void eab_result_shorten(eab_result_t *result, apr_size_t max);

/** Copy src as eab_result_copy() does, shortened; what is left out takes no memory. */
void eab_result_copy_short(eab_result_t *dst, const eab_result_t *src, apr_size_t max);

/** How much of a problem is remembered where there can be so many, so that all of them together have
 * a limit; a subproblem for each of its names always has room. */
apr_size_t eab_result_share(int problems, int names);

/** Copy src, deeply, into the pool of dst. */
void eab_result_copy(eab_result_t *dst, const eab_result_t *src);

/** True when it is of that type, e.g. EAB_PROBLEM_STORE. */
int eab_result_is(const eab_result_t *result, const char *type);

/** True when type is the ACME error of that short name, e.g. "badNonce". */
int eab_result_is_acme(const eab_result_t *result, const char *name);

/** A new object without members that are unset: "type", "status", "detail", "instance" and
 * "subproblems" as in RFC 9457 and RFC 8555, "identifier" as in a subproblem ({"type": "dns",
 * "value": NAME}), and "url", "retry_after" (seconds), "cause", "rv". Empty for a success.
 * The caller owns the reference; NULL only when memory is out. */
json_t *eab_result_to_json(const eab_result_t *result);

/** Read what eab_result_to_json() wrote; members of the wrong type are skipped. json may be NULL
 * (result is cleared). The strings are copied. */
void eab_result_from_json(eab_result_t *result, const json_t *json);

#endif
