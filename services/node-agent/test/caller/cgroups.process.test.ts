import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { saidBy } from '@enclos/testkit';
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

  describe('of an agent in a container, whose part of the hierarchy is mounted by itself,', () => {
    // A mount of the agent's own part has the numbers of the node's.
    const own = at(`${name}/agent`);
    let agent: ChildProcess;
    before(async () => {
      agent = spawn('sh', ['-c', 'echo 0 > "$0/cgroup.procs" && echo there && exec sleep 60', own]);
      await saidBy(agent, 'there');
    });
    after(async () => {
      const ended = once(agent, 'close');
      agent.kill('SIGKILL');
      await ended;
    });

    test('is found by the path that it has in a namespace of the agent’s own', async () => {
      const self = { processId: agent.pid ?? 0, cgroup: '/' };
      const cgroups = await openCgroups({ root: root ?? '', own, self });
      assert.equal(await cgroups.folderOf('/../pod/one'), at(`${name}/pod/one`));
      assert.equal(await cgroups.folderOf('/'), own);
    });

    test('is found by its whole path in the namespace of the node', async () => {
      const self = { processId: agent.pid ?? 0, cgroup: `/${name}/agent` };
      const cgroups = await openCgroups({ root: root ?? '', own, self });
      assert.equal(await cgroups.folderOf(`/${name}/pod/one`), at(`${name}/pod/one`));
    });

    test('is not guessed: an agent that is not where it should be does not start', async () => {
      const self = { processId: agent.pid ?? 0, cgroup: `/${name}/pod` };
      await assert.rejects(openCgroups({ root: root ?? '', own, self }), unavailable);
      await assert.rejects(openCgroups({ root: root ?? '', own: temporaryFolder(), self }), unavailable);
    });
  });

  test('is refused when it is gone, that of the whole node, or beyond it', async () => {
    const cgroups = await openCgroups({ root: root ?? '', own: root ?? '' });
    for (const path of ['/', '/..', `/${name}/..`, `/${name}/gone`]) {
      await assert.rejects(cgroups.folderOf(path), unavailable, path);
    }
  });
});
