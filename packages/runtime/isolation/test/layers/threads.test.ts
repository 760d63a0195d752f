import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { ownPidsCgroup } from '../../src/layers/pids-cgroup.ts';
import { findThreadBound, maxThreads, threadsLayer, threadWords } from '../../src/layers/threads.ts';
import { playedCgroup } from './isolation-machine.ts';

const folders: string[] = [];
after(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

/** A tree as the kernel shows it, in files. */
function cgroups(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'enclos-cgroups-'));
  folders.push(root);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

describe('the bound of threads', () => {
  const refuses = (first: readonly string[], last: readonly string[]): boolean =>
    !['j/cgroup/1/cgroup.procs', 'v1'].some((word) => [...first, ...last].includes(word));

  test('grows with the threads of the manifest', () => {
    assert.deepEqual([1, 4, 256].map(maxThreads), [68, 80, 1088]);
  });

  test('is RLIMIT_NPROC where it counts the enclave alone, and holds', () => {
    const bound = findThreadBound({ countsAlone: true, cgroup: playedCgroup, starts: refuses });
    assert.deepEqual(bound, { by: 'limit' });
    assert.deepEqual(threadWords(bound, 80), ['r6', 'v80']);
  });

  test('is a cgroup where RLIMIT_NPROC would count others too', () => {
    const bound = findThreadBound({ countsAlone: false, cgroup: playedCgroup, starts: refuses });
    assert.equal(bound?.by, 'cgroup');
    assert.deepEqual(threadWords(bound, 80), []);
  });

  test('is a cgroup where RLIMIT_NPROC lets everything through, as for root', () => {
    const exempt = (first: readonly string[]): boolean => refuses(first, []);
    assert.equal(findThreadBound({ countsAlone: true, cgroup: playedCgroup, starts: exempt })?.by, 'cgroup');
  });

  test('is that of the platform where no cgroup can be made, or one that is made holds nothing', () => {
    const starts = (): boolean => true;
    const none = { ...playedCgroup, make: () => undefined };
    const bound = findThreadBound({ countsAlone: true, cgroup: none, starts });
    assert.deepEqual(bound, { by: 'platform', tasks: 4000 });
    assert.match(threadsLayer(bound).detail, /together with those of the platform, to 4000/);
    assert.deepEqual(findThreadBound({ countsAlone: true, cgroup: playedCgroup, starts }), {
      by: 'platform',
      tasks: 4000,
    });
  });

  test('is missing where nothing bounds the platform either, and says what to do', () => {
    const unbound = { tasks: undefined, make: () => undefined };
    const bound = findThreadBound({ countsAlone: false, cgroup: unbound, starts: () => true });
    assert.equal(bound, undefined);
    const { active, detail } = threadsLayer(bound);
    assert.equal(active, false);
    assert.match(detail, /ordinary user.*TasksMax=/);
  });
});

describe('the cgroup of the platform', () => {
  test('of version 1 is that of the controller, and one made in it has the bound', () => {
    const root = cgroups({ 'pids/a/cgroup.procs': '', 'pids/a/pids.max': '500', 'pids/pids.max': 'max' });
    const found = ownPidsCgroup(root, '9:name=systemd:/\n8:cpu,pids:/a\n0::/\n');
    assert.equal(found?.tasks, 500);
    // The kernel makes the file with the folder: where there is none, nothing was bounded.
    assert.equal(found?.make(80), undefined);
  });

  test('of version 2 has the lowest bound of all above it', () => {
    const root = cgroups({
      'user.slice/one/cgroup.controllers': 'cpu memory pids\n',
      'user.slice/one/pids.max': 'max\n',
      'user.slice/pids.max': '4915\n',
    });
    const found = ownPidsCgroup(root, '0::/user.slice/one\n');
    assert.equal(found?.tasks, 4915);
    assert.equal(found?.make(80), undefined);
    // Nothing is left of an attempt.
    assert.ok(!readdirSync(join(root, 'user.slice/one')).some((name) => name.startsWith('enclos-')));
  });

  test('is not there without the controller, outside of its namespace, and without cgroups', () => {
    const root = cgroups({ 'one/cgroup.controllers': 'cpu memory\n' });
    for (const own of ['0::/one\n', '0::/../one\n', '', 'nonsense\n8:pids\n']) {
      assert.equal(ownPidsCgroup(root, own), undefined, own);
    }
  });

  test('what killed platforms left in it a minute ago is removed, and nothing else', () => {
    const root = cgroups({ 'pids/a/cgroup.procs': '' });
    const made = ['enclos-old', 'enclos-new', 'other'].map((name) => join(root, 'pids/a', name));
    for (const path of made) mkdirSync(path);
    const before = Date.now() / 1000 - 90;
    for (const path of made) if (!path.endsWith('new')) utimesSync(path, before, before);
    ownPidsCgroup(root, '8:pids:/a\n')?.make(80);
    assert.deepEqual(made.map(existsSync), [false, true, true]);
  });
});
