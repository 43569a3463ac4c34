/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <apr_strings.h>
#include <apr_tables.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/name.h"
#include "store/format.h"

static const char *const store_folders[] = { "accounts", "archive", "live",        "pending",
                                             "failures", "dns",     "revocations", "demands",
                                             "acts",     "events" };

#define STORE_FOLDERS (sizeof(store_folders) / sizeof(store_folders[0]))

static apr_status_t put(const char *path, const void *data, apr_size_t len, int durable,
                        apr_pool_t *ptemp)
{
    apr_status_t rv = file_replace(path, data, len, S_IRUSR | S_IWUSR, durable, ptemp);

    if (rv == EISDIR
        && file_rename(path, apr_pstrcat(ptemp, path, ".damaged", NULL)) == APR_SUCCESS)
        rv = file_replace(path, data, len, S_IRUSR | S_IWUSR, durable, ptemp);
    return rv;
}

apr_status_t store_replace(const char *path, const void *data, apr_size_t len, apr_pool_t *ptemp)
{
    return put(path, data, len, 1, ptemp);
}

apr_status_t store_jot(const char *path, const void *data, apr_size_t len, apr_pool_t *ptemp)
{
    return put(path, data, len, 0, ptemp);
}

apr_status_t store_report(eab_result_t *result, apr_status_t rv, const char *path, const char *what)
{
    return eab_result_set(result, rv, EAB_PROBLEM_STORE, "%s cannot be %s: %s.", path, what,
                          file_reason(result->pool, rv, path));
}

/* Private keys lie below: nobody else may own the directory or look into it. */
static apr_status_t store_check_owner(const char *dir, struct stat *pst, eab_result_t *result)
{
    apr_status_t rv = file_look(pst, dir);

    if (rv != APR_SUCCESS)
        return store_report(result, rv, dir, "examined");
    if (!S_ISDIR(pst->st_mode))
        return eab_result_set(result, APR_ENOTDIR, EAB_PROBLEM_STORE,
                              "ACMEStoreDir %s is not a directory.", dir);
    if (pst->st_uid != geteuid())
        return eab_result_set(result, APR_EACCES, EAB_PROBLEM_STORE,
                              "ACMEStoreDir %s belongs to the user with id %lu, but this server "
                              "manages it as the user with id %lu. Give it that owner, or name "
                              "another directory.",
                              dir, (unsigned long)pst->st_uid, (unsigned long)geteuid());
    return APR_SUCCESS;
}

static apr_status_t store_close_to_others(const char *dir, eab_result_t *result)
{
    struct stat st;
    apr_status_t rv = store_check_owner(dir, &st, result);

    if (rv != APR_SUCCESS)
        return rv;
    if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        rv = file_close_directory(dir);
    return rv == APR_SUCCESS ? rv : store_report(result, rv, dir, "closed to other users");
}

store_t *store_refuse(const char *dir, const eab_result_t *trouble, apr_pool_t *p)
{
    store_t *store = apr_pcalloc(p, sizeof(*store));

    store->pool = p;
    store->dir = apr_pstrdup(p, dir);
    store->trouble = trouble;
    store->trials = trials_make(p);
    file_fence(dir);
    return store;
}

apr_status_t store_judge(const char *dir, eab_result_t *result)
{
    struct stat st;
    apr_status_t rv = store_check_owner(dir, &st, result);

    if (rv == APR_SUCCESS)
        return format_judge(dir, result);
    /* Without root nothing can be said of root's directory: root will start httpd. */
    if (!APR_STATUS_IS_ENOENT(rv) && (geteuid() == 0 || !APR_STATUS_IS_EACCES(rv)))
        return rv;
    eab_result_clear(result);
    return APR_SUCCESS;
}

int store_is_used(const store_t *store, apr_pool_t *ptemp)
{
    static const char *const folders[] = { "accounts", "archive", "live" };
    struct stat st;
    size_t i;

    if (stat(store->dir, &st) != 0)
        return errno != ENOENT;
    if (!S_ISDIR(st.st_mode) || access(store->dir, R_OK | X_OK) != 0)
        return 1;
    for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        if (file_list_directory(store_path(ptemp, store, folders[i], NULL, NULL), ptemp)->nelts > 0)
            return 1;
    }
    return 0;
}

apr_status_t store_complete(const store_t *store, eab_result_t *result)
{
    apr_status_t rv = APR_SUCCESS;
    const char *path = store->dir;
    size_t i;

    for (i = 0; rv == APR_SUCCESS && i < STORE_FOLDERS; i++) {
        path = store_path(store->pool, store, store_folders[i], NULL, NULL);
        rv = file_make_directory(path, S_IRWXU, store->pool);
    }
    if (rv == APR_SUCCESS)
        rv = file_sync_directory(store->dir);
    return rv == APR_SUCCESS ? rv : store_report(result, rv, path, "made");
}

apr_status_t store_open(store_t **pstore, const char *dir, eab_result_t *result, apr_pool_t *p)
{
    apr_status_t rv;
    store_t *store = apr_pcalloc(p, sizeof(*store));

    *pstore = NULL;
    store->pool = p;
    store->dir = apr_pstrdup(p, dir);
    store->trials = trials_make(p);
    file_fence(dir);
    if ((rv = store_judge(dir, result)) != APR_SUCCESS)
        return rv;
    rv = file_make_directory(dir, S_IRWXU, p);
    if (rv != APR_SUCCESS)
        return store_report(result, rv, dir, "made as ACMEStoreDir");
    if ((rv = store_close_to_others(dir, result)) != APR_SUCCESS)
        return rv;
    (void)store_complete(store, eab_result_make(p));
    *pstore = store;
    return APR_SUCCESS;
}

/* A folder and the directories in it. What live/ links to is in archive/, which may hold thousands. */
static void store_sweep_folder(const store_t *store, const char *folder, apr_pool_t *ptemp)
{
    const char *dir = store_path(ptemp, store, folder, NULL, NULL);

    if (strcmp(folder, "live") == 0 || strcmp(folder, "archive") == 0)
        file_sweep(dir, ptemp);
    else
        (void)file_sweep_and_survey(dir, ptemp);
}

void store_tidy(const store_t *store, apr_pool_t *p)
{
    apr_pool_t *ptemp = NULL;
    size_t i;

    if (apr_pool_create(&ptemp, p) != APR_SUCCESS)
        return;
    file_sweep(store->dir, ptemp);
    for (i = 0; i < STORE_FOLDERS; i++)
        store_sweep_folder(store, store_folders[i], ptemp);
    apr_pool_destroy(ptemp);
}

const char *store_path(apr_pool_t *p, const store_t *store, const char *a, const char *b,
                       const char *c)
{
    const char *path = store->dir;

    if (a != NULL)
        path = apr_pstrcat(p, path, "/", a, NULL);
    if (b != NULL)
        path = apr_pstrcat(p, path, "/", b, NULL);
    return c != NULL ? apr_pstrcat(p, path, "/", c, NULL) : path;
}

apr_hash_t *store_survey(const store_t *store, const char *folder, apr_pool_t *p)
{
    apr_array_header_t *entries = NULL;
    apr_hash_t *set = apr_hash_make(p);
    int fd = -1, i;

    if (file_open_directory(&fd, store_path(p, store, folder, NULL, NULL)) != APR_SUCCESS)
        return NULL;
    entries = file_list_directory_at(fd, LIMIT_DIRECTORY, p);
    close(fd);
    if (entries->nelts >= LIMIT_DIRECTORY)
        return NULL;
    for (i = 0; i < entries->nelts; i++) {
        const char *entry = APR_ARRAY_IDX(entries, i, const char *);

        apr_hash_set(set, entry, APR_HASH_KEY_STRING, entry);
    }
    return set;
}

const char *store_entry(apr_pool_t *p, const char *name)
{
    const char *entry = name_file(p, name);

    return name_is_file(entry) ? entry : NULL;
}

apr_status_t store_make_directory(const store_t *store, const char *a, const char *b,
                                  eab_result_t *result, apr_pool_t *ptemp)
{
    const char *parent = store_path(ptemp, store, b != NULL ? a : NULL, NULL, NULL);
    const char *path = store_path(ptemp, store, a, b, NULL);
    apr_status_t rv = APR_SUCCESS;
    struct stat st;

    if (b != NULL)
        rv = store_make_directory(store, a, NULL, result, ptemp);
    else if (file_look(&st, path) == APR_SUCCESS && S_ISDIR(st.st_mode))
        return APR_SUCCESS; /* store_complete() has made it, or we */
    if (rv != APR_SUCCESS)
        return rv;
    rv = file_make_directory(path, S_IRWXU, ptemp);
    if (rv == APR_SUCCESS)
        rv = file_sync_directory(parent);
    return rv == APR_SUCCESS ? rv : store_report(result, rv, path, "made");
}
