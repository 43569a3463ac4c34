/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_TXTRECORD_H
#define CRYPTO_TXTRECORD_H

/* crypto/txtrecord.h - the TXT records that answer the dns challenges: their names and values. */

#include <apr_pools.h>

#define TXTRECORD_DNS "dns-01"             /* RFC 8555, 8.4 */
#define TXTRECORD_ACCOUNT "dns-account-01" /* draft-ietf-acme-dns-account-label */
#define TXTRECORD_PERSIST "dns-persist-01" /* draft-ietf-acme-dns-persist-01 */

/** The label that stands for an account in the names of dns-account-01. In p; NULL without an URL. */
const char *txtrecord_account_label(apr_pool_t *p, const char *account_url);

/** The name of the record that proves control of name (without "*.") by a challenge of that type.
 * @param account_url the account's, byte for byte as the CA gave it; read for dns-account-01 alone,
 *                    whose label is made of it here, whatever a CA may say elsewhere
 * @return in p; NULL for another type, or when there is no account URL to make a label of */
const char *txtrecord_name(apr_pool_t *p, const char *type, const char *name,
                           const char *account_url);

/** Its value for dns-01 and dns-account-01: base64url(SHA-256(key authorization)).
 * @return in p; NULL when memory is out */
const char *txtrecord_value(apr_pool_t *p, const char *token, const char *thumbprint);

/** The value for dns-persist-01, as it is published once: in the form of draft 4.1.
 * @param wildcard it shall also count for "*." and for the names below */
const char *txtrecord_persist(apr_pool_t *p, const char *issuer, const char *account_url,
                              int wildcard);

/** A value as a zone file has it: in quotes, in strings of 255 octets at most. In p. */
const char *txtrecord_quote(apr_pool_t *p, const char *value);

#endif
