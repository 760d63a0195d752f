// The process of one SGX enclave: maps its measured pages and carries out the instructions of SGX for them (SDM vol. 3D).
// It trusts neither the platform's stream nor the host, and not the enclave either, which can do whatever this process can.
// There is no libc, no global that can be written, and no relocation.
#pragma once
#include <stdint.h>

void *memcpy(void *to, const void *from, unsigned long bytes);
void *memset(void *to, int value, unsigned long bytes);

// Without it compilers reach these names by a table of addresses, which would have to be relocated.
#pragma GCC visibility push(hidden)

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

static inline u64 least(u64 left, u64 right) { return left < right ? left : right; }

enum { PAGE = 4096, CHUNK = 256, RECORD = 64, BLOCK = 0x8000, EDGE = 0x10000, MAX_THREADS = 64, MAX_SPANS = 64 };
enum { MAX_STACK = 1 << 20, MAX_WINDOW = 1 << 16, MAX_ARENA = 1 << 30, MAX_SSA_PAGES = 64 };
#define MAX_RANGE (1ull << 36)

// What a page of the range may be used for; 0: it has no page.
enum { READ = 1, WRITE = 2, EXECUTE = 4, TCS = 8, PRESENT = 16 };
enum { SYS_READ = 0, SYS_WRITE = 1, SYS_MMAP = 9, SYS_MPROTECT = 10, SYS_MUNMAP = 11, SYS_SIGACTION = 13, SYS_SIGRETURN = 15 };
enum { SYS_WRITEV = 20, SYS_SIGALTSTACK = 131, SYS_PRCTL = 157, SYS_FUTEX = 202, SYS_EXIT_GROUP = 231, SYS_PPOLL = 271 };
enum { SYS_FCNTL = 72, SYS_CLOSE_RANGE = 436, FUTEX_WAIT = 128, FUTEX_WAKE = 129, EINTR = 4 };
enum { GATE_FD = 3, PLATFORM_FD = 4, BOOT_FD = 5, MORE_GATES_FD = 9 };
enum { BOOT_REFUSED = 64, NO_MEMORY, NO_FSGSBASE, NO_HOLE, NO_FILTER, PLATFORM_BROKEN, STUB_FAULT, GATE_BROKEN };

// What the boot stream says, while it comes in.
struct image {
  u8 *base, *pages; // the range, and one byte for each of its pages
  u64 bytes, frame_bytes, random;
  u64 page; // offset of the page that chunks belong to
  u32 chunks, has_page, tcs_count;
  u64 tcs[MAX_THREADS];
  u32 flags, threads;
  u64 stack_bytes, arena_bytes, xfrm;
};

// What a thread needs of its TCS.
struct entry_point { u64 tcs, ssa, frames, entry, fs, gs; };

struct span { u64 address, bytes; };

struct request {
  u32 kind, body;
  u16 writes, reads;
  u32 exit_stack;
  u64 rdi, rsi, rdx, r8, r9, r10, rsp, rbp, mask, final, stack_top;
  u32 window, zeros[5];
};

struct answer {
  u32 kind, body, reason, cssa;
  u64 rdi, rsi, rdx, r8, r9, r10, rsp, rbp, fault;
  u32 stack, window, final, zeros[7];
};

enum { ENTER = 1, RESUME, ACCESS };
enum { EXIT = 1, EXCEPTION, DATA, REFUSED };
enum { BAD_RANGE = 1, BAD_COUNTS, BAD_RSP, BAD_CSSA, BROKEN };

// Constant when threads run.
struct enclave {
  u8 *base;
  u64 bytes;
  const u8 *pages;
  u64 frame_bytes, xfrm, arena, arena_bytes;
  u32 threads, exinfo, fast;
  u64 trampoline;
};

// What all threads write.
struct shared { u32 lock, ready; };

// What the kernel says about the extended state of a signal frame: fpx_sw_bytes of asm/sigcontext.h.
struct software {
  u32 magic, extended_bytes;
  u64 xfeatures;
  u32 xstate_bytes, padding[7];
};

// The first bytes of a thread's block. entry.S knows the offsets.
struct thread {
  u64 own_rsp;                                 // 0
  u64 rdi, rsi, rdx, r8, r9, r10, rsp, rbp;    // 8
  u64 entry, tcs, cssa, fs, gs;                // 72
  u64 inside;                                  // 112
  u32 number, gate;
  struct entry_point at;
  u64 stack, stack_bytes;
  u64 vector, fault;
  struct software software; // of this kernel's signal frames
  const struct enclave *enclave;
  struct shared *shared;
  struct span out[MAX_SPANS + 3];
};

// Where things are in a block. It is small, so that it fits into the gaps of small enclaves: the program needs less than 1 KiB of its
// stack, and less than 2 KiB of the alternate one beside the kernel's frame. Nothing runs over into what is below.
enum { BUFFER = PAGE, ALT_STACK = 3 * PAGE, ALT_STACK_END = 6 * PAGE, STACK_END = 7 * PAGE, RESUME_FRAME = 7 * PAGE };

_Static_assert(sizeof(struct request) == 128 && sizeof(struct answer) == 128, "headers of a gate");
_Static_assert(__builtin_offsetof(struct thread, entry) == 72 && __builtin_offsetof(struct thread, inside) == 112, "entry.S");
_Static_assert(sizeof(struct thread) <= PAGE, "a page holds it");
_Static_assert(sizeof(struct request) + 2 * MAX_SPANS * sizeof(struct span) <= PAGE, "the buffer holds a table");

// boot.c: pure, compiled for fuzzing as well.
enum { MORE, RECORD_DONE, GO, REFUSE = -1, REFUSE_MEMORY = -2 };
int boot_record(struct image *image, const u8 *at, u64 have, u64 *used);
int boot_entry_point(const struct image *image, u32 number, struct entry_point *out);
int boot_hole(const struct image *image, u64 bytes, u64 *offset);
// What it needs of memory.
int range_map(struct image *image);
int range_open(struct image *image, u64 offset);

// request.c: pure, compiled for fuzzing as well.
struct limits {
  u64 arena, arena_bytes, stack, stack_bytes, cssa, frames;
};
int request_begin(const struct request *request, const struct limits *limits);
int request_check(const struct request *request, const struct span *spans, const struct limits *limits);
int is_within(u64 address, u64 bytes, u64 base, u64 size);
u32 answer_memory(struct answer *answer, const struct request *request, const struct span *spans,
                  const struct limits *limits, struct span *out);

// entry.S
long sys(long number, ...);
int enter(struct thread *thread);
int resume(struct thread *thread, const void *frame);
_Noreturn void leave(struct thread *thread, int kind);
long start_thread(void *stack, void (*run)(void *), void *argument);
_Noreturn void run_on(void *stack, void (*run)(void *), void *argument);
extern const u8 signal_entry[], restorer[], restored[], called[], landing[], fast_exit[], exit_again[];
extern const u8 __ehdr_start[], etext[], _DYNAMIC[];

_Noreturn void die(int code);
u64 read_some(int fd, void *bytes, u64 count, int code);
void write_all(int fd, const void *bytes, u64 count, int code);
void read_all(int fd, void *bytes, u64 count, int code);
u32 announce(u32 *ready);
void lock(u32 *word);
void unlock(u32 *word);
void set_filter(int mprotect_too);
void set_watcher_filter(void);
void run_thread(void *thread);
int resume_frame(struct thread *thread);
