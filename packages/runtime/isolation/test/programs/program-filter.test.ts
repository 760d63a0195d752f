import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { assembledFilter } from '../../src/layers/seccomp.ts';
import { allowedCalls, checkedCalls, type CallNumbers } from '../../src/layers/system-calls.ts';
import { programFilter, programTables } from '../../src/programs/program-filter.ts';
import { decodeProgram, runFilter } from '../layers/bpf.ts';

const allow = 0x7fff_0000;
const eperm = 0x0005_0001;
const enoent = 0x0005_0002;
const enosys = 0x0005_0026;
const kill = 0x8000_0000;
const becomesBefore = 0x3f_0000_0123n;

/** Numbers of asm/unistd.h, written down here a second time on purpose. */
const numbers = {
  x64: {
    audit: 0xc000_003e,
    allowed: [
      0, 1, 202, 281, 35, 233, 28, 11, 24, 234, 15, 14, 13, 131, 39, 186, 318, 204, 291, 290, 60, 231, 228, 219,
    ],
    passage: [47, 48, 51, 52],
    unnamed: [257, 21, 269, 439, 4, 6, 262, 332, 89, 267, 2],
    absent: [435, 437, 441, 449, 454, 455, 456],
    close: 3,
    execve: 59,
    mmap: 9,
    mprotect: 10,
    clone: 56,
    fcntl: 72,
    prlimit64: 302,
    getsockopt: 55,
    others: [158],
  },
  arm64: {
    audit: 0xc000_00b7,
    allowed: [
      63, 64, 98, 22, 101, 21, 233, 215, 124, 131, 139, 135, 134, 132, 172, 178, 278, 123, 20, 19, 93, 94, 113, 128,
    ],
    passage: [212, 210, 204, 205],
    unnamed: [56, 48, 439, 79, 291, 78],
    absent: [435, 437, 441, 449, 454, 455, 456],
    close: 57,
    execve: 221,
    mmap: 222,
    mprotect: 226,
    clone: 220,
    fcntl: 25,
    prlimit64: 261,
    getsockopt: 209,
    others: [],
  },
} as const;

for (const architecture of ['x64', 'arm64'] as const) {
  const of = numbers[architecture];
  const checked: readonly number[] = [
    of.close,
    of.execve,
    of.mmap,
    of.mprotect,
    of.clone,
    of.fcntl,
    of.prlimit64,
    ...of.others,
  ];

  for (const passes of [false, true]) {
    const program = decodeProgram(programFilter(architecture, { passes, becomesBefore }));
    const run = (number: number, ...args: readonly (number | bigint)[]): number =>
      runFilter(program, { number, architecture: of.audit, arguments: args });

    describe(`the filter of programs of ${architecture} ${passes ? 'with' : 'without'} a passage`, () => {
      test('allows these calls and no others', () => {
        const allowed: readonly number[] = passes ? [...of.allowed, ...of.passage] : of.allowed;
        const some = passes ? [...checked, of.getsockopt] : checked;
        const unnamed: readonly number[] = of.unnamed;
        const absent: readonly number[] = of.absent;
        for (let number = 0; number < 1024; number += 1) {
          if (some.includes(number)) continue;
          const otherwise = number >= 470 || absent.includes(number) ? enosys : eperm;
          const refused = unnamed.includes(number) ? enoent : otherwise;
          assert.equal(run(number), allowed.includes(number) ? allow : refused, `call ${number}`);
        }
      });

      test('lets no memory become code', () => {
        for (const [call, at] of [
          [of.mmap, 3],
          [of.mprotect, 0],
        ] as const) {
          for (const protection of [0, 1, 3]) assert.equal(run(call, 0, 4096, protection, at === 3 ? 0x22 : 0), allow);
          for (const protection of [4, 5, 6, 7]) {
            assert.equal(run(call, 0, 4096, protection, at === 3 ? 0x22 : 0), eperm);
          }
        }
        // Shared, shared and validated, growing; and the upper half of a flag does not count.
        for (const flags of [0x21, 0x23, 0x122]) assert.equal(run(of.mmap, 0, 4096, 3, flags), eperm);
        assert.equal(run(of.mmap, 0, 4096, 0x1_0000_0003n, 0x22), allow);
        assert.equal(run(of.mmap, 0, 4096, 0x1_0000_0007n, 0x22), eperm);
      });

      test('makes threads, and neither processes nor namespaces', () => {
        // What the runtime of Go gives clone.
        assert.equal(run(of.clone, 0x0005_0f00), allow);
        for (const flags of [17, 0x4111, 0x0004_0f00, 0x1005_0f00, 0x0005_1f00]) {
          assert.equal(run(of.clone, flags), eperm);
        }
      });

      test('becomes another program from one place alone', () => {
        const from = (pointer: bigint): number =>
          runFilter(program, { number: of.execve, architecture: of.audit, pointer });
        assert.equal(from(becomesBefore), allow);
        const others = [0n, 1n, 1n << 31n, 1n << 32n, 1n << 47n, 1n << 63n];
        for (const change of others) assert.equal(from(becomesBefore ^ change), change === 0n ? allow : eperm);
        assert.equal(from(becomesBefore & 0xffff_ffffn), eperm);
      });

      test('ends with its gate and its channel', () => {
        for (const descriptor of [0, 2, 5, 8, 9, 0xffff_ffff]) assert.equal(run(of.close, descriptor), allow);
        for (const descriptor of [3, 4]) {
          assert.equal(run(of.close, descriptor), kill);
          // The kernel reads the low word.
          assert.equal(run(of.close, BigInt(descriptor) | (7n << 32n)), kill);
        }
      });

      test('reads limits, and sets none', () => {
        assert.equal(run(of.prlimit64, 0, 7, 0, 1), allow);
        assert.equal(run(of.prlimit64, 0, 7, 1, 0), eperm);
        assert.equal(run(of.prlimit64, 0, 7, 0x1_0000_0000n, 0), eperm);
        assert.equal(run(of.prlimit64, 1, 7, 0, 1), eperm);
      });

      test('asks a socket for what it is, and only with a passage', () => {
        for (const option of [3, 4]) assert.equal(run(of.getsockopt, 8, 1, option), passes ? allow : eperm);
        for (const [level, option] of [
          [1, 17],
          [6, 4],
        ] as const) {
          assert.equal(run(of.getsockopt, 8, level, option), eperm);
        }
      });

      test('ends a process that calls in another architecture', () => {
        assert.equal(runFilter(program, { number: 0, architecture: 0x4000_0003 }), kill);
      });
    });
  }

  test(`a wrong jump in the filter of ${architecture} changes what it allows`, () => {
    const filter = programFilter(architecture, { passes: false, becomesBefore });
    const sound = decodeProgram(filter);
    const calls = Array.from({ length: 480 }, (_, number) => number);
    const actions = (program: typeof sound): readonly (number | string)[] =>
      calls.flatMap((number) =>
        [0x22, 0x0005_0f00, 7].map((word) => {
          try {
            return runFilter(program, { number, architecture: of.audit, arguments: [word, 1, word, 0x22] });
          } catch {
            return 'no end';
          }
        }),
      );
    const expected = actions(sound);
    // Those on the number of a call, which skip its answer for any other.
    const jumps = sound.flatMap(({ code, jumpTrue, jumpFalse }, at) =>
      code === 0x15 && jumpTrue === 0 && jumpFalse === 1 && sound[at - 1]?.code === 0x06 ? [at] : [],
    );
    fc.assert(
      fc.property(fc.constantFrom(...jumps), (at) => {
        const wrong = sound.map((each, i) => (i === at ? { ...each, jumpFalse: each.jumpFalse + 1 } : each));
        assert.notDeepEqual(actions(wrong), expected, `instruction ${at}`);
      }),
      { numRuns: 20 },
    );
  });
}

test('every call of a program but the file names is one of the interpreter, with no more arguments', () => {
  const { allowed, checked } = programTables({ passes: true, becomesBefore });
  const same = (one: CallNumbers | undefined, other: CallNumbers | undefined): void => assert.deepEqual(one, other);
  for (const [name, call] of Object.entries(allowed)) same(call, allowedCalls[name]);
  for (const [name, { numbers: call }] of Object.entries(checked)) {
    same(call, checkedCalls[name]?.numbers ?? allowedCalls[name]);
  }
});

test('without one of its calls a filter refuses it', () => {
  const tables = programTables({ passes: true, becomesBefore });
  for (const [name, [number]] of Object.entries(tables.allowed)) {
    if (number === undefined) continue;
    const others = Object.fromEntries(Object.entries(tables.allowed).filter(([other]) => other !== name));
    const program = decodeProgram(assembledFilter('x64', { ...tables, allowed: others }));
    assert.equal(runFilter(program, { number, architecture: numbers.x64.audit }), eperm, name);
  }
});
