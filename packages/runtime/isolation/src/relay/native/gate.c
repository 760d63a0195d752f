// The relay's end of the gate. The host is not trusted: a frame that breaks a rule ends the relay, and with it the program.
#include "relay.h"

enum { OUT_BYTES = 1 << 20, IN_BYTES = (1 << 20) + (256 << 10), DONT_WAIT = 0x40, NO_SIGNAL = 0x4000 };
enum { MAX_TEXT = 4096, MAX_CODE = 64, READ_PIECE = 65536 };

static u8 out[OUT_BYTES], in[IN_BYTES];
static u64 out_from, out_to, in_to;

static u32 get32(const u8 *at) { return (u32)at[0] | (u32)at[1] << 8 | (u32)at[2] << 16 | (u32)at[3] << 24; }

static void put32(u8 *at, u32 value) {
  for (int i = 0; i < 4; i++) at[i] = (u8)(value >> 8 * i);
}

static void put_header(u8 *at, const struct frame *frame) {
  put32(at, HEADER - 4 + frame->size);
  at[4] = (u8)frame->kind;
  at[5] = (u8)frame->table;
  at[6] = (u8)frame->index;
  at[7] = (u8)(frame->index >> 8);
  put32(at + 8, frame->id);
  put32(at + 12, frame->parent);
  put32(at + 16, frame->timeout);
}

u64 gate_waiting(void) { return out_to - out_from; }

// What may be sent is bounded by where the senders stop: see HIGH and FULL.
static void make_room(u64 size) {
  if (OUT_BYTES - out_to >= size) return;
  memmove(out, out + out_from, gate_waiting());
  out_to -= out_from;
  out_from = 0;
  if (OUT_BYTES - out_to < size) die(BROKEN);
}

void gate_send(const struct frame *frame) {
  make_room(HEADER + frame->size);
  put_header(out + out_to, frame);
  memcpy(out + out_to + HEADER, frame->payload, frame->size);
  out_to += HEADER + frame->size;
}

void gate_simple(u32 kind, u32 id) { gate_send(&(struct frame){.kind = kind, .id = id}); }

u8 *gate_place(void) {
  make_room(HEADER + MAX_PIECE);
  return out + out_to + HEADER;
}

void gate_commit(u32 kind, u32 index, u32 id, u32 size) {
  put_header(out + out_to, &(struct frame){.kind = kind, .index = index, .id = id, .size = size});
  out_to += HEADER + size;
}

void gate_flush(void) {
  while (out_from < out_to) {
    long sent = sys(SYS_SENDTO, GATE, out + out_from, out_to - out_from, DONT_WAIT | NO_SIGNAL, 0, 0);
    if (sent == -EINTR) continue;
    if (sent == -EAGAIN) return;
    if (sent <= 0) die(0);
    out_from += (u64)sent;
  }
  out_from = out_to = 0;
}

static u32 most_of(u32 kind) {
  switch (kind) {
    case HELLO: return MAX_TEXT;
    case CALL: return IN_BYTES - HEADER;
    case RETURN: return MAX_TEXT;
    case THROW: return 2 + MAX_CODE + MAX_TEXT;
    case STREAM_DATA: return MAX_PIECE;
    default: return 0;
  }
}

// The host sends no lines: LOG is refused with the kinds that do not exist.
static void check(const struct frame *frame) {
  u32 kind = frame->kind;
  if (kind < HELLO || kind > STREAM_CLOSE || kind == LOG || frame->size > most_of(kind)) die(BROKEN);
  int has_id = kind != HELLO && kind != GOODBYE;
  if (has_id != (frame->id != 0)) die(BROKEN);
  if (kind == STREAM_DATA && frame->size == 0) die(BROKEN);
  if (kind == CALL) {
    // The ids of the host, which greets first, are odd. The relay makes no call as part of which the host could make one.
    if (frame->table > 1 || (frame->id & 1) == 0 || frame->parent != 0) die(BROKEN);
    return;
  }
  int is_credit = kind == STREAM_CREDIT;
  if (frame->table != 0 || frame->index != 0 || frame->timeout != 0 || is_credit != (frame->parent != 0)) die(BROKEN);
}

static u64 take_frames(void) {
  u64 at = 0;
  while (in_to - at >= HEADER) {
    u8 *header = in + at;
    u64 size = get32(header);
    if (size < HEADER - 4 || size > IN_BYTES - 4) die(BROKEN);
    struct frame frame = {header[4], header[5], (u32)header[6] | (u32)header[7] << 8, get32(header + 8),
                          get32(header + 12), get32(header + 16), (u32)size - (HEADER - 4), header + HEADER};
    check(&frame);
    if (in_to - at < 4 + size) break;
    received(&frame);
    at += 4 + size;
  }
  return at;
}

void gate_read(void) {
  u64 room = IN_BYTES - in_to;
  if (room > READ_PIECE) room = READ_PIECE;
  long got = sys(SYS_RECVFROM, GATE, in + in_to, room, DONT_WAIT, 0, 0);
  if (got == -EINTR || got == -EAGAIN) return;
  // The host is gone, and the program goes with it.
  if (got <= 0) die(0);
  in_to += (u64)got;
  u64 taken = take_frames();
  in_to -= taken;
  memmove(in, in + taken, in_to);
}
