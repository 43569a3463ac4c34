/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_GENERATION_H
#define STORE_GENERATION_H

/* store/generation.h - certificates at rest. Each one that was ever installed is a generation: a
 * directory that is written once; of what is in it only meta.json changes, when the certificate is
 * revoked, and the key goes when others know it. live/<name> is a link to the current one, and
 * one rename moves it, key and chain together.
 *
 * Beside the pair lies what was found out when it was checked (checked, see crypto/seal.h): a pair with
 * a seal that fits is read and not parsed. The file can be missing or wrong at any time, which costs
 * nothing but time; only generation_seal() writes it. And ocsp.der, what the CA said last of whether the
 * certificate is good: crypto/staple.h. */

#include "base/bytes.h"
#include "base/file.h"
#include "crypto/chain.h"
#include "crypto/keypair.h"
#include "crypto/staple.h"
#include "store/store.h"

/* What is known of a revocation. A revoked certificate is never what is fallen back to; the live one
 * is used on only when root said so (kept). */
typedef struct revoked {
    apr_time_t at; /* when the CA said that it is */
    int reason;    /* RFC 5280, 5.3.1 */
    const char *by;
    int kept;
} revoked_t;

typedef struct generation {
    const char *number; /* "000001": the name of its directory */
    const char *chain_path;
    const char *key_path;
    const char *account;   /* registration id it was ordered with, or NULL */
    const char *directory; /* URL of the CA, or NULL */
    apr_time_t installed;
    apr_time_t use_by;        /* when it is to be served at the latest; 0: nothing says so */
    const revoked_t *revoked; /* NULL: it is not, as far as is known here */
    const chain_facts_t *facts;
    int sealed; /* known by its seal, or sealed when it was installed */
} generation_t;

/** Write the next generation of a certificate and make it live: the three steps below. */
apr_status_t generation_install(generation_t **pgen, const store_t *store, const char *name,
                                const chain_t *chain, const keypair_t *key, const char *key_file,
                                const apr_array_header_t *names, const char *account,
                                const char *directory, apr_time_t now, apr_time_t use_by,
                                eab_result_t *result, apr_pool_t *p);

/** First: write it under its number. The order of all writes is such that after a crash at any point either
 * the old or the new one is live and whole. After a failure nothing of it is left.
 * @param paths  what has to be durable before the next step, for file_sync_together(): each in p or NULL. A
 *               power cut before that may leave one that is not whole, which nothing leads to
 * @param key_file a durable file of the store that holds the key, to get a second name; NULL, or one that
 *               holds anything else: the key is written
 * @param names  what was ordered, for meta.json
 * @param use_by as above
 * @param pgen   in p; NULL on failure */
apr_status_t generation_write(generation_t **pgen, const char *paths[FILE_TOGETHER_MAX],
                              const store_t *store, const char *name, const chain_t *chain,
                              const keypair_t *key, const char *key_file,
                              const apr_array_header_t *names, const char *account,
                              const char *directory, apr_time_t now, apr_time_t use_by,
                              eab_result_t *result, apr_pool_t *p);

/** Second: make it live. A power cut may cost the link, which generation_recover() makes again.
 * @return on failure generation_withdraw() is left to do */
apr_status_t generation_publish(const store_t *store, const char *name, const char *number,
                                eab_result_t *result, apr_pool_t *ptemp);

/** Instead of that: remove it. It will be tried again, and nothing shall pile up. */
void generation_withdraw(const store_t *store, const char *name, const char *number,
                         apr_pool_t *ptemp);

/** The best usable generation of a certificate: the live one if chain_check_files() passes for it or would,
 * else the newest archived one that passes (one that covers all names comes before one that does
 * not). One that is revoked is passed over. Paths are those in archive/, which never change under a reader.
 * Reads only: the httpd parent calls it as well.
 * @param result  on APR_SUCCESS, when the live one was passed over, tells why (rv of it is set);
 *                cleared when the live one is fine
 * @return APR_SUCCESS; APR_ENOENT when there is none at all; another error when there are some and
 *         none is usable, with the reason of the live one in result */
apr_status_t generation_find(generation_t **pgen, const store_t *store, const char *name,
                             const apr_array_header_t *names, apr_time_t now, eab_result_t *result,
                             apr_pool_t *p);

/** The same for a server with these terms (NULL: those of the system), which loads it now: one with
 * must-staple is passed over while there is no response beside it that can be stapled, and when that is
 * the live one, the type in result is EAB_PROBLEM_STAPLING. */
apr_status_t generation_find_for(generation_t **pgen, const store_t *store, const char *name,
                                 const apr_array_header_t *names, const terms_t *terms,
                                 apr_time_t now, eab_result_t *result, apr_pool_t *p);

/** Check a generation that has no seal, or one that does not fit, as chain_check_files() does, and seal
 * it. Not durable, and no failure is told: without the seal it is parsed. Only for the one writer. */
void generation_seal(const store_t *store, const char *name, const generation_t *generation,
                     apr_pool_t *ptemp);

/** True when something is at live/<name>, whatever it is. */
int generation_has_link(const store_t *store, const char *name, apr_pool_t *ptemp);

/** Keep an OCSP response beside the pair, in the place of the one before. */
apr_status_t generation_keep_staple(const store_t *store, const char *name,
                                    const generation_t *generation, const void *der, apr_size_t len,
                                    eab_result_t *result, apr_pool_t *ptemp);

/** True when there is one beside the live generation, whatever it says. Costs two looks. */
int generation_has_staple(const store_t *store, const char *name, apr_pool_t *ptemp);

/** The one that is there, if staple_check() passes for it.
 * @param der  in p; NULL on failure
 * @return APR_ENOENT: there is none; else as that check */
apr_status_t generation_staple(bytes_t *der, staple_facts_t *facts, const generation_t *generation,
                               apr_time_t now, eab_result_t *result, apr_pool_t *p);

/** All of it, in p. */
generation_t *generation_copy(apr_pool_t *p, const generation_t *generation);

/** The same in memory of just its size, which the caller holds: for what there are thousands
 * of, and what is replaced in a process that lives for long. NULL stays NULL. */
generation_t *generation_keep(const generation_t *generation);

/** Hold one that was kept once more. @return the same; NULL stays NULL */
generation_t *generation_hold(generation_t *kept);

/** Let go of it; it ends with the last who holds it. May be NULL. */
void generation_drop(generation_t *kept);

/** One by its number, whatever its dates are and whether its key is there.
 * @return APR_SUCCESS; else *pgen is NULL */
apr_status_t generation_load(generation_t **pgen, const store_t *store, const char *name,
                             const char *number, apr_pool_t *p);

/** Those in the archive whose certificate can be read, the newest first: generation_t *, as
 * generation_load() has them. In p. */
apr_array_header_t *generation_list(apr_pool_t *p, const store_t *store, const char *name);

/** The certificates that have an archive, configured or not: const char *, names that fit wherever a
 * name is asked for here. In p. */
apr_array_header_t *generation_names(apr_pool_t *p, const store_t *store);

/** The CA has revoked it: write that down, durably. Once it is revoked that stays.
 * @return APR_SUCCESS, or why not with result */
apr_status_t generation_revoke(const store_t *store, const char *name, const char *number,
                               const revoked_t *revoked, eab_result_t *result, apr_pool_t *ptemp);

/** Remove the key of a generation, durably. Missing is success. */
apr_status_t generation_remove_key(const store_t *store, const char *name, const char *number,
                                   eab_result_t *result, apr_pool_t *ptemp);

/** After a start: when the newest whole generation is newer than the live one (a crash came
 * between), make it live. Removes unfinished generations. A directory in the place of the link, which
 * a restored backup leaves, becomes a link again; a certificate in it that is not in the archive goes
 * there.
 * @param survey  of generation_survey(), for a while only: what has come to be there since is not seen; or
 *                NULL
 * @param fine    the live one, when generation_find() was content with it and so nothing but a newer one
 *                is to be looked for; or NULL
 * @param pmoved  0 when it is known that nothing has changed; else generation_find() may find another
 * @param result  on APR_SUCCESS, when something was found in the place of the link, tells of it (rv of
 *                it is set); else cleared */
apr_status_t generation_recover(const store_t *store, const char *name, apr_hash_t *survey,
                                const generation_t *fine, int *pmoved, eab_result_t *result,
                                apr_pool_t *ptemp);

/** What is in the archive, to look thousands up without asking the file system for each; what was left
 * half-written is removed. Only under the lock. In p. */
apr_hash_t *generation_survey(const store_t *store, apr_pool_t *p);

/** False when a certificate had no file of this name beside its generations at the time of
 * generation_survey(); true when that is not known. */
int generation_has_beside(apr_hash_t *survey, const char *name, const char *file,
                          apr_pool_t *ptemp);

/** Remove old generations: the live one, the two before it, and those whose numbers are in kept
 * (const char *) stay. kept may be NULL. */
void generation_prune(const store_t *store, const char *name, const apr_array_header_t *kept,
                      apr_pool_t *ptemp);

#endif
