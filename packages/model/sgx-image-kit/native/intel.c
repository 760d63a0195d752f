/* A small enclave that speaks the gate of Intel's SGX SDK, and little else. */
#include "entry.h"
#include "gate.h"

#define SUCCESS 0
#define UNEXPECTED 1
#define INVALID_PARAMETER 2
#define INVALID_FUNCTION 0x1001
#define CRASHED 0x1006
#define NOT_ALLOWED 0x1007

/* The kit's metadata patch these bytes in the file, as the sign tool patches the global data. */
volatile const uint8_t kit_patched[16] __attribute__((used, section(".kitpatch"))) = {0xff};

#if CONTENT_BYTES > 0
/* Only there to be measured. */
static const uint8_t kit_content[CONTENT_BYTES] __attribute__((used, section(".kitcontent"))) = {0xc0};
#endif

GATE("  cmp $-2, %rdi\n", "  mov %rbx, %rdx\n", "  mov %rax, %rsi\n  mov $-1, %rdi\n", "  mov $4, %eax\n", "  mov %rdx, %rsp\n");

/* An OCALL with the host's stack at host_stack. */
uint64_t leave_for(uint64_t index, void *ms, void *host_stack) __attribute__((visibility("hidden")));

static int is_initialized;

static uint64_t *frame(void)
{
    uint64_t *at;
    __asm__("mov %%fs:16, %0" : "=r"(at));
    return at;
}

/* True in a call that the host makes while it serves an OCALL of this thread: the frame before it is still open. */
static int is_nested(void)
{
    return frame()[-1] != 0;
}

static uint64_t ocall(uint64_t index, void *ms, uint64_t bytes)
{
    uint8_t *stack = (uint8_t *)((frame()[3] - bytes) & ~(uint64_t)15);
    if (!is_outside(stack, bytes)) return UNEXPECTED;
    copy(stack, ms, bytes);
    uint64_t status = leave_for(index, stack, stack);
    copy(ms, stack, bytes);
    return status;
}

struct copy_ms { const uint8_t *from; uint8_t *to; uint64_t bytes; };
struct ask_ms { int32_t retval, value; };
struct fault_ms { uint64_t retval; uint32_t kind; };

static uint64_t serve_copy(struct copy_ms *host)
{
    static uint8_t buffer[COPY_BYTES];
    struct copy_ms ms;
    copy(&ms, host, sizeof ms);
    if (ms.bytes > sizeof buffer || !is_outside(ms.from, ms.bytes) || !is_outside(ms.to, ms.bytes)) return INVALID_PARAMETER;
    copy(buffer, ms.from, ms.bytes);
    copy(ms.to, buffer, ms.bytes);
    return SUCCESS;
}

static uint64_t serve_ask(struct ask_ms *host)
{
    struct ask_ms ms = {0, host->value};
    uint64_t status = ocall(0, &ms, sizeof ms);
    if (status == SUCCESS) host->retval = ms.retval;
    return status;
}

static uint64_t serve_report(struct report_ms *host)
{
    struct report_ms ms;
    copy(&ms, host, sizeof ms);
    if (!is_outside(ms.target, 512) || !is_outside(ms.data, 64) || !is_outside(ms.report, 432)) return INVALID_PARAMETER;
    make_report(ms.target, ms.data, ms.report);
    return SUCCESS;
}

static uint64_t serve_key(struct key_ms *host)
{
    struct key_ms ms;
    copy(&ms, host, sizeof ms);
    if (!is_outside(ms.request, 512) || !is_outside(ms.key, 16)) return INVALID_PARAMETER;
    host->retval = get_key(ms.request, ms.key);
    return SUCCESS;
}

static uint64_t serve_call(uint64_t index, void *ms)
{
    static const uint8_t sizes[] = {0, sizeof(struct copy_ms), sizeof(struct ask_ms), sizeof(struct report_ms),
                                    sizeof(struct key_ms), sizeof(struct fault_ms), 4, 0, 4};
    if (index >= sizeof sizes) return INVALID_FUNCTION;
    if (index == 7 && !is_nested()) return NOT_ALLOWED;
    if (sizes[index] == 0) return ms == NULL ? SUCCESS : INVALID_PARAMETER;
    if (!is_outside(ms, sizes[index])) return INVALID_PARAMETER;
    switch (index) {
    case 1: return serve_copy(ms);
    case 2: return serve_ask(ms);
    case 3: return serve_report(ms);
    case 4: return serve_key(ms);
    case 5:
        fault(((struct fault_ms *)ms)->kind);
        ((struct fault_ms *)ms)->retval = last_exit_info;
        return SUCCESS;
    case 6: misbehave(*(uint32_t *)ms); return SUCCESS;
    default: *(uint32_t *)ms = kit_patched[0]; return SUCCESS;
    }
}

__attribute__((used, visibility("hidden"))) uint64_t serve(int64_t command, void *ms)
{
    if (command == -1) {
        if (is_initialized || !is_outside(ms, 16)) return UNEXPECTED;
        is_initialized = 1;
        return SUCCESS;
    }
    if (command == -5) return SUCCESS;
    if (command < 0) return INVALID_PARAMETER;
    return is_initialized ? serve_call((uint64_t)command, ms) : UNEXPECTED;
}

__attribute__((used, visibility("hidden"))) uint64_t serve_exception(int64_t command, uint8_t *tcs)
{
    return command == -3 && skip_fault(tcs) ? SUCCESS : CRASHED;
}

/* The place of the metadata, which the kit writes after the linker: the header and the name of a note, and metadata 2.4. */
__asm__(".pushsection .note.sgxmeta, \"\", @progbits\n"
        ".zero 12 + 13 + 0x5000\n"
        ".popsection\n");
