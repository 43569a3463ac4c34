/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXPORT_PARCEL_H
#define EXPORT_PARCEL_H

/* export/parcel.h - a package is put where another program reads it: whole or not at all, and only where
 * nobody else could put something in its place (base/file.h, file_deliver()). */

#include <apr_tables.h>

#include "export/package.h"

typedef struct parcel {
    const package_format_t *format;
    const char
        *path;    /* absolute. With a slash at its end a directory, which gets a PKCS#12 for each
                         name of the certificate (package_iis_file()) */
    int uid, gid; /* -1: as they come */
    mode_t mode;
    const secret_t *password; /* of a PKCS#12; or NULL */
} parcel_t;

/** Write the files that are not there yet, or differ.
 * @param name   the friendly name
 * @param pcount how many were written, also on failure
 * @return APR_SUCCESS, or the first failure with a sentence in result that names the path */
apr_status_t parcel_make(const parcel_t *parcel, const chain_t *chain, const keypair_t *key,
                         const char *name, int *pcount, eab_result_t *result, apr_pool_t *ptemp);

/** "0640" as a mode.
 * @param has_key others may not read it then
 * @return NULL, or what is wrong: a half sentence */
const char *parcel_mode(mode_t *pmode, const char *text, int has_key);

/** "root:haproxy", "root", ":haproxy" as ids of this machine; -1 for what is left out.
 * @return NULL, or what is wrong: a half sentence in p */
const char *parcel_owner(int *puid, int *pgid, const char *text, apr_pool_t *p);

/** The password in the first line of a file that nobody but its owner can read.
 * @return in p; NULL with result saying why */
secret_t *parcel_password(const char *path, eab_result_t *result, apr_pool_t *p);

#endif
