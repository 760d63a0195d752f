// The parts of the stub that read what others send, as an ordinary program under AddressSanitizer and UBSan: mutated boot streams
// and hostile requests, from a seed. Every acceptance is checked by other means than the code under test.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stub.h"

static u64 state;
static u64 next_random(void) {
  state ^= state << 13;
  state ^= state >> 7;
  return state ^= state << 17;
}
static u64 below(u64 bound) { return next_random() % bound; }

#define CHECK(condition)                                                                                               \
  if (!(condition)) {                                                                                                  \
    printf("failed: %s\n", #condition);                                                                                \
    abort();                                                                                                           \
  }

// A range of ordinary memory, so that a byte outside of it is found. Larger ones are refused as if there were no memory.
int range_map(struct image *image) {
  if (image->bytes > 1 << 19) return REFUSE;
  image->base = aligned_alloc(PAGE, image->bytes);
  image->pages = calloc(image->bytes / PAGE, 1);
  return 0;
}
int range_open(struct image *image, u64 offset) {
  CHECK(offset % PAGE == 0 && offset + PAGE <= image->bytes);
  return 0;
}

static const u64 interesting[] = {0, 1, 8, 0xff, 0x100, 0x203, 0x1000, 0x10000, 0xfffff, 1 << 20, 1ull << 31, 1ull << 36,
                                  1ull << 47, 1ull << 63, ~0ull, ~0ull - 0xfff};
static u64 any_word(u64 near) {
  switch (below(4)) {
  case 0: return interesting[below(sizeof interesting / sizeof *interesting)];
  case 1: return near + below(33) - 16;
  case 2: return near;
  default: return next_random() >> below(64);
  }
}

static void check_image(const struct image *image) {
  for (u32 i = 0; i < image->threads; i++) {
    struct entry_point point;
    if (boot_entry_point(image, i, &point) != 0) continue;
    u64 base = (u64)image->base, end = base + image->bytes;
    CHECK(point.tcs >= base && point.tcs + PAGE <= end && point.entry >= base && point.entry < end);
    CHECK(point.frames > 0 && point.ssa >= base && point.ssa + point.frames * image->frame_bytes <= end);
    // Every byte of a frame is there: AddressSanitizer looks.
    for (u64 at = point.ssa; at < point.ssa + point.frames * image->frame_bytes; at += 512) *(volatile u8 *)at = 0;
  }
  u64 wanted = (image->threads + 1) * (u64)BLOCK, at;
  if (boot_hole(image, wanted, &at) != 0) return;
  CHECK(at % BLOCK == 0 && at + wanted <= image->bytes);
  for (u64 page = at / PAGE; page < (at + wanted) / PAGE; page++) CHECK(image->pages[page] == 0);
}

static u64 streams_that_start;
static void one_stream(const u8 *seed, u64 length) {
  // Cut off exactly: a read behind the end is found.
  u64 kept = below(8) == 0 ? below(length + 1) : length;
  u8 *stream = malloc(kept > 0 ? kept : 1);
  memcpy(stream, seed, kept);
  for (u64 changes = below(4); changes > 0 && kept >= 64; changes--) {
    u64 at = below(3) == 0 ? below(kept) : below(kept / 64) * 64 + below(8) * 8;
    u64 width = below(2) == 0 ? 8 : 1 + below(8);
    u64 word;
    if (at + 8 > kept) continue;
    memcpy(&word, stream + at, 8);
    word = any_word(word);
    memcpy(stream + at, &word, width);
  }
  struct image image;
  memset(&image, 0, sizeof image);
  u64 used, at = 0;
  for (;;) {
    // Not one byte more than it is told: a short piece of what there is, or all.
    u64 have = kept - at < 320 || below(4) == 0 ? kept - at : 320;
    int result = boot_record(&image, stream + at, have, &used);
    if (result == GO) {
      streams_that_start++;
      check_image(&image);
    }
    if (result != RECORD_DONE) break;
    CHECK(used <= have);
    at += used;
  }
  free(stream);
  free(image.base);
  free(image.pages);
}

static u64 requests_accepted;
static void one_request(void) {
  u64 arena_bytes = (1 + below(8)) * PAGE;
  u8 *arena = malloc(arena_bytes);
  struct limits limits = {(u64)arena, arena_bytes, (u64)arena, PAGE, below(4), 1 + below(3)};
  struct {
    struct request request;
    struct span spans[2 * MAX_SPANS];
  } *message = malloc(sizeof *message);
  memset(message, 0, sizeof *message);
  struct request *request = &message->request;
  request->writes = (u16)(below(20) == 0 ? next_random() : below(4));
  request->reads = (u16)(below(20) == 0 ? next_random() : below(4));
  request->kind = (u32)(below(20) == 0 ? next_random() : 1 + below(3));
  u64 count = request->writes + request->reads, written = 0;
  if (count > 2 * MAX_SPANS) count = 2 * MAX_SPANS;
  for (u64 i = 0; i < count; i++) {
    message->spans[i] = (struct span){(u64)arena + below(arena_bytes + 1), below(PAGE / 2)};
    if (below(6) == 0) message->spans[i].address = any_word((u64)arena + arena_bytes);
    if (below(6) == 0) message->spans[i].bytes = any_word(arena_bytes);
    if (i < request->writes) written += message->spans[i].bytes;
  }
  request->body = (u32)(below(10) == 0 ? any_word(written) : count * sizeof(struct span) + written);
  request->rsp = below(6) == 0 ? any_word((u64)arena) : (u64)arena + below(PAGE + 1);
  request->stack_top = below(6) == 0 ? any_word((u64)arena + PAGE) : (u64)arena + PAGE;
  request->exit_stack = (u32)(below(6) == 0 ? any_word(MAX_STACK) : below(MAX_STACK + 1));
  request->window = (u32)(below(6) == 0 ? any_word(MAX_WINDOW) : below(MAX_WINDOW + 1));
  request->mask = below(2);
  request->final = below(2);
  if (below(30) == 0) request->zeros[below(5)] = 1;
  if (request_begin(request, &limits) == 0 && request_check(request, message->spans, &limits) == 0) {
    requests_accepted++;
    CHECK(request->kind >= ENTER && request->kind <= ACCESS);
    u64 total = (request->writes + request->reads) * sizeof(struct span);
    for (u32 i = 0; i < request->writes; i++) {
      if (message->spans[i].bytes > 0) ((u8 *)message->spans[i].address)[message->spans[i].bytes - 1] = 1;
      total += message->spans[i].bytes;
    }
    CHECK(total == request->body);
    CHECK(request->kind != ENTER || (limits.cssa < limits.frames && request->rsp - (u64)arena <= PAGE));
    CHECK(request->kind != RESUME || limits.cssa > 0);
    struct answer answer;
    struct span out[MAX_SPANS + 2];
    memset(&answer, 0, sizeof answer);
    answer.rdi = below(2);
    answer.rsi = below(2) == 0 ? any_word((u64)arena + arena_bytes) : (u64)arena + below(arena_bytes);
    answer.rsp = below(2) == 0 ? any_word((u64)arena) : (u64)arena + below(PAGE + 1);
    answer.kind = request->kind == ACCESS ? DATA : EXIT;
    u32 parts = answer_memory(&answer, request, message->spans, &limits, out);
    u64 sum = 0;
    volatile u8 seen = 0;
    for (u32 i = 0; i < parts; i++) {
      if (out[i].bytes > 0) seen ^= *(const u8 *)out[i].address ^ ((const u8 *)out[i].address)[out[i].bytes - 1];
      sum += out[i].bytes;
    }
    CHECK(sum == answer.body);
    CHECK(answer.final || request->kind == ACCESS || answer.stack + answer.window == answer.body);
    CHECK(answer.stack == 0 || answer.rsp + answer.stack <= request->stack_top);
    CHECK(answer.stack <= request->exit_stack && answer.window <= request->window);
  }
  free(message);
  free(arena);
}

// SEED ROUNDS STREAM: a stream with its start is mutated ROUNDS times, and as many requests are made.
int main(int count, char **words) {
  if (count != 4) return 2;
  state = strtoull(words[1], 0, 10) * 0x9e3779b97f4a7c15 | 1;
  u64 rounds = strtoull(words[2], 0, 10);
  static u8 seed[1 << 20];
  FILE *file = fopen(words[3], "rb");
  if (file == 0) return 2;
  u64 length = fread(seed, 1, sizeof seed, file);
  fclose(file);
  for (u64 i = 0; i < rounds; i++) one_request();
  for (u64 i = 0; i < rounds / 2; i++) one_stream(seed, length);
  printf("%llu of %llu requests accepted, %llu of %llu streams started\n", (unsigned long long)requests_accepted,
         (unsigned long long)rounds, (unsigned long long)streams_that_start, (unsigned long long)(rounds / 2));
  return 0;
}
