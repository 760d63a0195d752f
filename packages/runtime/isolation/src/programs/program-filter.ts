import { enclaveDescriptors } from '@enclos/loader';
import { assembledFilter, type FilterTables } from '../layers/seccomp.ts';
import { privateTables } from './private-calls.ts';
import {
  absentCalls,
  allowedCalls,
  checkedCalls,
  pick,
  type CallNumbers,
  type CheckedCall,
} from '../layers/system-calls.ts';

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

const { close, execve } = pick(allowedCalls, ['close', 'execve']);
const { gate, platform } = enclaveDescriptors;
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
  // A wrapper may hold the same connections, so the other sides would not notice that they are closed here. They notice the end of the process.
  close: { numbers: close, when: [[{ argument: 0, noneOf: [gate, platform] }]], otherwise: 'ends the process' },
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

/** Which sockets a program has. */
export interface ProgramKind {
  /** Whether sockets are passed to it. */
  readonly passes: boolean;
  /** Whether it has those of a private network. */
  readonly isPrivate?: boolean;
}

export interface ProgramFilterOptions extends ProgramKind {
  /** The last step becomes the program by the instruction before this address. */
  readonly becomesBefore: bigint;
}

/** The tables of the filter of a program. */
export function programTables({ passes, becomesBefore }: ProgramFilterOptions): FilterTables {
  // A file in memory that a host passes has a name below /proc, and Landlock does not ask about it: no view of the files keeps a program from it.
  const ofLastStep = { execve: { numbers: execve, when: [[{ before: becomesBefore }]] } };
  return {
    allowed: pick(allowedCalls, passes ? [...anyArguments, ...withPassage] : anyArguments),
    checked: { ...someArguments, ...ofLastStep, ...(passes ? { getsockopt } : {}) },
    unnamed: namesOfFiles,
    absent: absentCalls,
  };
}

/** The system call filter of a program, of struct sock_filter: an allow-list of what a static program needs, and nothing of what starts it. */
export function programFilter(architecture: 'x64' | 'arm64', options: ProgramFilterOptions): Uint8Array {
  const tables = programTables(options);
  return assembledFilter(architecture, options.isPrivate === true ? privateTables(tables) : tables);
}
