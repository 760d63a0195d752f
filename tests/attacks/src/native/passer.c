/*
 * A hostile host of an enclave: it sends descriptors of any kind, and any bytes, over the passage. It takes orders from
 * standard input, a line each, and says what came of them and what the enclave sends.
 *
 *   send KIND COUNT HEX   sends these bytes, with COUNT new descriptors of a kind: "sent FIRST", their number here.
 *   again NUMBER COUNT HEX   sends these bytes, with so many copies of a descriptor that it kept.
 *   read NUMBER           reads from its copy: "read COUNT".
 *   block NUMBER          clears O_NONBLOCK, which all copies share.
 *   half NUMBER           ends writing; `whole` also reading.
 *   part NUMBER           ends its connection, and makes it listen.
 *   drop NUMBER           closes its copy.
 *   notice HEX, over      what came from the enclave.
 */
#define _GNU_SOURCE
#include "attempts.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

enum { most_kept = 16384 };

static int kept[most_kept], count_kept;
static const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
static struct sockaddr_in peer = {.sin_family = AF_INET};

static int connected_tcp(void) {
  int made = socket(AF_INET, SOCK_STREAM, 0);
  return made < 0 || connect(made, (struct sockaddr *)&peer, sizeof peer) ? -1 : made;
}
static int listening(void) {
  int made = socket(AF_INET, SOCK_STREAM, 0);
  return made < 0 || listen(made, 1) ? -1 : made;
}
static int pair_of(int type) {
  int pair[2];
  return socketpair(AF_UNIX, type, 0, pair) ? -1 : pair[0];
}
static int connected_udp(void) {
  int made = socket(AF_INET, SOCK_DGRAM, 0);
  return made < 0 || connect(made, (struct sockaddr *)&peer, sizeof peer) ? -1 : made;
}
static int pipe_end(int which) {
  int ends[2];
  return pipe(ends) ? -1 : ends[which];
}

static int make(const char *kind) {
  const int all = O_RDWR | O_CLOEXEC;
#define IS(name) (strcmp(kind, name) == 0)
  if (IS("tcp")) return connected_tcp();
  if (IS("listening")) return listening();
  if (IS("unconnected")) return socket(AF_INET, SOCK_STREAM, 0);
  if (IS("unix")) return pair_of(SOCK_STREAM);
  if (IS("sequence")) return pair_of(SOCK_SEQPACKET);
  if (IS("unix-datagram")) return pair_of(SOCK_DGRAM);
  if (IS("fifo")) return pipe_end(0);
  if (IS("fifo-out")) return pipe_end(1);
  if (IS("udp")) return socket(AF_INET, SOCK_DGRAM, 0);
  if (IS("connected-udp")) return connected_udp();
  if (IS("raw")) return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
  if (IS("netlink")) return socket(AF_NETLINK, SOCK_RAW, 0);
  if (IS("file")) return open("/tmp", all | O_TMPFILE, 0600);
  if (IS("folder")) return open("/", O_RDONLY | O_DIRECTORY);
  if (IS("path")) return open("/", O_PATH);
  if (IS("memory")) return memfd_create("passed", 0);
  if (IS("tty")) return open("/dev/ptmx", all | O_NOCTTY);
  if (IS("null")) return open("/dev/null", all);
  if (IS("epoll")) return epoll_create1(0);
  if (IS("event")) return eventfd(0, 0);
  if (IS("process")) return (int)syscall(SYS_pidfd_open, getpid(), 0);
#undef IS
  errno = ENOTSUP;
  return -1;
}

static ssize_t unhex(const char *text, unsigned char *bytes, size_t most) {
  size_t size = strlen(text) / 2;
  for (size_t at = 0; at < size && at < most; at++) sscanf(text + 2 * at, "%2hhx", &bytes[at]);
  return (ssize_t)size;
}

static void say(const char *what, long got) {
  if (got < 0)
    printf("failed %s\n", strerrorname_np(errno));
  else
    printf("%s %ld\n", what, got);
  fflush(stdout);
}

static ssize_t pass_all(int over, const char *hex, const int *descriptors, int count) {
  unsigned char bytes[4096];
  ssize_t size = strcmp(hex, "-") == 0 ? 0 : unhex(hex, bytes, sizeof bytes);
  return send_descriptors(over, (struct iovec){bytes, (size_t)size}, descriptors, count);
}

static void obey(int over, char *line) {
  char what[16], kind[16] = "", hex[8193] = "";
  int number = 0;
  if (sscanf(line, "send %15s %d %8192s", kind, &number, hex) == 3) {
    int first = count_kept;
    for (int at = 0; at < number; at++) {
      int made = make(kind);
      if (made < 0) {
        say("", -1);
        return;
      }
      kept[count_kept++] = made;
    }
    say("sent", pass_all(over, hex, &kept[first], number) < 0 ? -1 : first);
    return;
  }
  int copies = 0, many[most_sent];
  if (sscanf(line, "again %d %d %8192s", &number, &copies, hex) == 3 && number < count_kept && copies <= most_sent) {
    for (int at = 0; at < copies; at++) many[at] = kept[number];
    say("sent", pass_all(over, hex, many, copies) < 0 ? -1 : number);
    return;
  }
  if (sscanf(line, "%15s %d", what, &number) != 2 || number >= count_kept) exit(125);
  int copy = kept[number];
  char bytes[65536];
  if (strcmp(what, "read") == 0) say("read", read(copy, bytes, sizeof bytes));
  if (strcmp(what, "block") == 0) say("did", fcntl(copy, F_SETFL, fcntl(copy, F_GETFL) & ~O_NONBLOCK));
  if (strcmp(what, "half") == 0) say("did", shutdown(copy, SHUT_WR));
  if (strcmp(what, "whole") == 0) say("did", shutdown(copy, SHUT_RDWR));
  if (strcmp(what, "part") == 0) say("did", connect(copy, &nowhere, sizeof nowhere) || listen(copy, 1) ? -1 : 0);
  if (strcmp(what, "drop") == 0) say("did", close(copy));
}

static int unix_connection(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int made = socket(AF_UNIX, SOCK_STREAM, 0);
  if (strlen(path) >= sizeof address.sun_path) exit(125);
  strcpy(address.sun_path, path);
  return made < 0 || connect(made, (struct sockaddr *)&address, sizeof address) ? -1 : made;
}

int pass(char **words) {
  int over = unix_connection(words[0]);
  peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  peer.sin_port = htons((uint16_t)atoi(words[1]));
  say("connected", over);
  if (over < 0) return 1;
  struct pollfd all[2] = {{.fd = 0, .events = POLLIN}, {.fd = over, .events = POLLIN}};
  char line[8400];
  size_t filled = 0;
  for (;;) {
    if (poll(all, 2, -1) < 0) return 125;
    if (all[1].revents) {
      unsigned char bytes[4096];
      ssize_t got = read(over, bytes, sizeof bytes);
      if (got <= 0) {
        printf("over 0\n");
        all[1].fd = -1;
      } else {
        printf("notice ");
        for (ssize_t at = 0; at < got; at++) printf("%02x", bytes[at]);
        printf("\n");
      }
      fflush(stdout);
    }
    if (all[0].revents) {
      ssize_t got = read(0, line + filled, sizeof line - 1 - filled);
      if (got <= 0) return 0;
      filled += (size_t)got;
      line[filled] = 0;
      for (char *end; (end = strchr(line, '\n')) != NULL;) {
        *end = 0;
        obey(over, line);
        filled -= (size_t)(end + 1 - line);
        memmove(line, end + 1, filled + 1);
      }
      if (filled == sizeof line - 1) return 125;
    }
  }
}
