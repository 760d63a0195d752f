// The relay of a private network: see ../README.md. Freestanding: no libc, no relocation, no memory but its own.
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;

// asm/unistd.h
#if defined(__x86_64__)
enum {
  SYS_READ = 0, SYS_WRITE = 1, SYS_CLOSE = 3, SYS_MMAP = 9, SYS_MUNMAP = 11, SYS_IOCTL = 16, SYS_SOCKET = 41,
  SYS_CONNECT = 42, SYS_SENDTO = 44, SYS_RECVFROM = 45, SYS_SHUTDOWN = 48, SYS_BIND = 49, SYS_LISTEN = 50,
  SYS_SETSOCKOPT = 54, SYS_GETSOCKOPT = 55, SYS_CLONE = 56, SYS_EXECVE = 59, SYS_WAIT4 = 61, SYS_FCNTL = 72,
  SYS_OPENAT = 257, SYS_CAPGET = 125, SYS_CAPSET = 126, SYS_PRCTL = 157, SYS_CLOCK_GETTIME = 228, SYS_EXIT_GROUP = 231,
  SYS_PPOLL = 271, SYS_ACCEPT4 = 288, SYS_DUP3 = 292, SYS_PIPE2 = 293, SYS_CLOSE_RANGE = 436,
};
#define AUDIT_ARCHITECTURE 0xc000003eu
#elif defined(__aarch64__)
enum {
  SYS_READ = 63, SYS_WRITE = 64, SYS_CLOSE = 57, SYS_MMAP = 222, SYS_MUNMAP = 215, SYS_IOCTL = 29, SYS_SOCKET = 198,
  SYS_CONNECT = 203, SYS_SENDTO = 206, SYS_RECVFROM = 207, SYS_SHUTDOWN = 210, SYS_BIND = 200, SYS_LISTEN = 201,
  SYS_SETSOCKOPT = 208, SYS_GETSOCKOPT = 209, SYS_CLONE = 220, SYS_EXECVE = 221, SYS_WAIT4 = 260, SYS_FCNTL = 25,
  SYS_OPENAT = 56, SYS_CAPGET = 90, SYS_CAPSET = 91, SYS_PRCTL = 167, SYS_CLOCK_GETTIME = 113, SYS_EXIT_GROUP = 94,
  SYS_PPOLL = 73, SYS_ACCEPT4 = 242, SYS_DUP3 = 24, SYS_PIPE2 = 59, SYS_CLOSE_RANGE = 436,
};
#define AUDIT_ARCHITECTURE 0xc00000b7u
#endif

enum { EINTR = 4, EAGAIN = 11, EINPROGRESS = 115, ECONNREFUSED = 111 };

static inline long call6(long number, long a, long b, long c, long d, long e, long f) {
#if defined(__x86_64__)
  register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
  return result;
#else
  register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d, x4 __asm__("x4") = e, x5 __asm__("x5") = f;
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
#endif
}
#define SYS_(n, a, b, c, d, e, f, ...) call6((long)(n), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define sys(...) SYS_(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

void *memcpy(void *to, const void *from, u64 count);
void *memmove(void *to, const void *from, u64 count);
void *memset(void *to, int value, u64 count);

// Otherwise AArch64 finds what other files define through a table that nothing relocates.
#pragma GCC visibility push(hidden)
u64 length_of(const char *text);
int same_bytes(const void *a, const void *b, u64 count);
u64 now_ms(void);

// What the relay ends with when it, or its host, is at fault. As a shell: 128 and a signal for a program that was ended by one.
enum { NOT_STARTED = 126, BROKEN = 125 };
_Noreturn void die(int code);

enum { GATE = 3, PLATFORM = 4, BOOT = 5, STARTED = 6, FIRST_BOUND = 10 };
enum { MAX_NAMES = 64, MAX_VARIABLES = 256, MAX_DNS = 2 * MAX_NAMES };

struct address {
  u16 family, port; // the port in the order of the network
  u8 host[4];
  u8 zero[8];
};
struct address loopback(u32 index, u32 port);

// The measured words: see words.c.
struct settings {
  u8 greeting[160];
  u32 greeting_bytes;
  u32 listeners, destinations, names, variables;
  struct { const char *name; u32 port; } listener[MAX_NAMES];
  const char *destination[MAX_NAMES];
  struct { const char *name; u32 index; } name[MAX_DNS];
  const char *variable[MAX_VARIABLES];
  int logs;
  char **next; // the program that it starts, and its words
};
extern struct settings settings;
u32 number_in(const char **text);
char **read_words(char **words);
char **prepare(char **words);

// One side of a gate: frames of @enclos/gate.
enum { HELLO = 1, CALL, RETURN, THROW, CANCEL, LOG, GOODBYE, STREAM_DATA, STREAM_CREDIT, STREAM_END, STREAM_CLOSE };
enum { HEADER = 20, MAX_PIECE = 65536, HIGH = 256 << 10, FULL = 512 << 10 };
struct frame {
  u32 kind, table, index, id, parent, timeout, size;
  u8 *payload;
};
void gate_send(const struct frame *frame);
void gate_simple(u32 kind, u32 id);
// Place for the payload of a frame that is about to be sent by gate_commit, of at most MAX_PIECE bytes.
u8 *gate_place(void);
void gate_commit(u32 kind, u32 index, u32 id, u32 size);
u64 gate_waiting(void);
void gate_flush(void);
void gate_read(void);
void received(struct frame *frame); // of main.c

struct poll {
  int fd;
  short events, revents;
};
enum { POLL_IN = 1, POLL_OUT = 4 };

// Streams: one for each connection.
enum { MAX_STREAMS = 256 };
int streams_poll(struct poll *polls, u64 now); // how many
void streams_polled(const struct poll *polls, u64 now);
int streams_wait_ms(void); // -1: for any time
int streams_live(void);
void stream_received(const struct frame *frame);
void stream_answered(const struct frame *frame);

int dns_answer(u8 *message, int size); // a query becomes its answer; 0 if there is none
void log_read(int which);
void log_end(void);
extern int log_pipe[2];
extern u32 log_level;
void set_filter(void);

#pragma GCC visibility pop
