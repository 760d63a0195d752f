import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { toHex } from '@enclos/codec';
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

  test(`the last step for ${architecture} ends in its filter, to which it points`, () => {
    for (const passes of [false, true]) {
      const bytes = Buffer.from(lastStepProgram(architecture, { passes }));
      const filter = programFilter(architecture, { passes });
      const filterAt = bytes.length - filter.length;
      assert.ok(bytes.subarray(filterAt).equals(filter));
      // struct sock_fprog.
      assert.equal(bytes.readUInt16LE(filterAt - 16), filter.length / 8);
      assert.equal(bytes.readBigUInt64LE(filterAt - 8), bytes.readBigUInt64LE(64 + 16) + BigInt(filterAt));
      assert.equal(filterAt - 16 - codeText.length / 2, 64 + 2 * 56);
    }
  });
}
