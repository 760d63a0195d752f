// The resolver of the private network (RFC 1035): it knows the declared destinations, by their names and by those of their hosts, and
// nothing else. C libraries and Go ask at 127.0.0.1 where no file says otherwise (resolv.conf(5)).
#include "relay.h"

enum { HEAD = 12, MAX_NAME = 255, TYPE_A = 1, TYPE_AAAA = 28, TYPE_ANY = 255, CLASS_IN = 1, ANSWER = 16 };
enum { FLAGS = 2, QUESTIONS = 4, ANSWERS = 6, NOT_FOUND = 3, NOT_DONE = 4 };

static u32 get16(const u8 *at) { return (u32)at[0] << 8 | at[1]; }

static u8 lower(u8 letter) { return letter >= 'A' && letter <= 'Z' ? (u8)(letter + 32) : letter; }

// The labels of a question as text, in small letters. Returns where they end, or 0.
static int name_at(const u8 *message, int size, char *text) {
  int at = HEAD, length = 0;
  for (;;) {
    if (at >= size) return 0;
    int label = message[at++];
    if (label == 0) break;
    // No compression: there is nothing before it.
    if (label > 63 || at + label > size || length + label + 1 > MAX_NAME) return 0;
    if (length > 0) text[length++] = '.';
    for (int i = 0; i < label; i++) text[length++] = (char)lower(message[at++]);
  }
  text[length] = 0;
  return at;
}

// 127.1.0.index; 0 is 127.0.0.1.
static int index_of(const char *text) {
  u64 length = length_of(text);
  if (length == 9 && same_bytes(text, "localhost", length)) return 0;
  for (u32 i = 0; i < settings.names; i++) {
    const char *name = settings.name[i].name;
    u64 same = 0;
    while (name[same] != 0 && lower((u8)name[same]) == (u8)text[same]) same++;
    if (name[same] == 0 && text[same] == 0) return (int)settings.name[i].index;
  }
  return -1;
}

int dns_answer(u8 *message, int size) {
  char text[MAX_NAME + 1];
  // A query (QR 0, OPCODE 0) with one question.
  if (size < HEAD || (message[FLAGS] & 0xf8) != 0 || get16(message + QUESTIONS) != 1) return 0;
  int at = name_at(message, size, text);
  if (at == 0 || at + 4 > size) return 0;
  u32 type = get16(message + at), class = get16(message + at + 2);
  at += 4;
  int index = index_of(text);
  u8 result = class != CLASS_IN ? NOT_DONE : index < 0 ? NOT_FOUND : 0;
  int answers = result == 0 && (type == TYPE_A || type == TYPE_ANY);
  message[FLAGS] = (u8)(0x84 | (message[FLAGS] & 1));
  message[FLAGS + 1] = 0x80 | result;
  memset(message + ANSWERS, 0, HEAD - ANSWERS);
  if (!answers) return at;
  const u8 answer[ANSWER] = {0xc0, HEAD, 0, TYPE_A, 0, CLASS_IN, 0, 0, 0, 60, 0, 4, 127, index == 0 ? 0 : 1, 0, index == 0 ? 1 : (u8)index};
  message[ANSWERS + 1] = 1;
  memcpy(message + at, answer, sizeof answer);
  return at + ANSWER;
}
