/* What the test enclaves of both SDKs share: the leaves of ENCLU, and what an enclave checks of a pointer from outside. */
#include <stddef.h>
#include <stdint.h>

extern const uint8_t __ehdr_start[] __attribute__((visibility("hidden")));

/* True when [at, at + bytes) has no byte in the enclave (SDM vol. 3D, 36.5.3: code must check this, the processor does not). */
static int is_outside(const void *at, uint64_t bytes)
{
    uint64_t start = (uint64_t)at, base = (uint64_t)__ehdr_start;
    if (at == NULL || start + bytes < start) return 0;
    return start + bytes <= base || start >= base + ENCLAVE_BYTES;
}

static void copy(void *to, const void *from, uint64_t bytes)
{
    __asm__ volatile("cld; rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
}

static void ereport(const void *target, const void *data, void *report)
{
    __asm__ volatile(".byte 0x0f, 0x01, 0xd7" : : "a"(0), "b"(target), "c"(data), "d"(report) : "memory", "cc");
}

static uint32_t egetkey(const void *request, void *key)
{
    uint32_t status = 1;
    uint8_t failed;
    __asm__ volatile(".byte 0x0f, 0x01, 0xd7\n\tsetz %1"
                     : "+a"(status), "=q"(failed)
                     : "b"(request), "c"(key)
                     : "memory", "cc");
    return failed ? status : 0;
}

struct report_ms { const uint8_t *target, *data; uint8_t *report; };
struct key_ms { uint32_t retval; const uint8_t *request; uint8_t *key; };

static void make_report(const uint8_t *target, const uint8_t *data, uint8_t *report)
{
    uint8_t inside[512] __attribute__((aligned(512)));
    uint8_t in_data[64] __attribute__((aligned(128)));
    uint8_t out[432] __attribute__((aligned(512)));
    copy(inside, target, 512);
    copy(in_data, data, 64);
    ereport(inside, in_data, out);
    copy(report, out, 432);
}

static uint32_t get_key(const uint8_t *request, uint8_t *key)
{
    uint8_t inside[512] __attribute__((aligned(512)));
    uint8_t out[16] __attribute__((aligned(16))) = {0};
    copy(inside, request, 512);
    uint32_t status = egetkey(inside, out);
    copy(key, out, 16);
    return status;
}

/* EXITINFO of the last exception that an entry with CSSA 1 handled. */
static volatile uint64_t last_exit_info;

static void fault(uint32_t kind)
{
    last_exit_info = 0;
    if (kind == 0) __asm__ volatile("ud2");
    else if (kind == 1) __asm__ volatile("xor %%eax, %%eax\n\tmov (%%rax), %%rax" : : : "rax", "memory");
    else if (kind == 2) __asm__ volatile("xor %%ecx, %%ecx\n\txor %%edx, %%edx\n\txor %%eax, %%eax\n\tdiv %%ecx" : : : "rax", "rcx", "rdx", "cc");
    else if (kind == 3) __asm__ volatile("int3");
}

/* What an enclave must not be able to do, and what never ends. */
static void misbehave(uint32_t kind)
{
    if (kind == 0) for (;;) __asm__ volatile("pause");
    if (kind == 1) __asm__ volatile("syscall" : : "a"(39) : "rcx", "r11", "memory");
    if (kind == 2) __asm__ volatile("int $0x80" : : "a"(20) : "memory");
    if (kind == 3) *(volatile uint8_t *)__ehdr_start = 0;
}

/* The length of an instruction of fault(), 0 for any other. RIP of int3 is already after it (SDM vol. 3A, 6.5). */
static uint64_t faulting_bytes(const uint8_t *rip)
{
    if (rip[0] == 0x0f && rip[1] == 0x0b) return 2;
    if (rip[0] == 0x48 && rip[1] == 0x8b && rip[2] == 0x00) return 3;
    if (rip[0] == 0xf7 && rip[1] == 0xf1) return 2;
    return 0;
}

#define TCS_TO_SSA 4096
#define GPRSGX_RIP (4096 - 184 + 136)
#define GPRSGX_EXITINFO (4096 - 184 + 160)
#define EXITINFO_VALID 0x80000000u
#define BREAKPOINT 3

/* Lets the thread of the TCS continue after the instruction that faulted. Returns 0 for an exception that is not one of fault(). */
static int skip_fault(uint8_t *tcs)
{
    uint64_t *rip = (uint64_t *)(tcs + TCS_TO_SSA + GPRSGX_RIP);
    uint32_t info = *(uint32_t *)(tcs + TCS_TO_SSA + GPRSGX_EXITINFO);
    uint64_t base = (uint64_t)__ehdr_start;
    if (*rip < base || *rip >= base + ENCLAVE_BYTES) return 0;
    uint64_t bytes = faulting_bytes((const uint8_t *)*rip);
    int is_breakpoint = info & EXITINFO_VALID && (info & 0xff) == BREAKPOINT;
    if (bytes == 0 && !is_breakpoint) return 0;
    last_exit_info = info | ((uint64_t)1 << 32);
    *rip += bytes;
    return 1;
}
