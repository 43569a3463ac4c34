/* SPDX-License-Identifier: Apache-2.0 */
#include "enroll/journal.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>
#include <openssl/evp.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/json.h"
#include "enroll/problem.h"

#define VERSION 1
#define HASH_USED 8 /* bytes of the hash in the file's name */

/* $XDG_STATE_HOME or what stands for it. */
static const char *usual_place(apr_pool_t *p)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    const struct passwd *self = NULL;

    if (state != NULL && state[0] == '/')
        return apr_pstrcat(p, state, "/acme-eab-enroll", NULL);
    if ((home == NULL || home[0] != '/') && (self = getpwuid(geteuid())) != NULL)
        home = self->pw_dir;
    return home != NULL && home[0] == '/'
               ? apr_pstrcat(p, home, "/.local/state/acme-eab-enroll", NULL)
               : NULL;
}

static const char *file_of(apr_pool_t *p, const char *errand)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    size_t len = 0;

    if (EVP_Q_digest(NULL, "SHA256", NULL, errand, strlen(errand), hash, &len) != 1)
        abort();
    return apr_pstrcat(p, "enroll-", hex_encode(p, hash, HASH_USED), ".json", NULL);
}

static apr_status_t refuse(const char *path, apr_status_t rv, eab_result_t *result, apr_pool_t *p)
{
    return eab_result_set(
        result, rv, ENROLL_PROBLEM_FILE,
        "What was begun cannot be written to %s: %s. Give a directory of your own "
        "with --state-dir.",
        path, file_reason(p, rv, path));
}

static void read_note(journal_t *journal)
{
    const char *text = NULL;
    apr_size_t len = 0;
    json_t *json = NULL;

    if (file_read(&text, &len, journal->path, LIMIT_RECORD, journal->pool) != APR_SUCCESS)
        return;
    json = json_parse(journal->pool, text, len, NULL);
    if (json_peek_int(json, "version", 0) != VERSION)
        return;
    journal->known = 1;
    journal->account = json_copy_string(journal->pool, json, "account");
    journal->at = json_peek_time(json, "at");
}

apr_status_t journal_open(journal_t **pjournal, const char *dir, const char *errand,
                          eab_result_t *result, apr_pool_t *p)
{
    journal_t *journal = apr_pcalloc(p, sizeof(*journal));
    apr_status_t rv;

    *pjournal = NULL;
    if (dir == NULL)
        dir = usual_place(p);
    if (dir == NULL)
        return eab_result_set(result, APR_ENOENT, ENROLL_PROBLEM_FILE,
                              "There is no home directory to write down what was begun; give a "
                              "directory with --state-dir.");
    if ((rv = file_make_directory(dir, 0700, p)) != APR_SUCCESS)
        return refuse(dir, rv, result, p);
    journal->pool = p;
    journal->errand = apr_pstrdup(p, errand);
    journal->path = apr_pstrcat(p, dir, "/", file_of(p, errand), NULL);
    read_note(journal);
    *pjournal = journal;
    return APR_SUCCESS;
}

apr_status_t journal_note(journal_t *journal, const char *account, eab_result_t *result)
{
    json_t *json = json_own(journal->pool, json_object());
    const char *text = NULL;
    apr_status_t rv;

    json_object_set_new(json, "version", json_integer(VERSION));
    json_put_string(json, "errand", journal->errand);
    json_put_string(json, "account", account);
    json_put_time(json, "at", apr_time_now());
    text = json_text(journal->pool, json);
    rv = file_replace(journal->path, text, strlen(text), 0600, 1, journal->pool);
    return rv == APR_SUCCESS ? rv : refuse(journal->path, rv, result, journal->pool);
}

void journal_close(journal_t *journal)
{
    (void)file_remove(journal->path); /* the next run finds that it is done */
}
