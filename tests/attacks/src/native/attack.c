/*
 * What native code in an enclave would try. One attempt a run, by its name; it prints a number that says how far it got,
 * or the name of the error: "ok 12" or "EPERM". Started in place of the interpreter, by the commands that start it.
 *
 *   attack start                  makes a thread, as an interpreter does, and fails where it gets none.
 *   attack leak PROGRAM WORD...   opens a descriptor of each kind and becomes PROGRAM, to which they are left.
 *   attack hold KIND PROGRAM WORD...   passes a socket over descriptor 3 and becomes PROGRAM: see sockets.c.
 *   attack pass PATH PORT         connects to the passage of an enclave, and takes orders: see passer.c.
 */
#define _GNU_SOURCE
#include "attempts.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

/* The gate is a Unix socket that was made in the network of the host. */
enum { gate = 3 };
static const size_t mebibyte = 1024 * 1024;

static long refused(void) { return -1; }

/* Every 2 MiB of it is touched, so that the kernel has to give some. */
static long mapped(size_t size_mib, int protection, int flags) {
  size_t size = size_mib * mebibyte;
  char *at = mmap(NULL, size, protection, flags, -1, 0);
  if (at == MAP_FAILED) return refused();
  if (protection & PROT_WRITE)
    for (size_t i = 0; i < size; i += 2 * mebibyte) at[i] = 1;
  return (long)size_mib;
}

static long shared_memory(void) { return mapped(3000, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS); }
static long private_memory(void) { return mapped(3000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS); }
static long growing_stack(void) {
  return mapped(3000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN);
}
/* Written, and then made read-only: the kernel counts it as data no longer. A page of each 2 MiB is enough to see it. */
static long hidden_memory(void) {
  size_t size = 256 * mebibyte;
  long got = 0;
  for (; got < 16 * 1024; got += 256) {
    char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED || madvise(at, size, MADV_NOHUGEPAGE)) return refused();
    for (size_t i = 0; i < size; i += 2 * mebibyte) at[i] = 1;
    if (mprotect(at, size, PROT_READ)) return refused();
  }
  return got;
}
static long address_space(void) {
  return mapped(512 * 1024, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE);
}

static long raise_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_STACK, &limit)) return refused();
  limit.rlim_cur = limit.rlim_max;
  return setrlimit(RLIMIT_STACK, &limit) ? refused() : (long)(limit.rlim_max / mebibyte);
}

static long file_in_memory(void) { return syscall(SYS_memfd_create, "a", 0) < 0 ? refused() : 0; }
static long shared_segment(void) { return syscall(SYS_shmget, 0, 4096, 01600) < 0 ? refused() : 0; }

static long large_pipe(void) {
  int ends[2];
  if (pipe(ends)) return refused();
  return fcntl(ends[1], F_SETPIPE_SZ, (int)mebibyte);
}

/* Waits on a lock that is never given back: the filter knows no pause(2), and a refused one would spin. */
static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;

static void *wait_for_ever(void *none) {
  pthread_mutex_lock(&held);
  return none;
}

/* At most so many, and whatever the kernel lets it have. */
static long threads(void) {
  pthread_attr_t attributes;
  long count = 0;
  pthread_t thread;
  pthread_mutex_lock(&held);
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 16384);
  while (count < 2000 && pthread_create(&thread, &attributes, wait_for_ever, NULL) == 0) count++;
  return count;
}

static long descriptors(void) {
  long count = 0;
  while (count < 3000 && dup(0) >= 0) count++;
  return count;
}

/* Those above the enclave's own: 3 to 6, and that of the filter where bubblewrap reads it. */
static long inherited(void) {
  long count = 0;
  for (int at = 7; at < 20000; at++)
    if (fcntl(at, F_GETFD) >= 0) count++;
  return count;
}

static long interfaces(void) {
  struct ifreq found[64];
  struct ifconf list = {.ifc_len = sizeof found, .ifc_req = found};
  return ioctl(gate, SIOCGIFCONF, &list) ? refused() : (long)(list.ifc_len / sizeof found[0]);
}

static long hardware_address(void) {
  struct ifreq asked = {.ifr_name = "lo"};
  return ioctl(gate, SIOCGIFHWADDR, &asked) ? refused() : 0;
}

static long send_to(void) { return sendto(gate, "a", 1, MSG_NOSIGNAL, NULL, 0); }
static long send_message(void) {
  struct iovec part = {"a", 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  return sendmsg(gate, &message, MSG_NOSIGNAL);
}
static long send_messages(void) {
  struct iovec part = {"a", 1};
  struct mmsghdr message = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}};
  return sendmmsg(gate, &message, 1, MSG_NOSIGNAL);
}
static long receive_messages(void) {
  char byte;
  struct iovec part = {&byte, 1};
  struct mmsghdr message = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}};
  long got = recvmmsg(gate, &message, 1, MSG_DONTWAIT, NULL);
  return got < 0 && errno == EAGAIN ? 0 : got;
}
static long receive_message(void) {
  char byte;
  struct iovec part = {&byte, 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  long got = recvmsg(gate, &message, MSG_DONTWAIT);
  return got < 0 && errno == EAGAIN ? 0 : got;
}
static long set_option(void) {
  int size = 1 << 20;
  return setsockopt(gate, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}
static long option(int name) {
  char value[64];
  socklen_t size = sizeof value;
  return getsockopt(gate, SOL_SOCKET, name, value, &size);
}
static long socket_type(void) { return option(SO_TYPE); }
static long peer_credentials(void) { return option(SO_PEERCRED); }
static long peer_process(void) { return option(77); }

/* Not a refusal: the attribute does not exist, or the file system has no attributes. */
static long read_attribute(void) {
  char value[64];
  long got = getxattr("/", "user.none", value, sizeof value);
  return got < 0 && (errno == ENODATA || errno == EOPNOTSUPP) ? 0 : got;
}
static long list_attributes(void) {
  char names[4096];
  long got = listxattr("/", names, sizeof names);
  return got < 0 && errno == EOPNOTSUPP ? 0 : got;
}

static long own_descriptor(void) { return fcntl(gate, F_SETOWN, getpid()); }
static long asynchronous(void) { return fcntl(gate, F_SETFL, O_ASYNC); }
static long outlive(void) { return prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0); }
static long be_traced(void) { return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); }
static long name_itself(void) { return prctl(PR_SET_NAME, "a", 0, 0, 0); }
static long bind_to_processor(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set)) return refused();
  return sched_setaffinity(0, sizeof set, &set);
}
static long lock_memory(void) { return mlock(&mebibyte, 1); }
static long make_folder(void) {
  long got = syscall(SYS_mkdirat, AT_FDCWD, "/proc/none", 0700);
  return got < 0 && errno != EPERM ? 0 : got;
}
/* Memory of the kernel: a rule for each port, in as many sets of rules as there are descriptors. */
static long rules_for_ports(void) {
  struct landlock_ruleset_attr handled = {.handled_access_net = LANDLOCK_ACCESS_NET_BIND_TCP};
  struct landlock_net_port_attr rule = {.allowed_access = LANDLOCK_ACCESS_NET_BIND_TCP};
  long count = 0;
  for (int set = 0; set < 2; set++) {
    int rules = syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0);
    /* Told apart from a refusal: a kernel before Linux 6.7 has no rules for ports. */
    for (rule.port = 0; rule.port < 65536; rule.port++, count++)
      if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_NET_PORT, &rule, 0)) return errno == EPERM ? refused() : 0;
  }
  return count;
}
static long later_call(void) { return syscall(471, 0, 0, 0, 0, 0, 0); }
static long user_namespace(void) { return unshare(CLONE_NEWUSER); }

/* What an interpreter does that is started: it makes a thread, or gives up. */
static int start(void) {
  pthread_t thread;
  return pthread_create(&thread, NULL, wait_for_ever, NULL) == 0 ? 0 : 1;
}

static const struct attempt attempts[] = {
    {"shared-memory", shared_memory},
    {"private-memory", private_memory},
    {"growing-stack", growing_stack},
    {"hidden-memory", hidden_memory},
    {"address-space", address_space},
    {"raise-limit", raise_limit},
    {"file-in-memory", file_in_memory},
    {"shared-segment", shared_segment},
    {"large-pipe", large_pipe},
    {"threads", threads},
    {"descriptors", descriptors},
    {"inherited", inherited},
    {"interfaces", interfaces},
    {"hardware-address", hardware_address},
    {"sendto", send_to},
    {"sendmsg", send_message},
    {"sendmmsg", send_messages},
    {"recvmmsg", receive_messages},
    {"recvmsg", receive_message},
    {"setsockopt", set_option},
    {"socket-type", socket_type},
    {"peer-credentials", peer_credentials},
    {"peer-process", peer_process},
    {"read-attribute", read_attribute},
    {"list-attributes", list_attributes},
    {"own-descriptor", own_descriptor},
    {"asynchronous", asynchronous},
    {"outlive", outlive},
    {"be-traced", be_traced},
    {"name-itself", name_itself},
    {"bind-to-processor", bind_to_processor},
    {"lock-memory", lock_memory},
    {"make-folder", make_folder},
    {"rules-for-ports", rules_for_ports},
    {"later-call", later_call},
    {"user-namespace", user_namespace},
    {NULL, NULL},
};

static const struct attempt *find(const char *name) {
  const struct attempt *tables[] = {attempts, socket_attempts};
  for (int table = 0; table < 2; table++)
    for (const struct attempt *at = tables[table]; at->name != NULL; at++)
      if (strcmp(name, at->name) == 0) return at;
  return NULL;
}

/* Moves a descriptor to a high number, open for whatever is started. */
static void left(int descriptor, int number) {
  if (descriptor < 0 || dup2(descriptor, number) < 0) exit(125);
  close(descriptor);
}

static int leak(char **words) {
  int pair[2], ends[2];
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1)) return 125;
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || pipe(ends)) return 125;
  left(open("/etc/passwd", O_RDONLY), 100);
  left(open("/", O_RDONLY | O_DIRECTORY), 251);
  left(open("/", O_PATH), 252);
  left(listener, 300);
  left(pair[0], 301);
  left(pair[1], 302);
  left(ends[0], 900);
  left(ends[1], 1023);
  left(memfd_create("left", 0), 1500);
  left(epoll_create1(0), 1900);
  execvp(words[0], words);
  return 125;
}

const char *program_path;

int main(int count, char **words) {
  program_path = words[0];
  signal(SIGPIPE, SIG_IGN);
  if (count > 2 && strcmp(words[1], "leak") == 0) return leak(words + 2);
  if (count > 3 && strcmp(words[1], "hold") == 0) return hold(words + 2);
  if (count > 3 && strcmp(words[1], "pass") == 0) return pass(words + 2);
  if (count > 1 && strcmp(words[1], "start") == 0) return start();
  for (int i = 1; i < count; i++) {
    const struct attempt *found = find(words[i]);
    if (found == NULL) continue;
    long got = found->run();
    if (got < 0)
      printf("%s %s\n", words[i], strerrorname_np(errno));
    else
      printf("%s ok %ld\n", words[i], got);
    fflush(stdout);
  }
  return 0;
}
