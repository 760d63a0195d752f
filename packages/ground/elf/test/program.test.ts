import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { programFile, programSegments, runFolder, type ProgramFileOptions } from '@enclos/testkit';
import fc from 'fast-check';
import {
  checkProgram,
  startingMemory,
  type ProgramArchitecture,
  type ProgramRule,
  type StaticProgram,
} from '../src/index.ts';

function check(bytes: Uint8Array, architecture?: ProgramArchitecture): StaticProgram {
  return checkProgram((offset, length) => bytes.subarray(offset, offset + length), {
    sizeBytes: bytes.length,
    ...(architecture === undefined ? {} : { architecture }),
  });
}

const breaks =
  (rule: ProgramRule) =>
  (error: unknown): boolean =>
    isEnclosError(error, 'PROGRAM_REFUSED') && error.details['rule'] === rule;

test('checkProgram() accepts static programs of both machines, with a fixed address and without', () => {
  assert.deepEqual(check(programFile()), {
    architecture: 'linux-x64',
    isPositionIndependent: false,
    memoryBytes: 72n,
  });
  assert.equal(check(programFile({ machine: 183 }), 'linux-arm64').architecture, 'linux-arm64');
  const pie = programFile({ type: 3, dynamic: [[30n, 0x0800_0000n]] });
  assert.ok(check(pie, 'linux-x64').isPositionIndependent);
});

const { code, data, stack } = programSegments;
const startAt = startingMemory.address;
const startEnd = startAt + startingMemory.sizeBytes;
/** The kernel maps the whole page of the file. */
const empty = { ...code, offset: 1, sizeBytes: 0 };
const blank = { ...code, memoryBytes: 128n };
const refusals: readonly (readonly [what: string, rule: ProgramRule, options: ProgramFileOptions])[] = [
  ['another processor', 'machine', { machine: 8 }],
  ['an object file', 'type', { type: 1 }],
  ['a core dump', 'type', { type: 4 }],
  ['a loader', 'static', { segments: [code, data, stack, { type: 3, flags: 4, offset: 64, sizeBytes: 4 }] }],
  ['a library', 'static', { type: 3, dynamic: [[1n, 1n]] }],
  ['a segment beyond the file', 'segments', { segments: [code, { ...data, sizeBytes: 9 }, stack] }],
  ['a segment with less memory than file', 'segments', { segments: [code, { ...data, memoryBytes: 7n }, stack] }],
  ['segments that overlap', 'segments', { segments: [{ ...code, memoryBytes: 4097n }, data, stack] }],
  ['segments out of order', 'segments', { segments: [data, code, stack] }],
  ['a segment at another place of its page', 'segments', { segments: [{ ...code, offset: 0x1100 }, data, stack] }],
  ['5 GiB of memory', 'segments', { segments: [code, { ...data, memoryBytes: 5n * 2n ** 30n }, stack] }],
  [
    'segments without a fixed address that are 4 GiB apart',
    'segments',
    { type: 3, segments: [code, { ...data, address: (code.address ?? 0n) + 2n ** 32n }, stack] },
  ],
  ['an address of the kernel', 'segments', { segments: [code, { ...data, address: 0xffff_8000_0000_2000n }, stack] }],
  ['code where its start is', 'reserved', { segments: [{ ...code, address: startAt }, stack] }],
  ['data at the end of that', 'reserved', { segments: [code, { ...data, address: startEnd - 4096n }, stack] }],
  [
    'data that reaches it',
    'reserved',
    { segments: [code, { ...data, address: startAt - 4096n, memoryBytes: 4097n }, stack] },
  ],
  [
    'no bytes in the middle of a page of it',
    'reserved',
    { segments: [code, data, { ...empty, address: startAt + 1n }, stack] },
  ],
  ['an entry in its data', 'entry', { entry: data.address ?? 0n }],
  ['an entry nowhere', 'entry', { entry: 0n }],
  ['no segments', 'entry', { segments: [stack] }],
  ['code that can be written', 'writable-code', { segments: [code, { ...data, flags: 7 }, stack] }],
  ['code with memory that the file has no bytes for', 'writable-code', { segments: [blank, data, stack] }],
  ['no word about its stack', 'stack', { segments: [code, data] }],
  ['two words about its stack', 'stack', { segments: [code, data, stack, stack] }],
  ['an executable stack', 'stack', { segments: [code, data, { ...stack, flags: 7 }] }],
];
for (const [what, rule, options] of refusals) {
  test(`checkProgram() refuses ${what}`, () => assert.throws(() => check(programFile(options)), breaks(rule)));
}

test('checkProgram() accepts segments next to where the start of a program is', () => {
  const { memoryBytes } = check(
    programFile({
      segments: [
        code,
        { ...data, address: startAt - 4096n, memoryBytes: 4096n },
        { ...data, address: startEnd },
        stack,
      ],
    }),
  );
  assert.equal(memoryBytes, 64n + 4096n + 8n);
});

test('checkProgram() refuses the program of another machine than is asked for', () => {
  assert.throws(() => check(programFile(), 'linux-arm64'), breaks('machine'));
});

test('checkProgram() refuses what is not ELF, 32-bit, or cut short', () => {
  const sound = programFile();
  for (const bytes of [new Uint8Array(), sound.subarray(0, 100), sound.with(4, 1), Buffer.from('#!/bin/sh\n')]) {
    assert.throws(() => check(bytes), breaks('format'));
  }
});

test('checkProgram() refuses the interpreter, which is dynamic', () => {
  const node = readFileSync(process.execPath);
  assert.throws(() => check(node), breaks('static'));
});

test('what the test programs say is what the kernel makes of them', { skip: process.arch !== 'x64' }, () => {
  const path = join(runFolder('elf-program'), `${process.pid}`);
  writeFileSync(path, programFile(), { mode: 0o700 });
  assert.equal(spawnSync(path).status, 7);
});

test(
  'the kernel makes memory behind code that can be written and run: checkProgram() refuses it',
  { skip: process.arch !== 'x64' },
  () => {
    // It writes "mov eax, 42; ret" into the page after that of its file, and calls it.
    const writer = '48c7c30020400048b8b82a000000c30000488903ffd389c7b8e70000000f05';
    const bytes = programFile({ segments: [{ ...code, memoryBytes: 8192n }, stack] });
    bytes.set(Buffer.from(writer, 'hex'), code.offset);
    const path = join(runFolder('elf-program'), `${process.pid}-writer`);
    writeFileSync(path, bytes, { mode: 0o700 });
    assert.equal(spawnSync(path).status, 42);
    assert.throws(() => check(bytes), breaks('writable-code'));
  },
);

test('checkProgram() of arbitrary changes says which rule is broken, or accepts', () => {
  const sound = programFile({ type: 3, dynamic: [[30n, 8n]] });
  const change = fc.tuple(fc.nat(64 + 4 * 56), fc.nat(255));
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
      const bytes = sound.slice();
      for (const [at, value] of changes) bytes[at] = value;
      try {
        check(bytes);
      } catch (error) {
        assert.ok(isEnclosError(error, 'PROGRAM_REFUSED') && typeof error.details['rule'] === 'string');
      }
    }),
  );
});
