/* Kills the process before its n-th operation on files below a path, of whatever library.

   Preloaded, these stand before the C library's functions. Python's audit hooks see what Python does;
   tensorstore writes from C++. Reading changes nothing and does not count. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static char below[4096];
static atomic_long left = -1;

void kill_before(const char *path, long number) {
    strncpy(below, path, sizeof below - 1);
    atomic_store(&left, number);
}

static void look(const char *path) {
    if (atomic_load(&left) <= 0 || strncmp(path, below, strlen(below)) != 0) return;
    if (atomic_fetch_sub(&left, 1) == 1) kill(getpid(), SIGKILL);
}

static void look_fd(int fd, const char *name) {
    char link[64], path[8192];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, 4096);
    if (n < 0) return;
    snprintf(path + n, sizeof path - n, "/%s", name);
    look(path);
}

static void look_at(int folder, const char *path) {
    if (path[0] == '/' || folder == AT_FDCWD) look(path);
    else look_fd(folder, path);
}

#define WRAP(kind, name, parameters, arguments, looking)                          \
    kind name parameters {                                                        \
        static kind(*real) parameters;                                            \
        if (!real) real = (kind(*) parameters)dlsym(RTLD_NEXT, #name);            \
        looking;                                                                  \
        return real arguments;                                                    \
    }

#define OPENS(name)                                                               \
    int name(const char *path, int flags, ...) {                                  \
        static int (*real)(const char *, int, ...);                               \
        if (!real) real = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, #name); \
        va_list rest;                                                             \
        va_start(rest, flags);                                                    \
        int mode = va_arg(rest, int);                                             \
        va_end(rest);                                                             \
        if (flags & (O_WRONLY | O_RDWR | O_CREAT)) look(path);                    \
        return real(path, flags, mode);                                           \
    }

#define OPENS_AT(name)                                                            \
    int name(int folder, const char *path, int flags, ...) {                      \
        static int (*real)(int, const char *, int, ...);                          \
        if (!real) real = (int (*)(int, const char *, int, ...))dlsym(RTLD_NEXT, #name); \
        va_list rest;                                                             \
        va_start(rest, flags);                                                    \
        int mode = va_arg(rest, int);                                             \
        va_end(rest);                                                             \
        if (flags & (O_WRONLY | O_RDWR | O_CREAT)) look_at(folder, path);         \
        return real(folder, path, flags, mode);                                   \
    }

OPENS(open)
OPENS(open64)
OPENS_AT(openat)
OPENS_AT(openat64)
WRAP(ssize_t, write, (int fd, const void *b, size_t n), (fd, b, n), look_fd(fd, ""))
WRAP(ssize_t, writev, (int fd, const struct iovec *v, int n), (fd, v, n), look_fd(fd, ""))
WRAP(ssize_t, pwrite, (int fd, const void *b, size_t n, off_t o), (fd, b, n, o), look_fd(fd, ""))
WRAP(ssize_t, pwrite64, (int fd, const void *b, size_t n, off64_t o), (fd, b, n, o),
     look_fd(fd, ""))
WRAP(int, fsync, (int fd), (fd), look_fd(fd, ""))
WRAP(int, fdatasync, (int fd), (fd), look_fd(fd, ""))
WRAP(int, ftruncate, (int fd, off_t n), (fd, n), look_fd(fd, ""))
WRAP(int, ftruncate64, (int fd, off64_t n), (fd, n), look_fd(fd, ""))
WRAP(int, fchmod, (int fd, mode_t m), (fd, m), look_fd(fd, ""))
WRAP(int, mkdir, (const char *p, mode_t m), (p, m), look(p))
WRAP(int, mkdirat, (int d, const char *p, mode_t m), (d, p, m), look_at(d, p))
WRAP(int, rmdir, (const char *p), (p), look(p))
WRAP(int, unlink, (const char *p), (p), look(p))
WRAP(int, unlinkat, (int d, const char *p, int f), (d, p, f), look_at(d, p))
WRAP(int, chmod, (const char *p, mode_t m), (p, m), look(p))
WRAP(int, link, (const char *p, const char *q), (p, q), look(q))
WRAP(int, rename, (const char *p, const char *q), (p, q), look(q))
WRAP(int, renameat, (int d, const char *p, int e, const char *q), (d, p, e, q), look_at(e, q))
WRAP(int, renameat2, (int d, const char *p, int e, const char *q, unsigned f), (d, p, e, q, f),
     look_at(e, q))
