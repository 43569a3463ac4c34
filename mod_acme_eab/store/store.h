/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

/* store/store.h - ACMEStoreDir: what must survive. Root's (or the one user's), directories 0700,
 * files 0600. Only the keeper writes it; one keeper at a time, by a lock.
 *
 *   lock                                                          store/lock.h
 *   format.json                                                   store/format.h
 *   accounts/<id>/  key.pem  account.json                         store/registration.h
 *                   directory.json                                keeper/directory.h
 *   archive/<name>/<generation>/  privkey.pem fullchain.pem meta.json checked   store/generation.h
 *   live/<name> -> ../archive/<name>/<generation>
 *   pending/<name>/  privkey.pem  order.json                      store/journal.h
 *   failures/<id or name>.json                                    store/failure.h
 *   dns/<name>/records.json                                       store/dnsjournal.h
 *   revocations/<fingerprint>.json                                store/revocation.h
 *   blocked.jsonl                                                 store/blocked.h
 *   demands/<name>.json                                           store/demand.h
 *   acts/<id>.json                                                store/act.h
 *   plan.json                                                     keeper/main.c
 *   reload.json                                                   store/reload.h
 *   history.jsonl  history.jsonl.1                                store/history.h
 *   counters.json                                                 store/counters.h
 *   told.jsonl                                                    store/ledger.h
 *   events/<id>.json  events/<id>.json.ended                      store/spool.h */

#include <apr_errno.h>
#include <apr_hash.h>
#include <apr_pools.h>
#include <apr_time.h>

#include "base/result.h"
#include "crypto/trials.h"

typedef struct store {
    apr_pool_t *pool;
    const char *dir;
    const eab_result_t *trouble; /* why it cannot be used, and is not touched; or NULL */
    trials_t *trials;            /* of its pairs; NULL: each is tried by itself */
} store_t;

/** Make the directories that are missing (0700; parents 0755) and check that dir is a directory,
 * ours, and not accessible to others (it is set to 0700 if it is ours). What can be read is of use
 * also when the disk is full or read-only: directories below dir that cannot be made now are made by
 * store_make_directory() when something is to be put there, or by store_complete().
 * @return APR_SUCCESS, or an error with EAB_PROBLEM_STORE in result naming the directory and what
 *         to do. *pstore is NULL on failure */
apr_status_t store_open(store_t **pstore, const char *dir, eab_result_t *result, apr_pool_t *p);

/** A store that cannot be used, for whoever has to go on all the same. trouble belongs to p. */
store_t *store_refuse(const char *dir, const eab_result_t *trouble, apr_pool_t *p);

/** What stands in the way of a store in dir, as far as can be seen without touching it: something that
 * is no directory, another owner, a newer format. @return APR_SUCCESS, also when nothing is there yet */
apr_status_t store_judge(const char *dir, eab_result_t *result);

/** True when something was put into it before: an account, a certificate. Also when that cannot be
 * told: it belongs to somebody else, or is no directory any more. */
int store_is_used(const store_t *store, apr_pool_t *ptemp);

/** Make the directories below dir that are missing. @return APR_SUCCESS, or why not with result */
apr_status_t store_complete(const store_t *store, eab_result_t *result);

/** Remove what was left half-written, by whom it may be. Only under the lock, and by whoever holds it. What
 * is in the directories of archive/ goes with generation_survey() or generation_recover(). */
void store_tidy(const store_t *store, apr_pool_t *p);

/** dir/a, dir/a/b, dir/a/b/c: pass NULL for what is not there. In p. */
const char *store_path(apr_pool_t *p, const store_t *store, const char *a, const char *b,
                       const char *c);

/** The names in a folder of the store as it is now, each as key and value: to look thousands up without asking
 * the file system for each. In p; NULL when it cannot be told. */
apr_hash_t *store_survey(const store_t *store, const char *folder, apr_pool_t *p);

/** The directory that a certificate has in archive/, live/ and pending/: name_file() of its name.
 * What is such a directory name already is returned as it is. In p; NULL for anything that could
 * lead out of the store. */
const char *store_entry(apr_pool_t *p, const char *name);

/** Make dir/a/b (0700), durably, when it is missing; dir/a too. b may be NULL. */
apr_status_t store_make_directory(const store_t *store, const char *a, const char *b,
                                  eab_result_t *result, apr_pool_t *ptemp);

/** Write a file of the store, durably, mode 0600, in ptemp. A directory in its place is set aside
 * (".damaged"), with what is in it. */
apr_status_t store_replace(const char *path, const void *data, apr_size_t len, apr_pool_t *ptemp);

/** The same, not durable: a power cut may cost it, or leave an empty file, until it is written again durably
 * or file_sync() is called. */
apr_status_t store_jot(const char *path, const void *data, apr_size_t len, apr_pool_t *ptemp);

/** Record in words (EAB_PROBLEM_STORE) that path cannot be "read", "written" ... @return rv */
apr_status_t store_report(eab_result_t *result, apr_status_t rv, const char *path,
                          const char *what);

#endif
