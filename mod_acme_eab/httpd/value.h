/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTPD_VALUE_H
#define HTTPD_VALUE_H

/* httpd/value.h - the arguments of directives: what each may be, and in which words it is refused.
 * Pure functions, without httpd. A refusal is a sentence that follows the name of the directive; it
 * never repeats what may be a secret. */

#include <apr_pools.h>
#include <apr_time.h>

/** ACMEServer: a preset's URL, or an https URL byte for byte.
 * @return the URL, or NULL with *pwhy set (as in all functions here that have pwhy) */
const char *value_directory(apr_pool_t *p, const char *text, const char **pwhy);

/** ACMEContact: an e-mail address, "mailto:" is added. */
const char *value_contact(apr_pool_t *p, const char *text, const char **pwhy);

/** The contact that follows from ServerAdmin; NULL when it is no address of the Internet. */
const char *value_admin_contact(apr_pool_t *p, const char *server_admin);

/** ACMEManagedDomain: a DNS name (base/name.h) or an IP address (base/address.h), normalized.
 * @param pwhy what follows the quoted word: "is longer than 253 characters" */
const char *value_managed_name(apr_pool_t *p, const char *text, const char **pwhy);

/** ACMERenewBefore: "33%", "30d" or "12h"; one of the two results is 0.
 * @return 1 when it is understood */
int value_renew_before(const char *text, int *ppercent, apr_interval_time_t *pbefore);

/** ACMEReload: a time of the day, "22:00-04:00", as minutes since midnight.
 * @return NULL, or what follows the quoted word: "has no hour 24" */
const char *value_day_window(const char *text, int *pfrom, int *pto);

/** ACMEProxy: an http or https URL without credentials. */
const char *value_proxy(apr_pool_t *p, const char *text, const char **pwhy);

/** The second word of ACMEProxy: file:PATH. A relative PATH is taken from root.
 * @return the path */
const char *value_proxy_credentials(apr_pool_t *p, const char *text, const char *root,
                                    const char **pwhy);

/** ACMEEABKey: file:PATH, exec:PROGRAM ARG... or credential:NAME. A relative PATH is taken from
 * root. */
const char *value_eab_source(apr_pool_t *p, const char *text, const char *root, const char **pwhy);

/** ACMEEABKid: printable ASCII without spaces. */
const char *value_eab_kid(apr_pool_t *p, const char *text, const char **pwhy);

/** ACMEChallenge: why one of its words cannot be used, or NULL when it can. */
const char *value_challenge_refusal(apr_pool_t *p, const char *word);

/** ACMECACertificateFile: why the file cannot be used, or NULL when it can. Without root a file that
 * must not be read is no mistake: root will start httpd. */
const char *value_ca_file_trouble(apr_pool_t *p, const char *path);

/** The label of an account: why it cannot be used, or NULL when it can. */
const char *value_label_refusal(apr_pool_t *p, const char *label);

/** The algorithm of a key type, of which a TLS server has one certificate: "RSA" or "EC". */
const char *value_key_algorithm(const char *type);

/** A program is named with its whole path: what is wrong with it, or NULL. */
const char *value_program_refusal(const char *path);

/** Why the program at path cannot be run, or NULL when it can. */
const char *value_program_trouble(apr_pool_t *p, const char *path);

/** ACMEMaxParallel: 1 to 100, 0 for "auto", -1 for anything else. */
int value_max_parallel(const char *text);

/** ACMEEventTimeout: seconds, 1 to 600; 0 for anything else. */
int value_event_timeout(const char *text);

/** 1 for "on", 0 for "off", -1 for anything else. */
int value_switch(const char *text);

#endif
