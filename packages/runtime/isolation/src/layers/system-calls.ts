/** Numbers of asm/unistd.h: x86-64, then the generic table of arm64. `undefined`: not on that architecture. */
export type CallNumbers = readonly [x64: number | undefined, arm64: number | undefined];

/**
 * What an argument of a call, or the place that it is made from, must be. All but `zero` and `before` check its low word, which is all that the kernel reads of an `int` and of
 * the flags below. `zero` also checks the upper half, because it is used for pointers.
 */
export type Condition =
  | { readonly argument: number; readonly oneOf: readonly number[] }
  /** Each of these bits is set, or none of them is. */
  | { readonly argument: number; readonly set: number }
  | { readonly argument: number; readonly clear: number }
  | { readonly argument: number; readonly noneOf: readonly number[] }
  /** A null pointer. */
  | { readonly argument: number; readonly zero: true }
  /** The call is made by the instruction before this address. */
  | { readonly before: bigint };

export interface CheckedCall {
  readonly numbers: CallNumbers;
  /** The call is allowed when all conditions of at least one of these lists hold. */
  readonly when: readonly (readonly Condition[])[];
  /** The call is answered as done, and is not done, when all conditions of one of these lists hold. */
  readonly ignored?: readonly (readonly Condition[])[];
  /** Without it the call is otherwise refused with EPERM. */
  readonly otherwise?: 'ends the process';
}

/**
 * The calls that are allowed with any arguments: those that the pinned interpreter makes (strace over the process tests), those
 * that other versions of the dynamic loader and the C library may make instead, and those that `setpriv` and bubblewrap's first
 * process make under the filter. Each call acts on the process itself, or on a descriptor that it has.
 */
export const allowedCalls: Readonly<Record<string, CallNumbers>> = {
  // Descriptors.
  read: [0, 63],
  write: [1, 64],
  readv: [19, 65],
  writev: [20, 66],
  pread64: [17, 67],
  lseek: [8, 62],
  close: [3, 57],
  close_range: [436, 436],
  dup: [32, 23],
  dup2: [33, undefined],
  dup3: [292, 24],
  pipe: [22, undefined],
  pipe2: [293, 59],
  // Waiting for them.
  poll: [7, undefined],
  ppoll: [271, 73],
  select: [23, undefined],
  pselect6: [270, 72],
  epoll_create1: [291, 20],
  epoll_ctl: [233, 21],
  epoll_wait: [232, undefined],
  epoll_pwait: [281, 22],
  eventfd2: [290, 19],
  // Sockets that it was given, which are connected: no call here makes one reach further.
  recvmsg: [47, 212],
  shutdown: [48, 210],
  getsockname: [51, 204],
  getpeername: [52, 205],
  // Files, of which the file view has few. No call here changes a name or an attribute.
  openat: [257, 56],
  access: [21, undefined],
  faccessat: [269, 48],
  faccessat2: [439, 439],
  stat: [4, undefined],
  lstat: [6, undefined],
  fstat: [5, 80],
  newfstatat: [262, 79],
  statx: [332, 291],
  readlink: [89, undefined],
  readlinkat: [267, 78],
  getdents64: [217, 61],
  getcwd: [79, 17],
  // Existing memory.
  munmap: [11, 215],
  mremap: [25, 216],
  madvise: [28, 233],
  brk: [12, 214],
  membarrier: [324, 283],
  pkey_alloc: [330, 289],
  pkey_free: [331, 290],
  // Threads and the end. The filter cannot know the number of its own process: tgkill is how a thread is signalled and
  // how abort() works, and the namespace has no other process that it could reach.
  futex: [202, 98],
  set_robust_list: [273, 99],
  set_tid_address: [218, 96],
  rseq: [334, 293],
  gettid: [186, 178],
  tgkill: [234, 131],
  sched_yield: [24, 124],
  sched_getaffinity: [204, 123],
  sched_getparam: [143, 121],
  sched_getscheduler: [145, 120],
  exit: [60, 93],
  exit_group: [231, 94],
  // bubblewrap's first process waits for the enclave.
  wait4: [61, 260],
  // The filter is in place before the interpreter starts. The file view decides what can be run.
  execve: [59, 221],
  // Signals inside the process.
  rt_sigaction: [13, 134],
  rt_sigprocmask: [14, 135],
  rt_sigreturn: [15, 139],
  sigaltstack: [131, 132],
  restart_syscall: [219, 128],
  // Time, and facts about the machine and the process.
  clock_gettime: [228, 113],
  clock_getres: [229, 114],
  clock_nanosleep: [230, 115],
  nanosleep: [35, 101],
  gettimeofday: [96, 169],
  time: [201, undefined],
  times: [100, 153],
  getrusage: [98, 165],
  sysinfo: [99, 179],
  uname: [63, 160],
  getcpu: [309, 168],
  getrandom: [318, 278],
  getrlimit: [97, 163],
  getpid: [39, 172],
  getppid: [110, 173],
  getuid: [102, 174],
  geteuid: [107, 175],
  getgid: [104, 176],
  getegid: [108, 177],
  getresuid: [118, 148],
  getresgid: [120, 150],
  getgroups: [115, 158],
  capget: [125, 90],
  // setpriv sets the file view after the filter. With these calls a process restricts itself and no other process.
  landlock_create_ruleset: [444, 444],
  landlock_restrict_self: [446, 446],
  // For setpriv, which drops privileges below bubblewrap. Without capabilities and with no-new-privs these calls gain nothing.
  capset: [126, 91],
  setuid: [105, 146],
  setgid: [106, 144],
  setreuid: [113, 145],
  setregid: [114, 143],
  setresuid: [117, 147],
  setresgid: [119, 149],
  setgroups: [116, 159],
};

/** linux/sched.h: the flags for threads. They include no new namespace, no exit signal and no pidfd. */
const threadFlags =
  // VM, FS, FILES, SIGHAND, THREAD, SYSVSEM, SETTLS, PARENT_SETTID, CHILD_CLEARTID; DETACHED; CHILD_SETTID.
  0x003d_0f00 | 0x0040_0000 | 0x0100_0000;
const CLONE_THREAD = 0x0001_0000;

/** asm-generic/mman-common.h. */
const MAP_SHARED = 0x01;
const MAP_GROWSDOWN = 0x0100;
const PROT_GROWS = 0x0300_0000;

/** asm-generic/ioctls.h. The last asks newer C libraries' isatty: TCGETS2. */
const ownDescriptor = { FIONBIO: 0x5421, FIOCLEX: 0x5451, FIONCLEX: 0x5450, FIONREAD: 0x541b };
const terminal = { TCGETS: 0x5401, TIOCGWINSZ: 0x5413, TCGETS2: 0x802c_542a };

/** asm-generic/fcntl.h: DUPFD, GETFD, SETFD, GETFL, and DUPFD_CLOEXEC of linux/fcntl.h. */
const fcntlCommands = [0, 1, 2, 3, 1030];
const F_SETFL = 4;
const O_ASYNC = 0x2000;

/** linux/landlock.h. */
const LANDLOCK_RULE_PATH_BENEATH = 1;

/** asm-generic/resource.h. */
const RLIMIT_NPROC = 6;
const RLIMIT_NOFILE = 7;

const SOL_SOCKET = 1;
/** asm-generic/socket.h: TYPE, ERROR, SNDBUF, RCVBUF, ACCEPTCONN, PROTOCOL, DOMAIN. None identifies the peer. */
const socketOptions = [3, 4, 7, 8, 30, 38, 39];

/** linux/prctl.h. */
const prctlOptions = {
  GET_PDEATHSIG: 2,
  GET_DUMPABLE: 3,
  GET_KEEPCAPS: 7,
  SET_KEEPCAPS: 8,
  SET_NAME: 15,
  GET_NAME: 16,
  // setpriv reads this before it drops capabilities below bubblewrap.
  CAPBSET_READ: 23,
  CAPBSET_DROP: 24,
  GET_SECUREBITS: 27,
  SET_NO_NEW_PRIVS: 38,
  GET_NO_NEW_PRIVS: 39,
  CAP_AMBIENT: 47,
  // Allocators name their memory with it.
  SET_VMA: 0x5356_4d41,
};

// Without SET_PDEATHSIG an enclave cannot arrange to outlive its platform; without SET_PTRACER it cannot let others trace it.
const prctl: CheckedCall = { numbers: [157, 167], when: [[{ argument: 0, oneOf: Object.values(prctlOptions) }]] };

/** linux/prctl.h, linux/seccomp.h. */
const PR_SET_DUMPABLE = 4;
const PR_SET_SECCOMP = 22;
const SECCOMP_MODE_FILTER = 2;

/**
 * For the stub of SGX images, which keeps others of its user from reading its memory, and adds a filter to this one: a filter can only
 * refuse more (seccomp(2)).
 */
export const stubPrctl: CheckedCall = {
  numbers: prctl.numbers,
  when: [
    ...prctl.when,
    [
      { argument: 0, oneOf: [PR_SET_DUMPABLE] },
      { argument: 1, zero: true },
    ],
    [
      { argument: 0, oneOf: [PR_SET_SECCOMP] },
      { argument: 1, oneOf: [SECCOMP_MODE_FILTER] },
    ],
  ],
};

/** The calls that are harmless only with some arguments. */
export const checkedCalls: Readonly<Record<string, CheckedCall>> = {
  // Threads, but not processes or namespaces.
  clone: {
    numbers: [56, 220],
    when: [
      [
        { argument: 0, set: CLONE_THREAD },
        { argument: 0, clear: ~threadFlags >>> 0 },
      ],
    ],
  },
  // RLIMIT_DATA counts only private memory, and no stack that grows by itself (mm/mmap.c, is_data_mapping).
  mmap: { numbers: [9, 222], when: [[{ argument: 3, clear: MAP_SHARED | MAP_GROWSDOWN }]] },
  mprotect: { numbers: [10, 226], when: [[{ argument: 2, clear: PROT_GROWS }]] },
  pkey_mprotect: { numbers: [329, 288], when: [[{ argument: 2, clear: PROT_GROWS }]] },
  // On any socket, even a Unix socket, 0x89xx reads the interfaces of the network namespace that it was made in (netdevice(7)).
  ioctl: {
    numbers: [16, 29],
    when: [[{ argument: 1, oneOf: [...Object.values(ownDescriptor), ...Object.values(terminal)] }]],
  },
  // No owner of a descriptor, no notice of a folder, no lease, no larger pipe (fcntl(2)).
  fcntl: {
    numbers: [72, 25],
    when: [
      [{ argument: 1, oneOf: fcntlCommands }],
      [
        { argument: 1, oneOf: [F_SETFL] },
        { argument: 2, clear: O_ASYNC },
      ],
    ],
  },
  getsockopt: {
    numbers: [55, 209],
    when: [
      [
        { argument: 1, oneOf: [SOL_SOCKET] },
        { argument: 2, oneOf: socketOptions },
      ],
    ],
  },
  prctl,
  // ARCH_SET_FS, ARCH_GET_FS (asm/prctl.h).
  arch_prctl: { numbers: [158, undefined], when: [[{ argument: 0, oneOf: [0x1002, 0x1003] }]] },
  // The rules that setpriv adds. A rule takes kernel memory that no limit counts, and a ruleset accepts 65,536 rules of the
  // other kind, for ports, without naming a single file.
  landlock_add_rule: { numbers: [445, 445], when: [[{ argument: 1, oneOf: [LANDLOCK_RULE_PATH_BENEATH] }]] },
  // Its own limits: the starter and the interpreter read all of them, and lower two.
  prlimit64: {
    numbers: [302, 261],
    when: [
      [
        { argument: 0, oneOf: [0] },
        { argument: 2, zero: true },
      ],
      [
        { argument: 0, oneOf: [0] },
        { argument: 1, oneOf: [RLIMIT_NPROC, RLIMIT_NOFILE] },
      ],
    ],
  },
};

/**
 * Reported as absent (ENOSYS), so that the C library falls back to an older call. The flags of clone3 are in memory that
 * a filter cannot follow; the other calls have not been reviewed.
 */
export const absentCalls: Readonly<Record<string, CallNumbers>> = {
  clone3: [435, 435],
  openat2: [437, 437],
  epoll_pwait2: [441, 441],
  futex_waitv: [449, 449],
  futex_wake: [454, 454],
  futex_wait: [455, 455],
  futex_requeue: [456, 456],
};

/**
 * The first number that no kernel had when this table was written. From here on the filter answers as an older kernel would.
 */
export const firstUnknownCall = 470;

/** Calls of a table. @throws RangeError for a name that it does not have */
export function pick<T, N extends string>(table: Readonly<Record<string, T>>, names: readonly N[]): Record<N, T> {
  const found = names.map((name): [N, T] => {
    const entry = table[name];
    if (entry === undefined) throw new RangeError(`${name} is not a call of the table.`);
    return [name, entry];
  });
  // The names are the keys.
  return Object.fromEntries(found) as Record<N, T>;
}
