/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENROLL_ERRAND_H
#define ENROLL_ERRAND_H

/* enroll/errand.h - one run: its options, the line to the manager, and what it has to tell, for people
 * or as one JSON object. */

#include "enroll/exchange.h"
#include "enroll/journal.h"
#include "enroll/keyfile.h"
#include "enroll/option.h"
#include "enroll/problem.h"

typedef struct errand {
    apr_pool_t *pool;
    const char *manager; /* "sectigo" */
    const options_t *options;
    exchange_t *exchange;
    eab_result_t *result; /* why it failed */
    json_t *told;         /* what --json shows; owned by pool */
    int json;
    int key_on_stdout; /* then nothing else is said there */
} errand_t;

/** The options of all managers. */
extern const option_row_t errand_options[];

/** Set up what the common options say.
 * @return NULL with result set */
errand_t *errand_make(const char *manager, const options_t *options, eab_result_t *result,
                      apr_pool_t *p);

/** A line for people, on standard output; nothing with --json. Remote text is escaped. */
void errand_say(errand_t *errand, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** A row for people: texts up to a NULL, with tabs between. */
void errand_row(errand_t *errand, ...) __attribute__((sentinel));

/** A member of what --json shows; the reference is taken. */
void errand_tell(errand_t *errand, const char *name, json_t *value);

/** End: the JSON object, or the sentence of a failure on standard error. @return the exit status */
enroll_exit_t errand_end(errand_t *errand);

/** The secret that an option of that kind names. */
apr_status_t errand_secret(errand_t *errand, const char *option, secret_t **psecret);

/** Refuse the command line. @return APR_EINVAL */
apr_status_t errand_refuse(errand_t *errand, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** The text of an option that must be there, or NULL with result set.
 * @param why what it is, for the sentence */
const char *errand_need(errand_t *errand, const char *option, const char *why);

/** An address: the option's, or other. It is https and has no slash at its end; else NULL with result
 * set. */
const char *errand_url(errand_t *errand, const char *option, const char *other);

/** The key file that --out-key names. */
apr_status_t errand_keyfile(errand_t *errand, keyfile_t **pkeyfile);

/** Make the lines for httpd.conf; they are told in any case.
 * @param directory of the CA; kid: remote text, both refused when they could be more than a word
 * @param names     of the managed domain, maybe none */
apr_status_t errand_config(errand_t *errand, const char *directory, const char *kid,
                           const keyfile_t *keyfile, const apr_array_header_t *names);

/** Say them, when --print-config asks for it. */
void errand_print_config(errand_t *errand);

#endif
