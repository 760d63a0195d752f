import { constants } from 'node:os';

/** What native code in an enclave would try: a program in Perl that makes system calls by their numbers. */

interface Call {
  readonly x64: number | undefined;
  readonly arm64: number | undefined;
  /** Perl: numbers, and buffers as `$b` (zeros). They succeed, or fail with another error than EPERM, where nothing refuses. */
  readonly args: string;
  /** The call returns twice. */
  readonly twice?: true;
}

/** Refused by the system call filter with EPERM, each with arguments that do no harm where it is not. */
const refusedCalls: Readonly<Record<string, Call>> = {
  'socket of IPv4': { x64: 41, arm64: 198, args: '2,1,0' },
  'socket of Unix': { x64: 41, arm64: 198, args: '1,1,0' },
  'socket of netlink': { x64: 41, arm64: 198, args: '16,3,0' },
  socketpair: { x64: 53, arm64: 199, args: '1,1,0,$b' },
  // AF_UNSPEC undoes the binding of a socket, so that it can be connected anew (connect(2)).
  'connect of an inherited socket to AF_UNSPEC': { x64: 42, arm64: 203, args: '3,$b,16' },
  'connect of an inherited socket': { x64: 42, arm64: 203, args: '3,pack("Sna4x8",2,9,"\\x7f\\0\\0\\1"),16' },
  'bind of an inherited socket': { x64: 49, arm64: 200, args: '3,pack("Sna4x8",2,0,"\\x7f\\0\\0\\1"),16' },
  'listen of an inherited socket': { x64: 50, arm64: 201, args: '3,1' },
  'accept of an inherited socket': { x64: 288, arm64: 242, args: '3,0,0,2048' },
  fork: { x64: 57, arm64: undefined, args: '', twice: true },
  'clone of a process': { x64: 56, arm64: 220, args: '17,0,0,0,0', twice: true },
  ptrace: { x64: 101, arm64: 117, args: '16,999999999,0,0' },
  process_vm_readv: { x64: 310, arm64: 270, args: '$$,$b,0,$b,0,0' },
  process_vm_writev: { x64: 311, arm64: 271, args: '$$,$b,0,$b,0,0' },
  pidfd_open: { x64: 434, arm64: 434, args: '$$,0' },
  kill: { x64: 62, arm64: 129, args: '$$,0' },
  'execve by descriptor': { x64: 322, arm64: 281, args: '-1,$b,0,0,4096' },
  memfd_create: { x64: 319, arm64: 279, args: '"a",0' },
  mount: { x64: 165, arm64: 40, args: '$b,"/nowhere",$b,0,0' },
  unshare: { x64: 272, arm64: 97, args: '0' },
  'unshare of the user': { x64: 272, arm64: 97, args: '0x10000000' },
  setns: { x64: 308, arm64: 268, args: '-1,0' },
  chroot: { x64: 161, arm64: 51, args: '"/nowhere"' },
  bpf: { x64: 321, arm64: 280, args: '999,$b,0' },
  io_uring_setup: { x64: 425, arm64: 425, args: '0,$b' },
  userfaultfd: { x64: 323, arm64: 282, args: '0' },
  perf_event_open: { x64: 298, arm64: 241, args: '0,0,-1,-1,0' },
  keyctl: { x64: 250, arm64: 219, args: '0,-3,0' },
  add_key: { x64: 248, arm64: 217, args: '"a","b",0,0,-3' },
  open_by_handle_at: { x64: 304, arm64: 265, args: '-1,$b,0' },
  name_to_handle_at: { x64: 303, arm64: 264, args: '-1,"/",$b,$b,0' },
  inotify_init1: { x64: 294, arm64: 26, args: '0' },
  chmod: { x64: 268, arm64: 53, args: '-100,"/nowhere",0' },
  'prctl, to outlive the parent': { x64: 157, arm64: 167, args: '1,0,0,0,0' },
};

const otherCalls: Readonly<Record<string, Call>> = {
  // ENOSYS, so that the C library takes clone for its threads.
  clone3: { x64: 435, arm64: 435, args: '$b,0' },
  'prctl, to name a thread': { x64: 157, arm64: 167, args: '15,"a",0,0,0' },
};

const column = process.arch === 'arm64' ? 'arm64' : 'x64';
const exitGroup = { x64: 231, arm64: 94 }[column];
const execve = { x64: 59, arm64: 221 }[column];

function lineFor([name, call]: readonly [string, Call]): readonly string[] {
  const number = call[column];
  if (number === undefined) return [];
  const end = call.twice === true ? `syscall(${exitGroup},0) if $r == 0;` : '';
  // Perl takes no constant for a buffer.
  return [`@a = (${call.args}); $r = syscall(${number},@a); ${end} say('${name}', $r >= 0);`];
}

/** The program; with `victim`, a file of the machine that others may read. */
export function nativeProbe(victim: string): string {
  return [
    '$| = 1; $b = "\\0" x 256;',
    'sub say { my ($n, $ok) = @_; my $e = $!+0; print "$n=", $ok ? 0 : $e, "\\n"; }',
    ...Object.entries({ ...refusedCalls, ...otherCalls }).flatMap(lineFor),
    `say('open a file', open(F, '<', '${victim}'));`,
    `say('stat a file', scalar(@s = stat('${victim}')));`,
    `say('open the environment', open(F, '<', '/proc/self/environ'));`,
    `say('open a file to write', open(F, '>', '/tmp/enclave-was-here'));`,
    `say('list the root folder', opendir(D, '/'));`,
    `say('make a folder', mkdir('/enclave-was-here'));`,
    // The last: where nothing refuses, it ends the program.
    `@a = ('/bin/true',0,0); $r = syscall(${execve},@a); say('execve of another program', 0);`,
  ].join(' ');
}

/** By attempt: the name of the error, or `ok`. */
export function readProbe(output: string): Readonly<Record<string, string>> {
  const names = new Map(Object.entries(constants.errno).map(([name, number]) => [number, name]));
  const lines = output.trim().split('\n');
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.lastIndexOf('=');
      const number = Number(line.slice(at + 1));
      return [line.slice(0, at), number === 0 ? 'ok' : (names.get(number) ?? String(number))];
    }),
  );
}

export const nativeCallNames: readonly string[] = Object.entries(refusedCalls).flatMap(([name, call]) =>
  call[column] === undefined ? [] : [name],
);
