import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { toHex } from '@enclos/codec';
import { startingMemory } from '@enclos/elf';
import { nativeTest, probeProgram } from '@enclos/testkit';
import { lastStepCode } from '../../src/programs/last-step-code.ts';
import { lastStepProgram, lastStepWords } from '../../src/programs/last-step.ts';
import { programFilter } from '../../src/programs/program-filter.ts';
import { writeLastSteps } from '../../src/programs/program-files.ts';

const folder = mkdtempSync('/tmp/enclos-last-step-');
after(() => rmSync(folder, { recursive: true }));
const { plain, passing } = await writeLastSteps(folder);

describe('the last step', () => {
  const ended = (...words: readonly string[]): number | null => spawnSync(plain, words, { env: { KEPT: 'no' } }).status;

  nativeTest('becomes the program', () => {
    assert.equal(ended(...lastStepWords(probeProgram(), { argv: ['probe', 'end', '5'], environment: new Map() })), 5);
    const environment = new Map([
      ['A', 'x'],
      ['B', ''],
    ]);
    assert.equal(ended(...lastStepWords(probeProgram(), { argv: ['probe', 'end', '6'], environment })), 6);
  });

  nativeTest('gives the program its filter', () => {
    const words = lastStepWords(probeProgram(), { argv: ['probe', 'calls', '41,2,1,0', '39'], environment: new Map() });
    const { output } = spawnSync(plain, words, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'], encoding: 'utf8' });
    assert.match(output[3] ?? '', /^41,2,1,0=-1\n39=\d+\n$/);
  });

  for (const [what, words] of Object.entries({
    'no words': [],
    'no end of its variables': ['A=1', '/bin/true'],
    'no program': ['A=1', '-'],
    'a program that is not there': ['-', '/none/program', 'program'],
  })) {
    test(`ends with 126 for ${what}`, () => assert.equal(ended(...words), 126));
  }

  test('is a file that every user may run, and none may write', () => {
    for (const path of [plain, passing]) assert.equal(statSync(path).mode & 0o777, 0o555);
  });
});

test('a variable that would end the environment early is refused', () => {
  for (const name of ['', '-', '-A', '=A']) {
    assert.throws(() => lastStepWords('/p', { argv: ['p'], environment: new Map([[name, 'x']]) }), RangeError);
  }
});

/** Where the instruction after its execve(2) is in the file. */
const becomesAt = { x64: 309n, arm64: 308n } as const;

const assemblers = {
  x64: { program: process.arch === 'x64' ? 'as' : 'x86_64-linux-gnu-as', first: '.intel_syntax noprefix' },
  arm64: { program: process.arch === 'arm64' ? 'as' : 'aarch64-linux-gnu-as', first: '' },
} as const;

for (const architecture of ['x64', 'arm64'] as const) {
  const { program, first } = assemblers[architecture];
  const isThere = spawnSync(program, ['--version']).status === 0;
  const codeText = lastStepCode[architecture].map(([bytes]) => bytes).join('');

  test(
    `the bytes of the last step for ${architecture} are those of its text`,
    { skip: !isThere && `needs ${program} (binutils)` },
    () => {
      const [source, object] = [join(folder, `${architecture}.s`), join(folder, `${architecture}.o`)];
      writeFileSync(source, `${[first, ...lastStepCode[architecture].map(([, text]) => text)].join('\n')}\n`);
      const { status, stderr } = spawnSync(program, ['-o', object, source], { encoding: 'utf8' });
      assert.equal(status, 0, stderr);
      assert.ok(toHex(new Uint8Array(readFileSync(object))).includes(codeText));
    },
  );

  test(`the last step for ${architecture} is where no program may be, and makes its last call before the one of its end`, () => {
    const bytes = Buffer.from(lastStepProgram(architecture, { passes: false }));
    // e_entry, and p_vaddr of its segment.
    assert.equal(bytes.readBigUInt64LE(64 + 16), startingMemory.address);
    assert.equal(bytes.readBigUInt64LE(24), startingMemory.address + 176n);
    assert.ok(BigInt(bytes.length) <= startingMemory.sizeBytes);
    const call = { x64: '0f05', arm64: '010000d4' }[architecture];
    const before = bytes.toString('hex', 0, Number(becomesAt[architecture]));
    assert.ok(before.endsWith(call));
    // exit_group(126) follows.
    const end = { x64: 'bf7e000000b8e7000000', arm64: 'c00f80d2c80b80d2' }[architecture];
    assert.ok(bytes.toString('hex', before.length / 2).startsWith(end));
  });

  test(`the last step for ${architecture} ends in its filter, to which it points`, () => {
    for (const passes of [false, true]) {
      const bytes = Buffer.from(lastStepProgram(architecture, { passes }));
      const filter = programFilter(architecture, {
        passes,
        becomesBefore: startingMemory.address + becomesAt[architecture],
      });
      const filterAt = bytes.length - filter.length;
      assert.ok(bytes.subarray(filterAt).equals(filter));
      // struct sock_fprog.
      assert.equal(bytes.readUInt16LE(filterAt - 16), filter.length / 8);
      assert.equal(bytes.readBigUInt64LE(filterAt - 8), bytes.readBigUInt64LE(64 + 16) + BigInt(filterAt));
      assert.equal(filterAt - 16 - codeText.length / 2, 64 + 2 * 56);
    }
  });
}
