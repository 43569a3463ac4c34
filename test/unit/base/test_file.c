/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"

typedef struct fixture {
    apr_pool_t *p;
    const char *dir;
} fixture_t;

/* Each test works in an empty directory of its own. */
static int setup(void **state)
{
    apr_pool_t *p = NULL;
    fixture_t *f;
    char *dir;

    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&p, NULL) != APR_SUCCESS)
        return -1;
    f = apr_pcalloc(p, sizeof(*f));
    dir = apr_pstrdup(p, "/tmp/acme-eab-test-file-XXXXXX");
    f->p = p;
    f->dir = mkdtemp(dir);
    *state = f;
    return f->dir != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    fixture_t *f = *state;
    int rc = file_remove_tree(f->dir, f->p) == APR_SUCCESS ? 0 : -1;

    apr_pool_destroy(f->p);
    apr_terminate();
    return rc;
}

static const char *in(fixture_t *f, const char *name)
{
    return apr_pstrcat(f->p, f->dir, "/", name, NULL);
}

static mode_t mode_of(const char *path)
{
    struct stat st;

    assert_int_equal(lstat(path, &st), 0);
    return st.st_mode & 07777;
}

static int is_there(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

static void assert_content(fixture_t *f, const char *path, const char *content)
{
    const char *data = NULL;
    apr_size_t len = 0;

    assert_int_equal(file_read(&data, &len, path, 1000, f->p), APR_SUCCESS);
    assert_int_equal(len, strlen(content));
    assert_string_equal(data, content);
}

static void put(fixture_t *f, const char *path, const char *content)
{
    assert_int_equal(file_replace(path, content, strlen(content), 0600, 0, f->p), APR_SUCCESS);
}

/* The directory holds exactly this many entries, hidden ones included. */
static int count_entries(fixture_t *f)
{
    apr_dir_t *dir = NULL;
    apr_finfo_t entry;
    int count = -2; /* "." and ".." */

    assert_int_equal(apr_dir_open(&dir, f->dir, f->p), APR_SUCCESS);
    while (apr_dir_read(&entry, APR_FINFO_NAME, dir) == APR_SUCCESS)
        ++count;
    apr_dir_close(dir);
    return count;
}

static void replaces_content_and_mode(void **state)
{
    fixture_t *f = *state;
    const char *path = in(f, "a");

    assert_int_equal(file_replace(path, "one", 3, 0600, 1, f->p), APR_SUCCESS);
    assert_content(f, path, "one");
    assert_int_equal(mode_of(path), 0600);
    assert_int_equal(file_replace(path, "", 0, 0644, 0, f->p), APR_SUCCESS);
    assert_content(f, path, "");
    assert_int_equal(mode_of(path), 0644);
    assert_int_equal(count_entries(f), 1);
}

static void replaces_through_another_directory(void **state)
{
    fixture_t *f = *state;
    const char *path = in(f, "dir/a");

    assert_int_equal(file_make_directory(in(f, "dir"), 0700, f->p), APR_SUCCESS);
    assert_int_equal(file_replace_through(f->dir, path, "one", 3, 0600, 1, f->p), APR_SUCCESS);
    assert_int_equal(file_replace_through(f->dir, path, "two", 3, 0640, 0, f->p), APR_SUCCESS);
    assert_content(f, path, "two");
    assert_int_equal(mode_of(path), 0640);
    assert_int_equal(mkdir(in(f, "dir/taken"), 0700), 0);
    assert_int_not_equal(file_replace_through(f->dir, in(f, "dir/taken"), "x", 1, 0600, 1, f->p),
                         APR_SUCCESS);
    assert_true(
        APR_STATUS_IS_ENOENT(file_replace_through(in(f, "missing"), path, "x", 1, 0600, 1, f->p)));
    assert_content(f, path, "two");
    assert_int_equal(count_entries(f), 1); /* nothing unfinished */
}

static void links_a_second_name(void **state)
{
    fixture_t *f = *state;
    struct stat first, second;

    assert_int_equal(file_replace(in(f, "a"), "one", 3, 0600, 0, f->p), APR_SUCCESS);
    assert_int_equal(file_link(in(f, "a"), in(f, "b")), APR_SUCCESS);
    assert_int_equal(stat(in(f, "a"), &first), 0);
    assert_int_equal(stat(in(f, "b"), &second), 0);
    assert_true(first.st_ino == second.st_ino);
    assert_int_equal(file_link(in(f, "a"), in(f, "b")), EEXIST);
    assert_true(APR_STATUS_IS_ENOENT(file_link(in(f, "missing"), in(f, "c"))));
}

static void several_are_synced_together(void **state)
{
    fixture_t *f = *state;
    const char *paths[] = { in(f, "a"), NULL, f->dir, in(f, "dir") };
    const char *failed = "";

    assert_int_equal(file_make(in(f, "a"), "x", 1, 0600), APR_SUCCESS);
    assert_int_equal(file_make_directory(in(f, "dir"), 0700, f->p), APR_SUCCESS);
    assert_int_equal(file_sync_together(paths, 4, &failed), APR_SUCCESS);
    assert_null(failed);
    paths[1] = in(f, "missing");
    assert_true(APR_STATUS_IS_ENOENT(file_sync_together(paths, 4, &failed)));
    assert_string_equal(failed, paths[1]);
    assert_int_equal(mkfifo(in(f, "fifo"), 0600), 0);
    paths[1] = in(f, "fifo");
    assert_int_equal(file_sync_together(paths, 4, &failed), APR_EINVAL);
    assert_int_equal(file_sync_together(paths, 0, &failed), APR_SUCCESS);
}

static void gives_the_mode_whatever_the_umask(void **state)
{
    fixture_t *f = *state;
    mode_t before = umask(0277);
    apr_status_t file = file_replace(in(f, "a"), "x", 1, 0664, 1, f->p);
    apr_status_t dir = file_make_directory(in(f, "d"), 0751, f->p);

    umask(before);
    assert_int_equal(file, APR_SUCCESS);
    assert_int_equal(dir, APR_SUCCESS);
    assert_int_equal(mode_of(in(f, "a")), 0664);
    assert_int_equal(mode_of(in(f, "d")), 0751);
}

static void replaces_a_link_instead_of_following_it(void **state)
{
    fixture_t *f = *state;

    put(f, in(f, "victim"), "old");
    assert_int_equal(symlink("victim", in(f, "link")), 0);
    put(f, in(f, "link"), "new");
    assert_content(f, in(f, "victim"), "old");
    assert_content(f, in(f, "link"), "new");
}

static void leaves_nothing_when_the_target_cannot_be_replaced(void **state)
{
    fixture_t *f = *state;

    assert_int_equal(mkdir(in(f, "taken"), 0700), 0);
    put(f, in(f, "taken/file"), "x");
    assert_int_not_equal(file_replace(in(f, "taken"), "x", 1, 0600, 1, f->p), APR_SUCCESS);
    assert_int_not_equal(file_replace_link(in(f, "taken"), "x", f->p), APR_SUCCESS);
    assert_int_equal(count_entries(f), 1);
    assert_true(APR_STATUS_IS_ENOENT(file_replace(in(f, "missing/file"), "x", 1, 0600, 1, f->p)));
}

/* A file size limit stands in for a full disk: the first part is written, the rest is refused. */
static void keeps_the_old_content_when_writing_fails(void **state)
{
    fixture_t *f = *state;
    struct rlimit before, small;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    char *data = apr_pcalloc(f->p, 100000);
    apr_status_t rv;

    put(f, in(f, "a"), "old");
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 50000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    rv = file_replace(in(f, "a"), data, 100000, 0600, 1, f->p);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    assert_int_equal(rv, EFBIG);
    assert_content(f, in(f, "a"), "old");
    assert_int_equal(count_entries(f), 1);
}

static void writes_next_to_the_working_directory(void **state)
{
    fixture_t *f = *state;
    char before[4096];

    assert_non_null(getcwd(before, sizeof(before)));
    assert_int_equal(chdir(f->dir), 0);
    put(f, "bare", "x");
    assert_content(f, in(f, "bare"), "x");
    assert_int_equal(chdir(before), 0);
}

static void reads_no_more_than_allowed(void **state)
{
    fixture_t *f = *state;
    const char *data = "x";
    apr_size_t len = 1;

    put(f, in(f, "a"), "12345");
    assert_int_equal(file_read(&data, &len, in(f, "a"), 5, f->p), APR_SUCCESS);
    assert_int_equal(len, 5);
    assert_int_equal(file_read(&data, &len, in(f, "a"), 4, f->p), EFBIG);
    assert_null(data);
    assert_int_equal(len, 0);
}

static void make_socket(const char *path)
{
    struct sockaddr_un address = { AF_UNIX, "" };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    apr_cpystrn(address.sun_path, path, sizeof(address.sun_path));
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    close(fd);
}

/* Neither opened nor waited for. */
static void assert_refused(fixture_t *f, const char *path, const char *reason)
{
    const char *data = "x";
    apr_size_t len = 1;
    apr_status_t rv = file_read(&data, &len, path, 5, f->p);
    int fd = 0;

    assert_int_equal(rv, APR_EINVAL);
    assert_null(data);
    assert_int_equal(len, 0);
    assert_int_equal(file_open(&fd, path, 5), APR_EINVAL);
    assert_int_equal(fd, -1);
    assert_string_equal(file_reason(f->p, rv, path), reason);
}

static void reads_regular_files_only(void **state)
{
    fixture_t *f = *state;
    const char *data = "x";
    apr_size_t len = 1;

    assert_true(APR_STATUS_IS_ENOENT(file_read(&data, &len, in(f, "a"), 5, f->p)));
    assert_null(data);
    assert_refused(f, f->dir, "it is a directory, not a regular file");
    assert_int_equal(mkfifo(in(f, "fifo"), 0600), 0);
    assert_refused(f, in(f, "fifo"), "it is a FIFO, not a regular file");
    make_socket(in(f, "socket"));
    assert_refused(f, in(f, "socket"), "it is a socket, not a regular file");
    assert_refused(f, "/dev/zero", "it is a device, not a regular file");
}

static void follows_links_where_root_chose_them(void **state)
{
    fixture_t *f = *state;

    assert_int_equal(file_make_directory(in(f, "real"), 0700, f->p), APR_SUCCESS);
    put(f, in(f, "real/a"), "x");
    assert_int_equal(symlink("real", in(f, "dir")), 0);
    assert_int_equal(symlink("real/a", in(f, "link")), 0);
    assert_content(f, in(f, "dir/a"), "x");
    assert_content(f, in(f, "link"), "x");
    assert_int_equal(file_list_directory(in(f, "dir"), f->p)->nelts, 1);
    assert_int_equal(file_make_directory(in(f, "dir"), 0700, f->p), APR_SUCCESS);
}

/* The fenced directory may be reached by a link; below it there is none. */
static const char *fenced(fixture_t *f)
{
    const char *dir = in(f, "fenced");

    assert_int_equal(mkdir(in(f, "place"), 0700), 0);
    assert_int_equal(symlink("place", dir), 0);
    assert_int_equal(mkdir(in(f, "outside"), 0700), 0);
    put(f, in(f, "outside/file"), "theirs");
    file_fence(apr_pstrcat(f->p, dir, "/", NULL));
    return dir;
}

static void reads_behind_no_link_below_a_fence(void **state)
{
    fixture_t *f = *state;
    const char *dir = fenced(f);
    const char *data;
    apr_size_t len;
    struct stat st;

    put(f, in(f, "fenced/a"), "x");
    assert_content(f, in(f, "fenced/a"), "x");
    assert_content(f, in(f, "fenced//a"), "x");
    assert_int_equal(symlink("a", in(f, "fenced/link")), 0);
    assert_refused(f, in(f, "fenced/link"), "it is a symbolic link, which is not followed here");
    assert_int_equal(symlink("../outside", in(f, "fenced/dir")), 0);
    assert_int_equal(file_read(&data, &len, in(f, "fenced/dir/file"), 9, f->p), ENOTDIR);
    assert_string_equal(
        file_reason(f->p, ENOTDIR, in(f, "fenced/dir/file")),
        apr_pstrcat(f->p, dir, "/dir is a symbolic link, which is not followed here", NULL));
    assert_int_equal(file_read(&data, &len, in(f, "fenced/../outside/file"), 9, f->p), EINVAL);
    assert_int_equal(file_read(&data, &len, in(f, "fenced/./a"), 9, f->p), EINVAL);
    assert_int_equal(file_list_directory(in(f, "fenced/dir"), f->p)->nelts, 0);
    assert_int_equal(file_look(&st, in(f, "fenced/link")), APR_SUCCESS);
    assert_true(S_ISLNK(st.st_mode));
    assert_string_equal(file_link_target(in(f, "fenced/link"), f->p), "a");
    assert_null(file_link_target(in(f, "fenced/a"), f->p));
    /* What only begins with the same letters is not below it. */
    assert_int_equal(symlink("outside", in(f, "fenced-not")), 0);
    assert_content(f, in(f, "fenced-not/file"), "theirs");
}

static void changes_nothing_behind_a_link_below_a_fence(void **state)
{
    fixture_t *f = *state;

    (void)fenced(f);
    put(f, in(f, "outside/.tmp-0123456789abcdef"), "theirs");
    put(f, in(f, "fenced/a"), "x");
    assert_int_equal(symlink("../outside", in(f, "fenced/dir")), 0);
    assert_int_equal(file_replace(in(f, "fenced/dir/file"), "x", 1, 0600, 1, f->p), ENOTDIR);
    assert_int_equal(file_replace_link(in(f, "fenced/dir/file"), "x", f->p), ENOTDIR);
    assert_int_equal(file_rename(in(f, "fenced/a"), in(f, "fenced/dir/file")), ENOTDIR);
    assert_int_equal(file_rename(in(f, "fenced/dir/file"), in(f, "fenced/b")), ENOTDIR);
    assert_int_equal(file_remove(in(f, "fenced/dir/file")), ENOTDIR);
    assert_int_equal(file_remove_tree(in(f, "fenced/dir/file"), f->p), ENOTDIR);
    assert_int_equal(file_make_directory(in(f, "fenced/dir"), 0700, f->p), ENOTDIR);
    assert_int_equal(file_make_directory(in(f, "fenced/dir/below"), 0700, f->p), ENOTDIR);
    assert_int_not_equal(file_close_directory(in(f, "fenced/dir")), APR_SUCCESS);
    assert_int_not_equal(file_sync_directory(in(f, "fenced/dir")), APR_SUCCESS);
    file_sweep(in(f, "fenced/dir"), f->p);
    assert_int_equal(0, apr_hash_count(file_sweep_and_survey(in(f, "fenced"), f->p)));
    assert_int_equal(0, apr_hash_count(file_sweep_and_survey(in(f, "fenced/dir"), f->p)));
    assert_int_equal(0, file_sweep_and_list(in(f, "fenced/dir"), f->p)->nelts);
    assert_content(f, in(f, "outside/file"), "theirs");
    assert_content(f, in(f, "outside/.tmp-0123456789abcdef"), "theirs");
    assert_int_equal(file_remove_tree(in(f, "fenced/dir"), f->p), APR_SUCCESS);
    assert_content(f, in(f, "outside/file"), "theirs");
}

static apr_status_t read_at(fixture_t *f, int dir, const char *name, apr_size_t max)
{
    const char *data = "x";
    apr_size_t len = 1;
    apr_status_t rv = file_read_at(&data, &len, dir, name, max, f->p);

    assert_true((rv == APR_SUCCESS) == (data != NULL));
    return rv;
}

static void reads_entries_of_an_open_directory(void **state)
{
    fixture_t *f = *state;
    static const char *const refused[] = { "link", "", ".", "..", "sub/file", "sub", "missing" };
    const char *data = NULL;
    apr_size_t len = 0, i;
    int dir = -1, fd = -1;

    (void)fenced(f);
    assert_int_equal(file_make_directory(in(f, "fenced/dir/sub"), 0700, f->p), 0);
    put(f, in(f, "fenced/dir/sub/file"), "x");
    put(f, in(f, "fenced/dir/file"), "ours");
    assert_int_equal(symlink("../../outside/file", in(f, "fenced/dir/link")), 0);
    assert_int_equal(file_open_directory(&dir, in(f, "fenced/dir")), APR_SUCCESS);
    assert_int_equal(file_read_entry(&data, &len, dir, "file", 10, f->p), APR_SUCCESS);
    assert_string_equal(data, "ours");
    assert_int_equal(file_read_entry(&data, &len, dir, "file", 3, f->p), EFBIG);
    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); ++i) {
        assert_int_not_equal(file_read_entry(&data, &len, dir, refused[i], 10, f->p), APR_SUCCESS);
        assert_null(data);
        assert_int_not_equal(file_open_entry(&fd, dir, refused[i], 10), APR_SUCCESS);
        assert_int_equal(fd, -1);
    }
    assert_int_equal(file_open_entry(&fd, dir, "file", 10), APR_SUCCESS);
    close(fd);
    close(dir);
}

static void reads_what_is_not_trusted_below_a_descriptor(void **state)
{
    fixture_t *f = *state;
    int dir = -1, other = -1;

    assert_int_equal(file_make_directory(in(f, "run/a"), 0700, f->p), APR_SUCCESS);
    put(f, in(f, "run/a/file"), "12345");
    put(f, in(f, "outside"), "theirs");
    assert_int_equal(file_open_directory(&dir, in(f, "run")), APR_SUCCESS);
    assert_int_equal(read_at(f, dir, "a/file", 5), APR_SUCCESS);
    assert_int_equal(read_at(f, dir, "a/file", 4), EFBIG);
    assert_true(APR_STATUS_IS_ENOENT(read_at(f, dir, "a/none", 5)));
    assert_int_equal(read_at(f, dir, "../outside", 9), EINVAL);
    assert_int_equal(read_at(f, dir, "a", 9), EINVAL);
    assert_int_equal(read_at(f, dir, "", 9), EINVAL);
    assert_int_equal(symlink("../outside", in(f, "run/link")), 0);
    assert_int_equal(read_at(f, dir, "link", 9), EINVAL);
    assert_int_equal(link(in(f, "outside"), in(f, "run/second")), 0);
    assert_int_equal(read_at(f, dir, "second", 9), EINVAL);
    assert_int_equal(symlink("a", in(f, "run/b")), 0);
    assert_int_equal(read_at(f, dir, "b/file", 9), ENOTDIR);
    assert_int_equal(file_open_directory_at(&other, dir, "b"), ENOTDIR);
    assert_int_equal(other, -1);
    assert_int_equal(mkfifo(in(f, "run/fifo"), 0600), 0);
    assert_int_equal(read_at(f, dir, "fifo", 9), EINVAL);
    assert_int_equal(file_list_directory_at(dir, 2, f->p)->nelts, 2);
    close(dir);
}

static void locks_a_regular_file_whatever_was_there(void **state)
{
    fixture_t *f = *state;
    int fd = -1;

    put(f, in(f, "outside"), "theirs");
    assert_int_equal(symlink("outside", in(f, "lock")), 0);
    assert_int_equal(file_open_lock(&fd, in(f, "lock")), APR_SUCCESS);
    assert_int_equal(close(fd), 0);
    assert_int_equal(file_remove(in(f, "lock")), APR_SUCCESS);
    assert_int_equal(mkfifo(in(f, "lock"), 0600), 0);
    assert_int_equal(file_open_lock(&fd, in(f, "lock")), APR_SUCCESS);
    assert_int_equal(close(fd), 0);
    assert_int_equal(file_remove(in(f, "lock")), APR_SUCCESS);
    assert_int_equal(mkdir(in(f, "lock"), 0700), 0);
    assert_int_equal(file_open_lock(&fd, in(f, "lock")), APR_SUCCESS);
    assert_int_equal(close(fd), 0);
    assert_int_equal(mode_of(in(f, "lock")), 0600);
    assert_int_equal(file_remove(in(f, "lock")), APR_SUCCESS);
    assert_int_equal(mkdir(in(f, "lock"), 0700), 0);
    put(f, in(f, "lock/file"), "theirs");
    assert_int_not_equal(file_open_lock(&fd, in(f, "lock")), APR_SUCCESS);
    assert_int_equal(fd, -1);
    assert_content(f, in(f, "lock/file"), "theirs");
    assert_content(f, in(f, "outside"), "theirs");
}

static void makes_directories_and_their_parents(void **state)
{
    fixture_t *f = *state;

    assert_int_equal(file_make_directory(in(f, "a/b/c/"), 0700, f->p), APR_SUCCESS);
    assert_int_equal(mode_of(in(f, "a")), 0755);
    assert_int_equal(mode_of(in(f, "a/b")), 0755);
    assert_int_equal(mode_of(in(f, "a/b/c")), 0700);
    assert_int_equal(chmod(in(f, "a"), 0711), 0);
    assert_int_equal(file_make_directory(in(f, "a"), 0700, f->p), APR_SUCCESS);
    assert_int_equal(mode_of(in(f, "a")), 0711);
    put(f, in(f, "file"), "x");
    assert_int_equal(file_make_directory(in(f, "file"), 0700, f->p), ENOTDIR);
    assert_int_not_equal(file_make_directory(in(f, "file/below"), 0700, f->p), APR_SUCCESS);
    assert_int_not_equal(file_make_directory("", 0700, f->p), APR_SUCCESS);
}

static void syncs_directories_only(void **state)
{
    fixture_t *f = *state;

    put(f, in(f, "file"), "x");
    assert_int_equal(file_sync_directory(f->dir), APR_SUCCESS);
    assert_int_equal(file_sync_directory(in(f, "file")), ENOTDIR);
    assert_true(APR_STATUS_IS_ENOENT(file_sync_directory(in(f, "missing"))));
}

static void removes_trees_without_following_links(void **state)
{
    fixture_t *f = *state;

    assert_int_equal(file_make_directory(in(f, "tree/deep/er"), 0700, f->p), APR_SUCCESS);
    assert_int_equal(file_make_directory(in(f, "outside"), 0700, f->p), APR_SUCCESS);
    put(f, in(f, "outside/file"), "kept");
    put(f, in(f, "tree/deep/file"), "x");
    put(f, in(f, "tree/.tmp-left-over"), "x");
    assert_int_equal(symlink("../../outside", in(f, "tree/deep/link")), 0);
    assert_int_equal(symlink("outside", in(f, "link")), 0);
    assert_int_equal(file_remove_tree(in(f, "tree"), f->p), APR_SUCCESS);
    assert_int_equal(file_remove_tree(in(f, "link"), f->p), APR_SUCCESS);
    assert_false(is_there(in(f, "tree")));
    assert_false(is_there(in(f, "link")));
    assert_content(f, in(f, "outside/file"), "kept");
    assert_int_equal(file_remove_tree(in(f, "tree"), f->p), APR_SUCCESS);
}

/* Deeper than a path may be long, than a stack and than descriptors would last. */
static void removes_deep_trees(void **state)
{
    fixture_t *f = *state;
    struct rlimit before, few;
    int fd = open(f->dir, O_RDONLY | O_DIRECTORY);
    int i, next;

    for (i = 0; i < 6000; ++i) {
        assert_int_equal(mkdirat(fd, "deep", 0700), 0);
        assert_int_equal(mkdirat(fd, ".tmp-moved-0", 0700), 0);
        assert_true((next = openat(fd, "deep", O_RDONLY | O_DIRECTORY)) >= 0);
        close(fd);
        fd = next;
    }
    close(fd);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = 32;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    assert_int_equal(file_remove_tree(in(f, "deep"), f->p), APR_SUCCESS);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_false(is_there(in(f, "deep")));
    assert_int_equal(count_entries(f), 1);
}

/* More names than are held at once. */
static void removes_wide_trees(void **state)
{
    fixture_t *f = *state;
    int i;

    assert_int_equal(mkdir(in(f, "wide"), 0700), 0);
    for (i = 0; i < 1500; ++i)
        assert_int_equal(mkdir(in(f, apr_psprintf(f->p, "wide/%d", i)), 0700), 0);
    put(f, in(f, "wide/7/file"), "x");
    assert_int_equal(file_remove_tree(in(f, "wide"), f->p), APR_SUCCESS);
    assert_false(is_there(in(f, "wide")));
}

static void moves_links_in_one_step(void **state)
{
    fixture_t *f = *state;
    char target[64] = "";

    assert_int_equal(file_replace_link(in(f, "live"), "../archive/1", f->p), APR_SUCCESS);
    assert_int_equal(file_replace_link(in(f, "live"), "../archive/2", f->p), APR_SUCCESS);
    assert_int_equal(readlink(in(f, "live"), target, sizeof(target) - 1), 12);
    assert_string_equal(target, "../archive/2");
    assert_int_equal(count_entries(f), 1);
}

static void lists_names_in_order_without_leftovers(void **state)
{
    fixture_t *f = *state;
    apr_array_header_t *names;

    put(f, in(f, "b"), "x");
    put(f, in(f, "a"), "x");
    put(f, in(f, ".hidden"), "x");
    put(f, in(f, ".tmp-0123456789abcdef"), "x");
    assert_int_equal(mkdir(in(f, "c"), 0700), 0);
    names = file_list_directory(f->dir, f->p);
    assert_string_equal(apr_array_pstrcat(f->p, names, ' '), ".hidden a b c");
    assert_int_equal(file_list_directory(in(f, "missing"), f->p)->nelts, 0);
    assert_int_equal(file_list_directory(in(f, "a"), f->p)->nelts, 0);
}

static void sweeps_what_is_unfinished(void **state)
{
    fixture_t *f = *state;

    put(f, in(f, "kept"), "x");
    put(f, in(f, ".tmp-0123456789abcdef"), "x");
    assert_int_equal(mkdir(in(f, ".tmp-000002"), 0700), 0);
    put(f, in(f, ".tmp-000002/privkey.pem"), "x");
    file_sweep(f->dir, f->p);
    assert_int_equal(count_entries(f), 1);
    assert_content(f, in(f, "kept"), "x");
    file_sweep(in(f, "missing"), f->p);
    file_sweep(in(f, "kept"), f->p);
}

static void sweeps_and_lists(void **state)
{
    fixture_t *f = *state;
    const apr_array_header_t *names;
    apr_hash_t *survey;

    file_make_directory(in(f, "a/c/.tmp-1"), 0700, f->p);
    put(f, in(f, "a/b"), "x");
    put(f, in(f, "a/a"), "x");
    put(f, in(f, "a/.tmp-0123456789abcdef"), "x");
    put(f, in(f, "a/c/.tmp-1/file"), "x");
    names = file_sweep_and_list(in(f, "a"), f->p);
    assert_string_equal(apr_array_pstrcat(f->p, names, ' '), "a b c");
    assert_false(is_there(in(f, "a/.tmp-0123456789abcdef")));
    assert_true(is_there(in(f, "a/c/.tmp-1")));
    file_make_directory(in(f, "a/d/e"), 0700, f->p);
    put(f, in(f, "a/.tmp-2"), "x");
    put(f, in(f, "a/d/e/.tmp-3"), "x");
    survey = file_sweep_and_survey(in(f, "a"), f->p);
    assert_int_equal(apr_hash_count(survey), 2);
    assert_int_equal(((apr_array_header_t *)apr_hash_get(survey, "c", 1))->nelts, 0);
    assert_string_equal(apr_array_pstrcat(f->p, apr_hash_get(survey, "d", 1), ' '), "e");
    assert_false(is_there(in(f, "a/.tmp-2")));
    assert_false(is_there(in(f, "a/c/.tmp-1")));
    assert_true(is_there(in(f, "a/d/e/.tmp-3")));
    assert_true(is_there(in(f, "a/b")));
    assert_int_equal(0, file_sweep_and_list(in(f, "missing"), f->p)->nelts);
    assert_int_equal(0, apr_hash_count(file_sweep_and_survey(in(f, "missing"), f->p)));
}

static int open_descriptors(apr_pool_t *p)
{
    return file_list_directory("/proc/self/fd", p)->nelts;
}

static void leaves_no_descriptor_open(void **state)
{
    file_draft_t *draft = NULL;
    fixture_t *f = *state;
    const char *data;
    apr_size_t len;
    int before = open_descriptors(f->p);

    put(f, in(f, "a"), "x");
    file_replace(in(f, "a"), "x", 1, 0600, 1, f->p);
    file_replace(in(f, "missing/a"), "x", 1, 0600, 1, f->p);
    file_read(&data, &len, in(f, "a"), 0, f->p);
    file_read(&data, &len, in(f, "a"), 10, f->p);
    file_make_directory(in(f, "d/e"), 0700, f->p);
    file_remove_tree(in(f, "d"), f->p);
    file_rename(in(f, "a"), in(f, "missing/a"));
    file_rename(in(f, "a"), in(f, "b"));
    file_remove(in(f, "b"));
    file_link_target(in(f, "a"), f->p);
    file_close_directory(f->dir);
    file_sync_directory(f->dir);
    file_list_directory(in(f, "a"), f->p);
    file_sweep(f->dir, f->p);
    if (file_draft_make(&draft, in(f, "d"), 0600, 10, f->p) == APR_SUCCESS)
        file_draft_publish(draft, "x", 1);
    file_draft_make(&draft, in(f, "d"), 0600, 10, f->p);
    if (file_draft_make(&draft, in(f, "e"), 0600, 10, f->p) == APR_SUCCESS)
        file_draft_discard(draft);
    assert_int_equal(open_descriptors(f->p), before);
}

static void drafts_are_there_whole_or_not_at_all(void **state)
{
    fixture_t *f = *state;
    file_draft_t *draft = NULL;
    const char *data = NULL;
    apr_size_t len = 0;

    assert_int_equal(file_draft_make(&draft, in(f, "key"), 0600, 4096, f->p), APR_SUCCESS);
    assert_int_not_equal(access(in(f, "key"), F_OK), 0);
    assert_int_equal(file_draft_publish(draft, "secret\n", 7), APR_SUCCESS);
    assert_int_equal(file_read(&data, &len, in(f, "key"), 100, f->p), APR_SUCCESS);
    assert_string_equal(data, "secret\n");
    assert_int_equal(mode_of(in(f, "key")), 0600);

    assert_int_equal(file_draft_make(&draft, in(f, "other"), 0600, 4096, f->p), APR_SUCCESS);
    file_draft_discard(draft);
    file_draft_discard(draft);
    file_draft_discard(NULL);
    assert_int_not_equal(access(in(f, "other"), F_OK), 0);
    assert_int_equal(1, file_list_directory(f->dir, f->p)->nelts);
}

static void drafts_replace_nothing(void **state)
{
    fixture_t *f = *state;
    file_draft_t *draft = NULL;
    const char *data = NULL;
    apr_size_t len = 0;

    assert_int_equal(symlink("nowhere", in(f, "link")), 0);
    assert_int_equal(file_draft_make(&draft, in(f, "link"), 0600, 10, f->p), EEXIST);
    assert_null(draft);
    /* Somebody else comes in between. */
    assert_int_equal(file_draft_make(&draft, in(f, "key"), 0600, 10, f->p), APR_SUCCESS);
    assert_int_equal(file_replace(in(f, "key"), "mine", 4, 0600, 0, f->p), APR_SUCCESS);
    assert_int_equal(file_draft_publish(draft, "yours", 5), EEXIST);
    assert_int_equal(file_read(&data, &len, in(f, "key"), 100, f->p), APR_SUCCESS);
    assert_string_equal(data, "mine");
}

/* Neither what is there nor what a full disk leaves of a new one. */
static void makes_a_file_where_none_is_or_nothing(void **state)
{
    fixture_t *f = *state;
    struct rlimit before, small;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    char *data = apr_pcalloc(f->p, 100000);
    apr_status_t rv;

    assert_int_equal(file_make(in(f, "a"), "mine", 4, 0640), APR_SUCCESS);
    assert_int_equal(mode_of(in(f, "a")), 0640);
    assert_int_equal(file_make(in(f, "a"), "yours", 5, 0600), EEXIST);
    assert_content(f, in(f, "a"), "mine");
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 50000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    rv = file_make(in(f, "b"), data, 100000, 0600);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    assert_int_equal(rv, EFBIG);
    assert_int_equal(count_entries(f), 1);
}

static void adds_lines_that_are_synced_together(void **state)
{
    fixture_t *f = *state;

    assert_true(APR_STATUS_IS_ENOENT(file_sync(in(f, "a"))));
    assert_int_equal(file_append(in(f, "a"), "one\n", 4, 0), APR_SUCCESS);
    assert_int_equal(file_append(in(f, "a"), "two\n", 4, 1), APR_SUCCESS);
    assert_content(f, in(f, "a"), "one\ntwo\n");
    assert_int_equal(file_sync(in(f, "a")), APR_SUCCESS);
    assert_int_equal(file_sync(f->dir), APR_EINVAL);
}

static void drafts_go_with_their_pool(void **state)
{
    fixture_t *f = *state;
    file_draft_t *draft = NULL;
    apr_pool_t *p = NULL;

    assert_int_equal(apr_pool_create(&p, f->p), APR_SUCCESS);
    assert_int_equal(file_draft_make(&draft, in(f, "key"), 0600, 10, p), APR_SUCCESS);
    assert_int_equal(count_entries(f), 1);
    apr_pool_destroy(p);
    assert_int_equal(count_entries(f), 0);
    assert_true(APR_STATUS_IS_ENOENT(file_draft_make(&draft, in(f, "no/key"), 0600, 10, f->p)));
}

static void who_could_change_a_program(void **state)
{
    fixture_t *f = *state;
    apr_pool_t *p = f->p;
    const char *below = in(f, "bin"), *program = in(f, "bin/hook"), *link = in(f, "link");

    assert_int_equal(0, mkdir(below, 0755));
    assert_int_equal(file_replace(program, "x", 1, 0755, 0, p), APR_SUCCESS);
    assert_int_equal(0, symlink(program, link));
    assert_null(file_changeable_by(p, program, 0));
    assert_null(file_changeable_by(p, link, 0));
    assert_int_equal(0, chmod(program, 0775));
    assert_non_null(strstr(file_changeable_by(p, program, 0), program));
    assert_non_null(strstr(file_changeable_by(p, link, 0), program));
    assert_int_equal(0, chmod(program, 0755));
    assert_int_equal(0, chmod(below, 0777));
    assert_non_null(file_changeable_by(p, program, 0));
    assert_int_equal(0, chmod(below, 01777)); /* sticky: the entry is its owner's */
    assert_null(file_changeable_by(p, program, 0));
    if (geteuid() == 0) {
        assert_int_equal(0, chown(program, 65534, 0));
        assert_non_null(file_changeable_by(p, program, 0));
        assert_null(file_changeable_by(p, program, 65534));
    }
    assert_non_null(file_changeable_by(p, in(f, "none"), 0));
}

#define FILE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FILE_TEST(replaces_content_and_mode),
        FILE_TEST(replaces_through_another_directory),
        FILE_TEST(links_a_second_name),
        FILE_TEST(several_are_synced_together),
        FILE_TEST(gives_the_mode_whatever_the_umask),
        FILE_TEST(replaces_a_link_instead_of_following_it),
        FILE_TEST(leaves_nothing_when_the_target_cannot_be_replaced),
        FILE_TEST(keeps_the_old_content_when_writing_fails),
        FILE_TEST(drafts_are_there_whole_or_not_at_all),
        FILE_TEST(drafts_replace_nothing),
        FILE_TEST(makes_a_file_where_none_is_or_nothing),
        FILE_TEST(adds_lines_that_are_synced_together),
        FILE_TEST(who_could_change_a_program),
        FILE_TEST(drafts_go_with_their_pool),
        FILE_TEST(writes_next_to_the_working_directory),
        FILE_TEST(reads_no_more_than_allowed),
        FILE_TEST(reads_regular_files_only),
        FILE_TEST(follows_links_where_root_chose_them),
        FILE_TEST(reads_behind_no_link_below_a_fence),
        FILE_TEST(changes_nothing_behind_a_link_below_a_fence),
        FILE_TEST(reads_what_is_not_trusted_below_a_descriptor),
        FILE_TEST(locks_a_regular_file_whatever_was_there),
        FILE_TEST(makes_directories_and_their_parents),
        FILE_TEST(syncs_directories_only),
        FILE_TEST(removes_trees_without_following_links),
        FILE_TEST(removes_deep_trees),
        FILE_TEST(removes_wide_trees),
        FILE_TEST(moves_links_in_one_step),
        FILE_TEST(lists_names_in_order_without_leftovers),
        FILE_TEST(sweeps_what_is_unfinished),
        FILE_TEST(sweeps_and_lists),
        FILE_TEST(reads_entries_of_an_open_directory),
        FILE_TEST(leaves_no_descriptor_open),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
