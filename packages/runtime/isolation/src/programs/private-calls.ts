import type { FilterTables } from '../layers/seccomp.ts';
import {
  allowedCalls,
  checkedCalls,
  pick,
  stubPrctl,
  type CallNumbers,
  type CheckedCall,
  type Condition,
} from '../layers/system-calls.ts';

/*
 * The calls of a program with a private network: what static programs of C, Rust and Go make besides those of `program-filter.ts` (strace
 * over musl, glibc and the standard libraries), and sockets of the families and kinds that reach the loopback interface.
 */

const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
/** SOCK_NONBLOCK, SOCK_CLOEXEC. */
const flags = [0, 0o4000, 0o2000000, 0o2004000];
const IPPROTO_IP = 0;
const IPPROTO_TCP = 6;
const IPPROTO_UDP = 17;
const IPPROTO_IPV6 = 41;
const SOL_SOCKET = 1;

const ofKind = (...kinds: readonly number[]): readonly number[] =>
  kinds.flatMap((kind) => flags.map((flag) => kind | flag));

/** By level: options of sockets that say how fast, how long and how much, and nothing of devices, marks, filters or other protocols. */
const options: Readonly<Record<number, readonly number[]>> = {
  // REUSEADDR, TYPE, ERROR, BROADCAST, KEEPALIVE, LINGER, REUSEPORT, RCVLOWAT, RCVTIMEO, SNDTIMEO, ACCEPTCONN, PROTOCOL,
  // DOMAIN, and the timeouts of newer C libraries.
  [SOL_SOCKET]: [2, 3, 4, 6, 9, 13, 15, 18, 20, 21, 30, 38, 39, 66, 67],
  // IP_RECVERR, without which the resolver of glibc does not ask.
  [IPPROTO_IP]: [11],
  // NODELAY, MAXSEG, CORK, KEEPIDLE, KEEPINTVL, KEEPCNT, DEFER_ACCEPT, QUICKACK, USER_TIMEOUT.
  [IPPROTO_TCP]: [1, 2, 3, 4, 5, 6, 9, 12, 18],
  // IPV6_RECVERR, IPV6_V6ONLY.
  [IPPROTO_IPV6]: [25, 26],
};
/**
 * SNDBUF, RCVBUF: asked for and not given, as the kernel itself gives less than a program asks for and says yes (socket(7)). Its bound for
 * them is that of the whole machine, and above the one of the namespace (`native/prepare.c`).
 */
const sizes = [7, 8];
const optionIs = (level: number, names: readonly number[]): readonly Condition[] => [
  { argument: 1, oneOf: [level] },
  { argument: 2, oneOf: names },
];
const someOptions = Object.entries(options).map(([level, names]) => optionIs(Number(level), names));

/** The calls of sockets. Addresses are in memory that a filter does not see: the namespace decides what they reach. */
const ofSockets: Readonly<Record<string, CallNumbers>> = {
  connect: [42, 203],
  bind: [49, 200],
  listen: [50, 201],
  accept: [43, 202],
  accept4: [288, 242],
  sendto: [44, 206],
  recvfrom: [45, 207],
  sendmsg: [46, 211],
  sendmmsg: [307, 269],
  recvmsg: [47, 212],
  shutdown: [48, 210],
  getsockname: [51, 204],
  getpeername: [52, 205],
};

const checked: Readonly<Record<string, CheckedCall>> = {
  /**
   * No raw sockets, no netlink, no vsock. No Unix sockets either: below util-linux the names of those of the machine can be reached
   * (connect(2) asks Landlock only since Linux 7).
   */
  socket: {
    numbers: [41, 198],
    when: [
      [
        { argument: 0, oneOf: [AF_INET, AF_INET6] },
        { argument: 1, oneOf: ofKind(SOCK_STREAM, SOCK_DGRAM) },
        { argument: 2, oneOf: [0, IPPROTO_TCP, IPPROTO_UDP] },
      ],
    ],
  },
  /** Connected for good: a pair of datagrams could still send to a name. */
  socketpair: {
    numbers: [53, 199],
    when: [
      [
        { argument: 0, oneOf: [AF_UNIX] },
        { argument: 1, oneOf: ofKind(SOCK_STREAM) },
        { argument: 2, oneOf: [0] },
      ],
    ],
  },
  setsockopt: { numbers: [54, 208], when: someOptions, ignored: [optionIs(SOL_SOCKET, sizes)] },
  getsockopt: { numbers: [55, 209], when: [...someOptions, optionIs(SOL_SOCKET, sizes)] },
};

/**
 * What the C libraries and Rust call to start, to wait, and to learn about themselves. All is in the outer filter too.
 *
 * Not mremap: code at the place of the last step could become another program (`startingMemory`), and gets there without MREMAP_FIXED too.
 * MREMAP_DONTUNMAP takes the address as a hint that it follows, and code just below grows into that place. C libraries copy instead.
 */
const ofLibraries = [
  'readv',
  'writev',
  'lseek',
  'fstat',
  'dup',
  'dup2',
  'dup3',
  'pipe',
  'pipe2',
  'poll',
  'ppoll',
  'select',
  'pselect6',
  'epoll_wait',
  'brk',
  'membarrier',
  'set_robust_list',
  'set_tid_address',
  'rseq',
  'clock_getres',
  'clock_nanosleep',
  'gettimeofday',
  'time',
  'times',
  'getrusage',
  'sysinfo',
  'uname',
  'getcpu',
  'getrlimit',
  'getppid',
  'getuid',
  'geteuid',
  'getgid',
  'getegid',
  'getgroups',
  'sched_getparam',
  'sched_getscheduler',
  'getcwd',
] as const;

/** How musl signals a thread: raise(3), pthread_kill(3). */
const tkill: CallNumbers = [200, 130];
const epollCreate: CallNumbers = [213, undefined];

/** Where the program of a private network has other calls than one that speaks to its host itself. */
export function privateTables(program: FilterTables): FilterTables {
  // Its descriptors 3 and 4 are not what another program has there.
  const { close: _close, ...kept } = program.checked;
  return {
    ...program,
    allowed: {
      ...program.allowed,
      ...pick(allowedCalls, ['close', ...ofLibraries]),
      ...ofSockets,
      tkill,
      epoll_create: epollCreate,
    },
    checked: { ...kept, ...checked, ...pick(checkedCalls, ['ioctl']) },
  };
}

const CLONE_PIDFD = 0x1000;
const SIGCHLD = 17;

/** The outer filter of relay and program: each adds its own, and a filter can only refuse more (seccomp(2)). */
export function outerPrivateTables(interpreter: FilterTables): FilterTables {
  const { clone } = pick(interpreter.checked, ['clone']);
  return {
    ...interpreter,
    allowed: { ...interpreter.allowed, ...ofSockets, tkill, epoll_create: epollCreate },
    checked: {
      ...interpreter.checked,
      ...checked,
      prctl: stubPrctl,
      // The relay makes the process of the program, and no other.
      clone: { numbers: clone.numbers, when: [...clone.when, [{ argument: 0, oneOf: [CLONE_PIDFD | SIGCHLD] }]] },
    },
  };
}
