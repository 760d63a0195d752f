// Each connection of the program is one of the loopback interface, whose other end is the relay's, and a stream of the gate. Neither side
// fills the relay's memory: from the program it reads what the host has granted, and the host sends what the program has read.
#include "relay.h"

enum { WINDOW = 256 << 10, PIECE = 256, READ_MOST = 32 << 10, CONNECTS = 192 };
enum { ACCEPT = 6, CONNECT = 7, SYSTEM = 1, MAX_PEER = 258 };
enum { NONBLOCK = 04000, CLOSE_ON_EXEC = 02000000, DONT_WAIT = 0x40, NO_SIGNAL = 0x4000, TCP = 6, NO_DELAY = 1 };
enum { SOL_SOCKET_ = 1, SO_ERROR_ = 4, SO_LINGER_ = 13, SHUT_WRITE = 1, PRIVATE_ANONYMOUS = 0x22, READ_WRITE = 3 };
// How long a listener of the program may take to be there, and how often the relay looks.
enum { PATIENCE_MS = 10000, AGAIN_MS = 50 };

enum { FREE, ASKED, CONNECTING, LATER, OPEN, GONE };
struct stream {
  u8 state, index, is_listener, awaits;
  u8 closed, peer_closed, ended, peer_ended, shut;
  int socket;
  long room, window;
  u32 used, from, to; // held[from..to] waits for the program; used has come and is not granted again
  u8 *held;
  u64 since, again;
};
static struct stream streams[MAX_STREAMS];
static u64 listens_again[MAX_NAMES];
static u8 has_listened[MAX_NAMES], is_asked[MAX_NAMES];

static struct stream *open_stream(int index, int is_listener, int socket) {
  for (int i = 0; i < MAX_STREAMS; i++) {
    if (streams[i].state != FREE) continue;
    streams[i] = (struct stream){.state = ASKED, .index = (u8)index, .is_listener = (u8)is_listener, .awaits = 1,
                                 .socket = socket, .room = WINDOW, .window = WINDOW};
    return &streams[i];
  }
  return 0;
}

static u32 number_of(const struct stream *stream) { return (u32)(stream - streams) + 1; }

static void ask(const struct stream *stream, const char *name) {
  u8 arguments[80];
  u32 length = (u32)length_of(name), number = number_of(stream);
  if (length > 64) die(NOT_STARTED);
  arguments[0] = (u8)length;
  memcpy(arguments + 1, name, length);
  for (int i = 0; i < 4; i++) arguments[1 + length + (u32)i] = (u8)(number >> 8 * i);
  gate_send(&(struct frame){CALL, SYSTEM, stream->is_listener ? ACCEPT : CONNECT, 2 * number, 0, 0, 5 + length, arguments});
}

static void drop_socket(struct stream *stream, int is_broken) {
  struct { int on, seconds; } at_once = {1, 0};
  if (stream->socket < 0) return;
  if (is_broken) sys(SYS_SETSOCKOPT, stream->socket, SOL_SOCKET_, SO_LINGER_, &at_once, sizeof at_once);
  sys(SYS_CLOSE, stream->socket);
  stream->socket = -1;
}

static void forget(struct stream *stream) {
  if (stream->closed && stream->peer_closed && !stream->awaits) stream->state = FREE;
}

static void give_up(struct stream *stream, int is_broken) {
  drop_socket(stream, is_broken);
  if (stream->held != 0) sys(SYS_MUNMAP, stream->held, WINDOW);
  stream->held = 0;
  stream->state = GONE;
  if (!stream->closed) gate_simple(STREAM_CLOSE, number_of(stream));
  stream->closed = 1;
  forget(stream);
}

static void set_no_delay(int socket) {
  int one = 1;
  sys(SYS_SETSOCKOPT, socket, TCP, NO_DELAY, &one, sizeof one);
}

// All that came is with the program.
static void emptied(struct stream *stream) {
  if (stream->peer_ended && !stream->shut) {
    stream->shut = 1;
    sys(SYS_SHUTDOWN, stream->socket, SHUT_WRITE);
  }
  if (stream->shut && (stream->ended || stream->peer_closed)) return give_up(stream, !stream->ended);
  if (stream->peer_ended || stream->used < WINDOW / 2) return;
  gate_send(&(struct frame){.kind = STREAM_CREDIT, .id = number_of(stream), .parent = stream->used});
  stream->window += stream->used;
  stream->used = 0;
}

static void flush(struct stream *stream) {
  while (stream->from < stream->to) {
    long sent = sys(SYS_SENDTO, stream->socket, stream->held + stream->from, stream->to - stream->from, DONT_WAIT | NO_SIGNAL, 0, 0);
    if (sent == -EINTR) continue;
    if (sent == -EAGAIN) return;
    if (sent <= 0) return give_up(stream, 1);
    stream->from += (u32)sent;
  }
  stream->from = stream->to = 0;
  emptied(stream);
}

static void arrived(struct stream *stream, const u8 *bytes, u32 size) {
  stream->used += PIECE + size;
  if (stream->held == 0) {
    u64 made = (u64)sys(SYS_MMAP, 0, WINDOW, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0);
    if (made > -4096ul) return give_up(stream, 1);
    stream->held = (u8 *)made;
  }
  // All that comes before it is empty again fits: only then the host is granted more.
  memcpy(stream->held + stream->to, bytes, size);
  stream->to += size;
  if (stream->state == OPEN) flush(stream);
}

void stream_received(const struct frame *frame) {
  if (frame->id > MAX_STREAMS) die(BROKEN);
  struct stream *stream = &streams[frame->id - 1];
  if (stream->state == FREE || stream->peer_closed) die(BROKEN);
  switch (frame->kind) {
    case STREAM_DATA:
      stream->window -= PIECE + frame->size;
      if (stream->peer_ended || stream->window < 0) die(BROKEN);
      if (!stream->closed) arrived(stream, frame->payload, frame->size);
      return;
    case STREAM_CREDIT:
      stream->room += frame->parent;
      if (stream->room > WINDOW) die(BROKEN);
      return;
    case STREAM_END:
      if (stream->peer_ended) die(BROKEN);
      stream->peer_ended = 1;
      if (stream->state == OPEN && stream->from == stream->to) emptied(stream);
      return;
    default:
      stream->peer_closed = 1;
      if (stream->closed) return forget(stream);
      // What came before an end was sent in full, and is still delivered.
      if (!stream->peer_ended) return give_up(stream, 1);
      if (stream->state == OPEN && stream->from == stream->to) emptied(stream);
  }
}

static void begin_connect(struct stream *stream, u64 now) {
  struct address to = loopback(0, settings.listener[stream->index].port);
  long made = sys(SYS_SOCKET, 2, 1 | NONBLOCK | CLOSE_ON_EXEC, 0);
  if (made < 0) return give_up(stream, 1);
  stream->socket = (int)made;
  stream->state = CONNECTING;
  set_no_delay(stream->socket);
  long result = sys(SYS_CONNECT, made, &to, sizeof to);
  if (result == 0 || result == -EINPROGRESS) return;
  drop_socket(stream, 0);
  // A program that has just started does not listen at once.
  if (has_listened[stream->index] || now - stream->since > PATIENCE_MS) return give_up(stream, 1);
  stream->state = LATER;
  stream->again = now + AGAIN_MS;
}

static void connected(struct stream *stream, u64 now) {
  int error = 0, size = sizeof error;
  if (sys(SYS_GETSOCKOPT, stream->socket, SOL_SOCKET_, SO_ERROR_, &error, &size) != 0) return give_up(stream, 1);
  if (error == 0) {
    has_listened[stream->index] = 1;
    stream->state = OPEN;
    return flush(stream);
  }
  drop_socket(stream, 0);
  if (error != ECONNREFUSED || has_listened[stream->index] || now - stream->since > PATIENCE_MS) return give_up(stream, 1);
  stream->state = LATER;
  stream->again = now + AGAIN_MS;
}

void stream_answered(const struct frame *frame) {
  if ((frame->id & 1) != 0 || frame->id > 2 * MAX_STREAMS) die(BROKEN);
  struct stream *stream = &streams[frame->id / 2 - 1];
  if (stream->state == FREE || !stream->awaits) die(BROKEN);
  stream->awaits = 0;
  u64 now = now_ms();
  if (stream->is_listener) is_asked[stream->index] = 0;
  if (stream->closed) return forget(stream);
  if (frame->kind == THROW) {
    // The host may have opened it all the same, so it is closed.
    if (stream->is_listener) listens_again[stream->index] = now + AGAIN_MS;
    return give_up(stream, 1);
  }
  if (frame->size > (stream->is_listener ? MAX_PEER : 0)) die(BROKEN);
  if (stream->is_listener) {
    stream->since = now;
    return begin_connect(stream, now);
  }
  stream->state = OPEN;
  flush(stream);
}

// One piece of the program: what the host has granted, and no more than the gate takes soon.
static void read_piece(struct stream *stream) {
  long most = stream->room - PIECE < READ_MOST ? stream->room - PIECE : READ_MOST;
  if (most <= 0 || gate_waiting() >= HIGH) return;
  long got = sys(SYS_RECVFROM, stream->socket, gate_place(), most, DONT_WAIT, 0, 0);
  if (got == -EINTR || got == -EAGAIN) return;
  if (got < 0) return give_up(stream, 1);
  if (got > 0) {
    stream->room -= PIECE + got;
    return gate_commit(STREAM_DATA, 0, number_of(stream), (u32)got);
  }
  stream->ended = 1;
  gate_simple(STREAM_END, number_of(stream));
  if (stream->from == stream->to) emptied(stream);
}

static int used_streams(void) {
  int used = 0;
  for (int i = 0; i < MAX_STREAMS; i++) used += streams[i].state != FREE;
  return used;
}

static void ask_for_connections(u64 now) {
  for (u32 i = 0; i < settings.listeners; i++) {
    if (is_asked[i] || listens_again[i] > now || gate_waiting() >= HIGH) continue;
    struct stream *stream = open_stream((int)i, 1, -1);
    if (stream == 0) return;
    is_asked[i] = 1;
    ask(stream, settings.listener[i].name);
  }
}

static short events_of(const struct stream *stream) {
  short events = 0;
  if (stream->state == CONNECTING || stream->from < stream->to) events |= POLL_OUT;
  if (stream->state == OPEN && !stream->ended && stream->room > PIECE && gate_waiting() < HIGH) events |= POLL_IN;
  return events;
}

int streams_poll(struct poll *polls, u64 now) {
  ask_for_connections(now);
  int takes = used_streams() < CONNECTS && gate_waiting() < HIGH;
  for (u32 i = 0; i < settings.destinations; i++) {
    polls[i] = (struct poll){takes ? FIRST_BOUND + 1 + (int)i : -1, POLL_IN, 0};
  }
  for (int i = 0; i < MAX_STREAMS; i++) {
    struct stream *stream = &streams[i];
    if (stream->state == LATER && stream->again <= now) begin_connect(stream, now);
    short events = stream->socket >= 0 && (stream->state == OPEN || stream->state == CONNECTING) ? events_of(stream) : 0;
    polls[settings.destinations + (u32)i] = (struct poll){events == 0 ? -1 : stream->socket, events, 0};
  }
  return (int)settings.destinations + MAX_STREAMS;
}

static void accept_connection(int index) {
  long made = sys(SYS_ACCEPT4, FIRST_BOUND + 1 + index, 0, 0, NONBLOCK | CLOSE_ON_EXEC);
  if (made < 0) return;
  struct stream *stream = open_stream(index, 0, (int)made);
  if (stream == 0) {
    sys(SYS_CLOSE, made);
    return;
  }
  set_no_delay((int)made);
  ask(stream, settings.destination[index]);
}

void streams_polled(const struct poll *polls, u64 now) {
  for (u32 i = 0; i < settings.destinations; i++) {
    if (polls[i].revents != 0) accept_connection((int)i);
  }
  polls += settings.destinations;
  for (int i = 0; i < MAX_STREAMS; i++) {
    struct stream *stream = &streams[i];
    if (polls[i].revents == 0 || stream->socket != polls[i].fd) continue;
    if (stream->state == CONNECTING) {
      connected(stream, now);
      continue;
    }
    if (stream->state == OPEN && stream->from < stream->to) flush(stream);
    if (stream->state == OPEN && !stream->ended && (polls[i].events & POLL_IN) != 0) read_piece(stream);
  }
}

int streams_wait_ms(void) {
  for (int i = 0; i < MAX_STREAMS; i++)
    if (streams[i].state == LATER) return AGAIN_MS;
  u64 now = now_ms();
  for (u32 i = 0; i < settings.listeners; i++)
    if (!is_asked[i] && listens_again[i] > now) return AGAIN_MS;
  return -1;
}

int streams_live(void) {
  for (int i = 0; i < MAX_STREAMS; i++)
    if (streams[i].state == OPEN && !(streams[i].ended && streams[i].from == streams[i].to)) return 1;
  return 0;
}
