/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_DNSJOURNAL_H
#define STORE_DNSJOURNAL_H

/* store/dnsjournal.h - the TXT records that ACMEDNSCommand was or will be asked to add for one
 * certificate. A record is written down before the command runs and leaves the journal when its
 * removal has succeeded, so that a crash leaves no record in the DNS that nobody knows of. A lasting
 * one stays in the journal, so that it is added once. It is kept apart from the order, which may be forgotten while a removal still has to be tried again. */

#include <apr_tables.h>
#include <apr_time.h>

#include "store/store.h"

typedef struct dnsjournal_record {
    const char *name;    /* that is validated, without "*." */
    const char *record;  /* name of the TXT record; NULL: that of dns-01 */
    const char *value;   /* of the TXT record */
    const char *command; /* ACMEDNSCommand as it was when the record was added */
    int lasting;         /* it is meant to stay (dns-persist-01) */
    apr_time_t added;    /* when a lasting one was added; 0: not yet */
} dnsjournal_record_t;

/** @param precords dnsjournal_record_t in p; empty when there are none and on failure
 * @return APR_SUCCESS, or an error with a sentence in result (the file is damaged or unreadable) */
apr_status_t dnsjournal_load(apr_array_header_t **precords, const store_t *store,
                             const char *certificate, eab_result_t *result, apr_pool_t *p);

/** Write them, durably; with no records the journal is removed. */
apr_status_t dnsjournal_save(const store_t *store, const char *certificate,
                             const apr_array_header_t *records, eab_result_t *result,
                             apr_pool_t *ptemp);

/** The certificates (const char *) that have a journal, configured or not. In p. */
apr_array_header_t *dnsjournal_list(const store_t *store, apr_pool_t *p);

#endif
