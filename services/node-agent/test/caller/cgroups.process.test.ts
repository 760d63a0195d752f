import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openCgroups } from '../../src/caller/cgroups.ts';
import { writableCgroups } from '../agent-site.ts';
import { temporaryFolder } from '../support.ts';

const root = writableCgroups();
const unavailable = { code: 'AGENT_CGROUP_UNAVAILABLE' };

test('a folder that holds no cgroups is refused', async () => {
  await assert.rejects(openCgroups({ root: temporaryFolder() }), unavailable);
  await assert.rejects(openCgroups({ root: '/nonexistent' }), unavailable);
});

describe('the cgroup of a caller', { skip: root === undefined && 'needs cgroups of version 2' }, () => {
  const name = `enclos-test-${process.pid}`;
  const made = [name, `${name}/agent`, `${name}/pod`, `${name}/pod/one`];
  const at = (path: string): string => join(root ?? '', path);
  before(() => made.forEach((path) => mkdirSync(at(path))));
  after(() => made.toReversed().forEach((path) => rmdirSync(at(path))));

  test('is found by the path that the node gives it', async () => {
    const cgroups = await openCgroups({ root: root ?? '', own: root ?? '' });
    assert.equal(await cgroups.folderOf(`/${name}/pod/one`), at(`${name}/pod/one`));
  });

  test('is found by the path that it has as seen from the agent’s own namespace', async () => {
    // A mount of the agent's own part has the numbers of the node's.
    const cgroups = await openCgroups({ root: root ?? '', own: at(`${name}/agent`) });
    assert.equal(await cgroups.folderOf('/../pod/one'), at(`${name}/pod/one`));
    assert.equal(await cgroups.folderOf('/'), at(`${name}/agent`));
  });

  test('is refused when it is gone, that of the whole node, or beyond it', async () => {
    const cgroups = await openCgroups({ root: root ?? '', own: root ?? '' });
    for (const path of ['/', '/..', `/${name}/..`, `/${name}/gone`]) {
      await assert.rejects(cgroups.folderOf(path), unavailable, path);
    }
  });

  test('is refused when it is relative, and the agent does not know to what', async () => {
    const cgroups = await openCgroups({ root: root ?? '', own: temporaryFolder() });
    await assert.rejects(cgroups.folderOf('/../pod/one'), unavailable);
    assert.equal(await cgroups.folderOf(`/${name}/pod`), at(`${name}/pod`));
  });

  test('is looked for without leaving anything behind', () => {
    assert.deepEqual(readdirSync(at(`${name}/pod/one`), { withFileTypes: true }).filter((e) => e.isDirectory()), []);
  });
});
