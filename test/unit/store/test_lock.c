/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/file.h"
#include "store/lock.h"

static const lock_owner_t first = { 4711, 4710, "web1", "/etc/apache2" };
static const lock_owner_t second = { 815, 814, "web1", "/opt/httpd" };

static eab_result_t *result; /* of the last take */
static int lock;

static apr_status_t take(const store_t *store, int handed, apr_pool_t *p)
{
    result = eab_result_make(p);
    return lock_take(&lock, store, handed, &first, result, p);
}

static store_t *open_store(apr_pool_t *p)
{
    store_t *store = NULL;

    assert_int_equal(APR_SUCCESS, store_open(&store, fixture_directory(p), eab_result_make(p), p));
    return store;
}

static void end_store(const store_t *store, apr_pool_t *p)
{
    assert_int_equal(APR_SUCCESS, file_remove_tree(store->dir, p));
}

static int mode_of(const char *path)
{
    struct stat st;

    assert_int_equal(0, lstat(path, &st));
    return (int)st.st_mode;
}

static void one_lock_at_a_time(void **state)
{
    apr_pool_t *p = *state;
    apr_pool_t *holder = NULL;
    const char *dir = fixture_directory(p);
    store_t *store = NULL;
    store_t *again = NULL;

    assert_int_equal(APR_SUCCESS, apr_pool_create(&holder, p));
    assert_int_equal(APR_SUCCESS, store_open(&store, dir, eab_result_make(p), p));
    assert_int_equal(APR_SUCCESS, store_open(&again, dir, eab_result_make(p), p));
    assert_int_equal(APR_SUCCESS, take(store, -1, holder));
    assert_int_equal(APR_EBUSY, take(again, -1, p));
    apr_pool_destroy(holder);
    assert_int_equal(APR_SUCCESS, take(again, -1, p));
    assert_int_equal(0600, mode_of(store_path(p, store, "lock", NULL, NULL)) & 07777);
    assert_int_equal(APR_SUCCESS, file_remove_tree(dir, p));
}

/* Leftovers of writers that were killed; some of them may hold keys. */
static void lock_removes_what_is_unfinished(void **state)
{
    static const char *const gone[] = { ".tmp-1", "accounts/a/.tmp-key", "live/.tmp-link",
                                        "failures/.tmp-2", "pending/www.example.edu/.tmp-3" };
    static const char *const kept[] = { "reload.json", "accounts/a/key.pem", "archive/x/000001" };
    apr_pool_t *p = *state;
    const char *dir = fixture_directory(p);
    store_t *store = NULL;
    size_t i;

    assert_int_equal(APR_SUCCESS, store_open(&store, dir, eab_result_make(p), p));
    file_make_directory(store_path(p, store, "accounts", "a", NULL), 0700, p);
    file_make_directory(store_path(p, store, "archive", "x", NULL), 0700, p);
    file_make_directory(store_path(p, store, "pending", "www.example.edu", NULL), 0700, p);
    for (i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
        fixture_write(store_path(p, store, gone[i], NULL, NULL), "x", 1);
    for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        fixture_write(store_path(p, store, kept[i], NULL, NULL), "x", 1);
    assert_int_equal(APR_SUCCESS, take(store, -1, p));
    for (i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
        assert_int_equal(-1, access(store_path(p, store, gone[i], NULL, NULL), F_OK));
    for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        assert_int_equal(0, access(store_path(p, store, kept[i], NULL, NULL), F_OK));
    assert_int_equal(APR_SUCCESS, file_remove_tree(dir, p));
}

static void lock_ends_with_its_process(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = fixture_directory(p);
    store_t *store = NULL;
    int status = -1;
    pid_t pid;

    assert_int_equal(APR_SUCCESS, store_open(&store, dir, eab_result_make(p), p));
    pid = fork();
    if (pid == 0)
        _exit(take(store, -1, p) == APR_SUCCESS ? 0 : 1);
    assert_int_equal(pid, waitpid(pid, &status, 0));
    assert_int_equal(0, status);
    assert_int_equal(APR_SUCCESS, take(store, -1, p));
    assert_int_equal(APR_SUCCESS, file_remove_tree(dir, p));
}

static void lock_is_not_inherited_by_programs(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = fixture_directory(p);
    store_t *store = NULL;
    struct stat file;
    struct stat st;
    int found = 0;
    int fd;

    assert_int_equal(APR_SUCCESS, store_open(&store, dir, eab_result_make(p), p));
    assert_int_equal(APR_SUCCESS, take(store, -1, p));
    assert_int_equal(0, stat(store_path(p, store, "lock", NULL, NULL), &file));
    for (fd = 3; fd < 64; fd++) {
        if (fstat(fd, &st) != 0 || st.st_ino != file.st_ino || st.st_dev != file.st_dev)
            continue;
        found = 1;
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    }
    assert_true(found);
    assert_int_equal(APR_SUCCESS, file_remove_tree(dir, p));
}

static apr_status_t take_as_second(const store_t *store, apr_pool_t *p)
{
    int fd = -1;

    result = eab_result_make(p);
    return lock_take(&fd, store, -1, &second, result, p);
}

static void the_holder_is_named(void **state)
{
    apr_pool_t *p = *state;
    store_t *store = open_store(p);

    assert_int_equal(APR_SUCCESS, take(store, -1, p));
    assert_int_equal(APR_EBUSY, take_as_second(store, p));
    assert_string_equal(
        result->detail,
        apr_psprintf(
            p,
            "ACMEStoreDir %s is in use: another httpd (process 4710, ServerRoot "
            "/etc/apache2), whose keeper is process 4711, holds its lock. Nothing is ordered "
            "or renewed by this httpd until that one ends. Give each httpd an ACMEStoreDir "
            "of its own, or stop the other one.",
            store->dir));
    end_store(store, p);
}

/* A store on a file system of the network. */
static void a_holder_elsewhere_is_named_with_its_host(void **state)
{
    apr_pool_t *p = *state;
    store_t *store = open_store(p);
    lock_owner_t other = { 1, 2, "web2", NULL };
    int fd = -1;

    assert_int_equal(APR_SUCCESS, lock_take(&fd, store, -1, &other, eab_result_make(p), p));
    assert_int_equal(APR_EBUSY, take(store, -1, p));
    assert_non_null(strstr(result->detail, "another httpd (process 2, on the host web2), whose"));
    end_store(store, p);
}

/* What the parent asks, which never takes the lock itself. */
static void the_parent_looks_without_taking(void **state)
{
    apr_pool_t *p = *state, *holder = NULL;
    store_t *store = open_store(p);

    assert_null(lock_of_another(store->dir, &second, p));
    assert_int_equal(-1, access(store_path(p, store, "lock", NULL, NULL), F_OK));
    assert_int_equal(APR_SUCCESS, apr_pool_create(&holder, p));
    assert_int_equal(APR_SUCCESS, take(store, -1, holder));
    assert_null(lock_of_another(store->dir, &first, p));
    assert_non_null(
        strstr(lock_of_another(store->dir, &second, p), "another httpd (process 4710,"));
    apr_pool_destroy(holder);
    assert_null(lock_of_another(store->dir, &second, p));
    assert_int_equal(0, unlink(store_path(p, store, "lock", NULL, NULL)));
    assert_int_equal(0, mkfifo(store_path(p, store, "lock", NULL, NULL), 0600));
    assert_null(lock_of_another(store->dir, &second, p));
    end_store(store, p);
}

/* Of an earlier version, of a killed writer, of somebody else. */
static void a_holder_may_have_left_no_name(void **state)
{
    static const char *const texts[] = { "", "{", "[]", "{\"keeper\":\"x\"}", "\xff\xff" };
    apr_pool_t *p = *state;
    store_t *store = open_store(p);
    size_t i;

    assert_int_equal(APR_SUCCESS, take(store, -1, p));
    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); ++i) {
        assert_int_equal(0, ftruncate(lock, 0));
        assert_int_equal(strlen(texts[i]), pwrite(lock, texts[i], strlen(texts[i]), 0));
        assert_int_equal(APR_EBUSY, take_as_second(store, p));
        assert_non_null(strstr(result->detail, "another process holds its lock"));
    }
    end_store(store, p);
}

/* The keeper before is gone, and what it handed on has kept everybody else out. */
static void a_lock_is_handed_on(void **state)
{
    apr_pool_t *p = *state, *holder = NULL;
    store_t *store = open_store(p);
    int handed = -1;

    assert_int_equal(APR_SUCCESS, apr_pool_create(&holder, p));
    assert_int_equal(APR_SUCCESS, take(store, -1, holder));
    handed = fcntl(lock, F_DUPFD_CLOEXEC, 0);
    apr_pool_destroy(holder);
    assert_int_equal(APR_EBUSY, take_as_second(store, p));
    assert_int_equal(APR_SUCCESS, apr_pool_create(&holder, p));
    assert_int_equal(APR_SUCCESS, take(store, handed, holder));
    assert_int_equal(APR_EBUSY, take_as_second(store, p));
    apr_pool_destroy(holder);
    assert_int_equal(APR_SUCCESS, take_as_second(store, p));
    end_store(store, p);
}

/* ACMEStoreDir was changed, or what is in it replaced. */
static void a_lock_of_another_store_is_let_go(void **state)
{
    apr_pool_t *p = *state, *holder = NULL;
    store_t *store = open_store(p), *other = open_store(p);
    int handed = -1;

    assert_int_equal(APR_SUCCESS, apr_pool_create(&holder, p));
    assert_int_equal(APR_SUCCESS, take(store, -1, holder));
    handed = fcntl(lock, F_DUPFD_CLOEXEC, 0);
    apr_pool_destroy(holder);
    assert_int_equal(APR_SUCCESS, take(other, handed, p));
    assert_int_not_equal(lock, handed);
    assert_int_equal(-1, fcntl(handed, F_GETFD));
    assert_int_equal(APR_SUCCESS, take_as_second(store, p));
    end_store(store, p);
    end_store(other, p);
}

static void make_link(const char *path)
{
    assert_int_equal(0, symlink("/etc/passwd", path));
}

static void make_fifo(const char *path)
{
    assert_int_equal(0, mkfifo(path, 0600));
}

static void make_directory(const char *path)
{
    assert_int_equal(0, mkdir(path, 0700));
}

static void make_full_directory(const char *path)
{
    char inner[APR_PATH_MAX];

    make_directory(path);
    apr_snprintf(inner, sizeof(inner), "%s/kept", path);
    make_directory(inner);
}

static void make_socket(const char *path)
{
    struct sockaddr_un name = { AF_UNIX, "" };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    apr_cpystrn(name.sun_path, path, sizeof(name.sun_path));
    assert_int_equal(0, bind(fd, (struct sockaddr *)&name, sizeof(name)));
    close(fd);
}

/* What a restore or an accident can leave in its place: nobody can hold it, so it makes way, and nobody
 * is waited for. A directory with something in it stays: then the store's own is locked. */
static void other_kinds_of_files_make_way(void **state)
{
    static void (*const kinds[])(const char *) = { make_link, make_fifo, make_directory,
                                                   make_socket, make_full_directory };
    apr_pool_t *p = *state;
    size_t i;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); ++i) {
        store_t *store = open_store(p);
        const char *path = store_path(p, store, "lock", NULL, NULL);

        kinds[i](path);
        assert_int_equal(APR_SUCCESS, take(store, -1, p));
        assert_int_equal(APR_EBUSY, take_as_second(store, p));
        assert_true(kinds[i] == make_full_directory ? S_ISDIR(mode_of(path))
                                                    : S_ISREG(mode_of(path)));
        end_store(store, p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(one_lock_at_a_time),
        fixture_test(lock_removes_what_is_unfinished),
        fixture_test(lock_ends_with_its_process),
        fixture_test(lock_is_not_inherited_by_programs),
        fixture_test(the_holder_is_named),
        fixture_test(a_holder_elsewhere_is_named_with_its_host),
        fixture_test(the_parent_looks_without_taking),
        fixture_test(a_holder_may_have_left_no_name),
        fixture_test(a_lock_is_handed_on),
        fixture_test(a_lock_of_another_store_is_let_go),
        fixture_test(other_kinds_of_files_make_way),
    };

    return fixture_run(tests);
}
