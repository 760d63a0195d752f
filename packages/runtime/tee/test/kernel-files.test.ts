import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { utf8 } from '@enclos/codec';
import { kernelFiles } from '../src/devices/kernel-files.ts';
import { attributeWord, readPseudoFile, writePseudoFile } from '../src/devices/pseudo-file.ts';
import { errno, fakeFiles } from './fake-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'enclos-kernel-files-'));
after(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);

describe('the files of the machine', () => {
  test('are written without being made or emptied', async () => {
    writeFileSync(at('value'), 'abcdef');
    await writePseudoFile(kernelFiles, at('value'), utf8('XY'));
    assert.equal(readFileSync(at('value'), 'utf8'), 'XYcdef');
    await assert.rejects(writePseudoFile(kernelFiles, at('none'), utf8('x')), {
      code: 'TEE_DEVICE_MISSING',
      details: { path: at('none'), reason: 'ENOENT' },
    });
    assert.equal(existsSync(at('none')), false);
  });

  test('are read to their end, also where their size is said to be 0', async () => {
    const expected = readFileSync('/proc/self/cgroup');
    assert.deepEqual(await readPseudoFile(kernelFiles, '/proc/self/cgroup', 4096), new Uint8Array(expected));
  });

  test('are not read for ever', async () => {
    await assert.rejects(readPseudoFile(kernelFiles, '/dev/zero', 10_000), { code: 'TEE_EVIDENCE_UNEXPECTED' });
  });

  test('have folders that are made once', async () => {
    await kernelFiles.makeFolder(at('entry'));
    await assert.rejects(kernelFiles.makeFolder(at('entry')), { code: 'EEXIST' });
    assert.equal(await kernelFiles.exists(at('entry')), true);
    await kernelFiles.removeFolder(at('entry'));
    assert.equal(await kernelFiles.exists(at('entry')), false);
  });
});

describe('a pseudo-file', () => {
  test('whose close fails was not written', async () => {
    const files = fakeFiles({
      node: () => ({
        store: () => undefined,
        closed: () => {
          throw errno('EBUSY');
        },
      }),
    });
    await assert.rejects(writePseudoFile(files, '/a', utf8('x')), { code: 'TEE_DEVICE_FAILED' });
    assert.equal(files.stillOpen(), 0);
  });

  test('is closed when it cannot be read', async () => {
    const files = fakeFiles({
      node: () => ({
        load: () => {
          throw errno('EIO');
        },
      }),
    });
    await assert.rejects(readPseudoFile(files, '/a', 10), {
      code: 'TEE_DEVICE_FAILED',
      details: { path: '/a', reason: 'EIO' },
    });
    assert.equal(files.stillOpen(), 0);
  });

  test('may hold as much as was allowed, and not one byte more', async () => {
    const files = fakeFiles({ node: () => ({ load: () => new Uint8Array(10) }) });
    assert.equal((await readPseudoFile(files, '/a', 10)).length, 10);
    await assert.rejects(readPseudoFile(files, '/a', 9), { code: 'TEE_EVIDENCE_UNEXPECTED' });
  });
});

describe('a text attribute', () => {
  for (const text of ['dcap', 'dcap\n', 'dcap\0', 'dcap\n\0\0']) {
    test(`holds one word: ${JSON.stringify(text)}`, () => {
      assert.equal(attributeWord(utf8(text)), 'dcap');
    });
  }
  for (const text of ['', '\n', 'a b', 'a\nb', 'a\n\n', 'a\0b', '\u00e9', 'x'.repeat(65)]) {
    test(`is not ${JSON.stringify(text)}`, () => {
      assert.throws(() => attributeWord(utf8(text)), { code: 'TEE_EVIDENCE_UNEXPECTED' });
    });
  }
});
