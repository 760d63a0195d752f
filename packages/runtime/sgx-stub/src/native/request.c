// What a host may ask of a thread, and what of the arena an exit shows to it. Every number may be hostile.
#include "stub.h"

int is_within(u64 address, u64 bytes, u64 base, u64 size) {
  return bytes <= size && address >= base && address - base <= size - bytes;
}

// Judges the header before its body is read: BROKEN ends the process.
int request_begin(const struct request *request, const struct limits *limits) {
  u32 bits = 0;
  for (int i = 0; i < 5; i++) bits |= request->zeros[i];
  if (bits != 0 || request->kind < ENTER || request->kind > ACCESS) return BROKEN;
  if (request->body > limits->arena_bytes + PAGE) return BROKEN;
  if (request->writes > MAX_SPANS || request->reads > MAX_SPANS) return BAD_COUNTS;
  return (u64)(request->writes + request->reads) * sizeof(struct span) > request->body ? BAD_COUNTS : 0;
}

static int check_spans(const struct request *request, const struct span *spans, const struct limits *limits) {
  u64 count = request->writes + request->reads;
  u64 written = count * sizeof(struct span);
  u64 read = 0;
  for (u64 i = 0; i < count; i++) {
    if (!is_within(spans[i].address, spans[i].bytes, limits->arena, limits->arena_bytes)) return BAD_RANGE;
    if (i < request->writes) written += spans[i].bytes;
    else read += spans[i].bytes;
  }
  // 64 spans of an arena each: no sum can overflow.
  return written != request->body || read > limits->arena_bytes ? BAD_COUNTS : 0;
}

// Judges the whole request; nothing of it has been done when it is refused.
int request_check(const struct request *request, const struct span *spans, const struct limits *limits) {
  int refusal = check_spans(request, spans, limits);
  if (refusal != 0) return refusal;
  if (request->exit_stack > MAX_STACK || request->window > MAX_WINDOW) return BAD_COUNTS;
  if (request->kind == ACCESS) return 0;
  // What an exit shows of the stack ends there, also after a resumption.
  if (!is_within(request->stack_top, 0, limits->stack, limits->stack_bytes)) return BAD_RSP;
  if (request->kind == RESUME) return limits->cssa == 0 ? BAD_CSSA : 0;
  if (!is_within(request->rsp, 0, limits->stack, limits->stack_bytes)) return BAD_RSP;
  return limits->cssa >= limits->frames ? BAD_CSSA : 0;
}

// Fills in the memory that an exit, or DATA, brings: the registers of `answer` are the enclave's. Returns how many parts follow.
u32 answer_memory(struct answer *answer, const struct request *request, const struct span *spans,
                  const struct limits *limits, struct span *out) {
  u32 parts = 0;
  u64 body = 0;
  answer->final = answer->kind == EXIT && (answer->rdi & request->mask) == request->final;
  if (answer->final || answer->kind == DATA) {
    for (u32 i = 0; i < request->reads; i++) {
      out[parts++] = spans[request->writes + i];
      body += spans[request->writes + i].bytes;
    }
  } else {
    if (is_within(answer->rsp, 0, limits->stack, limits->stack_bytes) && answer->rsp < request->stack_top) {
      answer->stack = (u32)least(request->stack_top - answer->rsp, request->exit_stack);
      out[parts++] = (struct span){answer->rsp, answer->stack};
    }
    if (is_within(answer->rsi, 0, limits->arena, limits->arena_bytes)) {
      answer->window = (u32)least(limits->arena + limits->arena_bytes - answer->rsi, request->window);
      out[parts++] = (struct span){answer->rsi, answer->window};
    }
    body = answer->stack + answer->window;
  }
  answer->body = (u32)body;
  return parts;
}
