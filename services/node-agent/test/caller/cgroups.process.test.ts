import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { saidBy } from '@enclos/testkit';
import { parseCgroupPaths, unified, type CgroupPaths } from '../../src/caller/cgroup-paths.ts';
import { openCgroups, type Cgroups } from '../../src/caller/cgroups.ts';
import { openHierarchy } from '../../src/caller/hierarchy.ts';
import { nodeCgroups } from '../pod-cgroups.ts';
import { temporaryFolder } from '../support.ts';

const node = nodeCgroups();
const unavailable = (message: RegExp) => ({ code: 'AGENT_CGROUP_UNAVAILABLE', message });

test('a folder that holds no cgroups is refused', async () => {
  for (const root of [temporaryFolder(), '/nonexistent']) {
    await assert.rejects(openCgroups({ root }), unavailable(/^No cgroups at \S+ count memory\.$/));
  }
});

describe('a node with cgroups', () => {
  const agentId = 77;
  interface Layout {
    /** Which version is mounted, by the path below the root. */
    readonly mounts: Readonly<Record<string, 1 | 2>>;
    readonly files: Readonly<Record<string, string>>;
    /** /proc/PID/cgroup of the agent. */
    readonly agent: string;
  }

  /** A node of folders. Its container of the agent has no cgroups of its own. */
  function open({ mounts, files, agent }: Layout): { readonly root: string; readonly cgroups: Promise<Cgroups> } {
    const root = temporaryFolder();
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    }
    const versions = new Map(Object.entries(mounts).map(([path, version]) => [join(root, path), version]));
    const versionOf = (path: string): Promise<1 | 2 | undefined> => Promise.resolve(versions.get(path));
    const self = { processId: agentId, paths: parseCgroupPaths(agent) ?? new Map<string, string>() };
    return { root, cgroups: openCgroups({ root, own: join(root, 'none'), self, versionOf }) };
  }
  const pathsOf = (text: string) => parseCgroupPaths(text) ?? new Map<string, string>();

  const everything = 'cpuset cpu io memory hugetlb pids rdma misc\n';
  const whole: Layout = {
    mounts: { '': 2 },
    files: {
      'cgroup.controllers': everything,
      'agent/cgroup.procs': `${agentId}\n`,
      'pods/one/cgroup.procs': '',
      'pods/one/cgroup.controllers': everything,
      'pods/bare/cgroup.procs': '',
      'pods/bare/cgroup.controllers': 'cpu pids\n',
    },
    agent: '0::/agent\n',
  };
  const hybrid: Layout = {
    mounts: { memory: 1, pids: 1, cpu: 1, unified: 2 },
    files: {
      ...Object.fromEntries(
        ['memory', 'pids', 'cpu', 'unified'].flatMap((name) => [
          [`${name}/agent/cgroup.procs`, `${agentId}\n`],
          [`${name}/pods/one/cgroup.procs`, ''],
        ]),
      ),
      'unified/cgroup.controllers': '\n',
    },
    agent: '9:cpu,cpuacct:/agent\n8:pids:/agent\n4:memory:/agent\n0::/agent\n',
  };
  const onePod = '9:cpu,cpuacct:/pods/one\n8:pids:/pods/one\n4:memory:/pods/one\n0::/pods/one\n';

  test('of version 2 counts by all of them in one cgroup', async () => {
    const { root, cgroups } = open(whole);
    const { controllers, foldersOf } = await cgroups;
    assert.deepEqual(controllers, ['cpu', 'memory', 'pids']);
    assert.deepEqual(await foldersOf(pathsOf('0::/pods/one\n')), [join(root, 'pods/one')]);
  });

  test('of version 2 refuses a caller whose cgroup does not count what it claims to count', async () => {
    const { foldersOf } = await open(whole).cgroups;
    await assert.rejects(
      foldersOf(pathsOf('0::/pods/bare\n')),
      unavailable(/^The cgroup \/pods\/bare does not count: memory\.$/),
    );
  });

  test('of version 2 without memory is refused: there nothing would be counted', async () => {
    const files = { ...whole.files, 'cgroup.controllers': 'cpu pids\n' };
    await assert.rejects(open({ ...whole, files }).cgroups, unavailable(/count memory/));
  });

  test('of both versions counts in the hierarchies of version 1, where the limits are', async () => {
    const { root, cgroups } = open(hybrid);
    const { controllers, foldersOf } = await cgroups;
    assert.deepEqual(controllers, ['cpu', 'memory', 'pids']);
    const folders = ['cpu/pods/one', 'memory/pods/one', 'pids/pods/one'];
    assert.deepEqual(
      await foldersOf(pathsOf(onePod)),
      folders.map((path) => join(root, path)),
    );
  });

  test('of both versions, of which only the second is mounted into the agent, is refused', async () => {
    const files = { 'cgroup.controllers': '\n', 'agent/cgroup.procs': `${agentId}\n` };
    await assert.rejects(open({ mounts: { '': 2 }, files, agent: hybrid.agent }).cgroups, unavailable(/count memory/));
  });

  test('of both versions, with one controller in the second, uses each where it is', async () => {
    const { pids: _pids, ...mounts } = hybrid.mounts;
    const files = {
      ...hybrid.files,
      'unified/cgroup.controllers': 'pids memory\n',
      'unified/pods/one/cgroup.controllers': 'pids\n',
    };
    const { root, cgroups } = open({ ...hybrid, mounts, files });
    const { controllers, foldersOf } = await cgroups;
    assert.deepEqual(controllers, ['cpu', 'memory', 'pids']);
    const folders = ['cpu/pods/one', 'memory/pods/one', 'unified/pods/one'];
    assert.deepEqual(
      await foldersOf(pathsOf(onePod)),
      folders.map((path) => join(root, path)),
    );
  });

  test('of version 1 only counts there, and says what it does not count', async () => {
    const { foldersOf, controllers } = await open({ ...hybrid, mounts: { memory: 1 } }).cgroups;
    assert.deepEqual(controllers, ['memory']);
    await assert.rejects(foldersOf(pathsOf('4:memory:/\n')), unavailable(/that of the whole node/));
    await assert.rejects(foldersOf(pathsOf('0::/pods/one\n')), unavailable(/^The caller has no cgroup of memory\.$/));
    await assert.rejects(foldersOf(pathsOf('4:memory:/pods/gone\n')), unavailable(/Nothing can be moved/));
  });

  test('of version 1 without memory, or without the agent in it, is refused', async () => {
    await assert.rejects(open({ ...hybrid, mounts: { pids: 1 } }).cgroups, unavailable(/count memory/));
    const elsewhere = hybrid.agent.replace('memory:/agent', 'memory:/pods/one');
    await assert.rejects(open({ ...hybrid, agent: elsewhere }).cgroups, unavailable(/its own cgroup below \S+memory/));
  });
});

describe('the cgroup of a caller', { skip: node === undefined && 'needs cgroups that count memory' }, () => {
  const isFirst = node?.version === 1;
  const root = isFirst ? '/sys/fs/cgroup/memory' : '/sys/fs/cgroup';
  const hierarchy = isFirst ? 'memory' : unified;
  // Those of version 2 that are made here have no controllers, which other tests look at.
  const place = { root, name: hierarchy, controllers: isFirst ? ['memory'] : [] };
  const name = `enclos-test-${process.pid}`;
  const made = [name, `${name}/agent`, `${name}/pod`, `${name}/pod/one`];
  const at = (path: string): string => join(root, path);
  const of = (path: string): CgroupPaths => new Map([[hierarchy, path]]);
  const here = {
    processId: process.pid,
    paths: parseCgroupPaths(readFileSync('/proc/self/cgroup', 'utf8')) ?? of('/'),
  };
  before(() => made.forEach((path) => mkdirSync(at(path))));
  after(() => made.toReversed().forEach((path) => rmdirSync(at(path))));

  test('is found by the path that the node gives it', async () => {
    const { folderOf } = await openHierarchy({ ...place, own: root, hasOwn: true }, here);
    assert.equal(await folderOf(of(`/${name}/pod/one`)), at(`${name}/pod/one`));
  });

  describe('of an agent in a container, whose part of the hierarchy is mounted by itself,', () => {
    // A mount of the agent's own part has the numbers of the node's.
    const own = at(`${name}/agent`);
    const inContainer = { ...place, own, hasOwn: true };
    let agent: ChildProcess;
    const seenAs = (path: string) => ({ processId: agent.pid ?? 0, paths: of(path) });
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
      const { folderOf } = await openHierarchy(inContainer, seenAs('/'));
      assert.equal(await folderOf(of('/../pod/one')), at(`${name}/pod/one`));
      assert.equal(await folderOf(of('/')), own);
    });

    test('is found by its whole path in the namespace of the node', async () => {
      const { folderOf } = await openHierarchy(inContainer, seenAs(`/${name}/agent`));
      assert.equal(await folderOf(of(`/${name}/pod/one`)), at(`${name}/pod/one`));
    });

    test('is not guessed: an agent that is not where it should be does not start', async () => {
      const lost = unavailable(/does not find its own cgroup/);
      await assert.rejects(openHierarchy(inContainer, seenAs(`/${name}/pod`)), lost);
      await assert.rejects(openHierarchy({ ...inContainer, hasOwn: false }, seenAs('/')), lost);
    });
  });

  test('is refused when it is gone, that of the whole node, or beyond it', async () => {
    const { folderOf } = await openHierarchy({ ...place, own: root, hasOwn: true }, here);
    for (const path of ['/', '/..', `/${name}/..`, `/${name}/gone`]) {
      await assert.rejects(folderOf(of(path)), { code: 'AGENT_CGROUP_UNAVAILABLE' }, path);
    }
  });
});
