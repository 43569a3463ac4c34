/* SPDX-License-Identifier: Apache-2.0 */

/* acmectl backup, acmectl restore - the whole store in one file, and back. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/file.h"
#include "cli/once.h"
#include "cli/output.h"
#include "cli/program.h"
#include "cli/table.h"

/* Of ten thousand certificates with three generations each it is some 150 MB. */
#define ARCHIVE_MAX (512 * 1024 * 1024)
#define TRIES 5

static int refuse(const context_t *context, int code, const char *sentence)
{
    eab_result_set(context->result, APR_EINVAL, EAB_PROBLEM_STORE, "%s", sentence);
    return output_failure(context, code);
}

static int is_closed(const context_t *context)
{
    return access(context->store_dir, R_OK | X_OK) != 0 && errno == EACCES;
}

static int refuse_user(const context_t *context)
{
    return refuse(context, EXIT_NOT_ALLOWED,
                  apr_psprintf(context->pool,
                               "Only root may do that: %s is closed to you. Say sudo acmectl ...",
                               context->store_dir));
}

static const char *whole_path(const context_t *context)
{
    const char *path = APR_ARRAY_IDX(context->operands, 0, const char *);
    char *here;

    if (path[0] == '/') {
        return path;
    }
    here = getcwd(NULL, 0);
    path = apr_pstrcat(context->pool, here != NULL ? here : "", "/", path, NULL);
    free(here);
    return path;
}

/* ---- backup ---- */

/* What belongs to a running httpd is left out: the socket and the lock. */
static program_result_t pack(const context_t *context)
{
    static const char *const words[] = { "tar",
                                         "--create",
                                         "--file=-",
                                         "--sort=name",
                                         "--exclude=./control",
                                         "--exclude=./lock",
                                         "--warning=none",
                                         "--directory" };
    char *arguments[12] = { NULL };
    program_call_t call = { arguments, NULL, -1, 0, ARCHIVE_MAX };
    size_t i;

    for (i = 0; i < sizeof(words) / sizeof(words[0]); ++i) {
        arguments[i] = apr_pstrdup(context->pool, words[i]);
    }
    arguments[i++] = apr_pstrdup(context->pool, context->store_dir);
    arguments[i] = apr_pstrdup(context->pool, ".");
    return program_run(&call, context->pool);
}

static int is_same(const program_result_t *a, const program_result_t *b)
{
    return a->status == 0 && b->status == 0 && a->length == b->length
           && memcmp(a->output, b->output, a->length) == 0;
}

/* The keeper may be writing: what is the same twice was of one moment. */
static int pack_consistently(const context_t *context, program_result_t *archive)
{
    program_result_t before;
    int i;

    *archive = pack(context);
    for (i = 0; i < TRIES && archive->status >= 0 && !archive->cut; ++i) {
        before = *archive;
        *archive = pack(context);
        if (is_same(&before, archive)) {
            return 1;
        }
        apr_sleep(apr_time_from_sec(1));
    }
    return 0;
}

static int run_backup(context_t *context)
{
    const char *path = whole_path(context);
    program_result_t archive;
    apr_status_t rv;

    if (is_closed(context)) {
        return refuse_user(context);
    }
    if (access(context->store_dir, F_OK) != 0) {
        return refuse(context, EXIT_NOT_RUNNING,
                      apr_psprintf(context->pool,
                                   "There is no store at %s; name ACMEStoreDir with --store.",
                                   context->store_dir));
    }
    if (access(path, F_OK) == 0) {
        return refuse(
            context, EXIT_FAILED,
            apr_pstrcat(context->pool, path, " is there already; name a new file.", NULL));
    }
    if (!pack_consistently(context, &archive)) {
        return refuse(context, EXIT_FAILED,
                      archive.status < 0 ? "tar cannot be run; install it."
                      : archive.cut ? "The store is too large for that; stop httpd and run tar."
                                    : "The store is being changed all the time, or cannot be "
                                      "read; try again, or stop httpd for it.");
    }
    rv = file_deliver(path, archive.output, archive.length, -1, -1, 0600, context->pool);
    if (rv != APR_SUCCESS) {
        return refuse(context, EXIT_FAILED,
                      apr_psprintf(context->pool, "%s cannot be written: %s.", path,
                                   file_reason(context->pool, rv, path)));
    }
    output_json(context, json_pack("{s:s}", "file", path), 1);
    output_note(context,
                "%s holds the private keys of all accounts and certificates: keep it as "
                "you keep those.",
                path);
    return EXIT_FINE;
}

/* ---- restore ---- */

static int unpack(const context_t *context, int input, const char *dir)
{
    static const char *const words[] = {
        "tar", "--extract", "--file=-", "--no-same-owner", "--preserve-permissions", "--directory"
    };
    char *arguments[8] = { NULL };
    program_call_t call = { arguments, NULL, input, 0, 1024 };
    size_t i;

    for (i = 0; i < sizeof(words) / sizeof(words[0]); ++i) {
        arguments[i] = apr_pstrdup(context->pool, words[i]);
    }
    arguments[i] = apr_pstrdup(context->pool, dir);
    return program_run(&call, context->pool).status;
}

/* @return NULL, or why not */
static const char *put_in_place(const context_t *context, int input)
{
    apr_pool_t *p = context->pool;
    const char *dir = apr_pstrcat(p, context->store_dir, ".restored", NULL);
    apr_status_t rv = file_remove_tree(dir, p);

    if (rv == APR_SUCCESS) {
        rv = file_make_directory(dir, 0700, p);
    }
    if (rv != APR_SUCCESS) {
        return apr_psprintf(p, "%s cannot be made: %s.", dir, file_reason(p, rv, dir));
    }
    if (unpack(context, input, dir) != 0
        || !file_is_regular(apr_pstrcat(p, dir, "/format.json", NULL))) {
        file_remove_tree(dir, p);
        return "That is no backup of a store; nothing was changed.";
    }
    (void)file_remove_directory(context->store_dir); /* an empty one */
    rv = file_sync_tree(dir);
    if (rv == APR_SUCCESS) {
        rv = file_rename(dir, context->store_dir);
    }
    if (rv != APR_SUCCESS) {
        file_remove_tree(dir, p);
        return apr_psprintf(p, "%s cannot be put in place: %s.", context->store_dir,
                            file_reason(p, rv, context->store_dir));
    }
    return NULL;
}

static int run_restore(context_t *context)
{
    const char *path = whole_path(context), *why;
    apr_status_t rv;
    int fd = -1;

    if (is_closed(context)) {
        return refuse_user(context);
    }
    if (once_is_locked(context)) {
        return refuse(
            context, EXIT_FAILED,
            apr_psprintf(context->pool, "httpd runs with %s; stop it first.", context->store_dir));
    }
    if (file_list_directory(context->store_dir, context->pool)->nelts > 0) {
        return refuse(context, EXIT_FAILED,
                      apr_psprintf(context->pool,
                                   "%s is not empty, and nothing in it is overwritten; move it "
                                   "away first.",
                                   context->store_dir));
    }
    rv = file_open_guarded(&fd, path, ARCHIVE_MAX);
    if (rv != APR_SUCCESS) {
        return refuse(context, EXIT_FAILED,
                      apr_psprintf(context->pool, "%s cannot be read: %s.", path,
                                   file_reason(context->pool, rv, path)));
    }
    why = put_in_place(context, fd);
    close(fd);
    if (why != NULL) {
        return refuse(context, EXIT_FAILED, why);
    }
    output_json(context, json_pack("{s:s}", "store", context->store_dir), 1);
    output_note(context, "%s is as it was when the backup was made; start httpd.",
                context->store_dir);
    return EXIT_FINE;
}

const command_t command_backup = {
    "backup",
    "FILE",
    1,
    1,
    "the whole store in one file",
    "A tar archive, mode 600, with all accounts, certificates and keys; whoever has it has those. "
    "httpd "
    "may run meanwhile. FILE must not be there yet, and its directory must be one that nobody else "
    "can write to.",
    NULL,
    run_backup
};

const command_t command_restore = {
    "restore",
    "FILE",
    1,
    1,
    "a store from a file of backup",
    "httpd must not run, and the store must be empty or missing: move the old one away. On another "
    "machine the same ACMEServer and ACMEEABKid lead to the same accounts; no EAB key is needed.",
    NULL,
    run_restore
};
