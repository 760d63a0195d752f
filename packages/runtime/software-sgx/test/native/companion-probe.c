// A native addon of Node for tests: what the native code of a companion may try. Node-API is declared here, so that it needs no headers.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

typedef void *napi_env, *napi_value, *napi_callback_info;
typedef napi_value (*napi_callback)(napi_env, napi_callback_info);
extern int napi_create_function(napi_env, const char *, size_t, napi_callback, void *, napi_value *);
extern int napi_set_named_property(napi_env, napi_value, const char *, napi_value);
extern int napi_get_cb_info(napi_env, napi_callback_info, size_t *, napi_value *, napi_value *, void **);
extern int napi_get_value_string_utf8(napi_env, napi_value, char *, size_t, size_t *);
extern int napi_get_value_int64(napi_env, napi_value, long *);
extern int napi_create_int64(napi_env, long, napi_value *);

static napi_value number(napi_env env, long value) {
  napi_value made;
  napi_create_int64(env, value, &made);
  return made;
}

static void text(napi_env env, napi_callback_info info, char *into, size_t size) {
  napi_value argument;
  size_t count = 1;
  napi_get_cb_info(env, info, &count, &argument, 0, 0);
  napi_get_value_string_utf8(env, argument, into, size, 0);
}

static long whole(napi_env env, napi_callback_info info) {
  napi_value argument;
  size_t count = 1;
  long value = 0;
  napi_get_cb_info(env, info, &count, &argument, 0, 0);
  napi_get_value_int64(env, argument, &value);
  return value;
}

// 0, or the number of the error.
static napi_value opens(napi_env env, napi_callback_info info) {
  char path[4096];
  text(env, info, path, sizeof path);
  int opened = open(path, O_RDONLY | O_CLOEXEC);
  long result = opened < 0 ? errno : 0;
  if (opened >= 0) close(opened);
  return number(env, result);
}

static napi_value creates(napi_env env, napi_callback_info info) {
  char path[4096];
  text(env, info, path, sizeof path);
  int opened = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  long result = opened < 0 ? errno : 0;
  if (opened >= 0) close(opened);
  return number(env, result);
}

// Maps a file so that its code can run, as the loader of the system does.
static napi_value maps(napi_env env, napi_callback_info info) {
  char path[4096];
  text(env, info, path, sizeof path);
  int opened = open(path, O_RDONLY | O_CLOEXEC);
  if (opened < 0) return number(env, errno);
  void *mapped = mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, opened, 0);
  long result = mapped == MAP_FAILED ? errno : 0;
  close(opened);
  return number(env, result);
}

static napi_value connects(napi_env env, napi_callback_info info) {
  (void)info;
  int made = socket(AF_INET, SOCK_STREAM, 0);
  long result = made < 0 ? errno : 0;
  if (made >= 0) close(made);
  return number(env, result);
}

// How many descriptors above 2 are open, and are neither of the interpreter's own kinds nor the channel: those that can be read as sockets.
static napi_value sockets(napi_env env, napi_callback_info info) {
  (void)info;
  long count = 0;
  for (int at = 0; at < 1024; at++) {
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    if (getsockname(at, (struct sockaddr *)&address, &size) == 0) count++;
  }
  return number(env, count);
}

static napi_value descriptorsFrom3To9(napi_env env, napi_callback_info info) {
  (void)info;
  long open = 0;
  for (int at = 3; at < 10; at++)
    if (fcntl(at, F_GETFD) >= 0) open |= 1 << at;
  return number(env, open);
}

// Writes to so many mebibytes. @returns how many there are
static napi_value takes(napi_env env, napi_callback_info info) {
  long wanted = whole(env, info), taken = 0;
  for (; taken < wanted; taken++) {
    char *memory = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) break;
    memset(memory, 1, 1 << 20);
  }
  return number(env, taken);
}

static void *waits(void *nothing) {
  pause();
  return nothing;
}

// Starts so many threads. @returns how many there are
static napi_value threads(napi_env env, napi_callback_info info) {
  long wanted = whole(env, info), made = 0;
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 65536);
  pthread_t thread;
  while (made < wanted && pthread_create(&thread, &small, waits, 0) == 0) made++;
  return number(env, made);
}

static napi_value forks(napi_env env, napi_callback_info info) {
  (void)info;
  int made = fork();
  if (made == 0) _exit(0);
  return number(env, made < 0 ? errno : 0);
}

static napi_value crashes(napi_env env, napi_callback_info info) {
  (void)env, (void)info;
  _exit(42);
}

static napi_value sticks(napi_env env, napi_callback_info info) {
  (void)env, (void)info;
  for (;;) pause();
}

napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  const struct {
    const char *name;
    napi_callback code;
  } all[] = {{"opens", opens},     {"creates", creates}, {"maps", maps},       {"connects", connects}, {"sockets", sockets},
             {"takes", takes},     {"threads", threads}, {"forks", forks},     {"crashes", crashes},   {"sticks", sticks},
             {"descriptors", descriptorsFrom3To9}};
  for (size_t at = 0; at < sizeof all / sizeof *all; at++) {
    napi_value made;
    napi_create_function(env, all[at].name, strlen(all[at].name), all[at].code, 0, &made);
    napi_set_named_property(env, exports, all[at].name, made);
  }
  return exports;
}
