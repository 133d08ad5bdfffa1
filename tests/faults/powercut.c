/* A disk that remembers what was synced.

   Preloaded into the server (LD_PRELOAD), it lets every call through and writes down, in order, what the
   database does to its files: names made, removed and changed, bytes written, lengths, and each sync that
   has come back. From that journal tests/faults/disk.py builds what a disk may hold after a power cut.
   A sync counts for what was written before it began, and only once it has returned.

   POWERCUT_FILES    path that the watched files' names begin with (`/x/zoufang.db` watches -wal too)
   POWERCUT_JOURNAL  file that the journal is appended to; without it nothing is watched
   POWERCUT_ROOM     bytes that the watched files may grow to; beyond it a write fails with ENOSPC
   POWERCUT_SLOW     microseconds that each sync takes longer, as on a cheap disk: cuts then fall into them
   POWERCUT_CLOCK    file with the seconds (as text) by which the wall clock is wrong

   A record is 40 bytes (magic, kind, file, offset, length, number) and then `length` bytes. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define FDS 65536
#define FILES 4096
#define MAGIC 0x5a465043u

struct record { uint32_t magic, kind; int64_t file, offset, length, number; };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *prefix, *clock_file;
static char folder[4096];
static int journal = -1;
static int64_t numbered, room, used, slow;
static int16_t watched[FDS];            /* fd -> file number + 1; -1 is the folder */
static char *names[FILES];              /* file number -> the name that it has now */
static int64_t sizes[FILES];
static int files;

static int (*real_open)(const char *, int, ...);
static int (*real_close)(int);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_ftruncate)(int, off_t);
static int (*real_unlink)(const char *);
static int (*real_rename)(const char *, const char *);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_clock_gettime)(clockid_t, struct timespec *);

__attribute__((constructor)) static void begin(void) {
  if (real_open) return; /* other libraries' constructors may have called us already */
  real_open = dlsym(RTLD_NEXT, "open64");
  real_close = dlsym(RTLD_NEXT, "close");
  real_write = dlsym(RTLD_NEXT, "write");
  real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
  real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
  real_unlink = dlsym(RTLD_NEXT, "unlink");
  real_rename = dlsym(RTLD_NEXT, "rename");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
  clock_file = getenv("POWERCUT_CLOCK");
  const char *path = getenv("POWERCUT_JOURNAL"), *limit = getenv("POWERCUT_ROOM");
  const char *longer = getenv("POWERCUT_SLOW");
  slow = longer ? atoll(longer) : 0;
  room = limit ? atoll(limit) : 0;
  const char *watch = getenv("POWERCUT_FILES");
  if (!watch || (!path && !room)) return;
  snprintf(folder, sizeof folder, "%s", watch);
  char *slash = strrchr(folder, '/');
  if (slash) *slash = 0;
  if (path) journal = real_open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  prefix = watch;
}

/* What SQLite shares by mmap is made anew after a crash; no disk has to keep it. */
static int is_watched(const char *path) {
  if (!prefix || strncmp(path, prefix, strlen(prefix))) return 0;
  size_t n = strlen(path);
  return !(n > 4 && !strcmp(path + n - 4, "-shm"));
}

/* Callers hold the lock. */
static int64_t note(char kind, int file, int64_t offset, const void *bytes, int64_t length) {
  struct record head = {MAGIC, (uint32_t)kind, file, offset, length, ++numbered};
  if (journal < 0) return numbered;
  static char *buffer;
  static size_t have;
  size_t need = sizeof head + (size_t)length;
  if (need > have) buffer = realloc(buffer, have = need * 2);
  memcpy(buffer, &head, sizeof head);
  if (length) memcpy(buffer + sizeof head, bytes, (size_t)length);
  if (real_write(journal, buffer, need) != (ssize_t)need) abort(); /* a journal with holes proves nothing */
  return numbered;
}

static int number_of(const char *path) {
  for (int i = files - 1; i >= 0; i--)
    if (names[i] && !strcmp(names[i], path)) return i;
  return -1;
}

static int opened(const char *path, int flags, mode_t mode) {
  begin();
  if (!is_watched(path)) {
    int fd = real_open(path, flags, mode);
    if (prefix && fd >= 0 && fd < FDS && !strcmp(path, folder)) watched[fd] = -1;
    return fd;
  }
  pthread_mutex_lock(&lock);
  struct stat before;
  int was_there = !stat(path, &before);
  int fd = real_open(path, flags, mode), error = errno;
  if (fd >= 0 && fd < FDS) {
    int file = number_of(path);
    if (file < 0 || !was_there) {
      if (file >= 0) names[file] = 0;
      file = files++;
      if (files > FILES) abort();
      names[file] = strdup(path);
      sizes[file] = was_there ? before.st_size : 0;
      used += sizes[file];
      note(was_there ? 'O' : 'C', file, 0, path, (int64_t)strlen(path));
    }
    if (flags & O_TRUNC) note('T', file, 0, 0, 0);
    watched[fd] = (int16_t)(file + 1);
  }
  pthread_mutex_unlock(&lock);
  errno = error;
  return fd;
}

int open64(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  return opened(path, flags, mode);
}

int open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  return opened(path, flags, mode);
}

int close(int fd) {
  begin();
  if (fd >= 0 && fd < FDS) watched[fd] = 0;
  return real_close(fd);
}

static int file_of(int fd) { return fd >= 0 && fd < FDS && watched[fd] > 0 ? watched[fd] - 1 : -1; }

/* Whether a write up to `end` still has room; callers hold the lock. */
static int has_room(int file, int64_t end) {
  int64_t more = end > sizes[file] ? end - sizes[file] : 0;
  if (room && more && used + more > room) return 0;
  used += more;
  sizes[file] += more;
  return 1;
}

static ssize_t written(int fd, int file, const void *bytes, size_t length, off_t offset) {
  pthread_mutex_lock(&lock);
  ssize_t done;
  if (!has_room(file, (int64_t)offset + (int64_t)length)) {
    done = -1;
    errno = ENOSPC;
  } else {
    done = real_pwrite(fd, bytes, length, offset);
  }
  int error = errno;
  if (done > 0) note('W', file, offset, bytes, done);
  pthread_mutex_unlock(&lock);
  errno = error;
  return done;
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t offset) {
  int file = file_of(fd);
  return file < 0 ? real_pwrite(fd, bytes, length, offset) : written(fd, file, bytes, length, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
  return pwrite64(fd, bytes, length, offset);
}

ssize_t write(int fd, const void *bytes, size_t length) {
  begin();
  int file = file_of(fd);
  if (file < 0) return real_write(fd, bytes, length);
  off_t offset = lseek(fd, 0, SEEK_CUR);
  ssize_t done = written(fd, file, bytes, length, offset);
  if (done > 0) lseek(fd, offset + done, SEEK_SET);
  return done;
}

int ftruncate64(int fd, off_t length) {
  int file = file_of(fd);
  if (file < 0) return real_ftruncate(fd, length);
  pthread_mutex_lock(&lock);
  int done = real_ftruncate(fd, length), error = errno;
  if (!done) {
    used += length - sizes[file];
    sizes[file] = length;
    note('T', file, length, 0, 0);
  }
  pthread_mutex_unlock(&lock);
  errno = error;
  return done;
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

int unlink(const char *path) {
  if (!is_watched(path)) return real_unlink(path);
  pthread_mutex_lock(&lock);
  int done = real_unlink(path), error = errno, file = number_of(path);
  if (!done) note('U', file, 0, path, (int64_t)strlen(path));
  if (!done && file >= 0) {
    used -= sizes[file];
    names[file] = 0;
  }
  pthread_mutex_unlock(&lock);
  errno = error;
  return done;
}

/* SQLite never renames its files; should it begin to, the model would have to know. */
int rename(const char *from, const char *to) {
  if (is_watched(from) || is_watched(to)) abort();
  return real_rename(from, to);
}

static int synced(int fd, int (*real)(int)) {
  int file = file_of(fd), is_folder = fd >= 0 && fd < FDS && watched[fd] == -1;
  if (file < 0 && !is_folder) return real(fd);
  pthread_mutex_lock(&lock);
  int64_t upto = numbered;
  pthread_mutex_unlock(&lock);
  if (slow) usleep((useconds_t)slow);
  int done = real(fd), error = errno;
  if (!done) {
    pthread_mutex_lock(&lock);
    note(is_folder ? 'D' : 'S', file, upto, 0, 0);
    pthread_mutex_unlock(&lock);
  }
  errno = error;
  return done;
}

int fsync(int fd) { return synced(fd, real_fsync); }

int fdatasync(int fd) { return synced(fd, real_fdatasync); }

/* The wall clock, wrong by what the file says now. */
static int64_t wrong_by(void) {
  if (!clock_file) return 0;
  char text[32] = {0};
  int fd = real_open(clock_file, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t n = read(fd, text, sizeof text - 1);
  real_close(fd);
  return n > 0 ? atoll(text) : 0;
}

int clock_gettime(clockid_t which, struct timespec *out) {
  begin();
  int done = real_clock_gettime(which, out);
  if (!done && which == CLOCK_REALTIME) out->tv_sec += wrong_by();
  return done;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone) {
  struct timespec now;
  (void)zone;
  if (clock_gettime(CLOCK_REALTIME, &now)) return -1;
  out->tv_sec = now.tv_sec;
  out->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out) *out = now.tv_sec;
  return now.tv_sec;
}
