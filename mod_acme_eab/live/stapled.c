/* SPDX-License-Identifier: Apache-2.0 */
#include "live/stapled.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/bytes.h"

#define FINGERPRINT_LEN 64

/* So often a reader is overtaken by the keeper before it goes without. */
#define TRIES 5

typedef struct head {
    char fingerprint[FINGERPRINT_LEN];
    apr_time_t until;
} head_t;

typedef struct value {
    head_t head;
    unsigned char der[LIMIT_STAPLE];
} value_t;

_Static_assert(sizeof(value_t) <= SEGMENT_VALUE_MAX, "a response fits into a place");

int stapled_slot(int certificates, int index)
{
    return certificates + index;
}

static int is_there(const segment_t *segment, int slot, const value_t *value, apr_size_t len)
{
    value_t *found = malloc(SEGMENT_VALUE_MAX);
    apr_size_t found_len = 0;
    int is = found != NULL
             && segment_read(segment, slot, segment_current(segment, slot), found, &found_len)
                    == APR_SUCCESS
             && found_len == len && memcmp(found, value, len) == 0;

    free(found);
    return is;
}

apr_status_t stapled_publish(segment_t *segment, int slot, const char *fingerprint,
                             apr_time_t until, const void *der, apr_size_t len)
{
    value_t *value = NULL;
    apr_status_t rv = APR_SUCCESS;

    if (strlen(fingerprint) != FINGERPRINT_LEN)
        return APR_EINVAL;
    if (len > LIMIT_STAPLE)
        return APR_ENOSPC;
    if ((value = calloc(1, sizeof(*value))) == NULL)
        return APR_ENOMEM;
    memcpy(value->head.fingerprint, fingerprint, FINGERPRINT_LEN);
    value->head.until = until;
    memcpy(value->der, der, len);
    if (!is_there(segment, slot, value, sizeof(head_t) + len))
        rv = segment_publish(segment, slot, value, sizeof(head_t) + len);
    free(value);
    return rv;
}

/* @return 0 when that is none of this certificate, or cannot be read */
static int read_value(const segment_t *segment, int slot, segment_ref_t ref,
                      const char *fingerprint, value_t *value, apr_size_t *plen)
{
    return ref != 0 && segment_read(segment, slot, ref, value, plen) == APR_SUCCESS
           && *plen >= sizeof(head_t) && *plen <= sizeof(*value)
           && memcmp(value->head.fingerprint, fingerprint, FINGERPRINT_LEN) == 0;
}

/* The one before may be that of the certificate before, which is served for a moment longer. */
static int find(const segment_t *segment, int slot, const char *fingerprint, value_t *value,
                apr_size_t *plen)
{
    int tries = TRIES;

    while (tries-- > 0) {
        segment_ref_t current = segment_current(segment, slot);

        if (read_value(segment, slot, current, fingerprint, value, plen)
            || read_value(segment, slot, segment_before(segment, slot, current), fingerprint, value,
                          plen))
            return 1;
        if (segment_current(segment, slot) == current)
            return 0;
    }
    return 0;
}

int stapled_take(const segment_t *segment, int slot, const char *fingerprint, apr_time_t now,
                 unsigned char **pder, int *plen)
{
    value_t *value = NULL;
    apr_size_t len = 0;

    *pder = NULL;
    *plen = 0;
    if (segment_current(segment, slot) == 0 || strlen(fingerprint) != FINGERPRINT_LEN
        || (value = malloc(SEGMENT_VALUE_MAX)) == NULL)
        return 0;
    if (find(segment, slot, fingerprint, value, &len) && value->head.until > now
        && len > sizeof(head_t) && (*pder = OPENSSL_malloc(len - sizeof(head_t))) != NULL) {
        *plen = (int)(len - sizeof(head_t));
        memcpy(*pder, value->der, (apr_size_t)*plen);
    }
    free(value);
    return *pder != NULL;
}
