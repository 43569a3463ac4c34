/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMPORT_SOURCE_H
#define IMPORT_SOURCE_H

/* import/source.h - the files of another ACME client, read and never changed. Each is a regular file of
 * limited size that nobody but its owner can write to. Below the client's own directory no link is
 * followed but those that its format has, one at a time, and none of them leads out of it. What is
 * read stays in memory that cleanses itself: keys, and what may stand beside them. */

#include <apr_pools.h>
#include <apr_tables.h>
#include <jansson.h>

#include "base/result.h"
#include "crypto/keypair.h"
#include "crypto/secret.h"

/** From now on no link below dir is followed.
 * @param pdir dir without slashes at its end, in p
 * @return APR_SUCCESS; else result says that there is no such directory */
apr_status_t source_open(const char **pdir, const char *dir, eab_result_t *result, apr_pool_t *p);

/** dir/name, in p. */
const char *source_path(apr_pool_t *p, const char *dir, const char *name);

/** The names in a directory, without those that begin with a dot; empty when there is none. */
apr_array_header_t *source_list(apr_pool_t *p, const char *dir);

/** Is it a regular file? A link counts as none. */
int source_has(const char *path);

/** Is it a directory, and no link to one? */
int source_has_directory(const char *path);

/** Where a link of the client's format leads: path itself when it is none; NULL when it leads out of
 * dir. What it leads to must not be a link again. In p. */
const char *source_follow(apr_pool_t *p, const char *dir, const char *path);

/** The content of a file.
 * @param pwhy on failure a half sentence that names the file: "PATH cannot be read: REASON"
 * @return in p; NULL on failure */
secret_t *source_read(const char *path, apr_size_t max, const char **pwhy, apr_pool_t *p);

/** A JSON object in a file, owned by p; NULL with pwhy on failure. */
json_t *source_read_json(const char *path, const char **pwhy, apr_pool_t *p);

/** A private key in PEM; NULL with pwhy on failure. passphrase may be NULL. */
keypair_t *source_read_key(const char *path, const secret_t *passphrase, const char **pwhy,
                           apr_pool_t *p);

/** "HOST" or "HOST:PORT" of an https URL, and with path what follows it up to a query; NULL for
 * anything else. In p. */
const char *source_host(apr_pool_t *p, const char *url);
const char *source_host_and_path(apr_pool_t *p, const char *url);

/** The key id in an account object that still has its externalAccountBinding (RFC 8555, 7.3.4), as many
 * CAs give it back; NULL when it is not there. In p. */
const char *source_kid(apr_pool_t *p, const json_t *account);

/** The contacts of an account object in the form of found_account_t; NULL when there are none. In p. */
const char *source_contacts(apr_pool_t *p, const json_t *account);

/** Why an account object is of no use: its status is "deactivated" or "revoked"; else NULL. */
const char *source_refuse_status(apr_pool_t *p, const json_t *account);

#endif
