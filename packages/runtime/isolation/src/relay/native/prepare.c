// The step that runs in the new network namespace before the privileges are dropped: it bounds what the kernel holds for a socket, turns
// the loopback interface on, and makes the sockets of which some have ports that an ordinary user may not take. They stay open for the relay, from descriptor 10 on: first that
// of the resolver, then one for each destination.
#include "relay.h"

enum { AF_INET_ = 2, STREAM = 1, DATAGRAM = 2, SOL_SOCKET_ = 1, REUSE = 2, BACKLOG = 64, NONBLOCK = 04000, DUPFD = 0 };
enum { GET_FLAGS = 0x8913, SET_FLAGS = 0x8914, IS_UP = 1 };
enum { AMBIENT = 47, CLEAR_ALL = 4, BOUNDING_DROP = 24, NET_BIND_SERVICE = 10, NET_ADMIN = 12, VERSION_3 = 0x20080522 };

struct address loopback(u32 index, u32 port) {
  struct address address = {AF_INET_, (u16)(port >> 8 | (port & 0xff) << 8), {127, 1, 0, (u8)index}, {0}};
  if (index == 0) address.host[1] = 0, address.host[3] = 1;
  return address;
}

static void set_network(const char *path, const char *value) {
  enum { HERE = -100, WRITE_ONLY = 1 };
  long file = sys(SYS_OPENAT, HERE, path, WRITE_ONLY);
  if (file < 0) return;
  sys(SYS_WRITE, file, value, length_of(value));
  sys(SYS_CLOSE, file);
}

// Without them it is some 10 MiB for each connection (tcp(7)), and the loopback interface is no faster for it. Where the settings cannot
// be written, as in a container, whose /proc is read-only, the bound that is left is that of the container's memory.
static void bound_buffers(void) {
  set_network("/proc/sys/net/ipv4/tcp_rmem", "4096 131072 262144");
  set_network("/proc/sys/net/ipv4/tcp_wmem", "4096 16384 262144");
  // Connections that wait for accept(2) have no descriptor.
  set_network("/proc/sys/net/core/somaxconn", "64");
}

static void interface_up(void) {
  struct { char name[16]; short flags; u8 rest[22]; } request = {"lo", 0, {0}};
  long any = sys(SYS_SOCKET, AF_INET_, DATAGRAM, 0);
  if (any < 0 || sys(SYS_IOCTL, any, GET_FLAGS, &request) != 0) die(NOT_STARTED);
  request.flags |= IS_UP;
  if (sys(SYS_IOCTL, any, SET_FLAGS, &request) != 0) die(NOT_STARTED);
  sys(SYS_CLOSE, any);
}

static void bound(int kind, u32 index, u32 port) {
  static int next = FIRST_BOUND;
  int one = 1;
  struct address address = loopback(index, port);
  long made = sys(SYS_SOCKET, AF_INET_, kind | NONBLOCK, 0);
  if (made < 0 || sys(SYS_SETSOCKOPT, made, SOL_SOCKET_, REUSE, &one, sizeof one) != 0) die(NOT_STARTED);
  if (sys(SYS_BIND, made, &address, sizeof address) != 0) die(NOT_STARTED);
  if (kind == STREAM && sys(SYS_LISTEN, made, BACKLOG) != 0) die(NOT_STARTED);
  if (sys(SYS_FCNTL, made, DUPFD, next) != next) die(NOT_STARTED);
  if (made != next) sys(SYS_CLOSE, made);
  next++;
}

// The two that this step needs. Those of a root that becomes another user stay for that step, which drops them all.
static void drop_capabilities(void) {
  struct { u32 version; int pid; } header = {VERSION_3, 0};
  struct { u32 effective, permitted, inheritable; } sets[2] = {{0, 0, 0}, {0, 0, 0}};
  const u32 kept = ~(1u << NET_BIND_SERVICE | 1u << NET_ADMIN);
  sys(SYS_PRCTL, AMBIENT, CLEAR_ALL, 0, 0, 0);
  // Without SETPCAP the bounding set stays, and gives nothing: nothing that runs later can gain privileges.
  sys(SYS_PRCTL, BOUNDING_DROP, NET_BIND_SERVICE, 0, 0, 0);
  sys(SYS_PRCTL, BOUNDING_DROP, NET_ADMIN, 0, 0, 0);
  if (sys(SYS_CAPGET, &header, sets) != 0) die(NOT_STARTED);
  sets[0].effective &= kept;
  sets[0].permitted &= kept;
  sets[0].inheritable &= kept;
  if (sys(SYS_CAPSET, &header, sets) != 0) die(NOT_STARTED);
}

char **prepare(char **words) {
  enum { DNS_PORT = 53 };
  for (; *words != 0; words++) {
    const char *text = *words;
    u32 index;
    switch (*text++) {
      case 'm': bound_buffers(); break;
      case 'u': interface_up(); break;
      case 'd': bound(DATAGRAM, 0, DNS_PORT); break;
      case 'b':
        index = number_in(&text);
        if (*text++ != '.') die(NOT_STARTED);
        bound(STREAM, index, number_in(&text));
        break;
      case '-': drop_capabilities(); return words + 1;
      default: die(NOT_STARTED);
    }
  }
  die(NOT_STARTED);
}
