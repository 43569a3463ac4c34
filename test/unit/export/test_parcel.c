/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../crypto/party.h"
#include "base/file.h"
#include "export/parcel.h"

typedef struct scene {
    apr_pool_t *p;
    eab_result_t *result;
    const char *dir; /* closed to others */
    chain_t *chain;
    keypair_t *key;
    parcel_t parcel;
    int count;
} scene_t;

static scene_t scene(apr_pool_t *p, const char *format)
{
    scene_t s = { .p = p, .result = eab_result_make(p) };
    party_spec_t ca = { .common = "Issuer", .is_ca = 1 };
    party_spec_t spec = { .names = "DNS:www.example.edu,DNS:*.example.edu" };
    party_t *leaf = party_make(p, party_make(p, NULL, &ca), &spec);
    const char *pem = party_pem(p, 1, leaf);

    s.dir = fixture_directory(p);
    s.key = leaf->key;
    assert_int_equal(APR_SUCCESS, chain_parse(&s.chain, pem, strlen(pem), s.result, p));
    s.parcel.format = package_format_find(format);
    s.parcel.path = apr_pstrcat(p, s.dir, "/out", NULL);
    s.parcel.uid = s.parcel.gid = -1;
    s.parcel.mode = 0640;
    return s;
}

static void scene_end(scene_t *s)
{
    assert_int_equal(APR_SUCCESS, file_remove_tree(s->dir, s->p));
}

static apr_status_t deliver(scene_t *s)
{
    return parcel_make(&s->parcel, s->chain, s->key, "x", &s->count, s->result, s->p);
}

static void expect(scene_t *s, const char *words)
{
    if (strstr(s->result->detail, words) == NULL)
        fail_msg("%s", s->result->detail);
}

/* Also of what is hidden. @return how many files there are, and the path of the last hidden one */
static int count_files(const scene_t *s, const char **phidden)
{
    DIR *dir = opendir(s->dir);
    const struct dirent *entry;
    int count = 0;

    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        ++count;
        if (entry->d_name[0] == '.')
            *phidden = apr_pstrcat(s->p, s->dir, "/", entry->d_name, NULL);
    }
    closedir(dir);
    return count;
}

/* One file, with its mode, and nothing beside it; again only when it differs. */
static void written_once(void **state)
{
    scene_t s = scene(*state, "haproxy");
    const char *hidden = NULL;
    struct stat st, again;

    umask(077);
    assert_int_equal(APR_SUCCESS, deliver(&s));
    assert_int_equal(1, s.count);
    assert_int_equal(0, stat(s.parcel.path, &st));
    assert_int_equal(0640, st.st_mode & 07777);
    assert_int_equal(APR_SUCCESS, deliver(&s));
    assert_int_equal(0, s.count);
    assert_int_equal(0, stat(s.parcel.path, &again));
    assert_int_equal(st.st_ino, again.st_ino);
    s.parcel.mode = 0600;
    assert_int_equal(APR_SUCCESS, deliver(&s));
    assert_int_equal(1, s.count);
    assert_int_equal(0, truncate(s.parcel.path, 100));
    assert_int_equal(APR_SUCCESS, deliver(&s));
    assert_int_equal(1, s.count);
    assert_int_equal(1, count_files(&s, &hidden));
    scene_end(&s);
}

/* A limit to the length of files ends a process in the middle of its writing. */
static void deliver_and_be_killed(scene_t *s)
{
    struct rlimit limit = { 100, 100 };
    int status = 0;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        setrlimit(RLIMIT_FSIZE, &limit);
        deliver(s);
        _exit(0);
    }
    assert_int_equal(pid, waitpid(pid, &status, 0));
    assert_true(WIFSIGNALED(status));
    assert_int_equal(SIGXFSZ, WTERMSIG(status));
}

/* There is a part of a private key in it. */
static void what_a_killed_writer_has_left_goes(void **state)
{
    scene_t s = scene(*state, "haproxy");
    const char *out = s.parcel.path, *left = NULL;
    int fd;

    deliver_and_be_killed(&s);
    assert_int_equal(1, count_files(&s, &left));
    s.parcel.path = apr_pstrcat(s.p, s.dir, "/another", NULL);
    assert_int_equal(APR_SUCCESS, deliver(&s)); /* it is of no interest to another file */
    assert_int_equal(2, count_files(&s, &left));
    s.parcel.path = out;
    fd = open(left, O_RDONLY | O_CLOEXEC);
    assert_int_equal(0, flock(fd, LOCK_EX)); /* whoever writes it is still there */
    assert_int_equal(APR_SUCCESS, deliver(&s));
    assert_int_equal(3, count_files(&s, &left));
    close(fd);
    assert_int_equal(0, unlink(out));
    assert_int_equal(APR_SUCCESS, deliver(&s));
    assert_int_equal(2, count_files(&s, &left));
    assert_int_not_equal(0, access(left, F_OK));
    scene_end(&s);
}

static void owner_is_given(void **state)
{
    scene_t s = scene(*state, "fullchain");
    struct stat st;

    if (geteuid() != 0)
        skip();
    assert_null(parcel_owner(&s.parcel.uid, &s.parcel.gid, "root:nogroup", s.p));
    assert_int_equal(APR_SUCCESS, deliver(&s));
    assert_int_equal(0, stat(s.parcel.path, &st));
    assert_int_equal(0, st.st_uid);
    assert_int_equal(s.parcel.gid, st.st_gid);
    assert_int_not_equal(0, st.st_gid);
    scene_end(&s);
}

static void links_are_not_followed(void **state)
{
    scene_t s = scene(*state, "key");
    const char *elsewhere = apr_pstrcat(s.p, s.dir, "/elsewhere", NULL);
    const char *link = apr_pstrcat(s.p, s.dir, "/link", NULL);
    struct stat st;

    assert_int_equal(0, symlink("elsewhere", s.parcel.path));
    assert_int_not_equal(APR_SUCCESS, deliver(&s));
    expect(&s, "something else is in its place");
    assert_int_not_equal(0, stat(elsewhere, &st));
    assert_int_equal(0, mkdir(elsewhere, 0755));
    assert_int_equal(0, symlink(elsewhere, link));
    s.parcel.path = apr_pstrcat(s.p, link, "/out", NULL);
    assert_int_not_equal(APR_SUCCESS, deliver(&s));
    expect(&s, "symbolic link");
    assert_int_equal(0, file_list_directory(elsewhere, s.p)->nelts);
    s.parcel.path = apr_pstrcat(s.p, s.dir, "/elsewhere/../out2", NULL);
    assert_int_not_equal(APR_SUCCESS, deliver(&s));
    s.parcel.path = "relative";
    assert_int_not_equal(APR_SUCCESS, deliver(&s));
    scene_end(&s);
}

static void directories_that_others_can_write(void **state)
{
    static const mode_t modes[] = { 0777, 01777, 0775 };
    scene_t s = scene(*state, "key");
    const char *dir = apr_pstrcat(s.p, s.dir, "/open", NULL);
    size_t i;

    assert_int_equal(0, mkdir(dir, 0755));
    s.parcel.path = apr_pstrcat(s.p, dir, "/out", NULL);
    for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        assert_int_equal(0, chmod(dir, modes[i]));
        assert_int_not_equal(APR_SUCCESS, deliver(&s));
        expect(&s, "others can write to it");
        assert_int_equal(0, file_list_directory(dir, s.p)->nelts);
    }
    assert_int_equal(0, chmod(dir, 0777)); /* nor one above */
    assert_int_equal(0, mkdir(apr_pstrcat(s.p, dir, "/below", NULL), 0755));
    s.parcel.path = apr_pstrcat(s.p, dir, "/below/out", NULL);
    assert_int_not_equal(APR_SUCCESS, deliver(&s));
    assert_int_equal(0, chmod(dir, 0755));
    assert_int_equal(APR_SUCCESS, deliver(&s));
    if (geteuid() == 0) {
        assert_int_equal(0, chown(dir, 65534, 65534));
        s.parcel.mode = 0600;
        assert_int_not_equal(APR_SUCCESS, deliver(&s));
    }
    scene_end(&s);
}

static void a_file_for_each_name(void **state)
{
    scene_t s = scene(*state, "pfx");
    apr_array_header_t *names;

    s.parcel.path = apr_pstrcat(s.p, s.dir, "/", NULL);
    s.parcel.password = secret_make(s.p, 3);
    memset(s.parcel.password->data, 'a', 3);
    assert_int_equal(APR_SUCCESS, deliver(&s));
    assert_int_equal(2, s.count);
    names = file_list_directory(s.dir, s.p);
    assert_int_equal(2, names->nelts);
    assert_string_equal("_.example.edu.pfx", APR_ARRAY_IDX(names, 0, const char *));
    assert_string_equal("www.example.edu.pfx", APR_ARRAY_IDX(names, 1, const char *));
    assert_int_equal(APR_SUCCESS, deliver(&s));
    assert_int_equal(0, s.count); /* though each PKCS#12 is another one */
    s.parcel.password->data[0] = 'b';
    assert_int_equal(APR_SUCCESS, deliver(&s));
    assert_int_equal(2, s.count);
    scene_end(&s);
}

static void modes_and_owners(void **state)
{
    mode_t mode = 0;
    int uid = 0, gid = 0;

    assert_null(parcel_mode(&mode, "0640", 1));
    assert_int_equal(0640, mode);
    assert_null(parcel_mode(&mode, "644", 0));
    assert_non_null(parcel_mode(&mode, "0644", 1));
    assert_non_null(parcel_mode(&mode, "0660", 1));
    assert_non_null(parcel_mode(&mode, "0755", 0));
    assert_non_null(parcel_mode(&mode, "04600", 0));
    assert_non_null(parcel_mode(&mode, "", 0));
    assert_non_null(parcel_mode(&mode, "rw", 0));
    assert_non_null(parcel_mode(&mode, "-1", 0));
    assert_null(parcel_owner(&uid, &gid, "root:root", *state));
    assert_int_equal(0, uid);
    assert_int_equal(0, gid);
    assert_null(parcel_owner(&uid, &gid, ":root", *state));
    assert_int_equal(-1, uid);
    assert_non_null(strstr(parcel_owner(&uid, &gid, "nobody-like-this:root", *state), "user"));
    assert_non_null(strstr(parcel_owner(&uid, &gid, "root:nobody-like-this", *state), "group"));
}

static void password_files(void **state)
{
    scene_t s = scene(*state, "pfx");
    const char *path = apr_pstrcat(s.p, s.dir, "/password", NULL);
    secret_t *password;

    fixture_write(path, "se cret\nrest", 12);
    assert_int_equal(0, chmod(path, 0644));
    assert_null(parcel_password(path, s.result, s.p));
    expect(&s, "chmod 600");
    assert_int_equal(0, chmod(path, 0600));
    password = parcel_password(path, s.result, s.p);
    assert_int_equal(7, password->len);
    assert_memory_equal("se cret", password->data, 7);
    fixture_write(path, "\n", 1);
    assert_null(parcel_password(path, s.result, s.p));
    expect(&s, "holds no password");
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(written_once),
        fixture_test(what_a_killed_writer_has_left_goes),
        fixture_test(owner_is_given),
        fixture_test(links_are_not_followed),
        fixture_test(directories_that_others_can_write),
        fixture_test(a_file_for_each_name),
        fixture_test(modes_and_owners),
        fixture_test(password_files),
    };

    return fixture_run(tests);
}
