/* A clock of the wall that jumps: a day forth and back every 0.3 s, while KIT_FAULTS_CLOCK is set; for LD_PRELOAD. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static long jump(void) {
  static int (*ask)(clockid_t, struct timespec *);
  struct timespec steady;
  if (!getenv("KIT_FAULTS_CLOCK")) return 0;
  if (!ask) ask = dlsym(RTLD_NEXT, "clock_gettime");
  ask(CLOCK_MONOTONIC, &steady);
  return (steady.tv_sec * 10 + steady.tv_nsec / 100000000) / 3 % 2 ? 86400 : -86400;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  static int (*ask)(clockid_t, struct timespec *);
  if (!ask) ask = dlsym(RTLD_NEXT, "clock_gettime");
  int status = ask(clock, now);
  if (!status && clock == CLOCK_REALTIME) now->tv_sec += jump();
  return status;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  static int (*ask)(struct timeval *restrict, void *restrict);
  if (!ask) ask = dlsym(RTLD_NEXT, "gettimeofday");
  int status = ask(now, zone);
  if (!status) now->tv_sec += jump();
  return status;
}

time_t time(time_t *place) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (place) *place = now.tv_sec;
  return now.tv_sec;
}
