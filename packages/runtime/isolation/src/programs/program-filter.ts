import { assembledFilter, type FilterTables } from '../layers/seccomp.ts';
import { privateTables } from './private-calls.ts';
import { absentCalls, allowedCalls, checkedCalls, type CallNumbers, type CheckedCall } from '../layers/system-calls.ts';

/** The calls of a program that are allowed with any arguments: memory, threads, signals, time, and waiting for the descriptors that it has. */
const anyArguments = [
  'read',
  'write',
  'futex',
  'epoll_pwait',
  'nanosleep',
  'epoll_ctl',
  'madvise',
  'munmap',
  'sched_yield',
  'close',
  'tgkill',
  'rt_sigreturn',
  'rt_sigprocmask',
  'rt_sigaction',
  'sigaltstack',
  'getpid',
  'gettid',
  'getrandom',
  'sched_getaffinity',
  'epoll_create1',
  'eventfd2',
  'exit',
  'exit_group',
  // The last step becomes the program by it. The file view has nothing else that could be run but the steps before.
  'execve',
  // What the C library and the vDSO fall back to, and how a call goes on after the process was stopped.
  'clock_gettime',
  'restart_syscall',
] as const;

/** The same for a program to which sockets are passed: each acts on a connected socket that it has. */
const withPassage = ['recvmsg', 'shutdown', 'getsockname', 'getpeername'] as const;

/**
 * Answered as if nothing had a name (ENOENT). Programs look for optional files when they start, and are prepared for this answer; a file
 * view that opens nothing would answer differently on each way to isolation.
 */
const namesOfFiles: Readonly<Record<string, CallNumbers>> = {
  ...pick(allowedCalls, [
    'openat',
    'access',
    'faccessat',
    'faccessat2',
    'stat',
    'lstat',
    'newfstatat',
    'statx',
    'readlink',
    'readlinkat',
  ]),
  open: [2, undefined],
};

const PROT_EXEC = 4;

/** Adds a condition to every way in which a call is allowed. */
function alsoWithout(call: CheckedCall, argument: number, bits: number): CheckedCall {
  return { numbers: call.numbers, when: call.when.map((list) => [...list, { argument, clear: bits }]) };
}

const {
  clone,
  mmap,
  mprotect,
  fcntl,
  arch_prctl: archPrctl,
  getsockopt,
} = pick(checkedCalls, ['clone', 'mmap', 'mprotect', 'fcntl', 'arch_prctl', 'getsockopt']);

/** What is allowed with some arguments only. Code is what was measured: no memory becomes executable later. */
const someArguments: Readonly<Record<string, CheckedCall>> = {
  mmap: alsoWithout(mmap, 2, PROT_EXEC),
  mprotect: alsoWithout(mprotect, 2, PROT_EXEC),
  clone,
  fcntl,
  arch_prctl: archPrctl,
  // Its own limits, which it may read.
  prlimit64: {
    numbers: [302, 261],
    when: [
      [
        { argument: 0, oneOf: [0] },
        { argument: 2, zero: true },
      ],
    ],
  },
};

/** The tables of the filter of a program. */
export function programTables({ passes }: { readonly passes: boolean }): FilterTables {
  return {
    allowed: pick(allowedCalls, passes ? [...anyArguments, ...withPassage] : anyArguments),
    checked: passes ? { ...someArguments, getsockopt } : someArguments,
    unnamed: namesOfFiles,
    absent: absentCalls,
  };
}

export interface ProgramFilterOptions {
  /** Whether sockets are passed to it. */
  readonly passes: boolean;
  /** Whether it has sockets of a private network. */
  readonly isPrivate?: boolean;
}

/** The system call filter of a program, of struct sock_filter: an allow-list of what a static program needs, and nothing of what starts it. */
export function programFilter(architecture: 'x64' | 'arm64', options: ProgramFilterOptions): Uint8Array {
  const tables = programTables(options);
  return assembledFilter(architecture, options.isPrivate === true ? privateTables(tables) : tables);
}

function pick<T, N extends string>(table: Readonly<Record<string, T>>, names: readonly N[]): Record<N, T> {
  const found = names.map((name): [N, T] => {
    const entry = table[name];
    if (entry === undefined) throw new RangeError(`${name} is not a call of the table.`);
    return [name, entry];
  });
  // The names are the keys.
  return Object.fromEntries(found) as Record<N, T>;
}
