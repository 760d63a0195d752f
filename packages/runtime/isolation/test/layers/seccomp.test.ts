import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { seccompFilter } from '../../src/layers/seccomp.ts';
import { absentCalls, allowedCalls, checkedCalls } from '../../src/layers/system-calls.ts';
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
    refused: {
      network: [41, 53, 42, 49, 50, 43, 288, 44, 45, 46, 307, 299, 54],
      rings: [425, 426, 427],
      // sendfile, splice, tee, vmsplice, copy_file_range, preadv, pwritev, preadv2, pwritev2, pwrite64.
      'bytes that go between descriptors, or with flags': [40, 275, 276, 278, 326, 295, 296, 327, 328, 18],
      processes: [57, 58, 101, 310, 311, 312, 434, 438, 424, 62, 200, 129, 297, 440, 448],
      messages: [29, 30, 31, 64, 65, 68, 69, 240, 241],
      attributes: [90, 91, 268, 452, 92, 93, 94, 260, 132, 235, 261, 280, 188, 189, 190, 463, 197, 198, 199, 466, 469],
      // getxattr, lgetxattr, fgetxattr, listxattr, llistxattr, flistxattr, getxattrat, listxattrat, file_getattr.
      'reading of attributes': [191, 192, 193, 194, 195, 196, 464, 465, 468],
      // rename to mknodat, and truncate, ftruncate, fallocate.
      names: [82, 83, 84, 85, 86, 87, 88, 133, 258, 259, 263, 264, 265, 266, 316, 76, 77, 285],
      watching: [253, 294, 254, 300, 301],
      'files in memory': [319, 447],
      namespaces: [272, 308, 165, 166, 155, 161, 442, 428, 467, 429, 430, 431, 432, 433, 457, 458, 303, 304],
      kernel: [
        321, 298, 323, 250, 248, 249, 175, 313, 176, 246, 320, 169, 167, 168, 163, 179, 443, 103, 135, 154, 172, 173,
        164, 227, 159, 305, 170, 171,
      ],
      // setrlimit, sched_setaffinity, setpriority, mlock, mincore, remap_file_pages, seccomp, execveat, setsid, ioprio_set.
      others: [160, 203, 141, 149, 27, 216, 317, 322, 112, 251],
    },
    allowed: {
      read: 0,
      write: 1,
      munmap: 11,
      futex: 202,
      execve: 59,
      exit_group: 231,
      epoll_wait: 232,
      epoll_pwait: 281,
      openat: 257,
      close: 3,
      recvmsg: 47,
      shutdown: 48,
      getsockname: 51,
      getpeername: 52,
      getrandom: 318,
      clock_gettime: 228,
      tgkill: 234,
      rt_sigaction: 13,
      madvise: 28,
      statx: 332,
      pipe2: 293,
      eventfd2: 290,
      rseq: 334,
      sched_getaffinity: 204,
      brk: 12,
    },
    audit: 0xc000_003e,
    other: 0xc000_00b7,
    checked: {
      clone: 56,
      prctl: 157,
      ioctl: 16,
      fcntl: 72,
      mmap: 9,
      mprotect: 10,
      getsockopt: 55,
      prlimit64: 302,
      rule: 445,
      keyed: 329,
    },
  },
  arm64: {
    refused: {
      network: [198, 199, 203, 200, 201, 202, 242, 206, 207, 211, 269, 243, 208],
      rings: [425, 426, 427],
      'bytes that go between descriptors, or with flags': [71, 76, 77, 75, 285, 69, 70, 286, 287, 68],
      processes: [117, 270, 271, 272, 434, 438, 424, 129, 130, 138, 240, 440, 448],
      messages: [194, 196, 195, 190, 191, 186, 187, 180, 181],
      attributes: [52, 53, 452, 55, 54, 88, 5, 6, 7, 463, 14, 15, 16, 466, 469],
      'reading of attributes': [8, 9, 10, 11, 12, 13, 464, 465, 468],
      names: [33, 34, 35, 36, 37, 38, 276, 45, 46, 47],
      watching: [26, 27, 262, 263],
      'files in memory': [279, 447],
      namespaces: [97, 268, 40, 39, 41, 51, 442, 428, 467, 429, 430, 431, 432, 433, 457, 458, 264, 265],
      kernel: [
        280, 241, 282, 219, 217, 218, 105, 273, 106, 104, 294, 142, 224, 225, 89, 60, 443, 116, 92, 170, 112, 171, 266,
        161, 162,
      ],
      others: [164, 122, 140, 228, 232, 234, 277, 281, 157, 30],
    },
    allowed: {
      read: 63,
      write: 64,
      munmap: 215,
      futex: 98,
      execve: 221,
      exit_group: 94,
      epoll_pwait: 22,
      openat: 56,
      close: 57,
      recvmsg: 212,
      shutdown: 210,
      getsockname: 204,
      getpeername: 205,
      getrandom: 278,
      clock_gettime: 113,
      tgkill: 131,
      rt_sigaction: 134,
      madvise: 233,
      statx: 291,
      pipe2: 59,
      eventfd2: 19,
      rseq: 293,
      sched_getaffinity: 123,
      brk: 214,
    },
    audit: 0xc000_00b7,
    other: 0xc000_003e,
    checked: {
      clone: 220,
      prctl: 167,
      ioctl: 29,
      fcntl: 25,
      mmap: 222,
      mprotect: 226,
      getsockopt: 209,
      prlimit64: 261,
      rule: 445,
      keyed: 288,
    },
  },
} as const;

for (const architecture of ['x64', 'arm64'] as const) {
  const { refused, allowed, audit, other, checked } = numbers[architecture];
  const program = decodeProgram(seccompFilter(architecture));
  const run = (number: number, ...args: readonly (number | bigint)[]): number =>
    runFilter(program, { number, architecture: audit, arguments: args });

  describe(`the system call filter of ${architecture}`, () => {
    for (const [kind, list] of Object.entries<readonly number[]>(refused)) {
      test(`refuses ${kind} with EPERM`, () => {
        for (const number of list) assert.equal(run(number), eperm, `call ${number}`);
      });
    }

    test('allows what an interpreter needs', () => {
      for (const [name, number] of Object.entries(allowed)) assert.equal(run(number), allow, name);
    });

    test('allows a thread and refuses a process', () => {
      assert.equal(run(checked.clone, threadFlags), allow);
      assert.equal(run(checked.clone, CLONE_THREAD), allow);
      // fork: SIGCHLD alone; vfork: with VM and VFORK.
      for (const flags of [17, 0, 0x4111, threadFlags & ~CLONE_THREAD]) assert.equal(run(checked.clone, flags), eperm);
      // PIDFD, PTRACE, PARENT, UNTRACED, IO.
      for (const flag of [0x1000, 0x2000, 0x8000, 0x80_0000, 0x8000_0000]) {
        assert.equal(run(checked.clone, (threadFlags | flag) >>> 0), eperm, flag.toString(16));
      }
    });

    test('refuses a namespace, for a thread too', () => {
      for (const [name, flag] of Object.entries({ ...namespaces, ...moreNamespaces })) {
        assert.equal(run(checked.clone, threadFlags | flag), eperm, name);
        assert.equal(run(checked.clone, flag), eperm, name);
      }
    });

    test('allows private memory alone: neither shared memory nor stacks that grow are counted by RLIMIT_DATA', () => {
      const anonymous = 0x20;
      for (const flags of [0x02, 0x02 | anonymous, 0x4022, 0x2_0022]) {
        assert.equal(run(checked.mmap, 0, 4096, 3, flags), allow, flags.toString(16));
      }
      // SHARED, SHARED_VALIDATE, GROWSDOWN.
      for (const flags of [0x01 | anonymous, 0x01, 0x03, 0x0122]) {
        assert.equal(run(checked.mmap, 0, 4096, 3, flags), eperm, flags.toString(16));
      }
      assert.equal(run(checked.mprotect, 0, 4096, 3), allow);
      assert.equal(run(checked.mprotect, 0, 4096, 7), allow);
      for (const grows of [0x100_0000, 0x200_0000]) {
        for (const call of [checked.mprotect, checked.keyed]) assert.equal(run(call, 0, 4096, 3 | grows), eperm);
      }
      assert.equal(run(checked.keyed, 0, 4096, 3, 1), allow);
    });

    test('allows Landlock a rule for files, and none for ports: the kernel keeps rules in memory that no limit counts', () => {
      assert.equal(run(checked.rule, 4, 1, 4096, 0), allow);
      for (const type of [0, 2, 3, 0x1_0000_0002n]) assert.equal(run(checked.rule, 4, type, 4096, 0), eperm, `${type}`);
    });

    test('allows what ioctl does to a descriptor of its own, and refuses what it asks of the network', () => {
      for (const request of [0x5421, 0x5450, 0x5451, 0x541b, 0x5401, 0x5413]) {
        assert.equal(run(checked.ioctl, 3, request), allow, request.toString(16));
      }
      // SIOCGIFNAME to SIOCGIFCONF, SIOCGIFHWADDR, SIOCGIFINDEX, and the private ones; TIOCSTI; the value as a sign-extended int.
      const refusedRequests = [0x8910, 0x8912, 0x8915, 0x8927, 0x8933, 0x8946, 0x89f0, 0x5412, 0xffff_ffff];
      for (const request of refusedRequests) assert.equal(run(checked.ioctl, 3, request), eperm, request.toString(16));
      // All that sockets and their protocols know, FIOSETOWN and SIOCATMARK among them; FIOASYNC, TIOCOUTQ.
      for (let request = 0x8900; request < 0x8a00; request += 1) assert.equal(run(checked.ioctl, 3, request), eperm);
      for (const request of [0x5452, 0x5411]) assert.equal(run(checked.ioctl, 3, request), eperm);
      // The kernel reads 32 bits of the request.
      assert.equal(run(checked.ioctl, 3, 0x1_0000_8912n), eperm);
    });

    test('refuses fcntl what tells others of a descriptor', () => {
      for (const command of [0, 1, 2, 3, 1030]) assert.equal(run(checked.fcntl, 3, command), allow, `${command}`);
      assert.equal(run(checked.fcntl, 3, 4, 0x802), allow);
      assert.equal(run(checked.fcntl, 3, 4, 0x2000), eperm, 'O_ASYNC');
      // SETLK, SETOWN, SETSIG, SETOWN_EX, SETLEASE, NOTIFY, SETPIPE_SZ, ADD_SEALS.
      for (const command of [6, 8, 10, 15, 1024, 1026, 1031, 1033]) {
        assert.equal(run(checked.fcntl, 3, command), eperm, `${command}`);
      }
    });

    test('refuses getsockopt the identity of the peer, and every level but SOL_SOCKET', () => {
      for (const option of [3, 4, 30, 39]) assert.equal(run(checked.getsockopt, 3, 1, option), allow, `${option}`);
      // PEERCRED, PEERSEC, PEERGROUPS, PEERPIDFD.
      for (const option of [17, 31, 59, 77]) assert.equal(run(checked.getsockopt, 3, 1, option), eperm, `${option}`);
      // A connection’s INFO, ULP and CONGESTION, which have the numbers of others; COOKIE, MEMINFO, PEERNAME, NETNS_COOKIE.
      const known = [3, 4, 7, 8, 30, 38, 39];
      for (let option = 0; option < 128; option += 1) {
        assert.equal(run(checked.getsockopt, 3, 1, option), known.includes(option) ? allow : eperm, `${option}`);
        for (const level of [0, 6, 17, 41, 255, 262, 282]) {
          assert.equal(run(checked.getsockopt, 3, level, option), eperm, `${level} ${option}`);
        }
      }
      // The kernel reads 32 bits of both.
      assert.equal(run(checked.getsockopt, 3, 0x1_0000_0006n, 11), eperm);
      assert.equal(run(checked.getsockopt, 3, 0x1_0000_0001n, 0x1_0000_0011n), eperm);
    });

    test('lets a process read all of its limits, and lower two', () => {
      for (const resource of [0, 2, 3, 7, 9]) assert.equal(run(checked.prlimit64, 0, resource, 0, 1), allow);
      for (const resource of [6, 7]) assert.equal(run(checked.prlimit64, 0, resource, 1, 0), allow);
      for (const resource of [2, 3, 4, 9]) {
        assert.equal(run(checked.prlimit64, 0, resource, 1, 0), eperm, `${resource}`);
        // A pointer whose lower half is zero is one.
        assert.equal(run(checked.prlimit64, 0, resource, 0x1_0000_0000n, 0), eperm, `${resource}`);
      }
      assert.equal(run(checked.prlimit64, 1, 7, 0, 1), eperm, 'of another process');
    });

    test('keeps the signal at the death of the parent, and lets a thread name itself', () => {
      // linux/prctl.h: GET_PDEATHSIG, SET_NAME; then SET_PDEATHSIG, SET_DUMPABLE, SET_SECCOMP, SET_MM, SET_CHILD_SUBREAPER, SET_PTRACER.
      for (const option of [2, 15]) assert.equal(run(checked.prctl, option), allow);
      for (const option of [1, 4, 22, 35, 36, 0x5961_6d61]) assert.equal(run(checked.prctl, option), eperm);
    });

    test('refuses a socket every way to reach further, whatever its arguments', () => {
      const word = fc.bigInt(0n, 0xffff_ffff_ffff_ffffn);
      fc.assert(
        fc.property(fc.constantFrom(...refused.network), fc.array(word, { maxLength: 6 }), (number, args) => {
          assert.equal(run(number, ...args), eperm, `call ${number}`);
        }),
      );
    });

    test('checks the arguments of the calls that are tried here, and of one for the segments of x86-64', () => {
      const column = architecture === 'x64' ? 0 : 1;
      const listed = Object.values(checkedCalls).flatMap((call) => call.numbers[column] ?? []);
      const arch = architecture === 'x64' ? [158] : [];
      const inOrder = (list: readonly number[]): readonly number[] => list.toSorted((a, b) => a - b);
      assert.deepEqual(inOrder(listed), inOrder([...Object.values(checked), ...arch]));
      for (const call of arch) {
        for (const code of [0x1002, 0x1003]) assert.equal(run(call, code), allow, 'FS');
        // SET_GS, SET_CPUID, REQ_XCOMP_PERM, ENABLE_TAGGED_ADDR.
        for (const code of [0x1001, 0x1012, 0x1023, 0x4002]) assert.equal(run(call, code), eperm, code.toString(16));
      }
    });

    test('answers clone3 and later calls with ENOSYS, so that the C library takes older ones', () => {
      for (const number of [435, 437, 449, 470, 471, 500, 0x3fff_ffff]) assert.equal(run(number), enosys, `${number}`);
    });

    test('ends a process that calls in another architecture', () => {
      for (const number of [0, 41, 198, 435]) {
        assert.equal(runFilter(program, { number, architecture: other }), kill);
        assert.equal(runFilter(program, { number, architecture: 0x4000_0003 }), kill);
      }
    });

    test('allows no number that its tables do not have', () => {
      const column = architecture === 'x64' ? 0 : 1;
      const tables = [...Object.values(allowedCalls), ...Object.values(checkedCalls).map((call) => call.numbers)];
      const listed = tables.flatMap((entry) => entry[column] ?? []);
      assert.equal(new Set(listed).size, listed.length, 'a number is listed twice');
      const absent = Object.values(absentCalls).map((entry) => entry[column]);
      for (let number = 0; number < 1024; number += 1) {
        if (listed.includes(number)) continue;
        assert.equal(run(number), number >= 470 || absent.includes(number) ? enosys : eperm, `call ${number}`);
      }
    });

    test('is a program that ends for every call', () => {
      const word = fc.nat(0xffff_ffff);
      fc.assert(
        fc.property(word, fc.constantFrom(audit, other), fc.array(word, { maxLength: 6 }), (number, arch, args) => {
          const action = runFilter(program, { number, architecture: arch, arguments: args });
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

test('arm64 has none of the calls that x86-64 kept from before', () => {
  const legacy = ['dup2', 'pipe', 'poll', 'select', 'epoll_wait', 'access', 'stat', 'lstat', 'readlink', 'time'];
  for (const name of legacy) assert.equal(allowedCalls[name]?.[1], undefined, name);
  const without = Object.entries(allowedCalls).filter(([, [, arm64]]) => arm64 === undefined);
  assert.deepEqual(without.map(([name]) => name).sort(), [...legacy].sort());
});
