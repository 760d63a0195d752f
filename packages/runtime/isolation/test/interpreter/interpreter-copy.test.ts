import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { InterpreterIdentity } from '@enclos/manifest';
import { cacheFolders, copyInterpreter, type InterpreterCopyOptions } from '../../src/interpreter/interpreter-copy.ts';
import { temporaryFolder } from '../support.ts';

const architecture = process.arch === 'arm64' ? 'linux-arm64' : 'linux-x64';
const content = 'an interpreter';

interface Scene {
  readonly source: string;
  readonly cache: string;
  readonly copy: (changes?: Partial<InterpreterCopyOptions>) => ReturnType<typeof copyInterpreter>;
}

/** An interpreter of our own, and the identity that pins it. */
function scene(): Scene {
  const folder = temporaryFolder();
  const [source, cache] = [join(folder, 'node'), join(folder, 'cache')];
  writeFileSync(source, content);
  const sha256 = new Uint8Array(createHash('sha256').update(content).digest());
  const pinned: InterpreterIdentity = { version: '1.2.3', digests: [{ architecture, sha256 }] };
  const options = { path: source, pinned, folders: [cache], passable: false };
  return { source, cache, copy: (changes = {}) => copyInterpreter({ ...options, ...changes }) };
}

describe('the copy of the interpreter', () => {
  test('is what runs: of the platform alone, and runnable', async () => {
    const { source, cache, copy } = scene();
    const { path, version } = await copy();
    assert.equal(version, '1.2.3');
    assert.ok(path.startsWith(`${cache}/node-`));
    assert.equal(readFileSync(path, 'utf8'), content);
    assert.equal(statSync(path).mode & 0o777, 0o500);
    assert.equal(statSync(cache).mode & 0o777, 0o700);
    // Not a link: what happens to the original does not happen to it.
    writeFileSync(source, 'changed');
    assert.equal(readFileSync(path, 'utf8'), content);
  });

  test('can be run by the users of enclaves on a separated platform', async () => {
    const { cache, copy } = scene();
    const { path } = await copy({ passable: true });
    assert.equal(statSync(path).mode & 0o777, 0o555);
    assert.equal(statSync(cache).mode & 0o777, 0o711);
  });

  test('is taken again while it is good, without the original', async () => {
    const { source, copy } = scene();
    const first = await copy();
    const { ino } = statSync(first.path);
    rmSync(source);
    const second = await copy();
    assert.equal(second.path, first.path);
    assert.equal(statSync(second.path).ino, ino);
  });

  test('is made anew when it is damaged or cannot be run', async () => {
    const { copy } = scene();
    const { path } = await copy();
    chmodSync(path, 0o700);
    writeFileSync(path, 'an interp');
    await copy();
    assert.equal(readFileSync(path, 'utf8'), content);
    chmodSync(path, 0o400);
    await copy();
    assert.equal(statSync(path).mode & 0o777, 0o500);
  });

  test('that changes under a running platform is noticed before the next spawn', async () => {
    const { copy } = scene();
    const interpreter = await copy();
    await interpreter.recheck();
    chmodSync(interpreter.path, 0o700);
    writeFileSync(interpreter.path, 'another one');
    await assert.rejects(interpreter.recheck(), { code: 'INTERPRETER_MISMATCH' });
    rmSync(interpreter.path);
    await assert.rejects(interpreter.recheck(), { code: 'INTERPRETER_MISSING' });
  });

  test('of another interpreter than the pinned one is refused, names the original, and is not kept', async () => {
    const { source, cache, copy } = scene();
    writeFileSync(source, 'another one');
    await assert.rejects(copy(), { code: 'INTERPRETER_MISMATCH', message: `${source} is not the pinned interpreter.` });
    assert.deepEqual(readdirSync(cache), []);
  });

  test('needs an original', async () => {
    const { source, copy } = scene();
    rmSync(source);
    await assert.rejects(copy(), { code: 'INTERPRETER_MISSING' });
  });

  test('goes into the first folder that takes it, and without any all reasons are told', async () => {
    const { source, cache, copy } = scene();
    const shared = join(temporaryFolder(), 'shared');
    mkdirSync(shared);
    chmodSync(shared, 0o777);
    const folders = [join(source, 'below-a-file'), shared];
    assert.ok((await copy({ folders: [...folders, cache] })).path.startsWith(cache));
    await assert.rejects(copy({ folders }), {
      code: 'INTERPRETER_NOT_COPIED',
      message: /below-a-file: .*; .*shared: users other than \d+ can write in it/,
    });
    assert.deepEqual(readdirSync(shared), []);
  });

  test('is not a link, not a folder, and nothing that another user put there', async (t) => {
    const { source, copy } = scene();
    const { path } = await copy();
    for (const put of [() => symlinkSync(source, path), () => mkdirSync(path)]) {
      rmSync(path, { recursive: true });
      put();
      await assert.rejects(copy(), { code: 'INTERPRETER_NOT_COPIED', message: /is not a file/ });
    }
    if (process.getuid?.() !== 0) return t.diagnostic('the file of another user was left out: needs root');
    rmSync(path, { recursive: true });
    writeFileSync(path, content);
    chownSync(path, 4711, 4711);
    await assert.rejects(copy(), { code: 'INTERPRETER_NOT_COPIED', message: /belongs to user 4711/ });
  });

  test('is one file, however many processes make it at once', async () => {
    const { cache, copy } = scene();
    const all = await Promise.all(Array.from({ length: 8 }, () => copy()));
    for (const interpreter of all) await interpreter.recheck();
    assert.equal(readdirSync(cache).length, 1);
  });

  test('clears away what killed platforms left an hour ago, and nothing else', async () => {
    const { cache, copy } = scene();
    mkdirSync(cache, { mode: 0o700 });
    const [old, young, foreign] = [
      '.enclos-new-1-1-000000000000-0123456789ab',
      '.enclos-new-1-1-000000000000-fedcba987654',
      '.enclos-new-letter',
    ];
    for (const name of [old, young, foreign]) writeFileSync(join(cache, name), 'half a cop');
    const past = new Date(Date.now() - 2 * 3_600_000);
    for (const name of [old, foreign]) utimesSync(join(cache, name), past, past);
    await copy();
    assert.deepEqual(
      readdirSync(cache)
        .filter((name) => !name.startsWith('node-'))
        .sort(),
      [young, foreign].sort(),
    );
  });
});

describe('where the copy is kept', () => {
  const machine = '/srv/state/machine';
  const beside = '/srv/state/cache';

  test('is the cache of the user, and else beside the machine', async () => {
    const home = temporaryFolder();
    assert.deepEqual(await cacheFolders(machine, { HOME: home }), [join(home, '.cache/enclos'), beside]);
    assert.deepEqual(await cacheFolders(machine, { HOME: '/x', XDG_CACHE_HOME: home }), [join(home, 'enclos'), beside]);
  });

  test('is beside the machine alone for a user without a home', async () => {
    assert.deepEqual(await cacheFolders(machine, { HOME: '/nonexistent' }), [beside]);
    assert.deepEqual(await cacheFolders(machine, { HOME: 'relative' }), [beside]);
    assert.ok(!existsSync('/nonexistent'));
  });

  test('is not the home of another user, as with sudo', async (t) => {
    if (process.getuid?.() !== 0) return t.skip('needs root');
    const home = temporaryFolder();
    chownSync(home, 4711, 4711);
    assert.deepEqual(await cacheFolders(machine, { HOME: home }), [beside]);
  });
});
