/*
 * The platform of an enclave, for programs in C (C99) and C++: reports, quotes and keys. One file, without a library; POSIX only.
 *
 *   #include "enclos.h"
 *
 *   static enclos_platform platform;                      // 66 KiB
 *   if (enclos_open(&platform) != ENCLOS_OK) return 1;    // greets the platform, once
 *   uint8_t data[64] = {0};                               // what the evidence is to say, such as a digest and a nonce
 *   static uint8_t quote[ENCLOS_MAX_QUOTE];
 *   size_t size = sizeof quote;
 *   if (enclos_quote(&platform, data, quote, &size) != ENCLOS_OK) puts(platform.message);
 *
 * Every function waits for the answer of the platform. One platform is used by one thread at a time. The protocol is that of
 * docs/reference/programs.md; a frame that breaks a rule closes the platform, and every later call is ENCLOS_LOST.
 */
#ifndef ENCLOS_H
#define ENCLOS_H

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

/* The descriptor that every program has. */
#define ENCLOS_PLATFORM_DESCRIPTOR 4
#define ENCLOS_TARGET_BYTES 512
#define ENCLOS_DATA_BYTES 64
#define ENCLOS_REPORT_BYTES 432
#define ENCLOS_KEY_REQUEST_BYTES 512
#define ENCLOS_KEY_BYTES 16
#define ENCLOS_MAX_QUOTE 65536

enum enclos_result {
  ENCLOS_OK = 0,
  /* The platform refused: its code and its words are in `code` and `message`. */
  ENCLOS_REFUSED = -1,
  /* There is no platform, it is gone, or it broke a rule of the protocol. */
  ENCLOS_LOST = -2,
  /* The place for the answer is too small, or an argument is wrong. */
  ENCLOS_INVALID = -3
};

typedef struct enclos_platform {
  int descriptor;
  uint32_t last_call;
  char code[65];
  char message[4097];
  uint32_t size;
  uint8_t payload[ENCLOS_MAX_QUOTE + 3];
} enclos_platform;

enum { ENCLOS_HEADER_ = 20, ENCLOS_HELLO_ = 1, ENCLOS_CALL_ = 2, ENCLOS_RETURN_ = 3, ENCLOS_THROW_ = 4 };

static const char enclos_channel_[] =
    "enclos interface 1\n"
    "enclave_channel_1\n"
    "trusted 0 report record{targetInfo:bytes(512),reportData:bytes(64)} bytes(432)\n"
    "trusted 1 key record{request:bytes(512)} bytes(16)\n"
    "trusted 2 quotingTarget record{} bytes(512)\n"
    "trusted 3 quote record{report:bytes(432)} bytes(0..65536)\n";

static inline uint32_t enclos_get32_(const uint8_t *at) {
  return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static inline void enclos_put32_(uint8_t *at, uint32_t value) {
  int i;
  for (i = 0; i < 4; i++) at[i] = (uint8_t)(value >> (8 * i));
}

static inline int enclos_lose_(enclos_platform *platform) {
  if (platform->descriptor >= 0) close(platform->descriptor);
  platform->descriptor = -1;
  return ENCLOS_LOST;
}

/* The descriptor may not block. */
static inline int enclos_wait_(enclos_platform *platform, short events) {
  struct pollfd wanted;
  if (errno == EINTR) return 1;
  if (errno != EAGAIN && errno != EWOULDBLOCK) return 0;
  wanted.fd = platform->descriptor;
  wanted.events = events;
  wanted.revents = 0;
  return poll(&wanted, 1, -1) >= 0 || errno == EINTR;
}

static inline int enclos_write_(enclos_platform *platform, const uint8_t *bytes, size_t size) {
  while (size > 0) {
    ssize_t written = write(platform->descriptor, bytes, size);
    if (written > 0) {
      bytes += written;
      size -= (size_t)written;
    } else if (written == 0 || !enclos_wait_(platform, POLLOUT)) {
      return enclos_lose_(platform);
    }
  }
  return ENCLOS_OK;
}

static inline int enclos_read_(enclos_platform *platform, uint8_t *bytes, size_t size) {
  while (size > 0) {
    ssize_t got = read(platform->descriptor, bytes, size);
    if (got > 0) {
      bytes += got;
      size -= (size_t)got;
    } else if (got == 0 || !enclos_wait_(platform, POLLIN)) {
      return enclos_lose_(platform);
    }
  }
  return ENCLOS_OK;
}

static inline int enclos_send_(enclos_platform *platform, int kind, int function, uint32_t id, const uint8_t *payload, uint32_t size) {
  uint8_t header[ENCLOS_HEADER_];
  memset(header, 0, sizeof header);
  enclos_put32_(header, ENCLOS_HEADER_ - 4 + size);
  header[4] = (uint8_t)kind;
  header[6] = (uint8_t)function;
  enclos_put32_(header + 8, id);
  if (enclos_write_(platform, header, sizeof header) != ENCLOS_OK) return ENCLOS_LOST;
  return size == 0 ? (int)ENCLOS_OK : enclos_write_(platform, payload, size);
}

/* The next frame, which is one of two kinds for this call. Everything that the platform sends is checked here. */
static inline int enclos_receive_(enclos_platform *platform, int kind, int other, uint32_t id) {
  uint8_t header[ENCLOS_HEADER_];
  uint64_t length;
  if (enclos_read_(platform, header, sizeof header) != ENCLOS_OK) return ENCLOS_LOST;
  length = (uint64_t)enclos_get32_(header) + 4;
  if (length < ENCLOS_HEADER_ || length - ENCLOS_HEADER_ > sizeof platform->payload) return enclos_lose_(platform);
  if (header[4] != kind && header[4] != other) return enclos_lose_(platform);
  if (header[5] != 0 || header[6] != 0 || header[7] != 0 || enclos_get32_(header + 8) != id) return enclos_lose_(platform);
  if (enclos_get32_(header + 12) != 0 || enclos_get32_(header + 16) != 0) return enclos_lose_(platform);
  platform->size = (uint32_t)(length - ENCLOS_HEADER_);
  if (enclos_read_(platform, platform->payload, platform->size) != ENCLOS_OK) return ENCLOS_LOST;
  return header[4];
}

/* u16 length of the code, the code, the message. */
static inline int enclos_refused_(enclos_platform *platform) {
  uint32_t length, i;
  if (platform->size < 2) return enclos_lose_(platform);
  length = (uint32_t)platform->payload[0] | (uint32_t)platform->payload[1] << 8;
  if (length < 1 || length >= sizeof platform->code || length > platform->size - 2) return enclos_lose_(platform);
  if (platform->size - 2 - length >= sizeof platform->message) return enclos_lose_(platform);
  for (i = 0; i < length; i++) {
    uint8_t letter = platform->payload[2 + i];
    if (!((letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') || letter == '_')) return enclos_lose_(platform);
  }
  memcpy(platform->code, platform->payload + 2, length);
  platform->code[length] = 0;
  memcpy(platform->message, platform->payload + 2 + length, platform->size - 2 - length);
  platform->message[platform->size - 2 - length] = 0;
  return ENCLOS_REFUSED;
}

static inline int enclos_call_(enclos_platform *platform, int function, const uint8_t *arguments, uint32_t size) {
  uint32_t id = platform->last_call + 2;
  int kind;
  if (platform->descriptor < 0) return ENCLOS_LOST;
  if (id < platform->last_call) id = 1;
  platform->last_call = id;
  if (enclos_send_(platform, ENCLOS_CALL_, function, id, arguments, size) != ENCLOS_OK) return ENCLOS_LOST;
  kind = enclos_receive_(platform, ENCLOS_RETURN_, ENCLOS_THROW_, id);
  if (kind == ENCLOS_RETURN_) return ENCLOS_OK;
  return kind == ENCLOS_THROW_ ? enclos_refused_(platform) : ENCLOS_LOST;
}

/* A result whose size is always the same. */
static inline int enclos_exactly_(enclos_platform *platform, int function, const uint8_t *arguments, uint32_t size, uint8_t *result, uint32_t wanted) {
  int done = enclos_call_(platform, function, arguments, size);
  if (done != ENCLOS_OK) return done;
  if (platform->size != wanted) return enclos_lose_(platform);
  memcpy(result, platform->payload, wanted);
  return ENCLOS_OK;
}

/* Greets the platform at a descriptor. Waits for its greeting. */
static inline int enclos_open_at(enclos_platform *platform, int descriptor) {
  const uint32_t size = sizeof enclos_channel_ - 1;
  memset(platform, 0, sizeof *platform);
  platform->descriptor = descriptor;
  platform->last_call = (uint32_t)-1;
  if (enclos_send_(platform, ENCLOS_HELLO_, 0, 0, (const uint8_t *)enclos_channel_, size) != ENCLOS_OK) return ENCLOS_LOST;
  if (enclos_receive_(platform, ENCLOS_HELLO_, ENCLOS_HELLO_, 0) != ENCLOS_HELLO_) return ENCLOS_LOST;
  if (platform->size != size || memcmp(platform->payload, enclos_channel_, size) != 0) return enclos_lose_(platform);
  return ENCLOS_OK;
}

/* Greets the platform of this program, once. ENCLOS_LOST outside of an enclave. */
static inline int enclos_open(enclos_platform *platform) { return enclos_open_at(platform, ENCLOS_PLATFORM_DESCRIPTOR); }

/* EREPORT: a report for an enclave of this machine, or for any if the target is zeros. SDM vol. 3D, 38.15. */
static inline int enclos_report(enclos_platform *platform, const uint8_t target[ENCLOS_TARGET_BYTES],
                                const uint8_t data[ENCLOS_DATA_BYTES], uint8_t report[ENCLOS_REPORT_BYTES]) {
  uint8_t arguments[ENCLOS_TARGET_BYTES + ENCLOS_DATA_BYTES];
  memcpy(arguments, target, ENCLOS_TARGET_BYTES);
  memcpy(arguments + ENCLOS_TARGET_BYTES, data, ENCLOS_DATA_BYTES);
  return enclos_exactly_(platform, 0, arguments, sizeof arguments, report, ENCLOS_REPORT_BYTES);
}

/* EGETKEY for a KEYREQUEST. SDM vol. 3D, 38.17. */
static inline int enclos_key(enclos_platform *platform, const uint8_t request[ENCLOS_KEY_REQUEST_BYTES], uint8_t key[ENCLOS_KEY_BYTES]) {
  return enclos_exactly_(platform, 1, request, ENCLOS_KEY_REQUEST_BYTES, key, ENCLOS_KEY_BYTES);
}

/*
 * Evidence for anyone: a quote over 64 bytes that the program chooses. `size` is the place that `quote` has, and then what the quote takes;
 * ENCLOS_MAX_QUOTE is always enough.
 */
static inline int enclos_quote(enclos_platform *platform, const uint8_t data[ENCLOS_DATA_BYTES], uint8_t *quote, size_t *size) {
  uint8_t target[ENCLOS_TARGET_BYTES], report[ENCLOS_REPORT_BYTES];
  uint32_t length = 0, at = 0, shift = 0;
  int done = enclos_exactly_(platform, 2, NULL, 0, target, sizeof target);
  if (done == ENCLOS_OK) done = enclos_report(platform, target, data, report);
  if (done == ENCLOS_OK) done = enclos_call_(platform, 3, report, sizeof report);
  if (done != ENCLOS_OK) return done;
  /* Its length in front, seven bits a byte, in the shortest form. */
  for (;;) {
    uint8_t byte;
    if (at == platform->size || shift > 14) return enclos_lose_(platform);
    byte = platform->payload[at++];
    length |= (uint32_t)(byte & 0x7f) << shift;
    if (byte < 0x80) {
      if (byte == 0 && shift > 0) return enclos_lose_(platform);
      break;
    }
    shift += 7;
  }
  if (length != platform->size - at || length > ENCLOS_MAX_QUOTE) return enclos_lose_(platform);
  if (length > *size) return ENCLOS_INVALID;
  memcpy(quote, platform->payload + at, length);
  *size = length;
  return ENCLOS_OK;
}

/* Which enclaves get the same keys: this MRENCLAVE alone, or those of its signer and product from this security version on. */
enum enclos_policy { ENCLOS_POLICY_ENCLAVE = 1, ENCLOS_POLICY_SIGNER = 2 };

/* The first bytes of a sealed blob, as enclaves in TypeScript and Go write them: docs/reference/c-header.md. */
#define ENCLOS_SEAL_HEADER_BYTES 536
#define ENCLOS_SEAL_RANDOM_BYTES 44
#define ENCLOS_SEAL_SECRET_BYTES 32
enum { ENCLOS_REQUEST_AT_ = 12, ENCLOS_KEY_ID_LAST_ = ENCLOS_REQUEST_AT_ + 40 + 31 };
static const uint8_t enclos_seal_magic_[ENCLOS_REQUEST_AT_] = {'E', 'N', 'C', 'L', 'S', 'E', 'A', 'L', 1, 0, 1, 0};

/* What every request of a blob has, whatever its enclave: SEAL, the policy, and the masks. */
static inline void enclos_seal_form_(uint8_t request[ENCLOS_KEY_REQUEST_BYTES], enum enclos_policy policy) {
  request[0] = 4;
  request[2] = (uint8_t)policy;
  /* INIT, DEBUG and the bits of the future; no XFRM; the upper bits of MISCSELECT. */
  request[24] = 3;
  request[31] = 0xff;
  request[75] = 0xf0;
}

/*
 * The header of a new blob: magic, version, KEYREQUEST, nonce. `random` is 44 bytes from getrandom(2), for this blob alone.
 */
static inline int enclos_seal_header(enclos_platform *platform, enum enclos_policy policy, const uint8_t random[ENCLOS_SEAL_RANDOM_BYTES],
                                     uint8_t header[ENCLOS_SEAL_HEADER_BYTES]) {
  uint8_t none[ENCLOS_TARGET_BYTES], report[ENCLOS_REPORT_BYTES], *request = header + ENCLOS_REQUEST_AT_;
  int done;
  memset(none, 0, sizeof none);
  if (policy != ENCLOS_POLICY_ENCLAVE && policy != ENCLOS_POLICY_SIGNER) return ENCLOS_INVALID;
  done = enclos_report(platform, none, none, report);
  if (done != ENCLOS_OK) return done;
  memset(header, 0, ENCLOS_SEAL_HEADER_BYTES);
  memcpy(header, enclos_seal_magic_, sizeof enclos_seal_magic_);
  enclos_seal_form_(request, policy);
  memcpy(request + 4, report + 258, 2);   /* ISVSVN */
  memcpy(request + 8, report, 16);        /* CPUSVN */
  memcpy(request + 40, random, 32);       /* KEYID, whose last bit is free */
  memcpy(request + 76, report + 260, 2);  /* CONFIGSVN */
  header[ENCLOS_KEY_ID_LAST_] &= 0xfe;
  memcpy(header + ENCLOS_REQUEST_AT_ + ENCLOS_KEY_REQUEST_BYTES, random + 32, 12);
  return ENCLOS_OK;
}

/*
 * The 32 bytes for a blob, of which HKDF-SHA256 makes the key. The header of a blob comes from the host: another form than that of
 * enclos_seal_header with this policy is ENCLOS_INVALID.
 */
static inline int enclos_seal_secret(enclos_platform *platform, enum enclos_policy policy, const uint8_t header[ENCLOS_SEAL_HEADER_BYTES],
                                     uint8_t secret[ENCLOS_SEAL_SECRET_BYTES]) {
  uint8_t request[ENCLOS_KEY_REQUEST_BYTES], form[ENCLOS_KEY_REQUEST_BYTES];
  int done;
  memcpy(request, header + ENCLOS_REQUEST_AT_, sizeof request);
  memcpy(form, request, sizeof form);
  memset(form, 0, 4);
  memset(form + 24, 0, 16);
  memset(form + 72, 0, 4);
  memset(form + 78, 0, sizeof form - 78);
  form[6] = form[7] = 0;
  enclos_seal_form_(form, policy);
  if (memcmp(header, enclos_seal_magic_, sizeof enclos_seal_magic_) != 0 || memcmp(form, request, sizeof form) != 0) return ENCLOS_INVALID;
  done = enclos_key(platform, request, secret);
  request[40 + 31] ^= 1;
  return done != ENCLOS_OK ? done : enclos_key(platform, request, secret + ENCLOS_KEY_BYTES);
}

#endif
