/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_PEM_H
#define CRYPTO_PEM_H

/* crypto/pem.h - the strict text form of certificates (RFC 7468, 3; RFC 8555, 9.1 and 11.4). */

#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_tables.h>

#include "base/bytes.h"

/** Split text into the contents of its CERTIFICATE blocks. Text around them is skipped, a byte order
 * mark too (RFC 7468, 2); whoever stores a chain writes it anew. A block of another kind is refused,
 * so that a CA cannot slip in a private key.
 * @param pders bytes_t (DER, not parsed) in p, at least one; NULL on failure
 * @param max   of blocks
 * @param pwhy  on failure a static half sentence: "holds text between its certificates"
 * @return APR_SUCCESS; APR_EACCES for a block of another kind; APR_EINVAL for what is no chain at all,
 *         or damaged */
apr_status_t pem_split(apr_array_header_t **pders, const char *text, apr_size_t len, int max,
                       const char **pwhy, apr_pool_t *p);

#endif
