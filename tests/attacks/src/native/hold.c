/*
 * The host of the attempts on sockets: it makes a socket of the asked kind in its own network, sends it over a private Unix
 * socket, serves the other end, and becomes what starts the enclave.
 */
#define _GNU_SOURCE
#include "attempts.h"
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

/* A message for each of the attempts that one process makes, or those of a flood. */
enum { messages = 64, flood = 8 };

static int must(int got) {
  if (got < 0) exit(125);
  return got;
}

static int listener(struct sockaddr_in *address) {
  socklen_t size = sizeof *address;
  int made = must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  must(bind(made, (struct sockaddr *)address, sizeof *address));
  must(listen(made, 8));
  must(getsockname(made, (struct sockaddr *)address, &size));
  return made;
}

static int client(const struct sockaddr_in *address) {
  int made = must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  must(connect(made, (const struct sockaddr *)address, sizeof *address));
  return made;
}

ssize_t send_descriptors(int over, struct iovec bytes, const int *descriptors, int count) {
  char control[CMSG_SPACE(most_sent * sizeof(int))] = {0};
  size_t size = (size_t)count * sizeof(int);
  struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1};
  if (count > 0) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(size);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    *header = (struct cmsghdr){.cmsg_len = CMSG_LEN(size), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(header), descriptors, size);
  }
  return sendmsg(over, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Gives back what comes to it, until every process that has the other end of the private socket is gone. */
static void serve(int other, int private_end) {
  struct pollfd all[2] = {{.fd = private_end}, {.fd = other, .events = POLLIN}};
  char bytes[64];
  alarm(60);
  for (;;) {
    must(poll(all, 2, -1));
    if (all[0].revents) exit(0);
    ssize_t got = all[1].revents ? read(other, bytes, sizeof bytes) : 0;
    if (got > 0 && write(other, bytes, (size_t)got) != got) exit(0);
    if (all[1].revents && got <= 0) {
      shutdown(other, SHUT_WR);
      all[1].fd = -1;
    }
  }
}

/* A file in memory with what this one has. */
static int copy_of(const char *path) {
  int from = must(open(path, O_RDONLY | O_CLOEXEC)), made = must(memfd_create("passed", MFD_CLOEXEC));
  while (must((int)sendfile(made, from, NULL, 1 << 20)) > 0) continue;
  close(from);
  return made;
}

int hold(char **words) {
  struct sockaddr_in address, own;
  int pair[2], ends_of[2], passed = -1, other = -1, target_listener = listener(&address);
  const char *kind = words[0];
  struct iovec port = {&address.sin_port, sizeof address.sin_port};
  must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
  if (strcmp(kind, "connected") == 0) {
    other = client(&address);
    passed = must(accept4(target_listener, NULL, NULL, SOCK_CLOEXEC));
  } else if (strcmp(kind, "listening") == 0) {
    passed = listener(&own);
    other = client(&own);
  } else if (strcmp(kind, "unconnected") == 0) {
    passed = must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  } else if (strncmp(kind, "program=", 8) == 0) {
    passed = copy_of(kind + 8);
  } else {
    must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends_of));
    passed = ends_of[0];
    other = ends_of[1];
  }
  if (must(fork()) == 0) {
    close(pair[1]);
    close(passed);
    for (int at = 0; at < 3; at++) close(at);
    serve(other, pair[0]);
  }
  int many[most_sent], is_flood = strcmp(kind, "flood") == 0;
  for (int at = 0; at < most_sent; at++) many[at] = passed;
  for (int at = 0; at < (is_flood ? flood : messages); at++)
    must((int)send_descriptors(pair[0], port, many, is_flood ? most_sent : 1));
  /* All others close by themselves. */
  must(dup2(pair[1], passage));
  execvp(words[1], words + 1);
  return 125;
}
