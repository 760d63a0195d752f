/* Counts steps, and bounds memory and stack: see limits.h. */
#include "limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/types.h>

int32_t enclos_fuel = ENCLOS_FUEL;
uintptr_t enclos_lowest_stack = UINTPTR_MAX;

void enclos_refuel(void)
{
    enclos_fuel = ENCLOS_FUEL;
    enclos_host_poll();
}

_Noreturn void enclos_exhausted(enum enclos_resource resource)
{
    enclos_host_exhausted(resource);
}

#ifdef __wasm__

extern unsigned char __heap_end;
static uintptr_t heap_break;

ENCLOS_EXPORT(lowest_stack) uintptr_t enclos_get_lowest_stack(void)
{
    return enclos_lowest_stack;
}

/* Where the heap ends: the rest of the memory was never used. */
ENCLOS_EXPORT(heap_break) uintptr_t enclos_heap_break(void)
{
    return heap_break == 0 ? (uintptr_t)&__heap_end : heap_break;
}

enum { PAGE = 65536, PAGES_AT_ONCE = 16 };

/* What the allocator of wasi-libc grows by. The host counts the pages of all interpreters. */
void *sbrk(intptr_t increment)
{
    const uintptr_t from = enclos_heap_break();
    const uint64_t memory = (uint64_t)__builtin_wasm_memory_size(0) * PAGE;
    if (increment < 0 || (uint64_t)from + (uint64_t)increment > UINT32_MAX - PAGE) {
        errno = ENOMEM;
        return (void *)-1;
    }
    const uint64_t to = (uint64_t)from + (uint64_t)increment;
    if (to > memory) {
        const uint32_t needed = (uint32_t)((to - memory + PAGE - 1) / PAGE);
        const int isGrown = (needed < PAGES_AT_ONCE && enclos_host_grow(PAGES_AT_ONCE)) || enclos_host_grow(needed);
        if (!isGrown) {
            errno = ENOMEM;
            return (void *)-1;
        }
    }
    heap_break = (uintptr_t)to;
    return (void *)from;
}

/* What so many bytes cost is a step. */
enum { STEP_BYTES = 256 };

static void bulk_steps(size_t length)
{
    enclos_fuel -= (int32_t)(length / STEP_BYTES);
    if (enclos_fuel < 0)
        enclos_refuel();
}

/*
 * Those of wasi-libc go byte by byte, and nothing can stop them. All other files are compiled without the instructions for bulk memory,
 * so that whatever copies or fills comes here.
 */
void *memcpy(void *restrict to, const void *restrict from, size_t length)
{
    return memmove(to, from, length);
}

void *memmove(void *to, const void *from, size_t length)
{
    unsigned char *target = to;
    const unsigned char *source = from;
    if (length <= 16 && (target <= source || target >= source + length)) {
        for (size_t at = 0; at < length; at++)
            target[at] = source[at];
        return to;
    }
    const int isForward = target <= source;
    for (size_t done = 0; done < length;) {
        const size_t part = length - done < ENCLOS_CHUNK ? length - done : ENCLOS_CHUNK;
        const size_t at = isForward ? done : length - done - part;
        __builtin_memmove(target + at, source + at, part);
        done += part;
        bulk_steps(part);
    }
    return to;
}

void *memset(void *to, int value, size_t length)
{
    for (size_t done = 0; done < length;) {
        const size_t part = length - done < ENCLOS_CHUNK ? length - done : ENCLOS_CHUNK;
        __builtin_memset((unsigned char *)to + done, value, part);
        done += part;
        bulk_steps(part);
    }
    return to;
}

int memcmp(const void *left, const void *right, size_t length)
{
    const unsigned char *a = left;
    const unsigned char *b = right;
    while (length >= 8) {
        uint64_t x, y;
        __builtin_memcpy(&x, a, 8);
        __builtin_memcpy(&y, b, 8);
        if (x != y)
            break;
        a += 8;
        b += 8;
        length -= 8;
        enclos_step();
    }
    for (; length > 0; a++, b++, length--) {
        if (*a != *b)
            return *a < *b ? -1 : 1;
    }
    return 0;
}

/* What a typed array of bytes is searched with. */
void *memchr(const void *bytes, int value, size_t length)
{
    const unsigned char *at = bytes;
    const unsigned char wanted = (unsigned char)value;
    while (length > 0) {
        const size_t part = length < STEP_BYTES ? length : STEP_BYTES;
        for (const unsigned char *end = at + part; at < end; at++) {
            if (*at == wanted)
                return (void *)at;
        }
        length -= part;
        /* Byte by byte: a step for each of 32. */
        enclos_fuel -= STEP_BYTES / 32;
        if (enclos_fuel < 0)
            enclos_refuel();
    }
    return NULL;
}

/* Date: the host says what time it is. */
int gettimeofday(struct timeval *restrict time, void *restrict zone)
{
    (void)zone;
    const double now = enclos_host_now();
    time->tv_sec = (time_t)(now / 1000);
    time->tv_usec = (suseconds_t)((now - (double)time->tv_sec * 1000) * 1000);
    return 0;
}

_Noreturn void __assert_fail(const char *expression, const char *file, int line, const char *function)
{
    (void)expression, (void)file, (void)line, (void)function;
    __builtin_trap();
}

_Noreturn void abort(void)
{
    __builtin_trap();
}

/* What wasi-libc would print with. The interpreter has no files: nothing of WASI is imported. */
size_t __stdio_write(void *file, const unsigned char *bytes, size_t length)
{
    (void)file, (void)bytes;
    return length;
}

off_t __stdio_seek(void *file, off_t offset, int whence)
{
    (void)file, (void)offset, (void)whence;
    return -1;
}

int __stdio_close(void *file)
{
    (void)file;
    return 0;
}

#endif
