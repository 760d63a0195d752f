// The filter of system calls (seccomp(2)): a list of what is allowed, and only from the stub's own two SYSCALL instructions.
#include "stub.h"

enum { LOAD = 0x20, EQUAL = 0x15, RETURN = 0x06, ALLOW = 0x7fff0000 };
enum { NUMBER = 0, ARCHITECTURE = 4, ADDRESS = 8, SECOND = 24, X86_64 = (int)0xc000003e, KILL = (int)0x80000000 };
enum { SET_SECCOMP = 22, MODE_FILTER = 2, SET_NO_NEW_PRIVS = 38 };

struct step {
  u16 code;
  u8 yes, no;
  u32 value;
};

#ifndef FILTER_WITHOUT
#define FILTER_WITHOUT -1 // For tests: a call that is missing.
#endif

static u32 present(int number) { return number == FILTER_WITHOUT ? ~0u : (u32)number; }

static void install(const int *calls, u32 count) {
  u64 from = (u64)called, back = (u64)restored;
  u32 n = 13;
  if (from >> 32 != back >> 32) die(NO_FILTER);
  struct step steps[24] = {
      {LOAD, 0, 0, ARCHITECTURE}, {EQUAL, 1, 0, (u32)X86_64}, {RETURN, 0, 0, (u32)KILL},
      {LOAD, 0, 0, ADDRESS + 4}, {EQUAL, 1, 0, (u32)(from >> 32)}, {RETURN, 0, 0, (u32)KILL},
      // From the place of calls, or from that of rt_sigreturn, which has the next four steps.
      {LOAD, 0, 0, ADDRESS}, {EQUAL, 4, 0, (u32)from}, {EQUAL, 0, 2, (u32)back},
      {LOAD, 0, 0, NUMBER}, {EQUAL, (u8)(count + 7), 0, present(SYS_SIGRETURN)}, {RETURN, 0, 0, (u32)KILL},
      {LOAD, 0, 0, NUMBER}};
  for (u32 i = 0; i < count; i++) steps[n++] = (struct step){EQUAL, (u8)(count + 4 - i), 0, present(calls[i])};
  // Of futex(2) the two operations that a lock needs: the others are much of the kernel, for an enclave that owns the stub.
  const struct step end[] = {{EQUAL, 0, 3, present(SYS_FUTEX)}, {LOAD, 0, 0, SECOND}, {EQUAL, 2, 0, FUTEX_WAIT},
                             {EQUAL, 1, 0, FUTEX_WAKE}, {RETURN, 0, 0, (u32)KILL}, {RETURN, 0, 0, ALLOW}};
  memcpy(steps + n, end, sizeof end);
  struct { u16 count; const struct step *steps; } program = {(u16)(n + sizeof end / sizeof *end), steps};
  sys(SYS_PRCTL, SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (sys(SYS_PRCTL, SET_SECCOMP, MODE_FILTER, &program, 0, 0) != 0) die(NO_FILTER);
}

void set_filter(int mprotect_too) {
  const int calls[] = {SYS_READ, SYS_WRITEV, SYS_WRITE, SYS_EXIT_GROUP, SYS_MPROTECT};
  install(calls, mprotect_too ? 5 : 4);
}

void set_watcher_filter(void) {
  const int calls[] = {SYS_PPOLL, SYS_EXIT_GROUP};
  install(calls, 2);
}
