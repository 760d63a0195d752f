/* Plays a platform that sends anything to enclos.h: hostile SEED ROUNDS. Ends with 0 if only typed results came back. */
#include "../enclos.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

static enclos_platform platform;
static uint8_t good[8192], bad[16384], quote[ENCLOS_MAX_QUOTE];
static uint64_t state;

static uint32_t number(uint32_t below) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (uint32_t)(state >> 33) % below;
}

static size_t frame(uint8_t *at, int kind, uint32_t id, const void *payload, uint32_t size) {
  memset(at, 0, 20);
  enclos_put32_(at, 16 + size);
  at[4] = (uint8_t)kind;
  enclos_put32_(at + 8, id);
  memcpy(at + 20, payload, size);
  return 20 + size;
}

/* Greeting, TARGETINFO, REPORT and a quote of 300 bytes; or a refusal in place of the last. */
static size_t conversation(uint8_t *to, int refuses) {
  static const uint8_t zeros[512], refusal[] = "\4\0BUSYThe platform is busy.";
  uint8_t answer[302] = {0xac, 0x02};
  size_t size = frame(to, ENCLOS_HELLO_, 0, enclos_channel_, sizeof enclos_channel_ - 1);
  size += frame(to + size, ENCLOS_RETURN_, 1, zeros, 512);
  size += frame(to + size, ENCLOS_RETURN_, 3, zeros, 432);
  if (refuses) return size + frame(to + size, ENCLOS_THROW_, 5, refusal, sizeof refusal - 1);
  return size + frame(to + size, ENCLOS_RETURN_, 5, answer, sizeof answer);
}

static int meet(const uint8_t *bytes, size_t size) {
  int ends[2], done;
  size_t place = sizeof quote;
  uint8_t data[64] = {0};
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) abort();
  if (send(ends[1], bytes, size, 0) != (ssize_t)size) abort();
  shutdown(ends[1], SHUT_WR);
  done = enclos_open_at(&platform, ends[0]);
  if (done == ENCLOS_OK) done = enclos_quote(&platform, data, quote, &place);
  if (done == ENCLOS_OK && place > sizeof quote) abort();
  if (done == ENCLOS_LOST && (platform.descriptor != -1 || enclos_quote(&platform, data, quote, &place) != ENCLOS_LOST)) abort();
  if (platform.descriptor >= 0) close(platform.descriptor);
  close(ends[1]);
  return done;
}

static size_t mutated(const uint8_t *from, size_t size) {
  uint32_t kind = number(4), at = number((uint32_t)size), count = 1 + number(8), i;
  memcpy(bad, from, size);
  if (kind == 0) return at;
  if (kind == 1) {
    memmove(bad + at, bad + at + (count < size - at ? count : 0), size - at - (count < size - at ? count : 0));
    return size - (count < size - at ? count : 0);
  }
  if (kind == 2) {
    memmove(bad + at + count, from + at, size - at);
    for (i = 0; i < count; i++) bad[at + i] = (uint8_t)number(256);
    return size + count;
  }
  for (i = 0; i < count; i++) bad[number((uint32_t)size)] ^= (uint8_t)(1u << number(8));
  return size;
}

int main(int argc, char **argv) {
  long rounds = argc > 2 ? atol(argv[2]) : 1000, i, counts[4] = {0, 0, 0, 0};
  state = argc > 1 ? strtoull(argv[1], NULL, 10) | 1 : 1;
  if (meet(good, conversation(good, 0)) != ENCLOS_OK) return 1;
  if (meet(good, conversation(good, 1)) != ENCLOS_REFUSED || strcmp(platform.code, "BUSY") != 0) return 2;
  if (strcmp(platform.message, "The platform is busy.") != 0) return 3;
  for (i = 0; i < rounds; i++) {
    int done = meet(bad, mutated(good, conversation(good, (int)number(2))));
    if (done < ENCLOS_INVALID || done > ENCLOS_OK) return 4;
    counts[-done]++;
  }
  printf("%ld %ld %ld %ld\n", counts[0], counts[1], counts[2], counts[3]);
  return counts[2] > 0 ? 0 : 5;
}
