// What every part uses, and the first instruction.
#include "relay.h"

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n mov %rsp, %rdi\n and $-16, %rsp\n call begin\n");
#else
__asm__(".globl _start\n_start:\n mov x0, sp\n bl begin\n");
#endif

void *memcpy(void *to, const void *from, u64 count) {
  for (u64 i = 0; i < count; i++) ((u8 *)to)[i] = ((const u8 *)from)[i];
  return to;
}

void *memmove(void *to, const void *from, u64 count) {
  if ((u64)to <= (u64)from) return memcpy(to, from, count);
  for (u64 i = count; i-- > 0;) ((u8 *)to)[i] = ((const u8 *)from)[i];
  return to;
}

void *memset(void *to, int value, u64 count) {
  for (u64 i = 0; i < count; i++) ((u8 *)to)[i] = (u8)value;
  return to;
}

u64 length_of(const char *text) {
  u64 length = 0;
  while (text[length] != 0) length++;
  return length;
}

int same_bytes(const void *a, const void *b, u64 count) {
  for (u64 i = 0; i < count; i++)
    if (((const u8 *)a)[i] != ((const u8 *)b)[i]) return 0;
  return 1;
}

u64 now_ms(void) {
  struct { long seconds, nanoseconds; } time = {0, 0};
  enum { MONOTONIC = 1 };
  sys(SYS_CLOCK_GETTIME, MONOTONIC, &time);
  return (u64)time.seconds * 1000 + (u64)time.nanoseconds / 1000000;
}

_Noreturn void die(int code) {
  for (;;) sys(SYS_EXIT_GROUP, code);
}
