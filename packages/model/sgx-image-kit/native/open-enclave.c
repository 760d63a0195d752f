/* A small enclave that speaks the gate of Open Enclave, and little else. */
#include "entry.h"
#include "gate.h"

enum { ok = 0, failure = 1, invalid_parameter = 3, reentrant_ecall = 4, not_found = 9 };
enum { code_ecall = 1, code_eret = 2, code_ocall = 3, code_oret = 4 };
enum { func_destructor = 0, func_init = 1, func_call = 2, func_exception = 3, func_atexit = 4 };
enum { host_call = 0x8000, host_malloc = 0x8003, host_free = 0x8004 };
#define CONTINUE_EXECUTION 0xffffffffu

/* The loader writes these numbers into the image, by the names of the dynamic symbols. */
#define TEXT_OF(value) #value
#define TEXT(value) TEXT_OF(value)
#define FILLED(name) ".globl " #name "\n.type " #name ", @object\n.size " #name ", 8\n" #name ": kit" #name ": .quad 0\n"
__asm__(".pushsection .data\n.balign 8\n" FILLED(_enclave_rva) FILLED(_reloc_rva) FILLED(_reloc_size) FILLED(_tdata_rva)
            FILLED(_tdata_size) FILLED(_tdata_align) FILLED(_tbss_size) FILLED(_tbss_align) FILLED(_td_from_tcs_offset)
        ".popsection\n"
        /* oe_sgx_enclave_properties_t; the kit writes it after the linker. */
        ".pushsection .oeinfo, \"a\", @progbits\n.balign 8\n.zero " TEXT(PROPERTIES_BYTES) "\n.popsection\n");

#ifdef KNOWS_MODULES
/* Since 0.16, every image has this structure of 40 bytes, which tells the enclave of a module. */
__attribute__((visibility("default"))) const volatile uint64_t _module_info[5];
#endif

#define HIDDEN __attribute__((visibility("hidden")))
extern HIDDEN volatile uint64_t kit_reloc_rva, kit_reloc_size, kit_tdata_rva, kit_tdata_size, kit_tbss_size;

/* A variable of each thread, with a value from .tdata, and one without. */
__attribute__((visibility("default"), tls_model("initial-exec"))) __thread uint32_t kit_calls = 700;
__attribute__((visibility("default"), tls_model("initial-exec"))) __thread uint8_t kit_room[5000];

GATE("  mov %rdi, %r8\n  shr $48, %r8\n  cmp $4, %r8\n", "", "  mov %rax, %rdi\n  mov %rdx, %rsi\n", "  mov $4, %rax\n", "  mov 24(%rax), %rsp\n");

/* An OCALL. */
HIDDEN uint64_t leave_for(uint64_t argument1, uint64_t argument2);

struct exit { uint64_t argument1, argument2; };
struct call_args { uint64_t function; uint8_t *in; uint64_t in_bytes; uint8_t *out; uint64_t out_bytes, written, result; };
/* How the arguments of each call begin. */
struct result_args { uint64_t result; void *deep_copy; uint64_t deep_copy_bytes; };

static uint64_t argument(uint64_t code, uint64_t func, uint64_t result)
{
    return code << 48 | func << 32 | result;
}

static uint64_t ask_host(uint64_t func, uint64_t value)
{
    return leave_for(argument(code_ocall, func, ok), value);
}

/* Calls a function of the host: the arguments in and out lie in memory that it is asked for. Returns 0 when it was done. */
static uint64_t call_host(uint64_t function, const void *in, uint64_t in_bytes, void *out, uint64_t out_bytes)
{
    uint64_t bytes = sizeof(struct call_args) + 8 + in_bytes + out_bytes;
    uint8_t *memory = (uint8_t *)ask_host(host_malloc, bytes);
    if (!is_outside(memory, bytes)) return failure;
    struct call_args *args = (struct call_args *)memory;
    uint8_t *at = memory + sizeof *args + 8;
    struct call_args values = {function, at, in_bytes, at + in_bytes, out_bytes, 0, failure};
    copy(at, in, in_bytes);
    copy(args, &values, sizeof values);
    ask_host(host_call, (uint64_t)args);
    uint64_t result = args->result;
    copy(out, at + in_bytes, out_bytes);
    ask_host(host_free, (uint64_t)memory);
    return result;
}

/* The variables of a thread lie below its thread data. */
static uint64_t tls_bytes(void)
{
    return ((kit_tdata_size + 63) & ~(uint64_t)63) + ((kit_tbss_size + 63) & ~(uint64_t)63);
}

struct relocation { uint64_t offset, info; int64_t addend; };

static void relocate(void)
{
    uint8_t *base = (uint8_t *)__ehdr_start;
    const struct relocation *at = (const struct relocation *)(base + kit_reloc_rva);
    const struct relocation *end = (const struct relocation *)(base + kit_reloc_rva + kit_reloc_size);
    uint64_t tls = tls_bytes();
    for (; at + 1 <= end && at->offset != 0; at++) {
        uint64_t *target = (uint64_t *)(base + at->offset);
        if ((uint32_t)at->info == 8) *target = (uint64_t)base + (uint64_t)at->addend;
        if ((uint32_t)at->info == 18) *target = (uint64_t)at->addend - tls;
    }
}

static uint8_t *thread_data(void)
{
    uint8_t *td;
    __asm__("mov %%fs:0, %0" : "=r"(td));
    return td;
}

static void start_thread(uint8_t *td)
{
    uint64_t tls = tls_bytes();
    copy(td - tls, __ehdr_start + kit_tdata_rva, kit_tdata_size);
    *(uint8_t **)td = td;
}

struct cpuid_args { struct result_args head; uint32_t retval; void *buffer; uint64_t bytes; };
static uint32_t cpuid_table[24];

static uint64_t initialise(void)
{
    struct cpuid_args in = {{0, NULL, 0}, 0, cpuid_table, sizeof cpuid_table};
    struct { struct cpuid_args args; uint32_t table[24]; } out;
    uint64_t result = call_host(0, &in, sizeof in, &out, sizeof out);
    if (result != ok || out.args.head.result != ok || out.args.retval != ok) return failure;
    copy(cpuid_table, out.table, sizeof cpuid_table);
    return ok;
}

/* The functions take the arguments in the enclave: in and out begin with the same structure, and the buffers follow, in steps of 16. */
struct copy_args { struct result_args head; uint8_t *from, *to; uint64_t bytes; };
struct ask_args { struct result_args head; int32_t retval, value; };
struct report_args { struct result_args head; uint8_t *target, *data, *report; };
struct key_args { struct result_args head; uint32_t retval; uint8_t *request, *key; };
struct fault_args { struct result_args head; uint64_t retval; uint32_t kind; };

struct buffers { uint8_t *in; uint64_t in_bytes; uint8_t *out; uint64_t out_bytes; };

static uint64_t nothing(struct buffers b)
{
    (void)b;
    return ok;
}

static uint64_t copy_bytes(struct buffers b)
{
    struct copy_args *args = (struct copy_args *)b.in;
    uint64_t bytes = (args->bytes + 15) & ~(uint64_t)15;
    if (bytes < args->bytes || b.in_bytes < sizeof *args + bytes || b.out_bytes < sizeof *args + bytes) return invalid_parameter;
    copy(b.out + sizeof *args, b.in + sizeof *args, args->bytes);
    return ok;
}

static uint64_t ask(struct buffers b)
{
    struct ask_args *args = (struct ask_args *)b.in, host = {{0, NULL, 0}, 0, args->value};
    uint64_t result = call_host(1, &host, sizeof host, &host, sizeof host);
    ((struct ask_args *)b.out)->retval = host.retval;
    return result;
}

static uint64_t report(struct buffers b)
{
    const uint64_t head = sizeof(struct report_args);
    if (b.in_bytes < head + 512 + 64 || b.out_bytes < head + 432) return invalid_parameter;
    make_report(b.in + head, b.in + head + 512, b.out + head);
    return ok;
}

static uint64_t key(struct buffers b)
{
    const uint64_t head = sizeof(struct key_args);
    if (b.in_bytes < head + 512 || b.out_bytes < head + 16) return invalid_parameter;
    ((struct key_args *)b.out)->retval = get_key(b.in + head, b.out + head);
    return ok;
}

static uint64_t make_fault(struct buffers b)
{
    if (b.out_bytes < sizeof(struct fault_args)) return invalid_parameter;
    fault(((struct fault_args *)b.in)->kind);
    ((struct fault_args *)b.out)->retval = last_exit_info;
    return ok;
}

static uint64_t make_misbehave(struct buffers b)
{
    misbehave(*(uint32_t *)(b.in + sizeof(struct result_args)));
    return ok;
}

/* Counts the calls of this thread, from 700: what the loader and the relocations make of .tdata. */
static uint64_t count(struct buffers b)
{
    kit_room[kit_calls % sizeof kit_room] = 1;
    *(uint32_t *)(b.out + sizeof(struct result_args)) = ++kit_calls;
    return ok;
}

#include "evidence.h"

/* Pointers, so that there are relocations. */
static uint64_t (*const functions[])(struct buffers) = {nothing, copy_bytes, ask, report, key, make_fault, make_misbehave, count, evidence};

static uint64_t call(struct call_args *host)
{
    static uint8_t memory[4][131072];
    static uint32_t next;
    struct call_args args;
    if (!is_outside(host, sizeof args) || (uint64_t)host % 8 != 0) return invalid_parameter;
    copy(&args, host, sizeof args);
    struct buffers b = {NULL, args.in_bytes, NULL, args.out_bytes};
    if (!is_outside(args.in, b.in_bytes) || !is_outside(args.out, b.out_bytes)) return invalid_parameter;
    if (b.in_bytes < 32 || b.out_bytes < 32 || b.in_bytes % 16 != 0 || b.out_bytes % 16 != 0) return invalid_parameter;
    if (args.function >= sizeof functions / sizeof *functions) return not_found;
    if (b.in_bytes > sizeof *memory / 2 || b.out_bytes > sizeof *memory / 2) return 5;
    b.in = memory[__atomic_fetch_add(&next, 1, __ATOMIC_RELAXED) % 4];
    b.out = b.in + sizeof *memory / 2;
    copy(b.in, args.in, b.in_bytes);
    for (uint64_t i = 0; i < b.out_bytes; i++) b.out[i] = 0;
    uint64_t result = functions[args.function](b);
    struct result_args *head = (struct result_args *)b.out;
    head->result = result;
    head->deep_copy = NULL;
    head->deep_copy_bytes = 0;
    copy(args.out, b.out, result == ok ? b.out_bytes : sizeof *head);
    if (result != ok) return result;
    host->written = b.out_bytes;
    host->result = ok;
    return ok;
}

static int is_initialized;

__attribute__((used, visibility("hidden"))) struct exit serve(uint64_t argument1, uint64_t argument2)
{
    uint64_t func = argument1 >> 32 & 0xffff, result = ok, value = 0;
    uint64_t *frame;
    __asm__("mov %%fs:16, %0" : "=r"(frame));
    if (argument1 >> 48 != code_ecall) return (struct exit){argument(code_eret, func, invalid_parameter), 0};
    uint8_t *self;
    __asm__("rdfsbase %0" : "=r"(self));
    if (kit_reloc_size != 0 && !is_initialized && func == func_init) relocate();
    if (thread_data() == NULL) start_thread(self);
    if (frame[-1] != 0) result = reentrant_ecall;
    else if (func == func_init && !is_initialized) {
        value = is_outside((void *)argument2, 1) ? initialise() : invalid_parameter;
        is_initialized = value == ok;
    } else if (func == func_call && is_initialized) value = call((struct call_args *)argument2);
    else if (func > func_atexit) result = not_found;
    return (struct exit){argument(code_eret, func, result), value};
}

__attribute__((used, visibility("hidden"))) struct exit serve_exception(uint64_t argument1, uint8_t *tcs)
{
    uint64_t func = argument1 >> 32 & 0xffff;
    int is_skipped = argument1 >> 48 == code_ecall && func == func_exception && skip_fault(tcs);
    return (struct exit){argument(code_eret, func, ok), is_skipped ? CONTINUE_EXECUTION : 0};
}
