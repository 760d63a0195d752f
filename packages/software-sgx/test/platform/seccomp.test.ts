import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { refusedSystemCalls, seccompFilter } from '../../src/platform/isolation/seccomp.ts';
import { decodeProgram, runFilter } from './bpf.ts';

/** seccomp(2): the action is in the upper half, the errno in the lower. */
const allow = 0x7fff_0000;
const eperm = 0x0005_0001;
const enosys = 0x0005_0026;
const kill = 0x8000_0000;

const CLONE_THREAD = 0x0001_0000;
/** What the C library gives clone for a thread: VM, FS, FILES, SIGHAND, THREAD, SYSVSEM, SETTLS, PARENT_SETTID, CHILD_CLEARTID. */
const threadFlags = 0x003d_0f00;
const namespaces = { NEWTIME: 0x80, NEWNS: 0x2_0000, NEWCGROUP: 0x200_0000, NEWUTS: 0x400_0000, NEWIPC: 0x800_0000 };
const moreNamespaces = { NEWUSER: 0x1000_0000, NEWPID: 0x2000_0000, NEWNET: 0x4000_0000 };

/** Numbers of asm/unistd.h, written down here a second time on purpose. */
const numbers = {
  x64: {
    refused: [
      41, 53, 42, 49, 50, 43, 288, 425, 426, 427, 57, 58, 101, 310, 311, 312, 434, 438, 424, 62, 200, 129, 297, 272,
      308, 165, 166, 155, 161, 442, 303, 304, 321, 298, 323, 250, 248, 249, 175, 313, 176, 246, 320, 169, 322, 90, 91,
      268, 452, 92, 93, 94, 260, 188, 189, 190, 197, 29, 30, 64, 68, 240, 254, 300, 467, 469, 319, 447, 76, 457, 458,
      154,
    ],
    allowed: {
      read: 0,
      write: 1,
      mmap: 9,
      mprotect: 10,
      munmap: 11,
      futex: 202,
      execve: 59,
      exit_group: 231,
      epoll_wait: 232,
      openat: 257,
      close: 3,
      sendmsg: 46,
      recvmsg: 47,
      shutdown: 48,
      getrandom: 318,
      clock_gettime: 228,
      tgkill: 234,
      rt_sigaction: 13,
      madvise: 28,
      statx: 332,
      pipe2: 293,
      eventfd2: 290,
    },
    audit: 0xc000_003e,
    other: 0xc000_00b7,
    clone: 56,
    prctl: 157,
  },
  arm64: {
    refused: [
      198, 199, 203, 200, 201, 202, 242, 425, 426, 427, 117, 270, 271, 272, 434, 438, 424, 129, 130, 138, 240, 97, 268,
      40, 39, 41, 51, 442, 264, 265, 280, 241, 282, 219, 217, 218, 105, 273, 106, 104, 294, 142, 281, 52, 53, 452, 55,
      54, 5, 6, 7, 14, 194, 196, 190, 186, 180, 27, 262, 467, 469, 279, 447, 45, 457, 458,
    ],
    allowed: {
      read: 63,
      write: 64,
      mmap: 222,
      mprotect: 226,
      munmap: 215,
      futex: 98,
      execve: 221,
      exit_group: 94,
      epoll_pwait: 22,
      openat: 56,
      close: 57,
      sendmsg: 211,
      recvmsg: 212,
      shutdown: 210,
      getrandom: 278,
      clock_gettime: 113,
      tgkill: 131,
      rt_sigaction: 134,
      madvise: 233,
      statx: 291,
      pipe2: 59,
      eventfd2: 19,
    },
    audit: 0xc000_00b7,
    other: 0xc000_003e,
    clone: 220,
    prctl: 167,
  },
} as const;

for (const architecture of ['x64', 'arm64'] as const) {
  const { refused, allowed, audit, other, clone, prctl } = numbers[architecture];
  const program = decodeProgram(seccompFilter(architecture));
  const run = (number: number, ...args: readonly number[]): number =>
    runFilter(program, { number, architecture: audit, arguments: args });

  describe(`the system call filter of ${architecture}`, () => {
    test('refuses with EPERM what reaches out of the process', () => {
      for (const number of refused) assert.equal(run(number), eperm, `call ${number}`);
    });

    test('allows what an interpreter needs', () => {
      for (const [name, number] of Object.entries(allowed)) assert.equal(run(number), allow, name);
    });

    test('allows a thread and refuses a process', () => {
      assert.equal(run(clone, threadFlags), allow);
      assert.equal(run(clone, CLONE_THREAD), allow);
      // fork: SIGCHLD alone; vfork: with VM and VFORK.
      for (const flags of [17, 0, 0x4111, threadFlags & ~CLONE_THREAD]) assert.equal(run(clone, flags), eperm);
    });

    test('refuses a namespace, for a thread too', () => {
      for (const [name, flag] of Object.entries({ ...namespaces, ...moreNamespaces })) {
        assert.equal(run(clone, threadFlags | flag), eperm, name);
        assert.equal(run(clone, flag), eperm, name);
      }
    });

    test('keeps the signal at the death of the parent, and lets a thread name itself', () => {
      // linux/prctl.h: PR_SET_PDEATHSIG, PR_GET_PDEATHSIG, PR_SET_NAME.
      assert.equal(run(prctl, 1), eperm);
      assert.equal(run(prctl, 2), allow);
      assert.equal(run(prctl, 15), allow);
    });

    test('says of clone3 that there is none, so that the C library takes clone', () => {
      assert.equal(run(435), enosys);
    });

    test('ends a process that calls in another architecture', () => {
      for (const number of [0, 41, 198, 435]) {
        assert.equal(runFilter(program, { number, architecture: other }), kill);
        assert.equal(runFilter(program, { number, architecture: 0x4000_0003 }), kill);
      }
    });

    test('is a program that ends for every call', () => {
      fc.assert(
        fc.property(fc.nat(0xffff_ffff), fc.nat(0xffff_ffff), fc.nat(0xffff_ffff), (number, arch, argument) => {
          const action = runFilter(program, { number, architecture: arch, arguments: [argument] });
          return [allow, eperm, enosys, kill].includes(action);
        }),
      );
      // BPF_MAXINSNS.
      assert.ok(program.length < 4096);
    });
  });
}

test('the x32 calls of x86-64 are refused', () => {
  const program = decodeProgram(seccompFilter('x64'));
  for (const number of [0x4000_0000, 0x4000_0029, 0x4000_0200, 0xffff_ffff]) {
    assert.equal(runFilter(program, { number, architecture: numbers.x64.audit }), eperm);
  }
});

test('the refused calls are listed by name', () => {
  const some = ['socket', 'connect', 'fork', 'ptrace', 'chmod', 'bpf'];
  for (const name of some) assert.ok(refusedSystemCalls.includes(name));
  assert.equal(new Set(refusedSystemCalls).size, refusedSystemCalls.length);
});
