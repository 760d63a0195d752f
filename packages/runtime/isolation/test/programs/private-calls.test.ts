import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { assembledFilter, interpreterTables } from '../../src/layers/seccomp.ts';
import { startingMemory } from '@enclos/elf';
import { outerPrivateTables } from '../../src/programs/private-calls.ts';
import { programFilter } from '../../src/programs/program-filter.ts';
import { decodeProgram, runFilter } from '../layers/bpf.ts';

const allow = 0x7fff_0000;
const eperm = 0x0005_0001;
const kill = 0x8000_0000;

/** Numbers of asm/unistd.h, written down here a second time on purpose: by what is allowed of each. */
const numbers = {
  x64: {
    audit: 0xc000_003e,
    free: [
      3, 42, 49, 50, 43, 288, 44, 45, 46, 307, 47, 48, 51, 52, 20, 19, 8, 5, 32, 33, 292, 22, 293, 7, 271, 12, 218, 273,
      334, 200,
    ],
    socket: 41,
    socketpair: 53,
    setsockopt: 54,
    getsockopt: 55,
    ioctl: 16,
    clone: 56,
    mmap: 9,
    execve: 59,
    // kill, ptrace, process_vm_readv, memfd_create, bpf, io_uring_setup, unshare, setns, mount, prctl, vfork, execveat, capset, setuid.
    never: [62, 101, 310, 319, 321, 425, 272, 308, 165, 157, 58, 322, 126, 105],
  },
  arm64: {
    audit: 0xc000_00b7,
    free: [
      57, 203, 200, 201, 202, 242, 206, 207, 211, 269, 212, 210, 204, 205, 66, 65, 62, 80, 23, 24, 59, 73, 214, 96, 99,
      293, 130,
    ],
    socket: 198,
    socketpair: 199,
    setsockopt: 208,
    getsockopt: 209,
    ioctl: 29,
    clone: 220,
    mmap: 222,
    execve: 221,
    never: [129, 117, 270, 279, 280, 425, 97, 268, 40, 167, 281, 91, 146],
  },
} as const;

const kinds = (kind: number): readonly number[] => [0, 0o4000, 0o2000000, 0o2004000].map((flag) => kind | flag);
const isSocket = (family: number, kind: number, protocol: number): boolean =>
  [2, 10].includes(family) && [...kinds(1), ...kinds(2)].includes(kind) && [0, 6, 17].includes(protocol);

for (const architecture of ['x64', 'arm64'] as const) {
  const of = numbers[architecture];
  const inner = decodeProgram(
    programFilter(architecture, { passes: false, isPrivate: true, becomesBefore: 0x3f_0000_0123n }),
  );
  const outer = decodeProgram(assembledFilter(architecture, outerPrivateTables(interpreterTables)));
  const run = (filter: typeof inner, number: number, ...args: readonly (number | bigint)[]): number =>
    runFilter(filter, { number, architecture: of.audit, arguments: args });

  describe(`the filter of a program with a private network of ${architecture}`, () => {
    test('lets it wait, and use the sockets that it has', () => {
      for (const number of of.free) assert.equal(run(inner, number, 3), allow, `${number}`);
    });

    test('moves and grows no memory, so that no code gets to the place of the last step', () => {
      const mremap = architecture === 'x64' ? 25 : 216;
      const { address } = startingMemory;
      for (const to of [0n, address]) {
        // None, MAYMOVE, FIXED, DONTUNMAP.
        for (let flags = 0; flags < 8; flags++) assert.equal(run(inner, mremap, 0, 4096, 8192, flags, to), eperm);
      }
    });

    test('makes sockets of TCP and UDP, and no others', () => {
      const small = fc.integer({ min: 0, max: 300 });
      const kind = fc.oneof(small, fc.constantFrom(...kinds(1), ...kinds(2), ...kinds(3), ...kinds(5)));
      fc.assert(
        fc.property(
          fc.oneof(small, fc.constantFrom(1, 2, 10, 16, 17, 40)),
          kind,
          fc.oneof(small, fc.constantFrom(0, 6, 17)),
          (...args) => {
            const expected = isSocket(...args) ? allow : eperm;
            assert.equal(run(inner, of.socket, ...args), expected);
            assert.equal(run(outer, of.socket, ...args), expected);
          },
        ),
        {
          examples: [
            [2, 1, 0],
            [10, 2, 17],
            [1, 1, 0],
            [2, 3, 6],
          ],
        },
      );
    });

    test('makes connected pairs of streams alone', () => {
      for (const kind of kinds(1)) assert.equal(run(inner, of.socketpair, 1, kind, 0), allow);
      for (const [family, kind] of [
        [1, 2],
        [1, 5],
        [2, 1],
      ] as const) {
        assert.equal(run(inner, of.socketpair, family, kind, 0), eperm);
      }
    });

    test('sets the usual options of sockets', () => {
      for (const number of [of.setsockopt, of.getsockopt]) {
        for (const [level, option] of [
          [1, 2],
          [1, 9],
          [6, 1],
          [41, 26],
          [0, 11],
        ] as const) {
          assert.equal(run(inner, number, 3, level, option), allow);
        }
        // BINDTODEVICE, ATTACH_FILTER, MARK, PEERCRED; TCP_REPAIR, TCP_ULP; IP_TRANSPARENT, IP_HDRINCL; netfilter's.
        for (const [level, option] of [
          [1, 25],
          [1, 26],
          [1, 36],
          [1, 17],
          [6, 19],
          [6, 31],
          [0, 19],
          [0, 3],
          [0, 64],
          [255, 1],
        ] as const) {
          assert.equal(run(inner, number, 3, level, option), eperm, `${level} ${option}`);
        }
      }
    });

    test('asks for sizes of buffers, is told that it has them, and has what its network gives', () => {
      const ignored = 0x0005_0000;
      for (const option of [7, 8]) {
        assert.equal(run(inner, of.setsockopt, 3, 1, option), ignored);
        assert.equal(run(inner, of.getsockopt, 3, 1, option), allow);
        // Another protocol; SNDBUFFORCE, RCVBUFFORCE.
        assert.equal(run(inner, of.setsockopt, 3, 17, option), eperm);
        assert.equal(run(inner, of.setsockopt, 3, 1, option + 25), eperm);
      }
    });

    test('asks of terminals and blocking, and not of interfaces', () => {
      for (const request of [0x5401, 0x5413, 0x5421]) assert.equal(run(inner, of.ioctl, 1, request), allow);
      for (const request of [0x8912, 0x8914, 0x5412]) assert.equal(run(inner, of.ioctl, 1, request), eperm);
    });

    test('adds no code, and makes no process', () => {
      assert.equal(run(inner, of.mmap, 0, 4096, 3, 0x22), allow);
      assert.equal(run(inner, of.mmap, 0, 4096, 7, 0x22), eperm);
      assert.equal(run(inner, of.clone, 0x3d_0f00), allow);
      assert.equal(run(inner, of.clone, 0x1011), eperm);
      assert.equal(run(inner, of.execve), eperm);
      for (const number of of.never) assert.equal(run(inner, number), eperm, `${number}`);
      assert.equal(runFilter(inner, { number: 1, architecture: 3 }), kill);
    });
  });

  test(`the outer filter of ${architecture} lets the relay make one kind of process`, () => {
    assert.equal(run(outer, of.clone, 0x1011), allow);
    // SIGCHLD alone, vfork, a new network or user namespace.
    for (const flags of [17, 0x4111, 0x4000_1011, 0x1000_1011]) assert.equal(run(outer, of.clone, flags), eperm);
  });
}
