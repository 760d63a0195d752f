// Reads the boot stream: SGXS records, then the record that starts the enclave. The platform has hashed and checked the same
// bytes; this checks them again, since nothing here may depend on it. Pages may come in any order, as EADD allows.
#include "stub.h"

// Values lie on any boundary.
typedef u32 __attribute__((aligned(1), may_alias)) u32_anywhere;
typedef u64 __attribute__((aligned(1), may_alias)) u64_anywhere;
static u32 u32_at(const u8 *at) { return *(const u32_anywhere *)at; }
static u64 u64_at(const u8 *at) { return *(const u64_anywhere *)at; }
static int is_tag(const u8 *at, const char *tag) { return u64_at(at) == u64_at((const u8 *)tag); }

static int zeros(const u8 *at, u32 from) {
  u32 bits = 0;
  for (u32 i = from; i < RECORD; i += 4) bits |= u32_at(at + i);
  return bits == 0;
}

static int create(struct image *image, const u8 *at) {
  u64 frame_pages = u32_at(at + 8), bytes = u64_at(at + 12);
  if (image->bytes != 0 || !zeros(at, 20)) return REFUSE;
  if (frame_pages < 1 || frame_pages > MAX_SSA_PAGES) return REFUSE;
  if (bytes < 2 * PAGE || bytes > MAX_RANGE || (bytes & (bytes - 1)) != 0) return REFUSE;
  image->bytes = bytes;
  image->frame_bytes = frame_pages * PAGE;
  return range_map(image) == 0 ? RECORD_DONE : REFUSE_MEMORY;
}

// SECINFO.FLAGS (SDM vol. 3D, EADD): a TCS without permissions, or a regular page, writable only if readable.
static u64 page_kind(u64 flags) {
  if (flags == 0x100) return PRESENT | TCS;
  if ((flags & ~7ull) != 0x200 || (flags & 3) == WRITE) return 0;
  return PRESENT | (flags & 7);
}

static int add(struct image *image, const u8 *at) {
  u64 offset = u64_at(at + 8), kind = page_kind(u64_at(at + 16));
  if (!zeros(at, 24) || kind == 0 || offset % PAGE != 0 || offset >= image->bytes) return REFUSE;
  if (image->pages[offset / PAGE] != 0) return REFUSE;
  if (range_open(image, offset) != 0) return REFUSE_MEMORY;
  image->pages[offset / PAGE] = (u8)kind;
  if ((kind & TCS) != 0 && image->tcs_count < MAX_THREADS) image->tcs[image->tcs_count++] = offset;
  image->page = offset;
  image->chunks = 0;
  image->has_page = 1;
  return RECORD_DONE;
}

static int chunk(struct image *image, const u8 *at) {
  u64 offset = u64_at(at + 8);
  if (!zeros(at, 16) || !image->has_page || offset % CHUNK != 0) return REFUSE;
  if (offset < image->page || offset - image->page >= PAGE) return REFUSE;
  u32 bit = 1u << (offset - image->page) / CHUNK;
  if ((image->chunks & bit) != 0) return REFUSE;
  image->chunks |= bit;
  memcpy(image->base + offset, at + RECORD, CHUNK);
  return RECORD_DONE;
}

static int start(struct image *image, const u8 *at) {
  if (!image->has_page || u32_at(at + 8) != 1 || u32_at(at + 20) != 0 || !zeros(at, 56)) return REFUSE;
  image->flags = u32_at(at + 12);
  image->threads = u32_at(at + 16);
  image->stack_bytes = u64_at(at + 24);
  image->arena_bytes = u64_at(at + 32);
  image->xfrm = u64_at(at + 48);
  if (image->flags > 3 || image->threads < 1 || image->threads > image->tcs_count) return REFUSE;
  if (image->stack_bytes < PAGE || image->stack_bytes % PAGE != 0 || image->stack_bytes > MAX_ARENA) return REFUSE;
  if (image->arena_bytes % PAGE != 0 || image->arena_bytes > MAX_ARENA) return REFUSE;
  return image->arena_bytes < image->threads * image->stack_bytes ? REFUSE : GO;
}

// Takes one record of `have` bytes, if it is whole, and says how many it used.
int boot_record(struct image *image, const u8 *at, u64 have, u64 *used) {
  *used = RECORD;
  if (have < RECORD) return MORE;
  if (is_tag(at, "EEXTEND") || is_tag(at, "UNMEASRD")) {
    *used = RECORD + CHUNK;
    return have < *used ? MORE : chunk(image, at);
  }
  if (is_tag(at, "ECREATE")) return create(image, at);
  if (image->bytes == 0) return REFUSE;
  if (is_tag(at, "EADD\0\0\0")) return add(image, at);
  return is_tag(at, "ENCLOSGO") ? start(image, at) : REFUSE;
}

// True when every page of a part of the range has these permissions.
static int has_pages(const struct image *image, u64 offset, u64 bytes, u8 wanted) {
  if (offset >= image->bytes || bytes > image->bytes - offset) return 0;
  for (u64 at = offset & ~(PAGE - 1ull); at < offset + bytes; at += PAGE) {
    if ((image->pages[at / PAGE] & wanted) != wanted) return 0;
  }
  return 1;
}

// Reads a TCS (SDM vol. 3D, TCS), and checks what EENTER would: the frames of the state save area are pages that it can write.
int boot_entry_point(const struct image *image, u32 number, struct entry_point *out) {
  const u8 *tcs = image->base + image->tcs[number];
  u64 ssa = u64_at(tcs + 16), frames = u32_at(tcs + 28), entry = u64_at(tcs + 32);
  u64 fs = u64_at(tcs + 48), gs = u64_at(tcs + 56), base = (u64)image->base;
  if (u32_at(tcs + 24) != 0 || frames < 1 || frames > image->bytes / image->frame_bytes) return REFUSE;
  if (ssa % PAGE != 0 || !has_pages(image, ssa, frames * image->frame_bytes, PRESENT | READ | WRITE)) return REFUSE;
  if (entry >= image->bytes || fs % PAGE != 0 || gs % PAGE != 0 || fs >= image->bytes || gs >= image->bytes) return REFUSE;
  *out = (struct entry_point){base + image->tcs[number], base + ssa, frames, base + entry, base + fs, base + gs};
  return 0;
}

// A place without pages for the stub's memory, in the largest gap, away from its edges where it is large enough.
int boot_hole(const struct image *image, u64 bytes, u64 *offset) {
  u64 first = 0, end = 0, from = 0;
  for (u64 at = 0; at <= image->bytes; at += PAGE) {
    if (at < image->bytes && image->pages[at / PAGE] == 0) continue;
    if (at - from > end - first) first = from, end = at;
    from = at + PAGE;
  }
  first = (first + BLOCK - 1) & ~(BLOCK - 1ull);
  if (first + 2 * EDGE + bytes <= end) first += EDGE;
  *offset = first;
  return first + bytes <= end ? 0 : REFUSE;
}
