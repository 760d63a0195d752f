/* What passes between the interpreter and its host. The host is one page of JavaScript: see src/quickjs/instance.ts. */
#ifndef ENCLOS_BOUNDARY_H
#define ENCLOS_BOUNDARY_H

#include <stddef.h>
#include <stdint.h>

enum { ENCLOS_SLOTS = 16 };

enum enclos_tag {
    TAG_UNDEFINED,
    TAG_NULL,
    TAG_FALSE,
    TAG_TRUE,
    TAG_NUMBER,
    /* Code units of one byte, and of two. A surrogate without its other half passes unchanged. */
    TAG_LATIN1,
    TAG_UTF16,
    TAG_BYTES,
    /* What a host function threw; the message is in the slot after it. */
    TAG_ERROR,
    TAG_TYPE_ERROR,
    TAG_RANGE_ERROR,
};

/* One value. `length` counts code units or bytes; `at` is theirs, for what leaves the interpreter. */
struct enclos_slot {
    uint32_t tag;
    uint32_t length;
    union {
        double number;
        const void *at;
    } u;
};

enum enclos_resource { RESOURCE_HEAP, RESOURCE_STACK };

#ifdef __wasm__
#define ENCLOS_IMPORT(name) __attribute__((import_module("enclos"), import_name(#name)))
#define ENCLOS_EXPORT(name) __attribute__((export_name(#name)))
#else
#define ENCLOS_IMPORT(name)
#define ENCLOS_EXPORT(name)
#endif

/* Returns while there is time left; otherwise it never returns. */
ENCLOS_IMPORT(poll) void enclos_host_poll(void);
/* Never returns. */
ENCLOS_IMPORT(exhausted) _Noreturn void enclos_host_exhausted(enum enclos_resource resource);
/* Grows the memory, if all interpreters together may have so much. */
ENCLOS_IMPORT(grow) int enclos_host_grow(uint32_t pages);
/* Calls a host function with the first slots, from `depth` bytes of stack. Its result is in the first slot. */
ENCLOS_IMPORT(call) void enclos_host_call(uint32_t function, uint32_t count, uint32_t depth);
/* Writes the units or bytes of a slot that the host filled. */
ENCLOS_IMPORT(take) void enclos_host_take(uint32_t slot, void *to);
/* An entry point has the name in the first slot. */
ENCLOS_IMPORT(entry) void enclos_host_entry(uint32_t index);
/* Milliseconds since 1970. */
ENCLOS_IMPORT(now) double enclos_host_now(void);
/* At least 0 and less than 1, with 53 random bits. */
ENCLOS_IMPORT(random) double enclos_host_random(void);

#endif
