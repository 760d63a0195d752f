// Gives the resolver of the relay mutated queries: resolver SEED ROUNDS. Built with dns.c, and a sanitizer where there is one.
#include "relay.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct settings settings;

u64 length_of(const char *text) { return strlen(text); }
int same_bytes(const void *a, const void *b, u64 count) { return memcmp(a, b, count) == 0; }

static u64 state;
static u32 number(u32 below) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (u32)(state >> 33) % below;
}

static int query(u8 *to, const char *name, int type) {
  static const u8 head[12] = {0x12, 0x34, 1, 0, 0, 1};
  int at = 12;
  memcpy(to, head, sizeof head);
  while (*name != 0) {
    int length = (int)strcspn(name, ".");
    to[at++] = (u8)length;
    memcpy(to + at, name, (u64)length);
    at += length;
    name += length + (name[length] == '.');
  }
  const u8 end[5] = {0, 0, (u8)type, 0, 1};
  memcpy(to + at, end, sizeof end);
  return at + 5;
}

// The answer's last byte of the address; -1 for none, -2 for a name that does not exist, -3 for no answer.
static int found(const char *name, int type) {
  u8 message[512];
  int size = dns_answer(message, query(message, name, type));
  if (size == 0) return -3;
  if ((message[3] & 15) == 3) return -2;
  return message[7] == 0 ? -1 : message[size - 1];
}

int main(int argc, char **argv) {
  long rounds = argc > 2 ? atol(argv[2]) : 1000, answered = 0;
  state = argc > 1 ? strtoull(argv[1], 0, 10) | 1 : 1;
  settings.names = 2;
  settings.name[0].name = "db.example", settings.name[0].index = 5;
  settings.name[1].name = "db", settings.name[1].index = 6;
  if (found("db.example", 1) != 5 || found("DB.Example", 1) != 5 || found("db", 1) != 6 || found("localhost", 1) != 1) return 1;
  if (found("db.example", 28) != -1 || found("other", 1) != -2 || found("db.example.", 1) != 5) return 2;
  for (long i = 0; i < rounds; i++) {
    // Exactly as large as what the relay has: an answer never takes more.
    u8 *message = malloc(512);
    int size = query(message, i % 2 == 0 ? "db.example" : "a.b.c.d.example", 1);
    for (u32 j = number(6); j > 0; j--) message[number((u32)size)] = (u8)number(256);
    size = (int)number(4) == 0 ? (int)number((u32)size + 1) : size;
    int got = dns_answer(message, size);
    if (got < 0 || got > size + 16) return 3;
    answered += got > 0;
    free(message);
  }
  return answered > 0 ? 0 : 4;
}
