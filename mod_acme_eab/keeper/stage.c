/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/stage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/process.h"

/* The work place is mounted over /proc, of which nothing is needed any more by then: the stage gets
 * a /proc of its own. */
#define WORKPLACE "/proc"
#define STAGE WORKPLACE "/stage"
#define WORKPLACE_OPTIONS "mode=700,size=256m"

#define MOUNTS_MAX 2000
#define UNSTAGED 126

/* What is taken over from the process that this is the rehearsal of. */
typedef struct frame {
    int exe;
    char exe_path[PATH_MAX]; /* "" when another file lies there now */
    int cwd_is_gone;
    char cwd[PATH_MAX];
    mode_t mask;
} frame_t;

extern char **environ;

static int say(const char *what, const char *of)
{
    fprintf(stderr, REHEARSAL_TROUBLE "a stage could not be set up (%s %s): %s\n", what, of,
            strerror(errno));
    return -1;
}

/* ---- the frame ------------------------------------------------------------------------------- */

static mode_t read_mask(pid_t pid)
{
    char path[64], line[256];
    unsigned mask = 022;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    if ((file = fopen(path, "re")) == NULL) {
        return mask;
    }
    while (fgets(line, sizeof(line), file) != NULL) {
        if (sscanf(line, "Umask: %o", &mask) == 1) {
            break;
        }
    }
    fclose(file);
    return mask;
}

static void take_limits(pid_t pid)
{
    struct rlimit limit;
    int resource;

    for (resource = 0; resource < RLIM_NLIMITS; ++resource) {
        if (resource != RLIMIT_CORE && prlimit(pid, resource, NULL, &limit) == 0) {
            setrlimit(resource, &limit);
        }
    }
}

/* By its path where that still leads to it, so that the process has its usual name. */
static int take_program(frame_t *frame, pid_t pid)
{
    struct stat open_one, named;
    char path[64];
    ssize_t n;

    snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
    if ((frame->exe = open(path, O_PATH | O_CLOEXEC)) < 0 || fstat(frame->exe, &open_one) != 0) {
        return say("open", path);
    }
    n = readlink(path, frame->exe_path, sizeof(frame->exe_path) - 1);
    frame->exe_path[n > 0 ? n : 0] = '\0';
    if (stat(frame->exe_path, &named) != 0 || named.st_ino != open_one.st_ino
        || named.st_dev != open_one.st_dev) {
        frame->exe_path[0] = '\0';
    }
    return 0;
}

static int frame_take(frame_t *frame, pid_t pid)
{
    static const char gone[] = " (deleted)";
    char path[64];
    size_t len;
    ssize_t n;

    if (take_program(frame, pid) != 0) {
        return -1;
    }
    snprintf(path, sizeof(path), "/proc/%d/cwd", (int)pid);
    if ((n = readlink(path, frame->cwd, sizeof(frame->cwd) - 1)) < 0) {
        return say("read", path);
    }
    frame->cwd[n] = '\0';
    len = strlen(gone);
    frame->cwd_is_gone =
        (size_t)n > len && strcmp(frame->cwd + n - len, gone) == 0 && access(frame->cwd, F_OK) != 0;
    frame->mask = read_mask(pid);
    take_limits(pid);
    return 0;
}

/* A directory that is gone, like that of the process. */
static void enter_nowhere(void)
{
    char nowhere[] = "/tmp/acme-eab-XXXXXX";

    if (mkdtemp(nowhere) != NULL && chdir(nowhere) == 0) {
        rmdir(nowhere);
    }
}

/* ---- what is on the stage --------------------------------------------------------------------- */

/* "/a\040b" of mountinfo is "/a b". In place. */
static void unescape(char *text)
{
    char *to = text;

    for (; *text != '\0'; ++to) {
        if (text[0] == '\\' && text[1] != '\0' && text[2] != '\0' && text[3] != '\0') {
            *to = (char)((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0'));
            text += 4;
        }
        else {
            *to = *text++;
        }
    }
    *to = '\0';
}

static int is_one_of(const char *word, const char *const *list)
{
    for (; *list != NULL; ++list) {
        if (strcmp(word, *list) == 0) {
            return 1;
        }
    }
    return 0;
}

/* As it is: devices, and what the kernel tells of itself. */
static int show(const char *place, const char *on_stage, int read_only)
{
    if (mount(place, on_stage, NULL, MS_BIND, NULL) != 0) {
        return -1;
    }
    if (read_only) {
        mount(NULL, on_stage, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL);
    }
    return 0;
}

/* Under a layer that takes what is written. "." spares all escaping of the place's name. */
static int cover(const char *place, const char *on_stage, int number)
{
    char upper[64], work[64], options[256];

    snprintf(upper, sizeof(upper), WORKPLACE "/%d.upper", number);
    snprintf(work, sizeof(work), WORKPLACE "/%d.work", number);
    snprintf(options, sizeof(options), "lowerdir=.,upperdir=%s,workdir=%s", upper, work);
    if (chdir(place) != 0 || mkdir(upper, 0755) != 0 || mkdir(work, 0755) != 0) {
        return -1;
    }
    return mount("stage", on_stage, "overlay", 0, options);
}

static int is_below(const char *path, const char *top)
{
    size_t len = strlen(top);

    return strncmp(path, top, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

static int place_mount(const char *place, const char *type, int read_only, int number)
{
    static const char *const told_by_kernel[] = {
        "sysfs",  "cgroup",   "cgroup2",  "securityfs", "debugfs", "tracefs", "bpf",
        "pstore", "configfs", "efivarfs", "selinuxfs",  "nsfs",    NULL,
    };
    static const char *const devices[] = { "devtmpfs", "devpts", "hugetlbfs", "mqueue", NULL };
    char on_stage[PATH_MAX];
    struct stat info;

    if (is_below(place, WORKPLACE)) {
        return 0;
    }
    if (snprintf(on_stage, sizeof(on_stage), STAGE "%s", place) >= (int)sizeof(on_stage)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    if (lstat(place, &info) != 0 || (number > 0 && access(on_stage, F_OK) != 0)) {
        return 0; /* hidden by a later one, or nobody's: an unreachable server */
    }
    if (strcmp(place, "/dev/shm") == 0) {
        return mount("stage", on_stage, "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777,size=256m");
    }
    if (is_one_of(type, devices) || strcmp(place, "/dev") == 0) {
        return show(place, on_stage, 0);
    }
    if (read_only || is_one_of(type, told_by_kernel) || !S_ISDIR(info.st_mode)) {
        return show(place, on_stage, 1);
    }
    return cover(place, on_stage, number) == 0 ? 0 : show(place, on_stage, 1);
}

typedef struct place {
    char *path;
    const char *type;
    int read_only;
    int line; /* of several at one place the last is on top */
} place_t;

typedef struct places {
    place_t *list;
    int count;
} places_t;

static int is_read_only(const char *options)
{
    return strncmp(options, "ro", 2) == 0 && (options[2] == '\0' || options[2] == ',');
}

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue" (proc(5)) */
static int read_place(place_t *place, char *line)
{
    char *fields[6], *type = strstr(line, " - "), *rest = line, *options;
    int i;

    if (type == NULL) {
        return 0;
    }
    *type = '\0';
    type += 3;
    options = strrchr(type, ' ');
    type[strcspn(type, " ")] = '\0';
    for (i = 0; i < 6; ++i) {
        if ((fields[i] = strsep(&rest, " ")) == NULL) {
            return 0;
        }
    }
    unescape(fields[4]);
    place->path = fields[4];
    place->type = type;
    /* Those of the mount, and those of the file system, which the kernel makes read-only by itself when its
     * disk fails. */
    place->read_only = is_read_only(fields[5]) || (options != NULL && is_read_only(options + 1));
    return 1;
}

/* What lies in another is longer. */
static int compare_places(const void *a, const void *b)
{
    const place_t *first = a, *second = b;
    size_t len = strlen(first->path), other = strlen(second->path);
    int order = strcmp(first->path, second->path);

    if (len != other) {
        return len < other ? -1 : 1;
    }
    return order != 0 ? order : first->line - second->line;
}

/* All of mountinfo. NULL when it cannot be read. */
static char *read_mounts(void)
{
    char *text = NULL, chunk[4096];
    size_t size = 0, len = 0;
    FILE *out = open_memstream(&text, &size), *in = fopen("/proc/self/mountinfo", "re");

    while (in != NULL && out != NULL && (len = fread(chunk, 1, sizeof(chunk), in)) > 0) {
        fwrite(chunk, 1, len, out);
    }
    if (in != NULL) {
        fclose(in);
    }
    if (out != NULL) {
        fclose(out);
    }
    return text;
}

/* Before /proc is covered. The memory stays until the process ends. */
static int places_read(places_t *places)
{
    char *text = read_mounts(), *line;

    places->count = 0;
    places->list = calloc(MOUNTS_MAX, sizeof(place_t));
    if (text == NULL || places->list == NULL) {
        return -1;
    }
    while ((line = strsep(&text, "\n")) != NULL) {
        if (places->count == MOUNTS_MAX) {
            errno = E2BIG;
            return -1;
        }
        places->list[places->count].line = places->count;
        places->count += read_place(&places->list[places->count], line);
    }
    qsort(places->list, (size_t)places->count, sizeof(place_t), compare_places);
    return places->count > 0 ? 0 : -1;
}

static int place_all(const places_t *places)
{
    int i;

    for (i = 0; i < places->count; ++i) {
        const place_t *place = &places->list[i];

        if (i + 1 < places->count && strcmp(place->path, place[1].path) == 0) {
            continue;
        }
        if (place_mount(place->path, place->type, place->read_only, i) != 0) {
            return say("show", place->path);
        }
    }
    return 0;
}

/* The system's log must not hear of it: a file that nobody listens at, in the place of its socket. */
static void silence(const char *socket)
{
    char *real = realpath(socket, NULL), on_stage[PATH_MAX];

    if (real != NULL && snprintf(on_stage, sizeof(on_stage), STAGE "%s", real) < PATH_MAX) {
        mount(WORKPLACE "/nothing", on_stage, NULL, MS_BIND, NULL);
    }
    free(real);
}

/* ---- files that the process has open for writing: its logs, which may be huge ----------------------- */

typedef struct open_files {
    char **paths;
    int count;
} open_files_t;

static int is_open_for_writing(pid_t pid, const char *fd)
{
    char path[64], line[128];
    unsigned flags = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/fdinfo/%.20s", (int)pid, fd);
    if ((file = fopen(path, "re")) == NULL) {
        return 0;
    }
    while (fgets(line, sizeof(line), file) != NULL) {
        if (sscanf(line, "flags: %o", &flags) == 1) {
            break;
        }
    }
    fclose(file);
    return (flags & O_ACCMODE) != O_RDONLY;
}

static void note_file(open_files_t *files, pid_t pid, const char *fd)
{
    char path[64], target[PATH_MAX];
    struct stat info;
    char **more;
    ssize_t n;

    snprintf(path, sizeof(path), "/proc/%d/fd/%.20s", (int)pid, fd);
    if (!is_open_for_writing(pid, fd) || (n = readlink(path, target, sizeof(target) - 1)) <= 0) {
        return;
    }
    target[n] = '\0';
    if (target[0] != '/' || lstat(target, &info) != 0 || !S_ISREG(info.st_mode)) {
        return;
    }
    more = realloc(files->paths, ((size_t)files->count + 1) * sizeof(char *));
    if (more != NULL) {
        files->paths = more;
        files->paths[files->count] = strdup(target);
        files->count += files->paths[files->count] != NULL;
    }
}

static void note_files(open_files_t *files, pid_t pid)
{
    char path[64];
    struct dirent *entry;
    DIR *dir;

    snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
    if ((dir = opendir(path)) == NULL) {
        return;
    }
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.') {
            note_file(files, pid, entry->d_name);
        }
    }
    closedir(dir);
}

/* A layer over a file system copies a file whole when it is opened for writing. */
static void empty_files(const open_files_t *files)
{
    char empty[64], on_stage[PATH_MAX];
    int i, fd;

    for (i = 0; i < files->count; ++i) {
        snprintf(empty, sizeof(empty), WORKPLACE "/%d.empty", i);
        if (snprintf(on_stage, sizeof(on_stage), STAGE "%s", files->paths[i]) >= PATH_MAX) {
            continue;
        }
        if ((fd = open(empty, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0640)) >= 0) {
            close(fd);
            mount(empty, on_stage, NULL, MS_BIND, NULL);
        }
    }
}

/* ---- the stage ------------------------------------------------------------------------------- */

static int write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    int done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    if (fd >= 0) {
        close(fd);
    }
    return done ? 0 : -1;
}

/* httpd that was not started as root gets all this in a user namespace, as the user that it is. */
static int leave_machine(void)
{
    const int own = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC;
    uid_t uid = geteuid();
    gid_t gid = getegid();
    char map[64];

    if (uid == 0) {
        return unshare(own);
    }
    if (unshare(own | CLONE_NEWUSER) != 0 || write_text("/proc/self/setgroups", "deny") != 0) {
        return -1;
    }
    snprintf(map, sizeof(map), "%u %u 1", (unsigned)uid, (unsigned)uid);
    if (write_text("/proc/self/uid_map", map) != 0) {
        return -1;
    }
    snprintf(map, sizeof(map), "%u %u 1", (unsigned)gid, (unsigned)gid);
    return write_text("/proc/self/gid_map", map);
}

/* The old root stays nowhere. A root in the first memory of the kernel cannot be exchanged. */
static int enter_stage(void)
{
    if (chdir(STAGE) != 0) {
        return -1;
    }
    if (syscall(SYS_pivot_root, ".", ".") == 0) {
        return umount2(".", MNT_DETACH);
    }
    return chroot(".");
}

static int build(pid_t model)
{
    open_files_t files = { NULL, 0 };
    places_t places;
    int fd;

    note_files(&files, model);
    if (places_read(&places) != 0) {
        return say("read", "/proc/self/mountinfo");
    }
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0
        || mount("stage", WORKPLACE, "tmpfs", 0, WORKPLACE_OPTIONS) != 0
        || mkdir(STAGE, 0755) != 0) {
        return say("use", WORKPLACE);
    }
    if (place_all(&places) != 0) {
        return -1;
    }
    if ((fd = open(WORKPLACE "/nothing", O_CREAT | O_WRONLY | O_CLOEXEC, 0600)) >= 0) {
        close(fd);
    }
    silence("/dev/log");
    silence("/run/systemd/journal/socket");
    silence("/run/systemd/journal/stdout");
    empty_files(&files);
    if (mount("proc", STAGE "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0) {
        return say("mount", "/proc");
    }
    return enter_stage() == 0 ? 0 : say("enter", "the stage");
}

/* ---- running the program --------------------------------------------------------------------- */

static void reset_signals(void)
{
    sigset_t none;
    int number;

    for (number = 1; number < NSIG; ++number) {
        signal(number, SIG_DFL);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void become(const frame_t *frame, const char *mode, const char *const *argv)
{
    setenv(REHEARSAL_VARIABLE, mode, 1);
    reset_signals();
    umask(frame->mask);
    if (frame->cwd_is_gone) {
        enter_nowhere();
    }
    else if (chdir(frame->cwd) != 0) {
        say("enter", frame->cwd);
    }
    if (frame->exe_path[0] != '\0') {
        execv(frame->exe_path, (char *const *)argv);
    }
    fexecve(frame->exe, (char *const *)argv, environ);
    say("run", argv[0]);
    _exit(127);
}

/* In memory that the processes of the stage share: httpd is about to run there. */
static int *begun;

/* A filter of system calls (systemd's SystemCallFilter=) may end a process that makes a mount. */
static int say_ended(int signal_number)
{
    fprintf(stderr,
            REHEARSAL_TROUBLE "a stage could not be set up: the process that makes it was ended by "
                              "signal %d, %s, as a filter of system calls does\n",
            signal_number, strsignal(signal_number));
    return UNSTAGED;
}

/* @return exit status of that child; all others are waited for as well, as the first process must */
static int wait_for(pid_t child)
{
    int status = 0;
    pid_t pid;

    while ((pid = waitpid(-1, &status, 0)) != child) {
        if (pid < 0 && errno != EINTR) {
            return 127;
        }
    }
    if (WIFEXITED(status)) {
        return WEXITSTATUS(status);
    }
    if (!*begun) {
        return say_ended(WTERMSIG(status));
    }
    fprintf(stderr, REHEARSAL_ENDED "httpd was ended by signal %d, %s\n", WTERMSIG(status),
            strsignal(WTERMSIG(status)));
    return 128 + WTERMSIG(status);
}

/* httpd on the stage does it in the middle of its start, where it is too late to go without. */
static int try_network(void)
{
    pid_t pid = fork();
    int status = 0;

    if (pid == 0) {
        _exit(unshare(CLONE_NEWNET) == 0 ? 0 : errno);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        ;
    }
    if (pid > 0 && WIFSIGNALED(status)) {
        say_ended(WTERMSIG(status));
        return -1;
    }
    if (pid > 0 && WEXITSTATUS(status) == 0) {
        return 0;
    }
    errno = pid > 0 ? WEXITSTATUS(status) : errno;
    return say("leave", "the machine's network");
}

/* The first process of the stage: with it everything ends that was started there. */
static int direct(const frame_t *frame, pid_t model, const char *const *argv)
{
    pid_t pid;

    prctl(PR_SET_PDEATHSIG, (long)SIGKILL, 0L, 0L, 0L);
    if (try_network() != 0 || build(model) != 0) {
        return UNSTAGED;
    }
    *begun = 1;
    if ((pid = fork()) == 0) {
        become(frame, REHEARSAL_STAGED, argv);
    }
    return pid > 0 ? wait_for(pid) : 127;
}

static const char **with_test(const char *const *argv)
{
    const char **more;
    int count = 0;

    while (argv[count] != NULL) {
        ++count;
    }
    if ((more = calloc((size_t)count + 2, sizeof(char *))) == NULL) {
        _exit(127);
    }
    memcpy(more, argv, (size_t)count * sizeof(char *));
    more[count] = "-t";
    return more;
}

/* @return as stage_run(), or UNSTAGED */
static int run_staged(const frame_t *frame, pid_t model, const char *const *argv)
{
    pid_t pid = fork();

    if (pid == 0) {
        /* In a process of its own, so that this one is still on the machine if it fails. */
        if (leave_machine() != 0) {
            say("leave", "the machine's namespaces");
            _exit(UNSTAGED);
        }
        prctl(PR_SET_PDEATHSIG, (long)SIGKILL, 0L, 0L, 0L);
        if ((pid = fork()) == 0) {
            _exit(direct(frame, model, argv));
        }
        _exit(pid > 0 ? wait_for(pid) : 127);
    }
    return pid > 0 ? wait_for(pid) : 127;
}

int stage_run(const char *const *argv)
{
    frame_t frame;
    pid_t model = (pid_t)atoi(argv[0]);
    int status;

    prctl(PR_SET_NAME, "acme-eab-stage", 0L, 0L, 0L);
    prctl(PR_SET_PDEATHSIG, (long)SIGKILL, 0L, 0L, 0L);
    process_close_inherited(-1);
    begun = mmap(NULL, sizeof(*begun), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (begun == MAP_FAILED || dup2(STDOUT_FILENO, REHEARSAL_FD) < 0
        || frame_take(&frame, model) != 0) {
        return 127;
    }
    if ((status = run_staged(&frame, model, argv + 1)) != UNSTAGED) {
        return status;
    }
    become(&frame, REHEARSAL_BARE, with_test(argv + 1));
    return 127;
}
