/* SPDX-License-Identifier: Apache-2.0 */

/* Preloaded into httpd, keeper and agent, or acmectl, by the tests of accidents. Each thing that these but httpd
 * do to the world is a step with a name: a message, a change of the disk, a signal, a program. The
 * steps are written down on a board that all processes share with the test; before the one that the
 * test has chosen, the process stands still until the test has done its worst. The test also moves
 * the clock of all of them.
 *
 * The board is the file "board" beside this library; steps.py has the same layout. */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "ipc/message.h"

#define NAME_SIZE 192
#define LINES_MAX 4000
#define PLACE_SIZE 256
#define FDS 256
#define PATIENCE 60000 /* milliseconds that a process stands still */
#define SLICE 20       /* milliseconds after which a sleeper looks whether the clock was moved */
#define HEADER 5       /* of a frame: type, length */

typedef struct board {
    _Atomic int32_t armed;  /* steps count */
    _Atomic int32_t keeper; /* process ids of the ones that were started last */
    _Atomic int32_t agent;
    _Atomic int32_t struck; /* a process stands still at the target */
    _Atomic int32_t go;     /* and may go on */
    _Atomic int32_t denied; /* errno of whatever would change the store; 0: nothing is denied */
    _Atomic int32_t count;  /* of lines */
    int32_t unused;
    _Atomic int64_t clock;  /* seconds that are added to the time of day: it was set */
    _Atomic int64_t passed; /* seconds that are added to all times: so much has passed */
    char padding[16];
    char target[NAME_SIZE]; /* the name of a step */
    char store[PLACE_SIZE]; /* ACMEStoreDir and ACMERunDir */
    char run[PLACE_SIZE];
    char out[PLACE_SIZE]; /* where ACMEExport writes; or nothing */
    char lines[LINES_MAX][NAME_SIZE];
} board_t;

static board_t *board;
static const char *who; /* "keeper", "agent" or "acmectl"; NULL in any other program */
static char opened[FDS][2 * PLACE_SIZE];

#define REAL(name) \
    static __typeof__(&name) real; \
    if (real == NULL) { \
        *(void **)&real = dlsym(RTLD_NEXT, #name); \
    }

/* ---- the board ---- */

static void open_board(void)
{
    Dl_info info;
    char path[PLACE_SIZE];
    char *slash;
    long fd;

    if (dladdr(&board, &info) == 0 || strlen(info.dli_fname) >= sizeof(path) - 8) {
        return;
    }
    strcpy(path, info.dli_fname);
    if ((slash = strrchr(path, '/')) == NULL) {
        return;
    }
    strcpy(slash, "/board");
    if ((fd = syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC)) < 0) {
        return;
    }
    board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED, (int)fd, 0);
    if (board == MAP_FAILED) {
        board = NULL;
    }
    syscall(SYS_close, fd);
}

__attribute__((constructor)) static void begin(int argc, char **argv)
{
    const char *program = strrchr(argv[0], '/');

    open_board();
    program = program != NULL ? program + 1 : argv[0];
    if (board == NULL) {
        return;
    }
    if (strcmp(program, "acme-eab-keeper") == 0 && argc == 1) {
        who = "keeper";
        board->keeper = getpid();
    }
    else if (strcmp(program, "acme-eab-agent") == 0) {
        who = "agent";
        board->agent = getpid();
    }
    else if (strcmp(program, "acmectl") == 0) {
        who = "acmectl";
    }
}

static void stand_still(void)
{
    int i;

    board->struck = 1;
    for (i = 0; i < PATIENCE && board->go == 0; ++i) {
        usleep(1000);
    }
}

/* A step is done so often: "keeper rename store/live/NAME #2". Each name belongs to one process, so
 * nobody else counts the same one. */
static void note(const char *step)
{
    char name[NAME_SIZE];
    size_t len = strlen(step);
    int i, before = 0, end, expected = 0;

    end = atomic_fetch_add(&board->count, 1);
    if (end >= LINES_MAX) {
        return;
    }
    for (i = 0; i < end; ++i) {
        before += strncmp(board->lines[i], step, len) == 0 && board->lines[i][len] == ' '
                  && board->lines[i][len + 1] == '#';
    }
    snprintf(name, sizeof(name), "%.*s #%d", NAME_SIZE - 16, step, before + 1);
    strcpy(board->lines[end], name);
    if (strcmp(name, board->target) == 0
        && atomic_compare_exchange_strong(&board->struck, &expected, 1)) {
        stand_still();
    }
}

static void step(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void step(const char *format, ...)
{
    char text[NAME_SIZE - 16];
    int saved = errno;
    va_list args;
    int n;

    if (who == NULL || !board->armed) {
        return;
    }
    n = snprintf(text, sizeof(text), "%s ", who);
    va_start(args, format);
    vsnprintf(text + n, sizeof(text) - (size_t)n, format, args);
    va_end(args);
    note(text);
    errno = saved;
}

/* ---- places: paths without what differs from run to run ---- */

static int is_below(const char *path, const char *dir)
{
    size_t len = strlen(dir);

    return len > 0 && strncmp(path, dir, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

static size_t span_of(const char *text, const char *set, size_t len)
{
    return strspn(text, set) == len && (text[len] == '/' || text[len] == '\0') ? len : 0;
}

/* The id of an event: "20261130T120000Z-1796040000042". */
static size_t event_id(const char *text)
{
    static const char form[] = "ddddddddTddddddZ-dddddd";
    size_t i;

    for (i = 0; form[i] != '\0'; ++i) {
        if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i]) {
            return 0;
        }
    }
    return i + strspn(text + i, "0123456789");
}

/* The length of what stands for itself in no run but one, and what stands in its place. */
static size_t changing(const char *text, const char **instead)
{
    static const char hex[] = "0123456789abcdef";
    static const char token[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    if (strncmp(text, ".tmp-", 5) == 0 && span_of(text + 5, hex, 16) != 0) {
        *instead = ".tmp";
        return 5 + 16;
    }
    if (event_id(text) != 0) {
        *instead = "EVENT";
        return event_id(text);
    }
    *instead = "ID";
    if (span_of(text, hex, 32) != 0) {
        return 32;
    }
    *instead = "TOKEN";
    return span_of(text, token, 43);
}

/* @return 0 when the path is none of ours */
static int place_of(char *place, const char *path)
{
    const char *dir = is_below(path, board->store) ? board->store
                      : is_below(path, board->out) ? board->out
                                                   : board->run;
    const char *instead, *from;
    char *to;

    if (!is_below(path, dir)) {
        return 0;
    }
    to = stpcpy(place, dir == board->store ? "store" : dir == board->out ? "out" : "run");
    for (from = path + strlen(dir); *from != '\0' && to - place < PLACE_SIZE - 8;) {
        size_t len = from[-1] == '/' ? changing(from, &instead) : 0;

        if (len != 0) {
            to = stpcpy(to, instead);
            from += len;
        }
        else {
            *to++ = *from++;
        }
    }
    *to = '\0';
    return 1;
}

/* A change of the disk at a path. @return 0, or -1 with errno when it is denied */
static int change(const char *what, const char *path)
{
    char place[PLACE_SIZE];

    if (who == NULL || path[0] != '/' || !place_of(place, path)) {
        return 0;
    }
    step("%s %s", what, place);
    if (board->denied != 0 && place[0] == 's') {
        errno = board->denied;
        return -1;
    }
    return 0;
}

/* What was opened by a function that is not watched, such as openat2(2), the system knows. */
static const char *path_of(int fd)
{
    char name[32];
    long len;

    if (who == NULL || fd < 0 || fd >= FDS) {
        return "";
    }
    if (opened[fd][0] == '\0') {
        snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
        len = syscall(SYS_readlinkat, AT_FDCWD, name, opened[fd], sizeof(opened[fd]) - 1);
        opened[fd][len > 0 ? len : 0] = '\0';
    }
    return opened[fd];
}

static void remember(int fd, const char *path)
{
    if (who != NULL && fd >= 0 && fd < FDS) {
        size_t len = strnlen(path, sizeof(opened[fd]) - 1);

        memcpy(opened[fd], path, len);
        opened[fd][len] = '\0';
    }
}

/* ---- the disk ---- */

#define OPEN(name) \
    int name(const char *path, int flags, ...) \
    { \
        REAL(name) \
        mode_t mode = 0; \
        va_list args; \
        int fd; \
\
        va_start(args, flags); \
        mode = (flags & O_CREAT) != 0 ? va_arg(args, mode_t) : 0; \
        va_end(args); \
        if ((flags & O_CREAT) != 0 && change("create", path) != 0) { \
            return -1; \
        } \
        fd = real(path, flags, mode); \
        remember(fd, path); \
        return fd; \
    }

OPEN(open)
OPEN(open64)

/* The whole path of one that begins at a directory that was opened before. */
static void whole_of(char *whole, size_t size, int dir, const char *path)
{
    const char *from = path[0] == '/' || strcmp(path_of(dir), "/") == 0 ? "" : path_of(dir);

    snprintf(whole, size, "%s%s%s", from, path[0] == '/' ? "" : "/", path);
}

#define OPENAT(name) \
    int name(int dir, const char *path, int flags, ...) \
    { \
        REAL(name) \
        char whole[2 * PLACE_SIZE + 2]; \
        mode_t mode = 0; \
        va_list args; \
        int fd; \
\
        va_start(args, flags); \
        mode = (flags & O_CREAT) != 0 ? va_arg(args, mode_t) : 0; \
        va_end(args); \
        whole_of(whole, sizeof(whole), dir, path); \
        if ((flags & O_CREAT) != 0 && change("create", whole) != 0) { \
            return -1; \
        } \
        fd = real(dir, path, flags, mode); \
        remember(fd, whole); \
        return fd; \
    }

OPENAT(openat)
OPENAT(openat64)

int close(int fd)
{
    REAL(close)

    remember(fd, "");
    return real(fd);
}

ssize_t write(int fd, const void *data, size_t len)
{
    REAL(write)

    return change("write", path_of(fd)) == 0 ? real(fd, data, len) : -1;
}

int fsync(int fd)
{
    REAL(fsync)

    return change("fsync", path_of(fd)) == 0 ? real(fd) : -1;
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    REAL(renameat)
    char whole[2 * PLACE_SIZE + 2];

    whole_of(whole, sizeof(whole), to_dir, to);
    return change("rename", whole) == 0 ? real(from_dir, from, to_dir, to) : -1;
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned int flags)
{
    REAL(renameat2)
    char whole[2 * PLACE_SIZE + 2];

    whole_of(whole, sizeof(whole), to_dir, to);
    return change("rename", whole) == 0 ? real(from_dir, from, to_dir, to, flags) : -1;
}

int symlinkat(const char *target, int dir, const char *path)
{
    REAL(symlinkat)
    char whole[2 * PLACE_SIZE + 2];

    whole_of(whole, sizeof(whole), dir, path);
    return change("symlink", whole) == 0 ? real(target, dir, path) : -1;
}

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
    REAL(linkat)
    char whole[2 * PLACE_SIZE + 2];

    whole_of(whole, sizeof(whole), to_dir, to);
    return change("link", whole) == 0 ? real(from_dir, from, to_dir, to, flags) : -1;
}

int mkdirat(int dir, const char *path, mode_t mode)
{
    REAL(mkdirat)
    char whole[2 * PLACE_SIZE + 2];

    whole_of(whole, sizeof(whole), dir, path);
    return change("mkdir", whole) == 0 ? real(dir, path, mode) : -1;
}

int unlinkat(int dir, const char *path, int flags)
{
    REAL(unlinkat)
    char whole[2 * PLACE_SIZE + 2];

    whole_of(whole, sizeof(whole), dir, path);
    return change((flags & AT_REMOVEDIR) != 0 ? "rmdir" : "unlink", whole) == 0
               ? real(dir, path, flags)
               : -1;
}

/* ---- messages ---- */

static int is_link(int fd)
{
    int domain = 0;
    socklen_t len = sizeof(domain);

    return who != NULL && getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0
           && domain == AF_UNIX;
}

/* Which sentence is asked for, with a blank before it. */
static void sentence_of(char *sentence, size_t size, const char *body, size_t len)
{
    static const char mark[] = "\"sentence\":\"";
    const char *found = memmem(body, len, mark, strlen(mark));
    size_t n = 0;

    sentence[0] = '\0';
    if (found != NULL) {
        found += strlen(mark);
        while (found + n < body + len && found[n] != '"' && n + 2 < size) {
            ++n;
        }
        snprintf(sentence, size, " %.*s", (int)n, found);
    }
}

static void messages(const char *what, const char *data, size_t len)
{
    char sentence[40];

    while (len >= HEADER) {
        const unsigned char *head = (const unsigned char *)data;
        size_t size =
            ((size_t)head[1] << 24) | ((size_t)head[2] << 16) | ((size_t)head[3] << 8) | head[4];

        if (strcmp(message_name(head[0]), "unknown") == 0) {
            return; /* the rest of a long one */
        }
        size = size > len - HEADER ? len - HEADER : size;
        sentence_of(sentence, sizeof(sentence), data + HEADER, size);
        step("%s %s%s", what, message_name(head[0]), sentence);
        data += HEADER + size;
        len -= HEADER + size;
    }
}

ssize_t send(int fd, const void *data, size_t len, int flags)
{
    REAL(send)

    if (is_link(fd)) {
        messages("says", data, len);
    }
    return real(fd, data, len, flags);
}

ssize_t recv(int fd, void *data, size_t len, int flags)
{
    REAL(recv)
    ssize_t n = real(fd, data, len, flags);

    if (n > 0 && is_link(fd)) {
        messages("hears", data, (size_t)n);
    }
    return n;
}

/* ---- programs and signals ---- */

int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
    REAL(posix_spawn)
    const char *slash = strrchr(path, '/');

    step("starts %s", slash != NULL ? slash + 1 : path);
    return real(pid, path, actions, attributes, argv, envp);
}

int kill(pid_t pid, int sig)
{
    REAL(kill)

    if (sig == SIGUSR1) {
        step("signals httpd");
    }
    return real(pid, sig);
}

/* ---- time ---- */

int clock_gettime(clockid_t id, struct timespec *now)
{
    int rv = (int)syscall(SYS_clock_gettime, id, now);

    if (rv != 0 || board == NULL) {
        return rv;
    }
    if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE) {
        now->tv_sec += (time_t)(board->clock + board->passed);
    }
    else if (who != NULL && id != CLOCK_PROCESS_CPUTIME_ID && id != CLOCK_THREAD_CPUTIME_ID) {
        now->tv_sec += (time_t)board->passed;
    }
    return rv;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec spec;

    (void)zone;
    clock_gettime(CLOCK_REALTIME, &spec);
    now->tv_sec = spec.tv_sec;
    now->tv_usec = spec.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *result)
{
    struct timespec spec;

    clock_gettime(CLOCK_REALTIME, &spec);
    if (result != NULL) {
        *result = spec.tv_sec;
    }
    return spec.tv_sec;
}

/* Sleepers of keeper and agent wake up when the clock is moved, which in real life they do some time
 * later. */
int poll(struct pollfd *fds, nfds_t count, int timeout)
{
    REAL(poll)
    int64_t clock;
    int n = 0;

    if (who == NULL || (timeout >= 0 && timeout <= SLICE)) {
        return real(fds, count, timeout);
    }
    for (clock = board->clock + board->passed;
         n == 0 && board->clock + board->passed == clock && timeout != 0;) {
        n = real(fds, count, timeout < 0 || timeout > SLICE ? SLICE : timeout);
        timeout -= timeout < 0 ? 0 : (timeout > SLICE ? SLICE : timeout);
    }
    return n;
}

int __poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t size);

int __poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t size)
{
    (void)size;
    return poll(fds, count, timeout);
}
