// The signal handler: ENCLU leaves, and asynchronous exits (SDM vol. 3D). FS and GS are the enclave's here, and nothing uses them.
#include "stub.h"

enum { GENERAL_PROTECTION = 13, PAGE_FAULT = 14, BREAKPOINT = 3 };
enum { EREPORT = 0, EGETKEY = 1, EEXIT = 4 };
enum { SIGILL = 4, FLAGS = 0x8d5, ZERO_FLAG = 0x40, FAULTED = -1 };
enum { FP_MAGIC1 = 0x46505853, FP_MAGIC2 = 0x46505845, SOFTWARE = 464, XHEADER = 512, XAREA = 576 };

// asm/sigcontext.h, asm/ucontext.h.
struct context {
  u64 flags, link, stack[3];
  u64 r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
  u16 cs, gs, fs, ss;
  u64 error, vector, mask, address;
  u8 *state;
  u64 reserved[8], blocked;
};

// GPRSGX.
struct saved {
  u64 rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15, rflags, rip, ursp, urbp;
  u32 exit_info, reserved;
  u64 fs, gs;
};
_Static_assert(sizeof(struct saved) == 184, "GPRSGX");

static u64 fs_base(void) { u64 base; asm volatile("rdfsbase %0" : "=r"(base)); return base; }
static u64 gs_base(void) { u64 base; asm volatile("rdgsbase %0" : "=r"(base)); return base; }

static u8 *frame_of(const struct thread *thread, u64 cssa) {
  return (u8 *)thread->at.ssa + cssa * thread->enclave->frame_bytes;
}

static struct saved *saved_of(const struct thread *thread, u64 cssa) {
  return (struct saved *)(frame_of(thread, cssa + 1) - sizeof(struct saved));
}

// How much of the extended state the frame and XFRM leave room for.
static u64 state_bytes(const struct thread *thread) {
  u64 bytes = (thread->enclave->xfrm & ~3ull) != 0 ? thread->software.xstate_bytes : XAREA;
  return least(bytes, thread->enclave->frame_bytes - sizeof(struct saved) - 16);
}

static void save_state(struct thread *thread, const struct context *context) {
  u8 *to = frame_of(thread, thread->cssa);
  memcpy(&thread->software, context->state + SOFTWARE, sizeof thread->software);
  if (thread->software.magic != FP_MAGIC1) die(STUB_FAULT);
  memcpy(to, context->state, state_bytes(thread));
  memset(to + SOFTWARE, 0, XHEADER - SOFTWARE);
  *(u64 *)(to + XHEADER) &= thread->enclave->xfrm;
}

// AEX: everything goes to the frame, and the host sees only what it knows already.
static _Noreturn void asynchronous_exit(struct thread *thread, const struct context *c, u64 vector, u64 error, u64 address) {
  struct saved *to = saved_of(thread, thread->cssa);
  int is_fault = vector == GENERAL_PROTECTION || vector == PAGE_FAULT;
  save_state(thread, c);
  *to = (struct saved){c->rax, c->rcx, c->rdx, c->rbx, c->rsp, c->rbp, c->rsi, c->rdi, c->r8, c->r9,
                       c->r10, c->r11, c->r12, c->r13, c->r14, c->r15, c->rflags, c->rip, to->ursp, to->urbp,
                       0, 0, fs_base(), gs_base()};
  // INT3 is a fault in an enclave: the address is its own (SDM vol. 3D, INT3 behaviour).
  if (vector == BREAKPOINT) to->rip--;
  if (!is_fault || thread->enclave->exinfo) to->exit_info = 0x80000000u | (vector == BREAKPOINT ? 0x600 : 0x300) | (u32)vector;
  if (is_fault && thread->enclave->exinfo) {
    u64 *information = (u64 *)to - 2;
    information[0] = vector == PAGE_FAULT ? address : 0;
    information[1] = (u32)error;
  }
  thread->cssa++;
  thread->vector = vector;
  thread->fault = vector == PAGE_FAULT ? address & ~(PAGE - 1ull) : 0;
  memset(&thread->rdi, 0, 6 * sizeof(u64));
  thread->rsp = to->ursp;
  thread->rbp = to->urbp;
  leave(thread, EXCEPTION);
}

// ERESUME: the kernel loads all registers from a signal frame, whose words the enclave could have written.
int resume_frame(struct thread *thread) {
  u8 *block = (u8 *)thread;
  struct context *c = (struct context *)(block + RESUME_FRAME);
  u8 *state = block + RESUME_FRAME + 512;
  u64 bytes = state_bytes(thread);
  const struct saved *from = saved_of(thread, --thread->cssa);
  if (512ull + thread->software.extended_bytes > BLOCK - RESUME_FRAME) die(STUB_FAULT);
  memset(c, 0, BLOCK - RESUME_FRAME);
  memcpy(state, frame_of(thread, thread->cssa), bytes);
  ((u32 *)state)[6] &= 0xffff; // MXCSR, whose upper half is reserved
  memcpy(state + SOFTWARE, &thread->software, sizeof thread->software);
  *(u64 *)(state + XHEADER) &= thread->enclave->xfrm & thread->software.xfeatures;
  memset(state + XHEADER + 8, 0, XAREA - XHEADER - 8);
  *(u32 *)(state + thread->software.xstate_bytes) = FP_MAGIC2;
  *c = (struct context){
      .flags = 7, .stack = {(u64)block + ALT_STACK, 0, ALT_STACK_END - ALT_STACK}, .r8 = from->r8, .r9 = from->r9,
      .r10 = from->r10, .r11 = from->r11, .r12 = from->r12, .r13 = from->r13, .r14 = from->r14, .r15 = from->r15,
      .rdi = from->rdi, .rsi = from->rsi, .rbp = from->rbp, .rbx = from->rbx, .rdx = from->rdx, .rax = from->rax,
      .rcx = from->rcx, .rsp = from->rsp, .rip = from->rip, .rflags = from->rflags, .cs = 0x33, .ss = 0x2b, .state = state};
  thread->fs = from->fs;
  thread->gs = from->gs;
  thread->inside = 1;
  return resume(thread, c);
}

static u8 page_of(const struct enclave *enclave, u64 address) {
  u64 offset = address - (u64)enclave->base;
  return address >= (u64)enclave->base && offset < enclave->bytes ? enclave->pages[offset / PAGE] : 0;
}

// Operands of leaves never cross a page. One that the enclave cannot use is a fault in it.
static void *operand(struct thread *thread, const struct context *context, u64 address, u64 alignment, u8 wanted) {
  const struct enclave *enclave = thread->enclave;
  if (address % alignment != 0 || !is_within(address, alignment, (u64)enclave->base, enclave->bytes)) {
    asynchronous_exit(thread, context, GENERAL_PROTECTION, 0, 0);
  }
  if ((page_of(enclave, address) & wanted) != wanted) {
    asynchronous_exit(thread, context, PAGE_FAULT, (wanted & WRITE) != 0 ? 6 : 4, address);
  }
  return (void *)address;
}

// Asks the platform, which knows the enclave by this connection. `message` is 8 bytes and the body.
static u32 ask(struct thread *thread, u8 *message, u32 leaf, u32 bytes, u32 answer_bytes) {
  u32 head[2] = {leaf, bytes};
  memcpy(message, head, sizeof head);
  lock(&thread->shared->lock);
  write_all(PLATFORM_FD, message, sizeof head + bytes, PLATFORM_BROKEN);
  read_all(PLATFORM_FD, head, sizeof head, PLATFORM_BROKEN);
  if (head[1] != (head[0] == 0 ? answer_bytes : 0)) die(PLATFORM_BROKEN);
  read_all(PLATFORM_FD, message, head[1], PLATFORM_BROKEN);
  unlock(&thread->shared->lock);
  return head[0];
}

static void report(struct thread *thread, struct context *context) {
  u8 message[8 + 512 + 64];
  memcpy(message + 8, operand(thread, context, context->rbx, 512, READ), 512);
  memcpy(message + 8 + 512, operand(thread, context, context->rcx, 128, READ), 64);
  void *to = operand(thread, context, context->rdx, 512, READ | WRITE);
  u32 status = ask(thread, message, 1, 512 + 64, 432);
  if (status == 0) memcpy(to, message, 432);
  memset(message, 0, sizeof message);
  if (status != 0) asynchronous_exit(thread, context, GENERAL_PROTECTION, 0, 0);
}

static void get_key(struct thread *thread, struct context *context) {
  u8 message[8 + 512];
  memcpy(message + 8, operand(thread, context, context->rbx, 512, READ), 512);
  void *to = operand(thread, context, context->rcx, 16, READ | WRITE);
  u32 status = ask(thread, message, 2, 512, 16);
  if (status == 0) memcpy(to, message, 16);
  memset(message, 0, sizeof message);
  if (status == (u32)FAULTED) asynchronous_exit(thread, context, GENERAL_PROTECTION, 0, 0);
  context->rax = status;
  context->rflags = (context->rflags & ~(u64)FLAGS) | (status == 0 ? 0 : ZERO_FLAG);
}

static int is_same(const u8 *left, const u8 *right, u32 bytes) {
  while (bytes > 0 && left[bytes - 1] == right[bytes - 1]) bytes--;
  return bytes == 0;
}

// Lets later exits from here jump: MOV of the leaf into EAX or RAX before ENCLU becomes a jump. ENCLU itself stays, so that a
// thread between the two is right as well, and the write is one store in a cache line. After a REX prefix the move could be of R8.
static void hasten(struct thread *thread, u64 rip) {
  static const u8 short_move[] = {0xb8, EEXIT, 0, 0, 0}, long_move[] = {0x48, 0xc7, 0xc0, EEXIT, 0, 0, 0};
  const struct enclave *enclave = thread->enclave;
  const u8 *before = (const u8 *)rip;
  if (!enclave->fast || rip % PAGE < 7) return;
  u64 at = is_same(before - 7, long_move, 7) ? rip - 7 : is_same(before - 5, short_move, 5) && (before[-6] & 0xf0) != 0x40 ? rip - 5 : 0;
  int64_t distance = (int64_t)(enclave->trampoline - (at + 5));
  if (at == 0 || at % 64 > 56 || distance != (int32_t)distance) return;
  u64 page = at & ~(PAGE - 1ull);
  int usual = page_of(enclave, at) & 7;
  lock(&thread->shared->lock);
  if (sys(SYS_MPROTECT, page, PAGE, READ | WRITE | EXECUTE) == 0) {
    u64 word = (*(u64 *)at & ~0xffffffffffull) | 0xe9 | (u64)(u32)distance << 8;
    __atomic_store_n((u64 *)at, word, __ATOMIC_SEQ_CST);
    sys(SYS_MPROTECT, page, PAGE, usual | READ);
  }
  unlock(&thread->shared->lock);
}

static _Noreturn void synchronous_exit(struct thread *thread, const struct context *c) {
  if (c->rbx != (u64)landing) die(STUB_FAULT);
  if (c->rip != (u64)exit_again) hasten(thread, c->rip);
  u64 registers[] = {c->rdi, c->rsi, c->rdx, c->r8, c->r9, c->r10, c->rsp, c->rbp};
  memcpy(&thread->rdi, registers, sizeof registers);
  leave(thread, EXIT);
}

static int is_enclu(const struct enclave *enclave, u64 rip) {
  static const u8 enclu[] = {0x0f, 0x01, 0xd7};
  int can_run = (page_of(enclave, rip) & page_of(enclave, rip + 2) & EXECUTE) != 0;
  return rip == (u64)exit_again || (can_run && is_same((const u8 *)rip, enclu, 3));
}

// Runs on the thread's alternate stack, in its block. ENCLU is an invalid opcode where the processor or the kernel has no SGX, and
// a general protection fault where they have it: this is not an enclave to them.
void on_signal(int signal, const int *information, struct context *context) {
  struct thread *thread = (struct thread *)((u64)__builtin_frame_address(0) & ~(u64)(BLOCK - 1));
  u64 rip = context->rip;
  int is_own = rip >= (u64)__ehdr_start && rip < (u64)etext && rip != (u64)exit_again;
  // Signals that a process sent have no positive code.
  if (!thread->inside || is_own || information[2] <= 0) die(STUB_FAULT);
  int may_be_enclu = signal == SIGILL || context->vector == GENERAL_PROTECTION;
  if (!may_be_enclu || !is_enclu(thread->enclave, rip)) {
    asynchronous_exit(thread, context, context->vector, context->error, context->address);
  }
  u32 leaf = (u32)context->rax;
  if (leaf == EEXIT) synchronous_exit(thread, context);
  // What a processor without SGX2 and AEX-Notify does with other leaves.
  if (leaf != EREPORT && leaf != EGETKEY) asynchronous_exit(thread, context, GENERAL_PROTECTION, 0, 0);
  if (leaf == EREPORT) report(thread, context);
  else get_key(thread, context);
  context->rip += 3;
}
