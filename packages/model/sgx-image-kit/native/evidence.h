/* Remote evidence by the OCALLs of Open Enclave's sgx/attestation.edl: target info of the quoting enclave, a report for it, its quote. */

enum { attestation_target = 2, attestation_quote = 3 };
enum { buffer_too_small = 2, unexpected = 7, largest_quote = 10240 };

struct target_args { struct result_args head; uint32_t retval; void *format, *parameters; uint64_t parameter_bytes; void *target; };
struct quote_args {
    struct result_args head;
    uint32_t retval;
    void *format, *parameters;
    uint64_t parameter_bytes;
    void *report, *quote;
    uint64_t quote_bytes;
    void *quote_bytes_out;
    uint64_t padding;
};

/* A string initialises to read-only data, and is no call of memcpy. */
static const uint8_t sgx_ecdsa[16] = "\xa3\xa2\x1e\x87\x1b\x4d\x40\x14\xb7\x0a\xa1\x25\xd2\xfb\xcd\x8c";

/* What a pointer that is passed points to, the host does not look at. */
#define PASSED ((void *)16)

static uint64_t quoting_target(uint8_t *target)
{
    struct { struct target_args args; uint8_t format[16]; } in = {{{0, NULL, 0}, 0, PASSED, NULL, 0, PASSED}, {0}};
    struct { struct target_args args; uint8_t target[512]; } out;
    copy(in.format, sgx_ecdsa, 16);
    uint64_t result = call_host(attestation_target, &in, sizeof in, &out, sizeof out);
    if (result != ok) return result;
    if (out.args.head.result != ok || out.args.retval != ok) return out.args.retval;
    copy(target, out.target, 512);
    return ok;
}

/* Returns what the host returned; *bytes is the size that the host says. */
static uint64_t quote_for(const uint8_t *report, uint8_t *quote, uint64_t *bytes)
{
    static struct { struct quote_args args; uint8_t quote[largest_quote + 16]; } out;
    uint64_t room = quote == NULL ? 0 : *bytes, rounded = (room + 15) & ~(uint64_t)15;
    struct { struct quote_args args; uint8_t format[16], report[432]; } in = {
        {{0, NULL, 0}, 0, PASSED, NULL, 0, PASSED, quote == NULL ? NULL : PASSED, room, PASSED, 0}, {0}, {0}};
    if (room > largest_quote) return unexpected;
    copy(in.format, sgx_ecdsa, 16);
    copy(in.report, report, 432);
    uint64_t result = call_host(attestation_quote, &in, sizeof in, &out, sizeof out.args + rounded + 16);
    if (result != ok) return result;
    copy(bytes, out.quote + rounded, 8);
    if (out.args.head.result == ok && out.args.retval == ok) copy(quote, out.quote, room);
    return out.args.retval;
}

struct evidence_args { struct result_args head; uint32_t retval; void *data, *evidence; uint64_t room; void *bytes; };

/* oe_get_report for remote attestation: oe_report_header_t, and a quote whose report data the caller chose. */
static uint64_t evidence(struct buffers b)
{
    struct evidence_args *args = (struct evidence_args *)b.in, *results = (struct evidence_args *)b.out;
    uint8_t target[512], report_bytes[432];
    uint64_t bytes = 0, room = args->room, rounded = (room + 15) & ~(uint64_t)15;
    if (room > 32768 || b.in_bytes < sizeof *args + 64 || b.out_bytes < sizeof *args + rounded + 16) return invalid_parameter;
    uint8_t *written = b.out + sizeof *args;
    uint64_t result = quoting_target(target);
    if (result == ok) {
        make_report(target, b.in + sizeof *args, report_bytes);
        result = quote_for(report_bytes, NULL, &bytes);
        uint64_t told = bytes;
        if (result == ok) result = unexpected;
        if (result == buffer_too_small) result = told + 16 <= room ? quote_for(report_bytes, written + 16, &bytes) : buffer_too_small;
        if (result == ok && bytes != told) result = unexpected;
    }
    if (result == ok) {
        /* The quote is about the report that was made here. */
        for (int i = 0; i < 384; i++) if (written[16 + 48 + i] != report_bytes[i]) result = unexpected;
        uint32_t header[4] = {1, 2, (uint32_t)bytes, 0};
        copy(written, header, 16);
    }
    bytes += 16;
    copy(written + rounded, &bytes, 8);
    results->retval = (uint32_t)result;
    return ok;
}
