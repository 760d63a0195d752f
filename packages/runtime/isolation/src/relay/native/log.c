// What a program writes becomes lines of the log of its host.
#include "relay.h"

enum { LINE = 8192, LEVEL_ERROR = 0, LEVEL_INFO = 2, MAX_LEVEL = 4 };
int log_pipe[2] = {-1, -1};
u32 log_level = MAX_LEVEL;
static struct { u8 bytes[LINE]; u32 count; } line[2];

// RFC 3629, section 4. Returns how many bytes the character has, or 0.
static u32 character(const u8 *at, u32 left) {
  u32 first = at[0], length = first < 0x80 ? 1 : first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xf0 && first < 0xf5 ? 4 : 0;
  if (length == 0 || length > left) return 0;
  for (u32 i = 1; i < length; i++)
    if ((at[i] & 0xc0) != 0x80) return 0;
  u32 second = length > 1 ? at[1] : 0;
  int is_wrong = (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) || (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f);
  return is_wrong ? 0 : length;
}

static void emit(int which, u32 size) {
  u32 level = which == 1 ? LEVEL_ERROR : LEVEL_INFO;
  if (level > log_level) return;
  u8 *to = gate_place();
  const u8 *from = line[which].bytes;
  for (u32 at = 0; at < size;) {
    u32 length = character(from + at, size - at);
    if (length == 0) to[at++] = '?';
    else {
      memcpy(to + at, from + at, length);
      at += length;
    }
  }
  gate_commit(LOG, level, 0, size);
}

// Whole lines, and a line that is longer than one may be in pieces.
static void emit_lines(int which) {
  u8 *bytes = line[which].bytes;
  u32 from = 0, count = line[which].count;
  for (u32 at = 0; at < count; at++) {
    if (bytes[at] != '\n') continue;
    memmove(bytes, bytes + from, count - from);
    count -= from;
    at -= from;
    emit(which, at);
    from = at + 1;
  }
  memmove(bytes, bytes + from, count - from);
  line[which].count = count - from;
  if (line[which].count < LINE) return;
  u32 size = LINE;
  // Not in the middle of a character.
  for (u32 back = 1; back < 4; back++) {
    if ((bytes[LINE - back] & 0xc0) != 0xc0) continue;
    if (character(bytes + LINE - back, back) == 0) size = LINE - back;
    break;
  }
  emit(which, size);
  memmove(bytes, bytes + size, LINE - size);
  line[which].count = LINE - size;
}

void log_read(int which) {
  u32 count = line[which].count;
  long got = sys(SYS_READ, log_pipe[which], line[which].bytes + count, LINE - count);
  if (got == -EINTR || got == -EAGAIN) return;
  if (got > 0) {
    line[which].count += (u32)got;
    return emit_lines(which);
  }
  if (count > 0) emit(which, count);
  line[which].count = 0;
  sys(SYS_CLOSE, log_pipe[which]);
  log_pipe[which] = -1;
}
