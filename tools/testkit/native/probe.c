/*
 * A program for tests of enclaves that are programs: without a C library, for x86-64. It speaks the gate and the platform's channel as far
 * as it needs, answers one function, and makes any system call that it is told to.
 *
 *   probe calls SPEC...            makes these calls, and writes "SPEC=RESULT" lines to descriptor 3
 *   probe serve HELLO GREETING     HELLO: the description of the platform's channel; GREETING: the first message of the gate, in hex
 *   probe silent                   greets nobody, and stays
 *   probe end N                    ends with code N
 *   probe become                   becomes the file whose descriptor comes over descriptor 3, or ends with the number of the error
 *
 * A call is NUMBER,ARGUMENT,...: decimal or 0x; `p` is a buffer of zeros; sTEXT a text.
 */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;

static long call6(long n, long a, long b, long c, long d, long e, long f) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}
#define call3(n, a, b, c) call6(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)

enum { READ = 0, WRITE = 1, CLOSE = 3, MMAP = 9, NANOSLEEP = 35, RECVMSG = 47, CLONE = 56, EXECVE = 59 };
enum { FCNTL = 72, EXIT = 60, EXIT_GROUP = 231 };
enum { GATE = 3, PLATFORM = 4, BOOT = 5 };
enum { HELLO = 1, CALL = 2, RETURN = 3, LOG = 6, GOODBYE = 7 };

static u8 frame[1 << 20], out[1 << 16], scratch[1 << 16], boot[1 << 16];
static u32 booted[3], hostWords;
static u8 hostEnvironment[1 << 12];
static char **arguments, **environment;

void *memset(void *to, int value, u64 count) {
  for (u64 i = 0; i < count; i++) ((volatile u8 *)to)[i] = (u8)value;
  return to;
}
void *memcpy(void *to, const void *from, u64 count) {
  for (u64 i = 0; i < count; i++) ((volatile u8 *)to)[i] = ((const u8 *)from)[i];
  return to;
}
static u64 lengthOf(const char *text) {
  u64 n = 0;
  while (text[n]) n++;
  return n;
}
static int begins(const char *text, const char *with) {
  while (*with)
    if (*text++ != *with++) return 0;
  return 1;
}
static void end(int code) {
  for (;;) call3(EXIT_GROUP, code, 0, 0);
}
static void readAll(int from, u8 *to, u64 count) {
  while (count > 0) {
    long n = call3(READ, from, to, count);
    if (n <= 0) end(n == 0 ? 0 : 90);
    to += n, count -= (u64)n;
  }
}
static void writeAll(int to, const void *bytes, u64 count) {
  const u8 *from = bytes;
  while (count > 0) {
    long n = call3(WRITE, to, from, count);
    if (n <= 0) end(91);
    from += n, count -= (u64)n;
  }
}
static void rest(void) {
  struct {
    long seconds, nanoseconds;
  } time = {0, 20000000};
  call3(NANOSLEEP, &time, 0, 0);
}

static void put(int to, u8 kind, u16 index, u32 id, const void *payload, u32 count) {
  u8 head[20];
  memset(head, 0, sizeof head);
  *(u32 *)head = 16 + count;
  head[4] = kind;
  *(u16 *)(head + 6) = index;
  *(u32 *)(head + 8) = id;
  writeAll(to, head, sizeof head);
  writeAll(to, payload, count);
}
/* The length of what comes after the header, which is in `head`. */
static u32 take(int from, u8 head[20]) {
  readAll(from, head, 20);
  u32 count = *(u32 *)head - 16;
  if (count > sizeof frame) end(92);
  readAll(from, frame, count);
  return count;
}

static const char *number(const char *text, long *value) {
  int negative = *text == '-';
  u64 n = 0;
  text += negative;
  if (text[0] == '0' && text[1] == 'x') {
    for (text += 2;; text++) {
      int digit = *text >= '0' && *text <= '9' ? *text - '0' : *text >= 'a' && *text <= 'f' ? *text - 'a' + 10 : -1;
      if (digit < 0) break;
      n = n * 16 + (u64)digit;
    }
  } else
    for (; *text >= '0' && *text <= '9'; text++) n = n * 10 + (u64)(*text - '0');
  *value = negative ? -(long)n : (long)n;
  return text;
}
static u64 decimal(char *to, long value) {
  char digits[24];
  u64 n = 0, count = 0;
  u64 rest = value < 0 ? (u64)-value : (u64)value;
  do digits[n++] = (char)('0' + rest % 10), rest /= 10;
  while (rest);
  if (value < 0) to[count++] = '-';
  while (n) to[count++] = digits[--n];
  return count;
}
static long callBySpec(const char *spec) {
  long words[7] = {0};
  static char texts[6][256];
  for (int i = 0; i < 7 && *spec; i++) {
    if (*spec == 'p')
      words[i] = (long)scratch, spec++;
    else if (*spec == 's') {
      u64 n = 0;
      for (spec++; *spec && *spec != ',' && n < 255; spec++) texts[i - 1][n++] = *spec;
      texts[i - 1][n] = 0;
      words[i] = (long)texts[i - 1];
    } else
      spec = number(spec, &words[i]);
    if (*spec == ',') spec++;
  }
  long result = call6(words[0], words[1], words[2], words[3], words[4], words[5], words[6]);
  /* A call that returned twice. */
  if (result == 0 && (words[0] == 57 || words[0] == 58 || (words[0] == CLONE && !(words[1] & 0x10000)))) end(0);
  return result;
}

static u64 lines(char *to, char **list) {
  u64 n = 0;
  for (; *list; list++) {
    u64 length = lengthOf(*list);
    memcpy(to + n, *list, length);
    n += length;
    to[n++] = '\n';
  }
  return n;
}
/* As many threads as there can be, of `wanted`. */
static long threads(long wanted) {
  long made = 0;
  for (; made < wanted; made++) {
    u8 *stack = (u8 *)call6(MMAP, 0, 16384, 3, 0x22, -1, 0);
    if ((long)stack < 0) break;
    long id;
    register long r10 __asm__("r10") = 0;
    register long r8 __asm__("r8") = 0;
    /* VM, FS, FILES, SIGHAND, THREAD, SYSVSEM. The thread sleeps for ever. */
    __asm__ volatile(
        "syscall\n test rax, rax\n jnz 2f\n"
        "1: push 60\n pop rax\n push 0\n push 1000000\n mov rdi, rsp\n xor esi, esi\n mov eax, 35\n syscall\n jmp 1b\n"
        "2:"
        : "=a"(id)
        : "a"(CLONE), "D"(0x50f00), "S"(stack + 16384), "d"(0), "r"(r10), "r"(r8)
        : "rcx", "r11", "memory");
    if (id < 0) break;
  }
  return made;
}
/* How many mebibytes can be used, of `wanted`. */
static long memory(long wanted) {
  long used = 0;
  for (; used < wanted; used++) {
    u8 *page = (u8 *)call6(MMAP, 0, 1 << 20, 3, 0x22, -1, 0);
    if ((long)page < 0) break;
    for (u64 at = 0; at < 1 << 20; at += 4096) page[at] = 1;
  }
  return used;
}

static u64 answer(char *command, char *to) {
  long value;
  if (begins(command, "call ")) return decimal(to, callBySpec(command + 5));
  if (begins(command, "args")) return lines(to, arguments);
  if (begins(command, "env")) return lines(to, environment);
  if (begins(command, "host")) {
    memcpy(to, hostEnvironment, hostWords);
    return hostWords;
  }
  if (begins(command, "boot")) {
    u64 n = 0;
    for (int i = 0; i < 3; i++) n += decimal(to + n, booted[i]), to[n++] = ' ';
    return n;
  }
  if (begins(command, "descriptors")) {
    u64 n = 0;
    for (int i = 0; i < 1024; i++)
      if (call3(FCNTL, i, 1, 0) >= 0) n += decimal(to + n, i), to[n++] = ' ';
    return n;
  }
  if (begins(command, "threads ")) return number(command + 8, &value), decimal(to, threads(value));
  if (begins(command, "memory ")) return number(command + 7, &value), decimal(to, memory(value));
  if (begins(command, "log ")) return put(GATE, LOG, 2, 0, command + 4, (u32)lengthOf(command + 4)), 0;
  if (begins(command, "say ")) return writeAll(2, command + 4, lengthOf(command + 4)), 0;
  if (begins(command, "end ")) number(command + 4, &value), end((int)value);
  if (begins(command, "crash")) *(volatile int *)8 = 1;
  return 0;
}

static void readBoot(void) {
  writeAll(BOOT, "r", 1);
  for (int i = 0; i < 3; i++) {
    readAll(BOOT, (u8 *)&booted[i], 4);
    for (u32 left = booted[i]; left > 0;) {
      u32 n = left < sizeof boot ? left : sizeof boot;
      readAll(BOOT, boot, n);
      left -= n;
    }
  }
  call3(CLOSE, BOOT, 0, 0);
}
static u8 nibble(char c) { return (u8)(c <= '9' ? c - '0' : c - 'a' + 10); }

static void serve(const char *hello, const char *greeting) {
  u8 head[20];
  /* The host's connection does not block: F_SETFL, and no flags. */
  call3(FCNTL, GATE, 4, 0);
  readBoot();
  put(PLATFORM, HELLO, 0, 0, hello, (u32)lengthOf(hello));
  take(PLATFORM, head);
  u32 count = (u32)lengthOf(greeting) / 2;
  for (u32 i = 0; i < count; i++) out[i] = (u8)(nibble(greeting[2 * i]) << 4 | nibble(greeting[2 * i + 1]));
  take(GATE, head);
  put(GATE, HELLO, 0, 0, out, count);
  for (;;) {
    count = take(GATE, head);
    u32 id = *(u32 *)(head + 8);
    if (head[4] == GOODBYE) end(0);
    if (head[4] != CALL) continue;
    if (head[5] == 1) {
      hostWords = count < sizeof hostEnvironment ? count : sizeof hostEnvironment;
      memcpy(hostEnvironment, frame, hostWords);
      put(GATE, RETURN, 0, id, out, 0);
      continue;
    }
    /* A text: its length in one or two bytes, low bits first, then its bytes. */
    u32 skip = frame[0] & 0x80 ? 2 : 1;
    frame[count] = 0;
    u32 length = (u32)answer((char *)frame + skip, (char *)out + 2);
    out[0] = (u8)(length | 0x80), out[1] = (u8)(length >> 7);
    if (length < 0x80) out[1] = (u8)length;
    put(GATE, RETURN, 0, id, length < 0x80 ? out + 1 : out, length + (length < 0x80 ? 1 : 2));
  }
}

static long become(void) {
  struct {
    void *bytes;
    u64 count;
  } piece = {scratch, 16};
  u64 control[4] = {0};
  struct {
    void *name;
    u64 nameBytes;
    void *pieces;
    u64 count;
    void *control;
    u64 controlBytes, flags;
  } message = {0, 0, &piece, 1, control, sizeof control, 0};
  long got = call3(RECVMSG, GATE, &message, 0);
  if (got <= 0) return got;
  char path[40] = "/proc/self/fd/", *words[] = {"passed", "end", "42", 0};
  path[14 + decimal(path + 14, *(int *)&control[2])] = 0;
  return call3(EXECVE, path, words, 0);
}

__attribute__((used)) static void run(u64 *stack) {
  u64 count = stack[0];
  arguments = (char **)(stack + 1);
  environment = arguments + count + 1;
  char *mode = count > 1 ? arguments[1] : "silent";
  if (begins(mode, "calls")) {
    for (u64 i = 2; i < count; i++) {
      char line[512];
      u64 n = lengthOf(arguments[i]);
      long result = callBySpec(arguments[i]);
      memcpy(line, arguments[i], n);
      line[n++] = '=';
      n += decimal(line + n, result);
      line[n++] = '\n';
      writeAll(GATE, line, n);
    }
    end(0);
  }
  if (begins(mode, "serve")) serve(arguments[2], arguments[3]);
  if (begins(mode, "end")) {
    long code;
    number(arguments[2], &code);
    end((int)code);
  }
  if (begins(mode, "become")) end((int)-become());
  for (;;) rest();
}

__attribute__((naked, used)) void _start(void) { __asm__("mov rdi, rsp\n and rsp, -16\n call run\n"); }
