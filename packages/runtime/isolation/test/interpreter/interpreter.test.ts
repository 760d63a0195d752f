import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { appendFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { toHex } from '@enclos/codec';
import { pinnedInterpreter, type InterpreterIdentity } from '@enclos/manifest';
import { verifyInterpreter } from '../../src/interpreter/interpreter.ts';
import { temporaryFolder } from '../support.ts';

const architecture = process.arch === 'arm64' ? 'linux-arm64' : 'linux-x64';
const sha256 = (text: string): Uint8Array => new Uint8Array(createHash('sha256').update(text).digest());

/** An interpreter of our own, and the identity that pins it. */
function fake(text = 'an interpreter'): { readonly path: string; readonly pinned: InterpreterIdentity } {
  const path = join(temporaryFolder(), 'node');
  writeFileSync(path, text);
  return { path, pinned: { version: '1.2.3', digests: [{ architecture, sha256: sha256(text) }] } };
}

describe('the interpreter', () => {
  test('that is pinned is installed', async () => {
    const { version, sha256: digest } = await verifyInterpreter();
    assert.equal(version, pinnedInterpreter.version);
    assert.ok(pinnedInterpreter.digests.some((pinned) => toHex(pinned.sha256) === toHex(digest)));
  });

  test('with another digest is refused, and both digests are told', async () => {
    const { path, pinned } = fake();
    writeFileSync(path, 'another interpreter');
    await assert.rejects(verifyInterpreter({ path, pinned }), {
      code: 'INTERPRETER_MISMATCH',
      details: { expected: toHex(sha256('an interpreter')), found: toHex(sha256('another interpreter')) },
    });
  });

  test('that is pinned for another architecture alone is refused', async () => {
    const other = architecture === 'linux-x64' ? 'linux-arm64' : 'linux-x64';
    const pinned = { version: '1.2.3', digests: [{ architecture: other, sha256: new Uint8Array(32) }] } as const;
    await assert.rejects(verifyInterpreter({ pinned }), { code: 'INTERPRETER_MISSING' });
  });

  test('of another architecture than this machine’s is looked for when it is asked for', async () => {
    const other = architecture === 'linux-x64' ? 'linux-arm64' : 'linux-x64';
    const { path } = fake();
    const digests = [
      { architecture, sha256: new Uint8Array(32) },
      { architecture: other, sha256: sha256('an interpreter') },
    ] as const;
    const pinned = { version: '1.2.3', digests };
    const found = await verifyInterpreter({ path, pinned, architecture: other });
    assert.deepEqual(found.sha256, sha256('an interpreter'));
    const ofThisOne = { ...pinned, digests: digests.slice(0, 1) };
    await assert.rejects(verifyInterpreter({ path, pinned: ofThisOne, architecture: other }), {
      code: 'INTERPRETER_MISSING',
      message: `No interpreter is pinned for ${other}.`,
    });
  });

  test('is not hashed again while its file is the same', async () => {
    const { path, pinned } = fake();
    const interpreter = await verifyInterpreter({ path, pinned });
    await interpreter.recheck();
    await interpreter.recheck();
  });

  test('that changes after it was hashed is noticed before the next spawn, and stays refused', async () => {
    const { path, pinned } = fake();
    const interpreter = await verifyInterpreter({ path, pinned });
    appendFileSync(path, '!');
    await assert.rejects(interpreter.recheck(), { code: 'INTERPRETER_MISMATCH' });
    await assert.rejects(interpreter.recheck(), { code: 'INTERPRETER_MISMATCH' });
    writeFileSync(path, 'an interpreter');
    await interpreter.recheck();
  });

  test('that changes and gets its old time back is noticed', async () => {
    const { path, pinned } = fake();
    const past = new Date('2026-01-01');
    utimesSync(path, past, past);
    const interpreter = await verifyInterpreter({ path, pinned });
    writeFileSync(path, 'AN INTERPRETER');
    utimesSync(path, past, past);
    await assert.rejects(interpreter.recheck(), { code: 'INTERPRETER_MISMATCH' });
  });
});
