// From exec to the first greeting. Everything that can be written from then on, but for the arena, lies in a gap of the range of the
// enclave: a correct enclave refuses addresses in its own range, so no host can make it write there.
#include "stub.h"

enum { AT_RANDOM = 25, AT_HWCAP2 = 26, AT_EXECFN = 31, HAS_FSGSBASE = 2, SET_DUMPABLE = 4 };
enum { PRIVATE = 0x22, NO_RESERVE = 0x4000, FIXED_NO_REPLACE = 0x100000, READ_HANG_UP = 0x2000, SET_FLAGS = 4 };
enum { PIECE = 1 << 20, OPENED = 2 << 20, SHARED_PAGE = PAGE, TRAMPOLINE_PAGE = 2 * PAGE, WATCHER_END = 5 * PAGE };

_Noreturn void die(int code) {
  for (;;) sys(SYS_EXIT_GROUP, code);
}

static u64 move(long number, int fd, u64 bytes, u64 count, int code) {
  long moved;
  do moved = sys(number, fd, bytes, count);
  while (moved == -EINTR);
  if (moved <= 0) die(code);
  return (u64)moved;
}

u64 read_some(int fd, void *bytes, u64 count, int code) { return move(SYS_READ, fd, (u64)bytes, count, code); }

void read_all(int fd, void *bytes, u64 count, int code) {
  for (u64 done = 0; done < count;) done += read_some(fd, (u8 *)bytes + done, count - done, code);
}

void write_all(int fd, const void *bytes, u64 count, int code) {
  for (u64 done = 0; done < count;) done += move(SYS_WRITE, fd, (u64)bytes + done, count - done, code);
}

// 0 free, 1 taken, 2 taken and waited for.
void lock(u32 *word) {
  u32 seen = 0;
  if (__atomic_compare_exchange_n(word, &seen, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) return;
  while (__atomic_exchange_n(word, 2, __ATOMIC_ACQUIRE) != 0) sys(SYS_FUTEX, word, FUTEX_WAIT, 2, 0, 0, 0);
}

void unlock(u32 *word) {
  if (__atomic_exchange_n(word, 0, __ATOMIC_RELEASE) == 2) sys(SYS_FUTEX, word, FUTEX_WAKE, 1, 0, 0, 0);
}

// One more thread has its filter. Returns how many have.
u32 announce(u32 *ready) {
  u32 now = __atomic_add_fetch(ready, 1, __ATOMIC_SEQ_CST);
  sys(SYS_FUTEX, ready, FUTEX_WAKE, MAX_THREADS + 1, 0, 0, 0);
  return now;
}

static u64 map(u64 at, u64 bytes, int protection, int flags) {
  long got = sys(SYS_MMAP, at, bytes, protection, PRIVATE | NO_RESERVE | flags, -1, 0);
  return got < 0 && got > -PAGE ? 0 : (u64)got;
}

static void protect(u64 at, u64 bytes, int protection) {
  if (bytes > 0 && sys(SYS_MPROTECT, at, bytes, protection) != 0) die(NO_MEMORY);
}

// A random place, on a boundary of `alignment` (splitmix64 over what the kernel gave).
static u64 map_anywhere(struct image *image, u64 bytes, u64 alignment, int protection) {
  for (int i = 0; i < 100; i++) {
    u64 z = image->random += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    u64 places = (1ull << 46) / alignment - 1;
    u64 at = (1 + (z ^ z >> 31) % places) * alignment;
    u64 got = map(at, bytes, protection, FIXED_NO_REPLACE);
    if (got == at) return at;
    if (got != 0) sys(SYS_MUNMAP, got, bytes);
  }
  return 0;
}

int range_map(struct image *image) {
  image->base = (u8 *)map_anywhere(image, image->bytes, image->bytes, 0);
  image->pages = (u8 *)map(0, image->bytes / PAGE, READ | WRITE, 0);
  return image->base == 0 || image->pages == 0 ? REFUSE : 0;
}

// Pages can be written while they are loaded, and nothing runs yet: a part of the range is opened at once.
int range_open(struct image *image, u64 offset) {
  u64 part = offset & ~(OPENED - 1ull);
  u64 bytes = image->bytes - part < OPENED ? image->bytes - part : OPENED;
  int is_open = image->has_page && part == (image->page & ~(OPENED - 1ull));
  return is_open ? 0 : (int)sys(SYS_MPROTECT, image->base + part, bytes, READ | WRITE);
}

// What SECINFO says; a TCS is for the processor alone. A page that can be run is read as well: the handler looks at it.
static void protect_range(const struct image *image) {
  u64 from = 0;
  for (u64 i = 1; i <= image->bytes / PAGE; i++) {
    u8 kind = image->pages[from];
    if (i < image->bytes / PAGE && image->pages[i] == kind) continue;
    protect((u64)image->base + from * PAGE, (i - from) * PAGE, (kind & TCS) != 0 ? 0 : (kind & EXECUTE) != 0 ? (kind & 7) | READ : kind & 7);
    from = i;
  }
}

static void receive_image(struct image *image) {
  u8 *piece = (u8 *)map(0, PIECE, READ | WRITE, 0);
  u64 held = 0, at = 0;
  if (piece == 0) die(NO_MEMORY);
  write_all(BOOT_FD, "r", 1, BOOT_REFUSED);
  for (int state = MORE; state != GO;) {
    u64 used;
    state = boot_record(image, piece + at, held - at, &used);
    if (state < 0) die(state == REFUSE ? BOOT_REFUSED : NO_MEMORY);
    if (state != MORE) {
      at += used;
      continue;
    }
    memcpy(piece, piece + at, held - at);
    held -= at;
    at = 0;
    held += read_some(BOOT_FD, piece + held, PIECE - held, BOOT_REFUSED);
  }
  if (at != held) die(BOOT_REFUSED);
  sys(SYS_MUNMAP, piece, PIECE);
}

// LEA of the table into RCX, and a jump to where the stub carries out EEXIT; then the table. All aligned: AC may be set.
static int write_trampoline(u8 *page, const u8 *first, u32 threads) {
  static const u8 code[] = {0x48, 0x8d, 0x0d, 25, 0, 0, 0, 0xff, 0x25, 3, 0, 0, 0};
  u64 *table = (u64 *)(page + 32);
  memcpy(page, code, sizeof code);
  *(u64 *)(page + 16) = (u64)fast_exit;
  for (u32 i = 0; i < threads; i++) {
    const struct thread *thread = (const struct thread *)(first + i * BLOCK);
    for (u32 j = 0; j < i; j++) {
      if (table[2 * j] == thread->at.gs) return 0;
    }
    table[2 * i] = thread->at.gs;
    table[2 * i + 1] = (u64)thread;
  }
  return 1;
}

static u32 gate_of(u32 number) { return number == 0 ? GATE_FD : MORE_GATES_FD + number - 1; }

static void make_thread(const struct image *image, struct enclave *enclave, u32 number, const struct entry_point *point) {
  u8 *block = (u8 *)enclave + (number + 1) * (u64)BLOCK;
  struct thread *thread = (struct thread *)block;
  u64 stack = enclave->arena + number * image->stack_bytes;
  *thread = (struct thread){.number = number, .gate = gate_of(number), .at = *point, .tcs = point->tcs, .entry = point->entry,
                            .stack = stack,
                            .stack_bytes = image->stack_bytes, .enclave = enclave,
                            .shared = (struct shared *)((u8 *)enclave + SHARED_PAGE)};
  protect((u64)block + 2 * PAGE, PAGE, 0);
}

// Ends everything when the platform or a host is gone, also while the enclave runs and nothing reads.
static void watch(void *argument) {
  const struct enclave *enclave = argument;
  u32 *ready = &((struct shared *)((u8 *)enclave + SHARED_PAGE))->ready;
  u64 polled[MAX_THREADS + 1] = {PLATFORM_FD};
  for (u32 i = 0; i < enclave->threads; i++) polled[1 + i] = gate_of(i) | (u64)READ_HANG_UP << 32;
  set_watcher_filter();
  announce(ready);
  sys(SYS_PPOLL, polled, 1 + enclave->threads, 0, 0, 8);
  die(polled[0] >> 48 != 0 ? PLATFORM_BROKEN : GATE_BROKEN);
}

static void handle_signals(void) {
  static const int signals[] = {13, 4, 5, 7, 8, 11}; // PIPE, which is ignored: the call says so. ILL, TRAP, BUS, FPE, SEGV
  for (u32 i = 0; i < sizeof signals / sizeof *signals; i++) {
    // SA_SIGINFO, RESTORER, ONSTACK, NODEFER.
    u64 action[4] = {0, 0x4c000004, 0, 0};
    action[0] = i == 0 ? 1 : (u64)signal_entry, action[2] = (u64)restorer;
    if (sys(SYS_SIGACTION, signals[i], action, 0, 8) != 0) die(NO_MEMORY);
  }
}

// On the first thread's own stack: the kernel's goes, as does every descriptor that is not used.
static void begin(void *argument) {
  struct thread *thread = argument;
  const struct span *kernel_stack = (const struct span *)((u8 *)thread + BUFFER);
  if (sys(SYS_MUNMAP, kernel_stack->address, kernel_stack->bytes) != 0) die(NO_MEMORY);
  u32 threads = thread->enclave->threads;
  sys(SYS_CLOSE_RANGE, 0, GATE_FD - 1, 0);
  sys(SYS_CLOSE_RANGE, BOOT_FD, MORE_GATES_FD - 1, 0);
  sys(SYS_CLOSE_RANGE, MORE_GATES_FD + threads - 1, ~0u, 0);
  // A connection that a platform accepted does not wait, and nothing but this process has it any more.
  for (u32 i = 0; i < threads; i++) sys(SYS_FCNTL, gate_of(i), SET_FLAGS, 0);
  u8 *enclave = (u8 *)thread - BLOCK;
  if (start_thread(enclave + WATCHER_END, watch, enclave) < 0) die(NO_MEMORY);
  for (u32 i = 1; i < threads; i++) {
    u8 *block = (u8 *)thread + i * BLOCK;
    if (start_thread(block + STACK_END, run_thread, block) < 0) die(NO_MEMORY);
  }
  run_thread(thread);
}

// The kernel's stack ends with the name of the program and eight bytes.
static u64 stack_end(const char *name) {
  while (*name != 0) name++;
  return ((u64)name + 9 + PAGE - 1) & ~(PAGE - 1ull);
}

_Noreturn void boot_main(const u64 *sp) {
  struct image image;
  u64 end = 0, features = 0;
  memset(&image, 0, sizeof image);
  const u64 *words = sp + 1 + sp[0] + 1;
  while (*words++ != 0) continue;
  for (; words[0] != 0; words += 2) {
    if (words[0] == AT_HWCAP2) features = words[1];
    if (words[0] == AT_RANDOM) image.random = *(const u64 *)words[1] ^ *(const u64 *)(words[1] + 8);
    if (words[0] == AT_EXECFN) end = stack_end((const char *)words[1]);
  }
  if ((features & HAS_FSGSBASE) == 0) die(NO_FSGSBASE);
  // The one section that the linker makes writable, although nothing writes to it.
  protect((u64)_DYNAMIC & ~(PAGE - 1ull), PAGE, READ);
  sys(SYS_PRCTL, SET_DUMPABLE, 0, 0, 0, 0);
  receive_image(&image);
  u64 offset = 0, bytes = (image.threads + 1) * (u64)BLOCK;
  if (boot_hole(&image, bytes, &offset) != 0) die(NO_HOLE);
  u8 *blocks = image.base + offset;
#ifdef STUB_MEMORY_OUTSIDE // For a test of what the gap defends against.
  blocks = (u8 *)map_anywhere(&image, bytes, BLOCK, READ | WRITE);
#endif
  // A TCS can be read only until its page is closed.
  struct entry_point points[MAX_THREADS];
  for (u32 i = 0; i < image.threads; i++) {
    if (boot_entry_point(&image, i, &points[i]) != 0) die(BOOT_REFUSED);
  }
  protect_range(&image);
  protect((u64)blocks, bytes, READ | WRITE);
  u64 arena = map_anywhere(&image, image.arena_bytes, PAGE, READ | WRITE);
  if (arena == 0 || blocks == 0) die(NO_MEMORY);
  struct enclave *enclave = (struct enclave *)blocks;
  *enclave = (struct enclave){image.base, image.bytes, image.pages, image.frame_bytes, image.xfrm, arena,
                              image.arena_bytes, image.threads, image.flags >> 1, 0, (u64)blocks + TRAMPOLINE_PAGE};
  for (u32 i = 0; i < image.threads; i++) make_thread(&image, enclave, i, &points[i]);
  enclave->fast = (image.flags & 1) & write_trampoline(blocks + TRAMPOLINE_PAGE, blocks + BLOCK, image.threads);
  protect((u64)blocks, PAGE, READ);
  protect((u64)blocks + TRAMPOLINE_PAGE, PAGE, READ | EXECUTE);
  protect((u64)blocks + TRAMPOLINE_PAGE + PAGE, PAGE, 0);
  protect((u64)image.pages, image.bytes / PAGE, READ);
  handle_signals();
  u8 *first = blocks + BLOCK;
  u64 from = ((u64)sp & ~(PAGE - 1ull)) - (1 << 20);
  *(struct span *)(first + BUFFER) = (struct span){from, end - from};
  run_on(first + STACK_END, begin, first);
}
