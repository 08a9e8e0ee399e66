/* Makes file operations below one folder fail, from the inside of a process.

   Loaded with LD_PRELOAD. Operations that change files below the folder are counted; at the N-th
   the process is killed, or finds the disk full, or gets one input/output error, or loses power:
   then every file that was written and not forced to the disk is cut to nothing first. What C++
   libraries write is counted like what Python writes, because both call libc.

   int  faults_count(void)                             operations so far
   void faults_arm(const char *root, int mode, int at) begin to count anew; mode 0 only counts
*/
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { COUNT, KILL, HALF, FULL, ONCE, POWER };

static char root[PATH_MAX];
static size_t root_length;
static int mode, at, count, armed;
static pid_t owner;

#define FILES 4096
static struct { dev_t dev; ino_t ino; int copy; } unsynced[FILES];
static int unsynced_count;

#define REAL(type, name, ...)                                                                      \
    static type (*real)(__VA_ARGS__);                                                              \
    if (!real) real = dlsym(RTLD_NEXT, name)

void faults_arm(const char *folder, int kind, int position) {
    if (!realpath(folder, root)) root[0] = 0;
    root_length = strlen(root);
    mode = kind; at = position; count = 0; unsynced_count = 0;
    owner = getpid();
    armed = root_length > 0;
}

int faults_count(void) { return count; }

static int below(const char *path) {
    char full[2 * PATH_MAX];
    if (!armed || getpid() != owner || !path) return 0;
    if (path[0] != '/') {
        char here[PATH_MAX];
        if (!getcwd(here, sizeof here)) return 0;
        snprintf(full, sizeof full, "%s/%s", here, path);
        path = full;
    }
    return !strncmp(path, root, root_length) && (path[root_length] == '/' || !path[root_length]);
}

static int below_fd(int fd) {
    char link[64], path[PATH_MAX];
    if (!armed || getpid() != owner) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return below(path);
}

static int find(int fd) {
    struct stat found;
    if (fstat(fd, &found)) return -1;
    for (int i = 0; i < unsynced_count; i++)
        if (unsynced[i].ino == found.st_ino && unsynced[i].dev == found.st_dev) return i;
    return -1;
}

static void written(int fd) {
    struct stat found;
    if (mode != POWER || find(fd) >= 0 || unsynced_count == FILES) return;
    if (fstat(fd, &found) || !S_ISREG(found.st_mode)) return;
    unsynced[unsynced_count].dev = found.st_dev;
    unsynced[unsynced_count].ino = found.st_ino;
    unsynced[unsynced_count++].copy = fcntl(fd, F_DUPFD_CLOEXEC, 500);
}

static void synced(int fd) {
    int i = find(fd);
    if (i < 0) return;
    close(unsynced[i].copy);
    unsynced[i] = unsynced[--unsynced_count];
}

static void die(void) {
    if (mode == POWER)
        for (int i = 0; i < unsynced_count; i++)
            if (ftruncate(unsynced[i].copy, 0)) { /* nothing more can be done */ }
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

/* Returns 1 when the operation has to fail, errno set. `fd` >= 0 with `data`: it is a write. */
static int fault(int fd, const void *data, size_t size, int needs_room) {
    count++;
    if (mode == COUNT || at <= 0) return 0;
    if (count == at) {
        if (mode == HALF && data && size > 1) {
            REAL(ssize_t, "write", int, const void *, size_t);
            if (real(fd, data, size / 2) < 0) { /* it dies in any case */ }
        }
        if (mode == KILL || mode == HALF || mode == POWER) die();
        if (mode == ONCE) { errno = EIO; return 1; }
    }
    if (mode == FULL && count >= at && needs_room) { errno = ENOSPC; return 1; }
    return 0;
}

static int makes(int flags) { return flags & (O_CREAT | O_TRUNC); }

#define OPEN(symbol)                                                                               \
    int symbol(const char *path, int flags, ...) {                                                 \
        va_list rest; va_start(rest, flags);                                                       \
        mode_t bits = makes(flags) ? va_arg(rest, mode_t) : 0;                                     \
        va_end(rest);                                                                              \
        REAL(int, #symbol, const char *, int, ...);                                                \
        int counted = makes(flags) && below(path);                                                 \
        if (counted && fault(-1, 0, 0, 1)) return -1;                                              \
        int fd = real(path, flags, bits);                                                          \
        if (counted && fd >= 0) written(fd);                                                       \
        return fd;                                                                                 \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(symbol)                                                                             \
    int symbol(int folder, const char *path, int flags, ...) {                                     \
        va_list rest; va_start(rest, flags);                                                       \
        mode_t bits = makes(flags) ? va_arg(rest, mode_t) : 0;                                     \
        va_end(rest);                                                                              \
        REAL(int, #symbol, int, const char *, int, ...);                                           \
        int counted = makes(flags) && (path[0] == '/' || folder == AT_FDCWD) && below(path);       \
        if (counted && fault(-1, 0, 0, 1)) return -1;                                              \
        int fd = real(folder, path, flags, bits);                                                  \
        if (counted && fd >= 0) written(fd);                                                       \
        return fd;                                                                                 \
    }
OPENAT(openat)
OPENAT(openat64)

#define FOPEN(symbol)                                                                              \
    FILE *symbol(const char *path, const char *how) {                                              \
        REAL(FILE *, #symbol, const char *, const char *);                                         \
        int counted = strpbrk(how, "wa+") && below(path);                                          \
        if (counted && fault(-1, 0, 0, 1)) return 0;                                               \
        FILE *file = real(path, how);                                                              \
        if (counted && file) written(fileno(file));                                                \
        return file;                                                                               \
    }
FOPEN(fopen)
FOPEN(fopen64)

ssize_t write(int fd, const void *data, size_t size) {
    REAL(ssize_t, "write", int, const void *, size_t);
    if (below_fd(fd)) {
        if (fault(fd, data, size, 1)) return -1;
        written(fd);
    }
    return real(fd, data, size);
}

ssize_t writev(int fd, const struct iovec *parts, int number) {
    REAL(ssize_t, "writev", int, const struct iovec *, int);
    if (below_fd(fd)) {
        if (fault(fd, number ? parts[0].iov_base : 0, number ? parts[0].iov_len : 0, 1)) return -1;
        written(fd);
    }
    return real(fd, parts, number);
}

ssize_t sendfile(int out, int in, off_t *offset, size_t size) {
    REAL(ssize_t, "sendfile", int, int, off_t *, size_t);
    if (below_fd(out)) {
        if (fault(-1, 0, 0, 1)) return -1;
        written(out);
    }
    return real(out, in, offset, size);
}

#define SYNC(symbol)                                                                               \
    int symbol(int fd) {                                                                           \
        REAL(int, #symbol, int);                                                                   \
        if (below_fd(fd)) {                                                                        \
            if (fault(-1, 0, 0, 1)) return -1;                                                     \
            synced(fd);                                                                            \
        }                                                                                          \
        return real(fd);                                                                           \
    }
SYNC(fsync)
SYNC(fdatasync)

#define ON_PATH(symbol, needs_room, declared, given, path)                                         \
    int symbol declared {                                                                          \
        static int(*real) declared;                                                                \
        if (!real) real = dlsym(RTLD_NEXT, #symbol);                                               \
        if (below(path) && fault(-1, 0, 0, needs_room)) return -1;                                 \
        return real given;                                                                         \
    }
ON_PATH(rename, 1, (const char *from, const char *to), (from, to), to)
ON_PATH(renameat, 1, (int a, const char *from, int b, const char *to), (a, from, b, to), to)
ON_PATH(renameat2, 1, (int a, const char *from, int b, const char *to, unsigned flags),
        (a, from, b, to, flags), to)
ON_PATH(symlink, 1, (const char *target, const char *path), (target, path), path)
ON_PATH(symlinkat, 1, (const char *target, int fd, const char *path), (target, fd, path), path)
ON_PATH(link, 1, (const char *from, const char *to), (from, to), to)
ON_PATH(mkdir, 1, (const char *path, mode_t bits), (path, bits), path)
ON_PATH(unlink, 0, (const char *path), (path), path)
ON_PATH(rmdir, 0, (const char *path), (path), path)
ON_PATH(truncate, 0, (const char *path, off_t size), (path, size), path)
ON_PATH(truncate64, 0, (const char *path, off64_t size), (path, size), path)

/* shutil.rmtree removes by name within an open folder */
int unlinkat(int folder, const char *path, int flags) {
    REAL(int, "unlinkat", int, const char *, int);
    int inside = path[0] == '/' || folder == AT_FDCWD ? below(path) : below_fd(folder);
    if (inside && fault(-1, 0, 0, 0)) return -1;
    return real(folder, path, flags);
}
