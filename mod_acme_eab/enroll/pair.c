/* SPDX-License-Identifier: Apache-2.0 */
#include "enroll/pair.h"

#include <string.h>

#include <apr_strings.h>

#include "base/clock.h"
#include "base/json.h"

static void tell_of_lost_one(errand_t *errand, const journal_t *journal, const pair_terms_t *terms)
{
    if (journal->known)
        errand_say(errand,
                   "A run of %s ended before it had written a key that may have been made: "
                   "%s.",
                   clock_format(errand->pool, journal->at), terms->lost);
    errand_tell(errand, "earlier_run_unfinished", json_boolean(journal->known));
}

static apr_status_t take_pair(errand_t *errand, const json_t *json, const pair_terms_t *terms,
                              keyfile_t *keyfile)
{
    const char *kid = json_peek_string(json, terms->kid);
    const char *directory =
        terms->directory != NULL ? json_peek_string(json, terms->directory) : NULL;
    apr_status_t rv = errand_config(errand, directory != NULL ? directory : terms->usual_directory,
                                    kid, keyfile, NULL);

    if (rv == APR_SUCCESS)
        rv = keyfile_write(keyfile, json_peek_string(json, terms->key), errand->result);
    if (rv != APR_SUCCESS)
        return rv;
    json_put_string(errand->told, "kid", kid);
    errand_say(errand, "Key id: %s", kid);
    if (keyfile_path(keyfile) != NULL)
        errand_say(errand, "The HMAC key is in %s", keyfile_path(keyfile));
    errand_print_config(errand);
    return APR_SUCCESS;
}

/* Nothing was made when the manager says so. */
static int is_refusal(const exchange_answer_t *answer)
{
    return answer != NULL && answer->status >= 400 && answer->status < 500 && answer->status != 408;
}

apr_status_t pair_fetch(errand_t *errand, manager_t *manager, const pair_terms_t *terms)
{
    exchange_answer_t *answer = NULL;
    keyfile_t *keyfile = NULL;
    journal_t *journal = NULL;
    apr_status_t rv = errand_keyfile(errand, &keyfile);

    if (rv == APR_SUCCESS)
        rv = journal_open(&journal, options_text(errand->options, "state-dir", NULL), terms->errand,
                          errand->result, errand->pool);
    if (rv != APR_SUCCESS)
        return rv;
    tell_of_lost_one(errand, journal, terms);
    if (options_has(errand->options, "dry-run")) {
        errand_tell(errand, "dry_run", json_true());
        errand_say(errand, "A new pair would be asked for, and its key written to %s.",
                   options_text(errand->options, "out-key", ""));
        return APR_SUCCESS;
    }
    if ((rv = journal_note(journal, NULL, errand->result)) != APR_SUCCESS)
        return rv;
    rv = manager_post(manager, terms->path, terms->type, terms->body, terms->wanted, &answer,
                      errand->result);
    if (rv == APR_SUCCESS
        && (json_peek_string(answer->json, terms->kid) == NULL
            || json_peek_string(answer->json, terms->key) == NULL))
        rv = manager_refused(manager, answer, errand->result);
    else if (rv == APR_SUCCESS)
        rv = take_pair(errand, answer->json, terms, keyfile);
    if (rv == APR_SUCCESS || is_refusal(answer))
        journal_close(journal);
    return rv;
}
