/* Limits that hold inside builtins. Each ends the script through the host, which never returns: nothing of the script goes on. */
#ifndef ENCLOS_LIMITS_H
#define ENCLOS_LIMITS_H

#include "boundary.h"

/* Steps until the host is asked for the time. A step is a basic block of a builtin, an allocation or a release. */
enum { ENCLOS_FUEL = 8192 };
/* What is copied or filled between two looks at the time. */
enum { ENCLOS_CHUNK = 1 << 20 };

extern int32_t enclos_fuel;
/* The lowest stack address that a check has seen: what lies above it may hold something of the script. */
extern uintptr_t enclos_lowest_stack;

__attribute__((noinline)) void enclos_refuel(void);
_Noreturn void enclos_exhausted(enum enclos_resource resource);

__attribute__((no_sanitize("coverage"))) static inline void enclos_step(void)
{
    if (__builtin_expect(--enclos_fuel < 0, 0))
        enclos_refuel();
}

/* Every check of the stack calls this, with the limit below which the stack must not go. */
__attribute__((no_sanitize("coverage"))) static inline int enclos_check_stack(uintptr_t address, uintptr_t limit)
{
    if (address < enclos_lowest_stack)
        enclos_lowest_stack = address;
    if (__builtin_expect(address < limit, 0))
        enclos_exhausted(RESOURCE_STACK);
    return 0;
}

static inline uint64_t enclos_random_bits(void)
{
    return (uint64_t)(enclos_host_random() * 0x1p53) << 11;
}

#endif
