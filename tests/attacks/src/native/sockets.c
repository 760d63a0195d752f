/* What native code in an enclave would try on a socket that the host passed to it: see hold.c. */
#define _GNU_SOURCE
#include "attempts.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <termios.h>
#include <unistd.h>

/* Where a server of the host listens, in the network of the host. */
static struct sockaddr_in target = {.sin_family = AF_INET};
static const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};

static int receive(int *descriptors, int most) {
  char control[CMSG_SPACE(most_sent * sizeof(int))];
  struct iovec part = {&target.sin_port, sizeof target.sin_port};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  if (recvmsg(passage, &message, MSG_DONTWAIT) <= 0) return -1;
  target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (header == NULL) return 0;
  int count = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
  memcpy(descriptors, CMSG_DATA(header), (size_t)(count < most ? count : most) * sizeof(int));
  return count;
}

/* The socket that was passed. */
static int held(void) {
  int socket;
  if (receive(&socket, 1) != 1) exit(125);
  return socket;
}

static long connect_elsewhere(void) {
  int socket = held();
  /* Ends what it was before, listening or connected: connect(2). */
  if (connect(socket, &nowhere, sizeof nowhere)) return -1;
  return connect(socket, (struct sockaddr *)&target, sizeof target);
}
static long connect_out(void) { return connect(held(), (struct sockaddr *)&target, sizeof target); }
static long bind_name(void) {
  struct sockaddr_in any = {.sin_family = AF_INET};
  return bind(held(), (struct sockaddr *)&any, sizeof any);
}
static long listen_on(void) { return listen(held(), 1); }
static long accept_one(void) { return accept(held(), NULL, NULL) < 0 ? -1 : 0; }
static long accept_four(void) { return accept4(held(), NULL, NULL, SOCK_CLOEXEC) < 0 ? -1 : 0; }

/* A listening socket that is shut down for reading is an unconnected one again, without a connect. */
static int stopped(void) {
  int socket = held();
  shutdown(socket, SHUT_RD);
  return socket;
}
static struct iovec byte = {"a", 1};
static struct msghdr to_target(void) {
  return (struct msghdr){.msg_name = &target, .msg_namelen = sizeof target, .msg_iov = &byte, .msg_iovlen = 1};
}
static const int open_fast = MSG_FASTOPEN | MSG_NOSIGNAL;
static long fast_open(void) {
  int socket = stopped();
  return sendto(socket, "a", 1, open_fast, (struct sockaddr *)&target, sizeof target);
}
static long fast_open_message(void) {
  int socket = stopped();
  struct msghdr message = to_target();
  return sendmsg(socket, &message, open_fast);
}
static long fast_open_messages(void) {
  int socket = stopped();
  struct mmsghdr message = {.msg_hdr = to_target()};
  return sendmmsg(socket, &message, 1, open_fast);
}
/* What is left to it: none of these reaches anything. */
static long write_stopped(void) {
  int socket = stopped();
  char got;
  if (write(socket, "a", 1) >= 0 || (errno != EPIPE && errno != ENOTCONN)) return -1;
  return read(socket, &got, 1) <= 0 ? 0 : -1;
}

static long send_one(void) { return send(held(), "a", 1, MSG_NOSIGNAL); }
static long send_message(void) {
  struct msghdr message = {.msg_iov = &byte, .msg_iovlen = 1};
  return sendmsg(held(), &message, MSG_NOSIGNAL);
}
static long send_messages(void) {
  struct mmsghdr message = {.msg_hdr = {.msg_iov = &byte, .msg_iovlen = 1}};
  return sendmmsg(held(), &message, 1, MSG_NOSIGNAL);
}
/* Gives a descriptor to the process at the other end. */
static long give(void) {
  int socket = held();
  char control[CMSG_SPACE(sizeof(int))] = {0};
  struct msghdr message = {
      .msg_iov = &byte, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  *header = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
  memcpy(CMSG_DATA(header), &socket, sizeof socket);
  return sendmsg(socket, &message, MSG_NOSIGNAL);
}
static long waiting(long got) { return got < 0 && errno == EAGAIN ? 0 : got; }
static long receive_from(void) {
  char got;
  return waiting(recvfrom(held(), &got, 1, MSG_DONTWAIT, NULL, NULL));
}
static long receive_messages(void) {
  char got;
  struct iovec part = {&got, 1};
  struct mmsghdr message = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}};
  return waiting(recvmmsg(held(), &message, 1, MSG_DONTWAIT, NULL));
}

static long set(int level, int name, const void *value, socklen_t size) {
  return setsockopt(held(), level, name, value, size);
}
static long set_number(int level, int name, int value) { return set(level, name, &value, sizeof value); }
static long bind_to_device(void) { return set(SOL_SOCKET, SO_BINDTODEVICE, "lo", 3); }
static long receive_buffer(void) { return set_number(SOL_SOCKET, SO_RCVBUF, 1 << 30); }
static long congestion(void) { return set(IPPROTO_TCP, TCP_CONGESTION, "reno", 4); }
static long fast_open_connect(void) { return set_number(IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1); }
static long no_delay(void) { return set_number(IPPROTO_TCP, TCP_NODELAY, 1); }
static long linger(void) {
  struct linger at_once = {1, 0};
  return set(SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}
static long get(int level, int name) {
  char value[512];
  socklen_t size = sizeof value;
  return getsockopt(held(), level, name, value, &size);
}
static long tcp_info(void) { return get(IPPROTO_TCP, TCP_INFO); }
static long upper_protocol(void) { return get(IPPROTO_TCP, TCP_ULP); }
static long time_to_live(void) { return get(IPPROTO_IP, 2 /* IP_TTL */); }
static long cookie(void) { return get(SOL_SOCKET, SO_COOKIE); }
static long credentials(void) { return get(SOL_SOCKET, SO_PEERCRED); }
static long memory(void) { return get(SOL_SOCKET, SO_MEMINFO); }

static long interfaces_there(void) {
  struct ifreq found[64];
  struct ifconf list = {.ifc_len = sizeof found, .ifc_req = found};
  return ioctl(held(), SIOCGIFCONF, &list) ? -1 : (long)(list.ifc_len / sizeof found[0]);
}
static long asked_of(unsigned long request) {
  struct ifreq asked = {.ifr_name = "lo"};
  return ioctl(held(), request, &asked) ? -1 : 0;
}
static long hardware_address_there(void) { return asked_of(SIOCGIFHWADDR); }
static long address_there(void) { return asked_of(SIOCGIFADDR); }
static long numbered(unsigned long request, int value) { return ioctl(held(), request, &value); }
static long owner(void) { return numbered(0x8901 /* FIOSETOWN */, getpid()); }
static long group(void) { return numbered(0x8902 /* SIOCSPGRP */, getpid()); }
static long asynchronous_too(void) { return numbered(FIOASYNC, 1); }
static long unsent(void) { return numbered(TIOCOUTQ, 0); }
static long set_owner(void) { return fcntl(held(), F_SETOWN, getpid()); }
static long set_signal(void) { return fcntl(held(), F_SETSIG, SIGIO); }
static long set_asynchronous(void) { return fcntl(held(), F_SETFL, O_ASYNC); }

static int filled_pipe(void) {
  int ends[2];
  if (pipe(ends) || write(ends[1], "a", 1) != 1) exit(125);
  return ends[0];
}
static long splice_out(void) { return splice(filled_pipe(), NULL, held(), NULL, 1, 0); }
static long tee_out(void) {
  int ends[2];
  return pipe(ends) ? -1 : tee(filled_pipe(), ends[1], 1, 0);
}
static long map_into_pipe(void) {
  int ends[2];
  return pipe(ends) ? -1 : vmsplice(ends[1], &byte, 1, 0);
}
/* A file that every view of files holds. */
static long send_file(void) { return sendfile(held(), open(program_path, O_RDONLY), NULL, 1); }
static long rings(void) {
  struct io_uring_params parameters = {0};
  return syscall(SYS_io_uring_setup, 1, &parameters) < 0 ? -1 : 0;
}
static long write_with_flags(void) { return pwritev2(held(), &byte, 1, -1, 0); }
static long new_socket(void) { return socket(AF_INET, SOCK_STREAM, 0) < 0 ? -1 : 0; }
static long new_pair(void) {
  int pair[2];
  return socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
}

/* What an interpreter does with a connection. */
static long echo(void) {
  int socket = held();
  struct iovec parts[2] = {{"ab", 2}, {"c", 1}};
  char got[4] = {0};
  if (writev(socket, parts, 2) != 3) return -1;
  for (ssize_t at = 0, more; at < 3; at += more)
    if ((more = read(socket, got + at, (size_t)(3 - at))) <= 0) return -1;
  return memcmp(got, "abc", 3);
}
static long half_close(void) {
  int socket = held();
  char got[2];
  if (write(socket, "a", 1) != 1 || shutdown(socket, SHUT_WR)) return -1;
  if (read(socket, got, 1) != 1) return -1;
  return read(socket, got, 1);
}
static long ends(void) {
  int socket = held();
  struct sockaddr_storage name;
  socklen_t size = sizeof name;
  if (getsockname(socket, (struct sockaddr *)&name, &size)) return -1;
  return getpeername(socket, (struct sockaddr *)&name, &size);
}
static long options(void) {
  static const int asked[] = {SO_TYPE, SO_ERROR, SO_ACCEPTCONN, SO_DOMAIN, SO_PROTOCOL, SO_RCVBUF, SO_SNDBUF};
  int socket = held();
  for (size_t at = 0; at < sizeof asked / sizeof asked[0]; at++) {
    int value;
    socklen_t size = sizeof value;
    if (getsockopt(socket, SOL_SOCKET, asked[at], &value, &size)) return -1;
  }
  return 0;
}
static long watch(void) {
  int socket = held(), all = epoll_create1(EPOLL_CLOEXEC), on = 1;
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET};
  struct stat status;
  if (all < 0 || ioctl(socket, FIONBIO, &on) || fstat(socket, &status)) return -1;
  if (epoll_ctl(all, EPOLL_CTL_ADD, socket, &event) || epoll_wait(all, &event, 1, -1) != 1) return -1;
  if (fcntl(socket, F_SETFL, O_NONBLOCK | O_RDWR) || ioctl(socket, FIONREAD, &on)) return -1;
  return isatty(socket) || errno != ENOTTY ? -1 : 0;
}

/* All that was sent, over eight messages: how many of the descriptors can be kept. */
static long flood(void) {
  int kept[most_sent];
  long count = 0;
  for (int got; (got = receive(kept, most_sent)) >= 0; count += got)
    ;
  return count;
}

const struct attempt socket_attempts[] = {
    {"connect-elsewhere", connect_elsewhere},
    {"connect", connect_out},
    {"bind", bind_name},
    {"listen", listen_on},
    {"accept", accept_one},
    {"accept4", accept_four},
    {"fast-open", fast_open},
    {"fast-open-message", fast_open_message},
    {"fast-open-messages", fast_open_messages},
    {"write-stopped", write_stopped},
    {"passed-send", send_one},
    {"passed-sendmsg", send_message},
    {"passed-sendmmsg", send_messages},
    {"give", give},
    {"passed-recvfrom", receive_from},
    {"passed-recvmmsg", receive_messages},
    {"bind-to-device", bind_to_device},
    {"receive-buffer", receive_buffer},
    {"congestion", congestion},
    {"fast-open-connect", fast_open_connect},
    {"no-delay", no_delay},
    {"linger", linger},
    {"tcp-info", tcp_info},
    {"upper-protocol", upper_protocol},
    {"time-to-live", time_to_live},
    {"cookie", cookie},
    {"passed-credentials", credentials},
    {"memory-of-it", memory},
    {"passed-interfaces", interfaces_there},
    {"passed-hardware-address", hardware_address_there},
    {"passed-address", address_there},
    {"ioctl-owner", owner},
    {"ioctl-group", group},
    {"ioctl-asynchronous", asynchronous_too},
    {"unsent", unsent},
    {"set-owner", set_owner},
    {"set-signal", set_signal},
    {"set-asynchronous", set_asynchronous},
    {"splice", splice_out},
    {"tee", tee_out},
    {"vmsplice", map_into_pipe},
    {"sendfile", send_file},
    {"rings", rings},
    {"pwritev2", write_with_flags},
    {"socket", new_socket},
    {"socketpair", new_pair},
    {"echo", echo},
    {"half-close", half_close},
    {"ends", ends},
    {"options", options},
    {"watch", watch},
    {"flood", flood},
    {NULL, NULL},
};
