/*
 * Plays a hostile script and a host that gives anything, for sanitizers: `harness FIRST COUNT` plays so many seeds. Each ends as the
 * host ends it, by a jump out of an import, or by returning.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../engine.c"

enum { SEEDS_A_PROCESS = 32, MAX_POLLS = 64, HEAP = 4 << 20, STACK = 256 << 10 };

static jmp_buf ended;
static uint64_t state;
static int polls;

static uint32_t draw(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state * 0x2545f4914f6cdd1dULL) >> 32) % below;
}

void enclos_host_poll(void)
{
    if (++polls > MAX_POLLS)
        longjmp(ended, 1);
}

_Noreturn void enclos_host_exhausted(enum enclos_resource resource)
{
    (void)resource;
    longjmp(ended, 2);
}

int enclos_host_grow(uint32_t pages)
{
    return pages < 64;
}

double enclos_host_now(void)
{
    return draw(2) ? 1.7e12 + draw(1000) : -1.0 * draw(1u << 31);
}

double enclos_host_random(void)
{
    return draw(1u << 30) / (double)(1u << 30);
}

/* Reads all that a slot points to, as the host does. */
static void read_slot(uint32_t at)
{
    static volatile unsigned char sink;
    const struct enclos_slot *slot = &slots[at];
    if (slot->tag < TAG_LATIN1 || slot->tag > TAG_BYTES)
        return;
    const size_t bytes = (size_t)slot->length << (slot->tag == TAG_UTF16);
    for (size_t i = 0; i < bytes; i++)
        sink = ((const unsigned char *)slot->u.at)[i];
    (void)sink;
}

/* Fills a slot with anything that a host could give, and with some that it could not. */
static void fill_slot(uint32_t at)
{
    static const uint32_t lengths[] = { 0, 1, 2, 15, 16, 255, 4096, 70000, 1 << 20, 0x3fffffff, 0x40000000, 0x7fffffff, 0xffffffff };
    static const double numbers[] = { 0, -0.0, 1, -1, 2147483647, 2147483648.0, -2147483649.0, 1e308, 0.5 };
    slots[at].tag = draw(16) == 0 ? draw(200) : draw(TAG_RANGE_ERROR + 1);
    slots[at].length = draw(4) ? draw(40) : lengths[draw(sizeof lengths / sizeof *lengths)];
    if (slots[at].tag == TAG_NUMBER) {
        slots[at].u.number = numbers[draw(9)];
        if (draw(8) == 0) {
            const uint64_t bits = 0x7ff0000000000000ULL | ((uint64_t)draw(1u << 31) << 20) | ((uint64_t)draw(2) << 63);
            memcpy(&slots[at].u.number, &bits, sizeof bits);
        }
    }
}

void enclos_host_call(uint32_t function, uint32_t count, uint32_t depth)
{
    (void)depth;
    if (function > 3 || count > ENCLOS_SLOTS)
        abort();
    for (uint32_t at = 0; at < count; at++)
        read_slot(at);
    fill_slot(0);
    if (slots[0].tag >= TAG_ERROR)
        fill_slot(1);
}

/* Writes exactly what the slot says: the sanitizer sees whether there is room for it. */
void enclos_host_take(uint32_t at, void *to)
{
    memset(to, (int)draw(256), (size_t)slots[at].length << (slots[at].tag == TAG_UTF16));
}

void enclos_host_entry(uint32_t index)
{
    (void)index;
    read_slot(0);
}

static const char *const values[] = {
    "1", "-0", "NaN", "'text'", "'\\u20ac'.repeat(99)", "'a'.repeat(70000)", "('a' + x).repeat(3)", "new ArrayBuffer(9)", "buffer",
    "new Uint8Array(4)", "{}", "[]", "null", "undefined", "true", "7n", "Symbol('s')", "x", "y", "host", "() => x", "new Proxy({}, {})",
    "Promise.resolve(x)", "Object.create(ArrayBuffer.prototype)", "{ valueOf: () => h.a(1) }", "{ toString() { throw x } }",
    "new Error(x)", "{ get stack() { return h.b() } }", "{ then(done) { done(h.a(x)) } }", "{ toJSON() { return h.c(y) } }",
};
static const char *const statements[] = {
    "x = %s;", "y = %s;", "buffer = x;", "x = h.a(%s);", "y = h.b(x, %s);", "h.c(x, y, %s);", "try { h.d(%s) } catch (e) { x = e }",
    "x = [x, y].join(%s);", "x = JSON.stringify(%s);", "y = h.import(%s);", "h.register(%s, () => x);", "throw %s;", "return %s;",
    "x = (async () => { await %s; return h.a(y) })();", "await null;", "Object.defineProperty(Object.prototype, 'stack', { value: %s, configurable: true });",
    "h.a(...Array(17).fill(%s));", "x += y;", "for (let i = 0; i < 9; i++) h.b(i, %s);", "eval('x = y');", "x = x[y];", "new h.a(%s);",
    "h.a.call(%s, x);", "x = structured(%s);", "Error.prepareStackTrace = () => %s;", "for (;;) x = h.c(y);", "x = () => x(); x();",
};

static char *text_of(void)
{
    static char text[20000];
    size_t length = 0;
    const uint32_t count = 1 + draw(12);
    for (uint32_t at = 0; at < count && length < sizeof text - 400; at++) {
        const char *value = values[draw(sizeof values / sizeof *values)];
        length += (size_t)snprintf(text + length, 400, statements[draw(sizeof statements / sizeof *statements)], value);
    }
    /* Now and then it is no program any more. */
    for (uint32_t flips = draw(6) == 0 ? draw(4) : 0; flips > 0 && length > 0; flips--)
        text[draw((uint32_t)length)] = (char)(1 + draw(255));
    return text;
}

static char *given(const char *text)
{
    const uint32_t length = (uint32_t)strlen(text);
    char *room = enclos_reserve(length);
    memcpy(room, text, length + 1);
    return room;
}

static void play(void)
{
    static char source[40000];
    const uint32_t heap = draw(8) ? HEAP : draw(HEAP);
    if (enclos_create(heap, STACK) != 0)
        return;
    static const char *const names[] = { "a", "b", "c", "d" };
    for (uint32_t at = 0; at < 4; at++)
        enclos_host_function(given(names[at]), at);
    snprintf(source, sizeof source,
        "const h = host; globalThis.h = h; let x = 'x', y = 0, buffer = new ArrayBuffer(3);"
        "host.register('run', async (v, w) => { x = v; y = w; %s });"
        "host.register('module', (name) => { x = h.import('/a.js').f(name); return x });", text_of());
    if (enclos_prelude(given("p.js"), given(source), (uint32_t)strlen(source)) != 0) {
        read_slot(0);
        read_slot(1);
        return;
    }
    snprintf(source, sizeof source, "let x = 1, y = 'y', buffer = null; export async function f(v) { x = v; %s }", text_of());
    enclos_module(given("/a.js"), given(source), (uint32_t)strlen(source));
    enclos_module(given("/b.js"), given(draw(2) ? "import './a.js'; export let b = 1;" : "import { f } from 'a.js'; await f(1);"), 34);
    if (enclos_link() != 0) {
        read_slot(0);
        read_slot(1);
        return;
    }
    for (uint32_t call = 0; call < 4; call++) {
        const uint32_t count = draw(ENCLOS_SLOTS + 1);
        for (uint32_t at = 0; at < count; at++) {
            fill_slot(at);
            if (slots[at].tag >= TAG_ERROR)
                slots[at].tag = TAG_NULL;
        }
        const int status = enclos_call(draw(entry_count), count, heap, STACK);
        read_slot(0);
        if (status != 0)
            read_slot(1);
    }
    release(context);
    enclos_end();
}

static void play_seed(uint64_t seed)
{
    state = (seed + 1) * 0x9e3779b97f4a7c15ULL;
    polls = 0;
    /* What a jump left is not freed; what the statics held begins anew. */
    entries = NULL;
    sources = NULL;
    entry_count = source_count = 0;
    held_count = 0;
    is_loaded = 0;
    committed = 0;
    if (setjmp(ended) == 0)
        play();
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    const uint64_t first = strtoull(argv[1], NULL, 10);
    const uint64_t end = first + strtoull(argv[2], NULL, 10);
    for (uint64_t seed = first; seed < end; seed += SEEDS_A_PROCESS) {
        const pid_t child = fork();
        if (child == 0) {
            for (uint64_t at = seed; at < end && at < seed + SEEDS_A_PROCESS; at++)
                play_seed(at);
            _exit(0);
        }
        int status = 0;
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
            fprintf(stderr, "seeds %llu to %llu failed\n", (unsigned long long)seed, (unsigned long long)seed + SEEDS_A_PROCESS);
            return 1;
        }
    }
    printf("%llu seeds\n", (unsigned long long)(end - first));
    return 0;
}
