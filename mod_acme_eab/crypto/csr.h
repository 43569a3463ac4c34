/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_CSR_H
#define CRYPTO_CSR_H

/* crypto/csr.h - certificate signing requests (RFC 2986; RFC 8555, 7.4; checklist CSR-01 to -05). */

#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_tables.h>

#include "base/bytes.h"
#include "crypto/keypair.h"

/** A PKCS#10 request with all names as dNSName, signed with SHA-256 (SHA-384 for P-384).
 * @param pder        DER in p; data is NULL on failure
 * @param names       const char *, normalized; at least one
 * @param common_name put the first name of 64 characters or fewer, that is no wildcard if another
 *                    one is there, into the subject; without it, or if none fits, it is empty */
apr_status_t csr_make(bytes_t *pder, const keypair_t *key, const apr_array_header_t *names,
                      int common_name, apr_pool_t *p);

#endif
