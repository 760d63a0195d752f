// The first process of a program with a private network: it starts the program when the host says so, carries its connections, and ends
// with it. When it ends, the kernel ends every process of its namespace.
#include "relay.h"

enum { PIDFD = 0x1000, SIGCHLD_ = 17, NO_WAIT = 1, CLOSE_ON_EXEC = 02000000, NONBLOCK = 04000, DONT_WAIT = 0x40 };
enum { MAX_WORDS = 1024, MAX_NAME = 64, MAX_VALUE = 4096, MAX_VARIABLE_BYTES = MAX_VARIABLES * (MAX_NAME + MAX_VALUE + 2) };
// How long the rest of what a program wrote may take after its end.
enum { REST_MS = 2000, LOOK_MS = 50, MAX_DATAGRAM = 512 };

static struct { int has_greeted, is_started, is_answered, has_ended, code; u32 start_id; int process, started; u64 end_at; } state = {.process = -1, .started = -1};
static char *words[MAX_WORDS];
static char variables[MAX_VARIABLE_BYTES];

struct reader { const u8 *at, *end; };

static u32 varint(struct reader *reader) {
  u32 value = 0;
  for (u32 shift = 0; shift < 28; shift += 7) {
    if (reader->at == reader->end) die(BROKEN);
    u8 byte = *reader->at++;
    value |= (u32)(byte & 0x7f) << shift;
    if (byte >= 0x80) continue;
    if (byte == 0 && shift > 0) die(BROKEN);
    return value;
  }
  die(BROKEN);
}

static const u8 *text(struct reader *reader, u32 least, u32 most, u32 *length) {
  *length = varint(reader);
  if (*length < least || *length > most || *length > (u64)(reader->end - reader->at)) die(BROKEN);
  const u8 *from = reader->at;
  for (u32 i = 0; i < *length; i++)
    if (from[i] == 0) die(BROKEN);
  reader->at += *length;
  return from;
}

// Each is declared as one of the host, and comes once.
static void require_declared(const u8 *name, u32 length) {
  for (u32 i = 0; i < settings.variables; i++) {
    const char *declared = settings.variable[i];
    if (declared == 0 || length_of(declared) != length || !same_bytes(declared, name, length)) continue;
    settings.variable[i] = 0;
    return;
  }
  die(BROKEN);
}

// The arguments of `start`: variables of the host, which come before the measured ones, and the level of its log.
static void read_start(const struct frame *frame) {
  struct reader reader = {frame->payload, frame->payload + frame->size};
  u32 count = varint(&reader), words_used = 1, length;
  char *to = variables;
  if (count > MAX_VARIABLES) die(BROKEN);
  words[0] = settings.next[0];
  for (u32 i = 0; i < count; i++) {
    const u8 *name = text(&reader, 1, MAX_NAME, &length);
    require_declared(name, length);
    words[words_used++] = to;
    memcpy(to, name, length);
    to += length;
    *to++ = '=';
    const u8 *value = text(&reader, 0, MAX_VALUE, &length);
    memcpy(to, value, length);
    to += length;
    *to++ = 0;
  }
  u32 has_level = varint(&reader);
  if (has_level > 1) die(BROKEN);
  if (has_level == 1 && (log_level = varint(&reader)) > 4) die(BROKEN);
  if (reader.at != reader.end) die(BROKEN);
  for (u32 i = 1; settings.next[i] != 0; i++) {
    if (words_used == MAX_WORDS - 1) die(NOT_STARTED);
    words[words_used++] = settings.next[i];
  }
  words[words_used] = 0;
}

// 0, 1 and 2, the channel of the platform, and what the last step closes when it is about to become the program.
static _Noreturn void become(const int *output, int started) {
  char *none[1] = {0};
  for (int i = 0; i < 2 && settings.logs; i++) sys(SYS_DUP3, output[i], i + 1, 0);
  sys(SYS_DUP3, started, STARTED, 0);
  sys(SYS_CLOSE, GATE);
  sys(SYS_CLOSE, BOOT);
  sys(SYS_CLOSE_RANGE, STARTED + 1, ~0u, 0);
  sys(SYS_EXECVE, words[0], words, none);
  die(NOT_STARTED);
}

static void pipe_of(int *ends) {
  if (sys(SYS_PIPE2, ends, CLOSE_ON_EXEC) != 0) die(NOT_STARTED);
}

static void start_program(void) {
  int started[2], output[2] = {-1, -1};
  pipe_of(started);
  for (int i = 0; i < 2 && settings.logs; i++) {
    int ends[2];
    pipe_of(ends);
    log_pipe[i] = ends[0];
    output[i] = ends[1];
    sys(SYS_FCNTL, ends[0], 4, NONBLOCK);
  }
  long child = sys(SYS_CLONE, PIDFD | SIGCHLD_, 0, &state.process, 0, 0);
  if (child < 0) die(NOT_STARTED);
  if (child == 0) become(output, started[1]);
  sys(SYS_CLOSE, started[1]);
  for (int i = 0; i < 2 && settings.logs; i++) sys(SYS_CLOSE, output[i]);
  sys(SYS_CLOSE, PLATFORM);
  state.started = started[0];
  set_filter();
}

static void called(const struct frame *frame) {
  static const char unknown[] = "GATE_BUSY" "The relay of a program serves no calls.";
  enum { CODE = 9, SYSTEM = 1, START = 0 };
  u8 refusal[2 + sizeof unknown];
  if (frame->table == SYSTEM && frame->index == START && !state.is_started) {
    state.is_started = 1;
    state.start_id = frame->id;
    read_start(frame);
    start_program();
    return;
  }
  refusal[0] = CODE;
  refusal[1] = 0;
  memcpy(refusal + 2, unknown, sizeof unknown - 1);
  gate_send(&(struct frame){.kind = THROW, .id = frame->id, .size = 2 + sizeof unknown - 1, .payload = refusal});
}

void received(struct frame *frame) {
  if ((frame->kind == HELLO) == state.has_greeted) die(BROKEN);
  switch (frame->kind) {
    case HELLO: state.has_greeted = 1; return;
    case GOODBYE: die(0);
    case CALL: return called(frame);
    case CANCEL: return;
    case RETURN:
    case THROW: return stream_answered(frame);
    default: return stream_received(frame);
  }
}

static void program_runs(void) {
  sys(SYS_CLOSE, state.started);
  state.started = -1;
  state.is_answered = 1;
  gate_simple(RETURN, state.start_id);
  sys(SYS_CLOSE, BOOT);
}

static void program_ended(u64 now) {
  int status = 0;
  if (sys(SYS_WAIT4, -1, &status, NO_WAIT, 0) <= 0) return;
  state.has_ended = 1;
  state.end_at = now + REST_MS;
  state.code = (status & 0x7f) != 0 ? 128 + (status & 0x7f) : status >> 8 & 0xff;
  sys(SYS_CLOSE, state.process);
  state.process = -1;
}

static void answer_query(void) {
  u8 message[MAX_DATAGRAM];
  struct address from;
  u32 size = sizeof from;
  long got = sys(SYS_RECVFROM, FIRST_BOUND, message, sizeof message, DONT_WAIT, &from, &size);
  if (got <= 0) return;
  int length = dns_answer(message, (int)got);
  if (length > 0) sys(SYS_SENDTO, FIRST_BOUND, message, length, DONT_WAIT, &from, size);
}

enum { OF_GATE, OF_STARTED, OF_PROCESS, OF_DNS, OF_LOG, OF_STREAMS = OF_LOG + 2 };
static struct poll polls[OF_STREAMS + MAX_NAMES + MAX_STREAMS];

static void wait_for(long milliseconds, int count) {
  struct { long seconds, nanoseconds; } time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  long ready = sys(SYS_PPOLL, polls, count, milliseconds < 0 ? 0 : &time, 0, 8);
  if (ready < 0 && ready != -EINTR) die(BROKEN);
}

static int is_finished(u64 now) {
  if (!state.has_ended) return 0;
  int is_quiet = gate_waiting() == 0 && log_pipe[0] < 0 && log_pipe[1] < 0 && !streams_live();
  return is_quiet || now >= state.end_at;
}

static void turn(void) {
  u64 now = now_ms();
  int reads = gate_waiting() < FULL, logs = gate_waiting() < HIGH;
  int count = OF_STREAMS;
  polls[OF_GATE] = (struct poll){GATE, (short)((reads ? POLL_IN : 0) | (gate_waiting() > 0 ? POLL_OUT : 0)), 0};
  polls[OF_STARTED] = (struct poll){state.started, POLL_IN, 0};
  polls[OF_PROCESS] = (struct poll){state.process, POLL_IN, 0};
  polls[OF_DNS] = (struct poll){settings.destinations > 0 ? FIRST_BOUND : -1, POLL_IN, 0};
  for (int i = 0; i < 2; i++) polls[OF_LOG + i] = (struct poll){logs ? log_pipe[i] : -1, POLL_IN, 0};
  if (state.is_answered) count += streams_poll(polls + OF_STREAMS, now);
  gate_flush();
  wait_for(state.has_ended ? LOOK_MS : streams_wait_ms(), count);
  now = now_ms();
  if (polls[OF_GATE].revents != 0 && reads) gate_read();
  if (polls[OF_STARTED].revents != 0) program_runs();
  for (int i = 0; i < 2; i++)
    if (polls[OF_LOG + i].revents != 0) log_read(i);
  if (polls[OF_PROCESS].revents != 0) program_ended(now);
  if (polls[OF_DNS].revents != 0) answer_query();
  if (count > OF_STREAMS) streams_polled(polls + OF_STREAMS, now);
  gate_flush();
}

void begin(char **stack) {
  char **given = stack + 2, *none[1] = {0};
  if (*given == 0 || (**given != 'p' && **given != 'r')) die(NOT_STARTED);
  if (**given == 'p') {
    char **next = prepare(given + 1);
    sys(SYS_EXECVE, next[0], next, none);
    die(NOT_STARTED);
  }
  settings.next = read_words(given + 1);
  gate_send(&(struct frame){.kind = HELLO, .size = settings.greeting_bytes, .payload = settings.greeting});
  while (!is_finished(now_ms())) turn();
  gate_flush();
  die(state.code);
}
