/*
 * Preloaded into a program under emulation: its clocks run at the first number of /etc/slow-clock (0.03: 33 times slower) and its waits last as much
 * longer, so that deadlines of the gate (a frame older than a second is refused) mean what they mean on a board.
 * Monotonic time is scaled from 0, the wall clock from the second one (seconds since 1970): the same in every process.
 * For all programs of a root: its path in /etc/ld.so.preload there. Built with: cc -shared -fPIC -O2 -o slow-clock.so slow-clock.c -ldl -lpthread
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static double rate = 1, since = 0;

/* From a file, for the eye is started with an environment of its own. */
__attribute__((constructor)) static void settings(void) {
  FILE *file = fopen("/etc/slow-clock", "r");
  double r, s;
  if (!file) return;
  if (fscanf(file, "%lf %lf", &r, &s) == 2 && r > 0) {
    rate = r;
    since = s;
  }
  fclose(file);
}

static double seconds_of(const struct timespec *t) { return (double)t->tv_sec + (double)t->tv_nsec / 1e9; }

static void to_timespec(double seconds, struct timespec *t) {
  t->tv_sec = (time_t)seconds;
  t->tv_nsec = (long)((seconds - (double)t->tv_sec) * 1e9);
}

static int is_wall(clockid_t id) { return id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE || id == CLOCK_TAI; }
static double slow(clockid_t id, double real) { return is_wall(id) ? since + (real - since) * rate : real * rate; }
static double fast(clockid_t id, double slowed) { return is_wall(id) ? since + (slowed - since) / rate : slowed / rate; }

int clock_gettime(clockid_t id, struct timespec *t) {
  int failed = (int)syscall(SYS_clock_gettime, id, t);
  /* Processor time is left as it is. */
  if (!failed && id != CLOCK_PROCESS_CPUTIME_ID && id != CLOCK_THREAD_CPUTIME_ID && id >= 0) to_timespec(slow(id, seconds_of(t)), t);
  return failed;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone) {
  struct timespec now;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &now);
  t->tv_sec = now.tv_sec;
  t->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *t) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (t) *t = now.tv_sec;
  return now.tv_sec;
}

static int longer(int ms) {
  double wanted = (double)ms / rate;
  return ms <= 0 ? ms : wanted > 2e9 ? 2000000000 : (int)wanted + 1;
}

int epoll_pwait(int fd, struct epoll_event *events, int max, int ms, const sigset_t *mask) {
  static int (*next)(int, struct epoll_event *, int, int, const sigset_t *);
  if (!next) next = dlsym(RTLD_NEXT, "epoll_pwait");
  return next(fd, events, max, longer(ms), mask);
}

int epoll_wait(int fd, struct epoll_event *events, int max, int ms) { return epoll_pwait(fd, events, max, ms, NULL); }

int nanosleep(const struct timespec *wanted, struct timespec *left) {
  struct timespec t;
  to_timespec(seconds_of(wanted) / rate, &t);
  return (int)syscall(SYS_nanosleep, &t, left);
}

/* libuv waits with an absolute monotonic time that it has from the clock above; the C++ library's waits come through the other two. */
int pthread_cond_clockwait(pthread_cond_t *cond, pthread_mutex_t *mutex, clockid_t id, const struct timespec *until) {
  static int (*next)(pthread_cond_t *, pthread_mutex_t *, clockid_t, const struct timespec *);
  struct timespec t;
  if (!next) next = dlsym(RTLD_NEXT, "pthread_cond_clockwait");
  to_timespec(fast(id, seconds_of(until)), &t);
  return next(cond, mutex, id, &t);
}

int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *until) {
  static int (*next)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
  struct timespec t;
  /* Which clock the condition was made with is not told: a time of before 2001 is monotonic. */
  clockid_t id = until->tv_sec < 1000000000 ? CLOCK_MONOTONIC : CLOCK_REALTIME;
  if (!next) next = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
  to_timespec(fast(id, seconds_of(until)), &t);
  return next(cond, mutex, &t);
}
