/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "live/segment.h"

#define SLOTS 3

static segment_t *parents;

/* What the keeper makes of the descriptor that comes to it. */
static segment_t *keepers(apr_pool_t *p)
{
    segment_t *segment = NULL;
    int fd = fcntl(segment_descriptor(parents), F_DUPFD_CLOEXEC, 3);

    assert_int_equal(APR_SUCCESS, segment_open(&segment, fd, SLOTS, p));
    return segment;
}

static segment_t *made(apr_pool_t *p)
{
    assert_int_equal(APR_SUCCESS, segment_make(&parents, SLOTS, p));
    return keepers(p);
}

static const char *value_at(apr_pool_t *p, int slot, segment_ref_t ref)
{
    char *value = apr_pcalloc(p, SEGMENT_VALUE_MAX + 1);
    apr_size_t len = 0;

    assert_int_equal(APR_SUCCESS, segment_read(parents, slot, ref, value, &len));
    assert_int_equal(len, strlen(value));
    return value;
}

static void publish(segment_t *segment, int slot, const char *value)
{
    assert_int_equal(APR_SUCCESS, segment_publish(segment, slot, value, strlen(value)));
}

static void nothing_is_there_at_first(void **state)
{
    char value[SEGMENT_VALUE_MAX];
    apr_size_t len = 1;

    made(*state);
    assert_int_equal(0, segment_current(parents, 0));
    assert_int_equal(APR_EAGAIN, segment_read(parents, 0, 4, value, &len));
    assert_int_equal(0, len);
}

static void what_is_published_is_seen(void **state)
{
    apr_pool_t *p = *state;
    segment_t *segment = made(p);
    segment_ref_t first, second;

    publish(segment, 1, "one");
    first = segment_current(parents, 1);
    assert_true(first != 0);
    assert_string_equal("one", value_at(p, 1, first));
    assert_int_equal(0, segment_before(parents, 1, first));
    assert_int_equal(0, segment_current(parents, 0));
    assert_int_equal(0, segment_current(parents, 2));
    publish(segment, 1, "two");
    second = segment_current(parents, 1);
    assert_true(second != first);
    assert_string_equal("two", value_at(p, 1, second));
    assert_int_equal(first, segment_before(parents, 1, second));
    assert_string_equal("one", value_at(p, 1, first)); /* the last good one stays whole */
}

static void no_two_values_have_one_reference(void **state)
{
    segment_t *segment = made(*state);
    segment_ref_t seen[50];
    int i, j;

    for (i = 0; i < 50; ++i) {
        publish(segment, 0, i % 2 ? "odd" : "even");
        seen[i] = segment_current(parents, 0);
        for (j = 0; j < i; ++j)
            assert_true(seen[j] != seen[i]);
    }
}

static void an_old_value_is_gone(void **state)
{
    segment_t *segment = made(*state);
    char value[SEGMENT_VALUE_MAX];
    segment_ref_t first;
    apr_size_t len = 0;

    publish(segment, 0, "one");
    first = segment_current(parents, 0);
    publish(segment, 0, "two");
    publish(segment, 0, "three");
    assert_int_equal(APR_EAGAIN, segment_read(parents, 0, first, value, &len));
}

static void what_does_not_fit_is_refused(void **state)
{
    segment_t *segment = made(*state);
    char *value = apr_pcalloc(*state, SEGMENT_VALUE_MAX + 1);

    assert_int_equal(APR_ENOSPC, segment_publish(segment, 0, value, SEGMENT_VALUE_MAX + 1));
    assert_int_equal(APR_EINVAL, segment_publish(segment, SLOTS, value, 1));
    assert_int_equal(APR_EINVAL, segment_publish(segment, -1, value, 1));
    assert_int_equal(0, segment_current(parents, 0));
    assert_int_equal(0, segment_current(parents, SLOTS));
    assert_int_equal(APR_SUCCESS, segment_publish(segment, 0, value, SEGMENT_VALUE_MAX));
}

/* The next one finds all as the one before left it. */
static void a_keeper_that_comes_after_goes_on(void **state)
{
    apr_pool_t *p = *state;
    segment_t *next;

    publish(made(p), 0, "one");
    next = keepers(p);
    assert_string_equal("one", value_at(p, 0, segment_current(next, 0)));
    publish(next, 0, "two");
    assert_string_equal("two", value_at(p, 0, segment_current(parents, 0)));
    assert_string_equal("one",
                        value_at(p, 0, segment_before(parents, 0, segment_current(parents, 0))));
}

static void only_a_segment_is_opened(void **state)
{
    apr_pool_t *p = *state;
    segment_t *segment = NULL;
    int fd = memfd_create("other", MFD_CLOEXEC);

    made(p);
    assert_int_equal(APR_EINVAL, segment_open(&segment, fd, SLOTS, p));
    assert_null(segment);
    assert_int_equal(-1, fcntl(fd, F_GETFD)); /* closed */
    fd = fcntl(segment_descriptor(parents), F_DUPFD_CLOEXEC, 3);
    assert_int_equal(APR_EINVAL, segment_open(&segment, fd, SLOTS + 1, p));
    fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    assert_int_equal(APR_EINVAL, segment_open(&segment, fd, SLOTS, p));
}

#define NO_EXECUTION 0x8u /* MFD_NOEXEC_SEAL, which vm.memfd_noexec gives to all */

static int copy_of_the_parents(unsigned flags, int seals)
{
    char header[64];
    struct stat st;
    int fd = memfd_create("copy", MFD_CLOEXEC | MFD_ALLOW_SEALING | flags);

    if (fd < 0)
        return -1;
    assert_int_equal(0, fstat(segment_descriptor(parents), &st));
    assert_int_equal(0, ftruncate(fd, st.st_size));
    assert_int_equal(sizeof(header), pread(segment_descriptor(parents), header, sizeof(header), 0));
    assert_int_equal(sizeof(header), pwrite(fd, header, sizeof(header), 0));
    assert_int_equal(0, fcntl(fd, F_ADD_SEALS, seals));
    return fd;
}

static void it_is_sealed_as_it_must_be(void **state)
{
    const int seals = F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
    apr_pool_t *p = *state;
    segment_t *segment = NULL;
    int fd;

    made(p);
    assert_int_equal(APR_SUCCESS, segment_open(&segment, copy_of_the_parents(0, seals), SLOTS, p));
    assert_int_equal(APR_EINVAL,
                     segment_open(&segment, copy_of_the_parents(0, F_SEAL_SEAL), SLOTS, p));
    assert_int_equal(
        APR_EINVAL,
        segment_open(&segment, copy_of_the_parents(0, seals | F_SEAL_FUTURE_WRITE), SLOTS, p));
    if ((fd = copy_of_the_parents(NO_EXECUTION, seals)) >= 0) { /* else the kernel is older */
        assert_int_not_equal(seals, fcntl(fd, F_GET_SEALS));
        assert_int_equal(APR_SUCCESS, segment_open(&segment, fd, SLOTS, p));
    }
}

/* The line of /proc/self/maps of our mapping that can be read only. */
static int find_mapping(unsigned long *pfrom, unsigned long *pto, const char *rights)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512], found[8];
    int there = 0;

    assert_non_null(maps);
    while (!there && fgets(line, sizeof(line), maps) != NULL) {
        there = strstr(line, "acme-eab-live") != NULL
                && sscanf(line, "%lx-%lx %7s", pfrom, pto, found) == 3
                && strcmp(found, rights) == 0;
    }
    fclose(maps);
    return there;
}

/* What a worker has after child_init: it cannot write, whatever it tries, and nobody can pull the memory
 * from under the others. */
static void a_worker_can_only_read(void **state)
{
    unsigned long from = 0, to = 0;
    int fd;

    assert_int_equal(APR_SUCCESS, segment_make(&parents, SLOTS, *state));
    fd = segment_descriptor(parents);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(-1, ftruncate(fd, 0));
    assert_int_equal(-1, ftruncate(fd, 1 << 30));
    assert_true(find_mapping(&from, &to, "r--s"));
    assert_int_equal(-1, mprotect((void *)from, to - from, PROT_READ | PROT_WRITE));
    segment_close_descriptor(parents);
    assert_int_equal(-1, fcntl(fd, F_GETFD));
    assert_int_equal(-1, segment_descriptor(parents));
}

static void a_damaged_value_is_told(void **state)
{
    apr_pool_t *p = *state;
    segment_t *segment = made(p);
    unsigned long from = 0, to = 0;
    char value[SEGMENT_VALUE_MAX], *at;
    apr_size_t len = 0;

    publish(segment, 0, "to be damaged");
    assert_true(find_mapping(&from, &to, "rw-s"));
    at = memmem((void *)from, to - from, "to be damaged", 13);
    assert_non_null(at);
    at[3] ^= 1;
    assert_int_equal(APR_EINVAL,
                     segment_read(parents, 0, segment_current(parents, 0), value, &len));
    assert_int_equal(0, len);
}

/* A value of one letter only, so that half of one and half of another can be told. */
static void write_for_ever(segment_t *segment)
{
    char value[4000];
    int i;

    for (i = 0;; ++i) {
        memset(value, 'a' + i % 26, sizeof(value));
        segment_publish(segment, 0, value, sizeof(value));
    }
}

static void read_for_a_while(int *pread)
{
    char value[SEGMENT_VALUE_MAX];
    apr_size_t len, i;
    int k;

    for (k = 0; k < 200; ++k) {
        segment_ref_t ref = segment_current(parents, 0);

        if (ref == 0 || segment_read(parents, 0, ref, value, &len) != APR_SUCCESS)
            continue;
        ++*pread;
        assert_int_equal(4000, len);
        for (i = 1; i < len; ++i)
            assert_int_equal(value[0], value[i]);
    }
}

/* Whatever a killed writer leaves behind: the current value is whole, or there is none yet. */
static void a_writer_may_be_killed_at_any_moment(void **state)
{
    apr_pool_t *p = *state;
    segment_t *segment = made(p);
    char value[SEGMENT_VALUE_MAX];
    apr_size_t len = 0;
    int i, read_whole = 0;

    for (i = 0; i < 60; ++i) {
        pid_t pid = fork();

        if (pid == 0) {
            write_for_ever(segment);
            _exit(1);
        }
        usleep((useconds_t)(i * 37 % 1500));
        read_for_a_while(&read_whole);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        if (segment_current(parents, 0) != 0)
            assert_int_equal(APR_SUCCESS,
                             segment_read(parents, 0, segment_current(parents, 0), value, &len));
    }
    assert_true(read_whole > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(nothing_is_there_at_first),
        fixture_test(what_is_published_is_seen),
        fixture_test(no_two_values_have_one_reference),
        fixture_test(an_old_value_is_gone),
        fixture_test(what_does_not_fit_is_refused),
        fixture_test(a_keeper_that_comes_after_goes_on),
        fixture_test(only_a_segment_is_opened),
        fixture_test(it_is_sealed_as_it_must_be),
        fixture_test(a_worker_can_only_read),
        fixture_test(a_damaged_value_is_told),
        fixture_test(a_writer_may_be_killed_at_any_moment),
    };

    return fixture_run(tests);
}
