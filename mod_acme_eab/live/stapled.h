/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIVE_STAPLED_H
#define LIVE_STAPLED_H

/* live/stapled.h - OCSP responses as values of live/segment.h, which httpd's workers staple to their
 * handshakes. A response lies beside the pair, not in it: it is replaced more often, and a pair that
 * httpd has loaded itself has one too. It names the certificate that it is of. */

#include <apr_errno.h>
#include <apr_time.h>

#include "live/segment.h"

/** Slots of a segment for so many certificates: first those of their pairs, then those of their
 * responses. */
#define STAPLED_SLOTS(certificates) (2 * (certificates))

/** The slot for the response of a certificate, by its index in the plan. */
int stapled_slot(int certificates, int index);

/** Leave a response there; one that is there already stays.
 * @param fingerprint SHA-256 of the certificate, hexadecimal in lower case
 * @param until       from then on it is not stapled any more; 0: nothing is, nor what was there before
 * @return APR_ENOSPC when it is too long, as segment_publish() otherwise */
apr_status_t stapled_publish(segment_t *segment, int slot, const char *fingerprint,
                             apr_time_t until, const void *der, apr_size_t len);

/** The response for this certificate, if it is not over. No pools: for threads of workers.
 * @param pder from OPENSSL_malloc(), the caller's
 * @return 0 when there is none */
int stapled_take(const segment_t *segment, int slot, const char *fingerprint, apr_time_t now,
                 unsigned char **pder, int *plen);

#endif
