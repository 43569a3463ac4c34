/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

/* base/bytes.h - byte strings, base64url (RFC 4648, 5), and the size of every buffer that somebody
 * else can fill. */

#include <apr_errno.h>
#include <apr_pools.h>

#define LIMIT_ANSWER_BODY (1024 * 1024)  /* one HTTP answer of a CA */
#define LIMIT_ANSWER_HEADERS (32 * 1024) /* its header lines together */
#define LIMIT_CHAIN (256 * 1024)         /* a certificate chain in PEM */
#define LIMIT_STAPLE (16 * 1024)         /* an OCSP response */
#define LIMIT_CA_FILE (1024 * 1024)      /* an ACMECACertificateFile */
#define LIMIT_OWN_FILE (1024 * 1024)     /* an SSLCertificateFile with all that is in it */
#define LIMIT_FRAME (1024 * 1024)        /* one message between keeper and agent */
#define LIMIT_CONTROL 16                 /* connections of root at a time */
#define LIMIT_ACTS 200                   /* acts of root that are remembered, or under way */
#define LIMIT_PLAN (16 * 1024 * 1024)    /* the plan from httpd to the keeper, the keeper's brief */
#define LIMIT_PROBLEM (32 * 1024)        /* one problem as a CA tells it */
#define LIMIT_PROBLEMS (8 * 1024 * 1024) /* those that are remembered, together */
#define LIMIT_EAB_SOURCE (8 * 1024)      /* what an ACMEEABKey source may hold */
#define LIMIT_PROGRAM_OUTPUT (16 * 1024) /* what is kept of a program's output */
#define LIMIT_REHEARSAL (256 * 1024)    /* the same of a rehearsing httpd, whose last lines count */
#define LIMIT_RECORD (1024 * 1024)      /* a JSON file of the store */
#define LIMIT_HISTORY (4 * 1024 * 1024) /* history.jsonl, and the older one beside it */
#define LIMIT_HISTORY_LINE (16 * 1024)  /* one line of it */
#define LIMIT_COUNTED_ACCOUNTS 100      /* that are counted one by one; the rest together */
#define LIMIT_LEDGER (32 * 1024 * 1024) /* told.jsonl */
#define LIMIT_EVENT (64 * 1024)         /* one event as a program is told of it */
#define LIMIT_EVENTS 1000               /* that wait to be told, ... */
#define LIMIT_EVENTS_SIZE (10 * 1024 * 1024) /* ... and their size together */
#define LIMIT_EVENT_OUTPUT (8 * 1024)        /* what a program may say that was told of one */
#define LIMIT_MANAGER_SECRET (8 * 1024)      /* what signs in at a CA's manager, or a token of it */
#define LIMIT_MANAGER_ROWS 100000            /* of one list of a CA's manager */
#define LIMIT_STATUS (512 * 1024)            /* status.json, and what each certificate adds to it */
#define LIMIT_STATUS_ENTRY (32 * 1024)
#define LIMIT_TOKEN 256           /* a challenge token */
#define LIMIT_NONCE 512           /* a Replay-Nonce */
#define LIMIT_URL (8 * 1024)      /* a URL that a CA hands out */
#define LIMIT_AUTHORIZATIONS 1000 /* of one order */
#define LIMIT_SEEN_WHY 500        /* what the agent says of a connection to httpd */
#define LIMIT_WORD 100            /* a status, or another word of the protocol */
#define LIMIT_JSON_DEPTH 32
#define LIMIT_JSON_VALUES 500000              /* each costs some hundred times its text */
#define LIMIT_IMPORT_FILE (1024 * 1024)       /* a file of another ACME client, and ... */
#define LIMIT_IMPORT_STORE (64 * 1024 * 1024) /* ... one that holds all that it has */
#define LIMIT_IMPORT_ITEMS 20000              /* accounts, or certificates, of another client */
#define LIMIT_DIRECTORY 65536                 /* names of one directory that are looked at */

typedef struct bytes {
    const unsigned char *data;
    apr_size_t len;
} bytes_t;

/** Without padding or line breaks, NUL-terminated. Lives in p. */
const char *base64url_encode(apr_pool_t *p, const void *data, apr_size_t len);

/** Strict: alphabet A-Za-z0-9-_, no padding, no white space, no non-zero trailing bits.
 * @param pbytes the result, in p; data is NULL on failure
 * @return APR_SUCCESS or APR_EINVAL */
apr_status_t base64url_decode(apr_pool_t *p, bytes_t *pbytes, const char *text);

/** True when text is one or more characters of the base64url alphabet and at most max long: what
 * a nonce or a token must be (RFC 8555, 6.5.1 and 8.3) before it is used for anything. */
int base64url_is_valid(const char *text, apr_size_t max);

/** Lower-case hexadecimal digits. Lives in p. */
const char *hex_encode(apr_pool_t *p, const void *data, apr_size_t len);

/** True when text is that many lower-case hexadecimal digits, and nothing else. */
int hex_is_valid(const char *text, apr_size_t digits);

#endif
