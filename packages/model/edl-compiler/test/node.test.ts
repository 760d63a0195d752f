import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { longestFile, readInterfaceFile } from '../src/node.ts';

const folder = mkdtempSync(join(tmpdir(), 'enclos-edl-compiler-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);

describe('a file of an interface', () => {
  test('has its bytes, up to the longest', () => {
    writeFileSync(at('good.edl'), 'enclave { };');
    assert.equal(Buffer.from(readInterfaceFile(at('good.edl')) ?? []).toString(), 'enclave { };');
    writeFileSync(at('longest.edl'), Buffer.alloc(longestFile, 0x20));
    assert.equal(readInterfaceFile(at('longest.edl'))?.length, longestFile);
  });

  test('that is too large is more than the compiler takes, and not read', () => {
    writeFileSync(at('large.edl'), Buffer.alloc(longestFile + 5, 0x41));
    const bytes = readInterfaceFile(at('large.edl'));
    assert.equal(bytes?.length, longestFile + 1);
    assert.ok(bytes.every((byte) => byte === 0x20));
  });

  test('is absent where nothing can be, and where something else is', () => {
    mkdirSync(at('folder.edl'));
    symlinkSync('loop.edl', at('loop.edl'));
    for (const name of ['absent.edl', 'good.edl/below.edl', 'folder.edl', 'loop.edl', `${'a'.repeat(300)}.edl`]) {
      assert.equal(readInterfaceFile(at(name)), undefined, name);
    }
  });

  test('is absent where a pipe is, without waiting for a writer', { skip: process.platform !== 'linux' }, () => {
    execFileSync('mkfifo', [at('pipe.edl')]);
    assert.equal(readInterfaceFile(at('pipe.edl')), undefined);
  });

  test('that the system refuses is its error', () => {
    assert.throws(() => readInterfaceFile('nul\0.edl'), { code: 'ERR_INVALID_ARG_VALUE' });
  });
});
