// The relay's own list of system calls (seccomp(2)), once the program runs: the host that it reads from is not trusted.
#include "relay.h"

enum { LOAD = 0x20, EQUAL = 0x15, RETURN_ = 0x06, ALLOW = 0x7fff0000, SET_NO_NEW_PRIVS = 38, SET_SECCOMP = 22, MODE_FILTER = 2 };
enum { NUMBER = 0, ARCHITECTURE = 4, KILL = (int)0x80000000, REFUSE = 0x50001 };

struct step {
  u16 code;
  u8 yes, no;
  u32 value;
};

void set_filter(void) {
  static const u16 calls[] = {SYS_READ, SYS_CLOSE, SYS_MUNMAP, SYS_SOCKET, SYS_CONNECT, SYS_SENDTO, SYS_RECVFROM, SYS_SHUTDOWN,
                              SYS_SETSOCKOPT, SYS_GETSOCKOPT, SYS_WAIT4, SYS_CLOCK_GETTIME, SYS_EXIT_GROUP, SYS_PPOLL, SYS_ACCEPT4};
  enum { CALLS = sizeof calls / sizeof *calls };
  struct step steps[CALLS + 11] = {
      {LOAD, 0, 0, ARCHITECTURE}, {EQUAL, 1, 0, AUDIT_ARCHITECTURE}, {RETURN_, 0, 0, (u32)KILL}, {LOAD, 0, 0, NUMBER}};
  u32 n = 4;
  for (u32 i = 0; i < CALLS; i++) steps[n++] = (struct step){EQUAL, (u8)(CALLS - i + 3), 0, calls[i]};
  // Memory that is never code.
  const struct step end[] = {{EQUAL, 0, 2, SYS_MMAP}, {LOAD, 0, 0, 32}, {EQUAL, 1, 0, 3}, {RETURN_, 0, 0, REFUSE}, {RETURN_, 0, 0, ALLOW}};
  memcpy(steps + n, end, sizeof end);
  struct { u16 count; const struct step *steps; } program = {(u16)(n + sizeof end / sizeof *end), steps};
  sys(SYS_PRCTL, SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (sys(SYS_PRCTL, SET_SECCOMP, MODE_FILTER, &program, 0, 0) != 0) die(NOT_STARTED);
}
