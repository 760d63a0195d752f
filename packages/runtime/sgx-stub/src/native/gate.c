// One thread: its gate, its entries and exits.
#include "stub.h"

static u64 receive(const struct thread *thread, void *to, u64 bytes) {
  return read_some((int)thread->gate, to, bytes, GATE_BROKEN);
}

static void send_parts(const struct thread *thread, struct span *parts, u64 count) {
  while (count > 0) {
    long sent = sys(SYS_WRITEV, thread->gate, parts, count);
    if (sent == -EINTR) continue;
    if (sent <= 0) die(GATE_BROKEN);
    u64 left = (u64)sent;
    while (count > 0 && left >= parts->bytes) {
      left -= parts->bytes;
      parts++;
      count--;
    }
    if (count > 0) {
      parts->address += left;
      parts->bytes -= left;
    }
  }
}

static void greet(const struct thread *thread) {
  const struct enclave *enclave = thread->enclave;
  u64 hello[16] = {0, 1 | (u64)thread->number << 32, enclave->arena, enclave->arena_bytes, thread->stack,
                   thread->stack_bytes, thread->tcs, (u64)enclave->base, enclave->bytes, enclave->fast};
  write_all((int)thread->gate, hello, sizeof hello, GATE_BROKEN);
}

// Moves what the request writes into the arena: first what came with the table, then from the gate directly.
static void take_writes(struct thread *thread, const struct request *request, const u8 *at, const u8 *end, int wanted) {
  const struct span *spans = (const struct span *)(request + 1);
  u64 left = request->body - (u64)(at - (const u8 *)(request + 1));
  for (u32 i = 0; wanted && i < request->writes; i++) {
    u8 *to = (u8 *)spans[i].address;
    u64 held = least((u64)(end - at), spans[i].bytes);
    memcpy(to, at, held);
    at += held;
    for (u64 done = held; done < spans[i].bytes;) done += receive(thread, to + done, spans[i].bytes - done);
  }
  if (wanted) return;
  u8 nowhere[512];
  for (left -= (u64)(end - at); left > 0;) left -= receive(thread, nowhere, least(left, sizeof nowhere));
}

// Reads one request, and does its writes. Returns 0, or why it is refused.
static int take_request(struct thread *thread, struct request *request, const struct limits *limits) {
  u8 *buffer = (u8 *)request;
  u64 have = 0;
  while (have < sizeof *request) have += receive(thread, buffer + have, PAGE - have);
  int refusal = request_begin(request, limits);
  if (refusal == BROKEN || have > sizeof *request + request->body) die(GATE_BROKEN);
  u64 table = 0;
  if (refusal == 0) {
    table = (u64)(request->writes + request->reads) * sizeof(struct span);
    while (have < sizeof *request + table) have += receive(thread, buffer + have, PAGE - have);
    if (have > sizeof *request + request->body) die(GATE_BROKEN);
    refusal = request_check(request, (const struct span *)(request + 1), limits);
  }
  take_writes(thread, request, buffer + sizeof *request + table, buffer + have, refusal == 0);
  return refusal;
}

// EENTER (SDM vol. 3D): the host's stack is kept in the frame that an exception would use.
static int enter_enclave(struct thread *thread, const struct request *request) {
  memcpy(&thread->rdi, &request->rdi, 8 * sizeof(u64));
  u64 *outer = (u64 *)(thread->at.ssa + (thread->cssa + 1) * thread->enclave->frame_bytes - 184 + 144);
  outer[0] = request->rsp;
  outer[1] = request->rbp;
  thread->fs = thread->at.fs;
  thread->gs = thread->at.gs;
  thread->inside = 1;
  return enter(thread);
}

static int run(struct thread *thread, const struct request *request) {
#ifdef STUB_BENCH
  // For the benchmark alone: how long entry and exit take without the gate.
  for (u64 i = 0; request->kind == ENTER && i < request->r10; i++) enter_enclave(thread, request);
#endif
  int kind = request->kind == ENTER ? enter_enclave(thread, request) : resume_frame(thread);
  thread->inside = 0;
  return kind;
}

static void serve(struct thread *thread) {
  struct request *request = (struct request *)((u8 *)thread + BUFFER);
  const struct span *spans = (const struct span *)(request + 1);
  const struct enclave *enclave = thread->enclave;
  struct limits limits = {enclave->arena, enclave->arena_bytes, thread->stack, thread->stack_bytes, thread->cssa, thread->at.frames};
  struct answer answer = {0};
  u32 parts = 0;
  answer.reason = (u32)take_request(thread, request, &limits);
  answer.kind = answer.reason != 0 ? REFUSED : request->kind == ACCESS ? DATA : (u32)run(thread, request);
  if (answer.kind == EXIT || answer.kind == EXCEPTION) memcpy(&answer.rdi, &thread->rdi, 8 * sizeof(u64));
  if (answer.kind == EXCEPTION) {
    answer.reason = (u32)thread->vector;
    answer.fault = thread->fault;
  } else if (answer.kind != REFUSED) {
    parts = answer_memory(&answer, request, spans, &limits, thread->out + 1);
  }
  answer.cssa = (u32)thread->cssa;
  thread->out[0] = (struct span){(u64)&answer, sizeof answer};
  send_parts(thread, thread->out, 1 + parts);
}

// A thread of the enclave. Nothing of the enclave runs before every thread has its filter.
void run_thread(void *argument) {
  struct thread *thread = argument;
  u64 alternate[3] = {(u64)thread + ALT_STACK, 0, ALT_STACK_END - ALT_STACK};
  if (sys(SYS_SIGALTSTACK, alternate, 0) != 0) die(NO_MEMORY);
  set_filter((int)thread->enclave->fast);
  u32 *ready = &thread->shared->ready, now = announce(ready);
  for (; now <= thread->enclave->threads; now = __atomic_load_n(ready, __ATOMIC_SEQ_CST)) {
    sys(SYS_FUTEX, ready, FUTEX_WAIT, now, 0, 0, 0);
  }
  greet(thread);
  for (;;) serve(thread);
}
