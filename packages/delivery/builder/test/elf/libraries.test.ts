import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { elfFile } from '@enclos/testkit';

import { EM_X86_64 } from '@enclos/elf';
import { findNeeded, type LibrarySearch } from '../../src/elf/libraries.ts';

const folder = mkdtempSync(join(tmpdir(), 'enclos-libraries-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const put = (name: string, content: Uint8Array): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

const search: LibrarySearch<{ readonly name: string; readonly source: string }> = {
  machine: EM_X86_64,
  locate: (name) => ({ name, source: join(folder, name) }),
  invalid: (path, reason) => new Error(`invalid ${path}: ${reason}`),
  unreadable: (path) => new Error(`unreadable ${path}`),
};

const names = (program: string): readonly string[] => findNeeded(program, search).map(({ name }) => name);

test('findNeeded() finds the loader and each library once, also those of libraries', () => {
  put('ld.so', elfFile({}));
  put('a.so', elfFile({ needed: ['b.so', 'ld.so'] }));
  put('b.so', elfFile({ needed: ['a.so'], loader: '/lib/never-looked-at' }));
  const program = put('program', elfFile({ loader: '/lib64/ld.so', needed: ['a.so'] }));
  assert.deepEqual(names(program), ['ld.so', 'a.so', 'b.so']);
});

test('findNeeded() refuses names that are paths, files of other machines, files that are none, and files that are not there', () => {
  for (const needed of ['../evil.so', '/etc/evil.so', '..', 'a\nb']) {
    assert.throws(() => names(put('p1', elfFile({ needed: [needed] }))), /not the name of a library/);
  }
  put('other.so', elfFile({ machine: 183 }));
  assert.throws(() => names(put('p2', elfFile({ needed: ['other.so'] }))), /invalid .*other\.so: It is not for this/);
  put('text.so', new TextEncoder().encode('hello'));
  assert.throws(() => names(put('p3', elfFile({ needed: ['text.so'] }))), /invalid .*text\.so/);
  assert.throws(() => names(put('p4', elfFile({ needed: ['absent.so'] }))), /unreadable .*absent\.so/);
});

test('findNeeded() ends, however many libraries there are', () => {
  for (let i = 0; i <= 256; i += 1) put(`lib${i}.so`, elfFile({ needed: [`lib${i + 1}.so`] }));
  assert.throws(() => names(put('p5', elfFile({ needed: ['lib0.so'] }))), /more than 256/);
});
