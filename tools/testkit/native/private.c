/*
 * An ordinary static program of the C library, which serves at ports 8080 and 9090 and knows nothing of its host: each connection is one
 * line and its answer. It says on its standard output that it listens. Commands:
 *
 *   echo TEXT                the text
 *   fetch HOST PORT TEXT     what a peer answers, by the resolver of the C library; or the error
 *   address HOST             its address
 *   socket FAMILY KIND PROTOCOL, pair KIND, connect ADDRESS PORT, abstract NAME, call N A B C D E F    0, or the error
 *   flood HOST PORT COUNT    how many of so many connections were made
 *   fill HOST PORT           the bytes that a peer takes which does not read them
 *   hoard COUNT              the bytes that the kernel takes for so many connections to itself, none of which it reads
 *   crowd COUNT              how many connections of so many wait at a listener that accepts none
 *   environment, arguments, descriptors
 *   say TEXT, complain TEXT  a line of output, or of error
 *   quote HEX                a quote over these 64 bytes, as hex, by enclos.h
 *   secret POLICY            the header of a blob and the secret for it, as hex
 *   closes                   closes every descriptor from 3 on
 *   wrong                    breaks the protocol of its platform
 *   exit CODE, abort
 *
 * `private try LINE...` serves nothing: it says each line with its answer, and ends.
 */
#define _GNU_SOURCE
#include "enclos.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

extern char **environ;
static enclos_platform platform;
static int is_open;
static char answer[150000];
static char **arguments;

static int outcome(long result) { return result < 0 ? snprintf(answer, sizeof answer, "%s", strerrorname_np(errno)) : snprintf(answer, sizeof answer, "0"); }

static int connected(const char *host, const char *port) {
  struct addrinfo wanted = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found;
  int error = getaddrinfo(host, port, &wanted, &found);
  if (error != 0) {
    snprintf(answer, sizeof answer, "%s", gai_strerror(error));
    return -1;
  }
  int made = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (made >= 0 && connect(made, found->ai_addr, found->ai_addrlen) == 0) {
    freeaddrinfo(found);
    return made;
  }
  outcome(-1);
  freeaddrinfo(found);
  if (made >= 0) close(made);
  return -1;
}

static void fetch(const char *host, const char *port, const char *text) {
  size_t size = 0;
  ssize_t got;
  int peer = connected(host, port);
  if (peer < 0) return;
  /* The other side may have reset it already. */
  if (write(peer, text, strlen(text)) < 0) {
    outcome(-1);
    close(peer);
    return;
  }
  shutdown(peer, SHUT_WR);
  while ((got = read(peer, answer + size, sizeof answer - size - 1)) > 0) size += (size_t)got;
  answer[size] = 0;
  if (got < 0) outcome(-1);
  close(peer);
}

static void flood(const char *host, const char *port, int count) {
  int made[1000], open = 0;
  for (int i = 0; i < count && i < 1000; i++) {
    int one = connected(host, port);
    if (one < 0) break;
    made[open++] = one;
  }
  for (int i = 0; i < open; i++) close(made[i]);
  sprintf(answer, "%d", open);
}

static void fill(const char *host, const char *port) {
  static char piece[65536];
  long total = 0;
  int peer = connected(host, port);
  if (peer < 0) return;
  struct timeval patience = {2, 0};
  setsockopt(peer, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  for (ssize_t sent; (sent = write(peer, piece, sizeof piece)) > 0;) total += sent;
  sprintf(answer, "%ld", total);
  close(peer);
}

static int own_listener(struct sockaddr_in *at) {
  int made = socket(AF_INET, SOCK_STREAM, 0);
  socklen_t size = sizeof *at;
  *at = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(made, (struct sockaddr *)at, sizeof *at) != 0 || listen(made, 4096) != 0 || getsockname(made, (struct sockaddr *)at, &size) != 0) abort();
  return made;
}

/* Asks for much, and writes until the kernel takes no more for a while. */
static long filled(int socket) {
  static char piece[65536];
  long total = 0;
  int much = 8 << 20;
  struct pollfd takes = {socket, POLLOUT, 0};
  if (setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &much, sizeof much) != 0 || setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &much, sizeof much) != 0) abort();
  do {
    for (ssize_t sent; (sent = send(socket, piece, sizeof piece, MSG_DONTWAIT)) > 0;) total += sent;
  } while (poll(&takes, 1, 10) == 1);
  return total;
}

static void hoard(int count) {
  struct sockaddr_in at;
  int end[1000], ends = 0, listens = own_listener(&at);
  long total = 0;
  for (int i = 0; i < count && ends < 998; i++) {
    end[ends++] = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(end[ends - 1], (struct sockaddr *)&at, sizeof at) != 0) abort();
    end[ends++] = accept(listens, NULL, NULL);
    total += filled(end[ends - 1]) + filled(end[ends - 2]);
  }
  for (int i = 0; i < ends; i++) close(end[i]);
  close(listens);
  sprintf(answer, "%ld", total);
}

static void crowd(int count) {
  struct sockaddr_in at;
  int listens = own_listener(&at), made[900], waiting = 0;
  for (int i = 0; i < count && i < 900; i++) {
    made[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    connect(made[i], (struct sockaddr *)&at, sizeof at);
    struct pollfd ready = {made[i], POLLOUT, 0};
    waiting += poll(&ready, 1, 0) == 1;
  }
  for (int i = 0; i < count && i < 900; i++) close(made[i]);
  close(listens);
  sprintf(answer, "%d", waiting);
}

static void in_hex(const uint8_t *bytes, size_t size) {
  char *to = answer + strlen(answer);
  for (size_t i = 0; i < size; i++) to += sprintf(to, "%02x", bytes[i]);
}

static int opened(void) {
  if (!is_open && enclos_open(&platform) != ENCLOS_OK) {
    strcpy(answer, "no platform");
    return 0;
  }
  return is_open = 1;
}

static void quoted(const char *hex) {
  static uint8_t quote[ENCLOS_MAX_QUOTE];
  uint8_t data[64] = {0};
  size_t size = sizeof quote;
  for (int i = 0; i < 64; i++) sscanf(hex + 2 * i, "%2hhx", &data[i]);
  if (!opened()) return;
  int done = enclos_quote(&platform, data, quote, &size);
  if (done == ENCLOS_OK) in_hex(quote, size);
  else sprintf(answer, "%d %s", done, platform.code);
}

static void secret(int policy) {
  uint8_t random[ENCLOS_SEAL_RANDOM_BYTES], header[ENCLOS_SEAL_HEADER_BYTES], found[ENCLOS_SEAL_SECRET_BYTES];
  if (getrandom(random, sizeof random, 0) != sizeof random || !opened()) return;
  if (enclos_seal_header(&platform, (enum enclos_policy)policy, random, header) != ENCLOS_OK) return;
  if (enclos_seal_secret(&platform, (enum enclos_policy)policy, header, found) != ENCLOS_OK) return;
  in_hex(header, sizeof header);
  strcat(answer, " ");
  in_hex(found, sizeof found);
  /* A header with another form is refused. */
  header[ENCLOS_REQUEST_AT_ + 24] ^= 4;
  if (enclos_seal_secret(&platform, (enum enclos_policy)policy, header, found) != ENCLOS_INVALID) strcpy(answer, "accepted");
}

static void words(char **list) {
  for (; *list != NULL; list++) strcat(strcat(answer, *list), "\n");
}

static void descriptors(void) {
  char *to = answer;
  for (int i = 0; i < 1024; i++)
    if (fcntl(i, F_GETFD) >= 0) to += sprintf(to, "%d ", i);
}

static void abstract(const char *name) {
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  strncpy(to.sun_path + 1, name, sizeof to.sun_path - 2);
  int made = socket(AF_UNIX, SOCK_STREAM, 0);
  /* Versions of libuv differ in whether the zeros after a name belong to it. */
  int done = made < 0 ? -1 : connect(made, (struct sockaddr *)&to, (socklen_t)(sizeof(sa_family_t) + 1 + strlen(name)));
  if (done < 0 && errno == ECONNREFUSED) done = connect(made, (struct sockaddr *)&to, sizeof to);
  outcome(done);
}

static void called(char **word) {
  long n[7];
  for (int i = 0; i < 7; i++) n[i] = word[i] == NULL ? 0 : strtol(word[i], NULL, 0);
  outcome(syscall(n[0], n[1], n[2], n[3], n[4], n[5], n[6]));
}

static void command(char *line) {
  char *word[16] = {0}, *rest = line, *all = strdup(line);
  for (int i = 0; i < 15 && (word[i] = strsep(&rest, " ")) != NULL; i++) continue;
  const char *text = strchr(all, ' ') == NULL ? "" : strchr(all, ' ') + 1, *what = word[0];
  answer[0] = 0;
  if (strcmp(what, "echo") == 0) strcpy(answer, text);
  else if (strcmp(what, "fetch") == 0) fetch(word[1], word[2], word[3]);
  else if (strcmp(what, "flood") == 0) flood(word[1], word[2], atoi(word[3]));
  else if (strcmp(what, "fill") == 0) fill(word[1], word[2]);
  else if (strcmp(what, "hoard") == 0) hoard(atoi(word[1]));
  else if (strcmp(what, "crowd") == 0) crowd(atoi(word[1]));
  else if (strcmp(what, "socket") == 0) outcome(socket(atoi(word[1]), atoi(word[2]), atoi(word[3])));
  else if (strcmp(what, "pair") == 0) outcome(socketpair(AF_UNIX, atoi(word[1]), 0, (int[2]){0}));
  else if (strcmp(what, "abstract") == 0) abstract(word[1]);
  else if (strcmp(what, "call") == 0) called(word + 1);
  else if (strcmp(what, "environment") == 0) words(environ);
  else if (strcmp(what, "arguments") == 0) words(arguments);
  else if (strcmp(what, "descriptors") == 0) descriptors();
  else if (strcmp(what, "quote") == 0) quoted(word[1]);
  else if (strcmp(what, "secret") == 0) secret(atoi(word[1]));
  else if (strcmp(what, "wrong") == 0) outcome(write(ENCLOS_PLATFORM_DESCRIPTOR, "nonsense that is not a frame", 28));
  else if (strcmp(what, "say") == 0) printf("%s\n", text), fflush(stdout);
  else if (strcmp(what, "complain") == 0) fprintf(stderr, "%s\n", text);
  else if (strcmp(what, "exit") == 0) printf("the last words"), exit(atoi(word[1]));
  else if (strcmp(what, "abort") == 0) abort();
  else if (strcmp(what, "connect") == 0) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(word[2]))};
    inet_pton(AF_INET, word[1], &to.sin_addr);
    int made = socket(AF_INET, SOCK_STREAM, 0);
    outcome(made < 0 ? -1 : connect(made, (struct sockaddr *)&to, sizeof to));
  } else if (strcmp(what, "address") == 0) {
    struct addrinfo *found;
    int error = getaddrinfo(word[1], NULL, NULL, &found);
    if (error != 0) strcpy(answer, gai_strerror(error));
    else inet_ntop(AF_INET, &((struct sockaddr_in *)found->ai_addr)->sin_addr, answer, 64);
  }
  free(all);
}

static int listener(int port) {
  int made = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(made, (struct sockaddr *)&at, sizeof at) != 0 || listen(made, 128) != 0) perror("listen"), exit(3);
  return made;
}

static void serve(int at) {
  static char line[150000];
  for (;;) {
    int peer = accept(at, NULL, NULL);
    size_t size = 0;
    if (peer < 0) continue;
    for (ssize_t got; size < sizeof line - 1 && (got = read(peer, line + size, sizeof line - 1 - size)) > 0;) size += (size_t)got;
    line[size] = 0;
    int closes = strcmp(line, "closes") == 0;
    command(line);
    size_t length = strlen(answer);
    for (size_t done = 0; done < length;) {
      ssize_t sent = write(peer, answer + done, length - done);
      if (sent <= 0) break;
      done += (size_t)sent;
    }
    close(peer);
    if (!closes) continue;
    for (int i = 3; i < 1024; i++)
      if (i != at) close(i);
  }
}

/* A port that no manifest declares, for what runs beside in this program. */
static void *beside(void *at) {
  for (;;) {
    int peer = accept((int)(long)at, NULL, NULL);
    if (peer < 0) return NULL;
    if (write(peer, "beside", 6) < 0) abort();
    close(peer);
  }
}

int main(int argc, char **argv) {
  pthread_t thread;
  arguments = argv;
  for (int i = 2; i < argc && strcmp(argv[1], "try") == 0; i++) {
    char *line = strdup(argv[i]);
    command(line);
    printf("%s=%s\n", argv[i], answer);
    free(line);
    if (i + 1 == argc) return 0;
  }
  signal(SIGPIPE, SIG_IGN);
  int at = listener(8080), other = listener(9090);
  if (pthread_create(&thread, NULL, beside, (void *)(long)other) != 0) return 4;
  puts("listening");
  fflush(stdout);
  serve(at);
}
