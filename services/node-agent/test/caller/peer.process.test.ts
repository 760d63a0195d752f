import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { parseCgroupPaths } from '../../src/caller/cgroup-paths.ts';
import { parsePeer, peerOf } from '../../src/caller/peer.ts';
import { temporaryFolder } from '../support.ts';

const skip = existsSync('/usr/bin/perl') ? false : 'needs perl';
const unknown = { code: 'AGENT_CALLER_UNKNOWN' };

describe('the process behind a connection', { skip }, () => {
  const path = join(temporaryFolder(), 's');
  let server: Server;
  before(async () => {
    server = createServer({ pauseOnConnect: true }).listen(path);
    await once(server, 'listening');
  });
  const children: ChildProcess[] = [];
  after(() => {
    for (const child of children) child.kill('SIGKILL');
    server.close();
  });

  /** A process that connects and waits, or does what it is told. */
  async function connecting(script: string): Promise<{ readonly child: ChildProcess; readonly socket: Socket }> {
    const accepted = once(server, 'connection');
    const child = spawn(
      process.execPath,
      ['-e', `const s = require('net').connect(${JSON.stringify(path)}).on('error', () => {}); ${script}`],
      {
        stdio: ['pipe', 'ignore', 'inherit'],
      },
    );
    children.push(child);
    const [socket] = (await accepted) as [Socket];
    after(() => socket.destroy());
    socket.on('error', () => undefined);
    return { child, socket };
  }

  test('is told by the kernel, with its user and its cgroup, and not a byte of it is read', async () => {
    const { child, socket } = await connecting("s.write('something')");
    const own = parseCgroupPaths(readFileSync('/proc/self/cgroup', 'utf8'));
    const { processId, user, cgroups } = await peerOf(socket);
    assert.deepEqual([processId, user, cgroups], [child.pid, process.getuid?.(), own]);
    const data = once(socket, 'data');
    socket.resume();
    assert.equal(String((await data)[0]), 'something');
  });

  test('is refused when it has ended, even while another process holds the connection', async () => {
    // A child of it gets the descriptor and stays.
    const { child, socket } = await connecting(`s.on('connect', () => {
      require('child_process').spawn('sleep', ['3'], { stdio: ['ignore', 'ignore', 'ignore', s], detached: true }).unref();
      setTimeout(() => process.exit(), 100);
    })`);
    await once(child, 'exit');
    await assert.rejects(peerOf(socket), unknown);
    assert.ok(!socket.destroyed);
    socket.destroy();
  });

  test('is refused when the kernel cannot be asked', async () => {
    const { socket } = await connecting('');
    await assert.rejects(peerOf(socket, '/nonexistent/perl'), unknown);
    await assert.rejects(peerOf(socket, '/bin/false'), unknown);
  });

  test('is found for many connections at once', async () => {
    const all = [];
    for (let i = 0; i < 5; i += 1) all.push(await connecting(''));
    const found = await Promise.all(all.map(async ({ socket }) => (await peerOf(socket)).processId));
    assert.deepEqual(
      found,
      all.map(({ child }) => child.pid),
    );
  });
});

describe('what the kernel says of a process', () => {
  test('is read from the lines of both versions, with a name for each controller', () => {
    const answer = '12 1000\n4:cpu,cpuacct:/pod1:a\n3:memory:/pod1/../one\n0::/kubepods/pod1/one\n1:name=systemd:/\n';
    const cgroups = new Map([
      ['cpu', '/pod1:a'],
      ['cpuacct', '/pod1:a'],
      ['memory', '/pod1/../one'],
      ['', '/kubepods/pod1/one'],
      ['name=systemd', '/'],
    ]);
    assert.deepEqual(parsePeer(answer), { processId: 12, user: 1000, cgroups });
  });

  const refused: readonly [what: string, answer: string][] = [
    ['nothing', ''],
    ['no cgroup', '12 1000\n'],
    ['a cgroup of version 1 that was removed', '12 1000\n4:memory:/other (deleted)\n0::/\n'],
    ['a cgroup that was removed', '12 1000\n0::/kubepods/pod1/one (deleted)\n'],
    ['no process', '0::/a\n'],
    ['a user that is not a number', '12 x\n0::/a\n'],
    ['a cgroup that is not a path', '12 1\n0::a\n'],
  ];
  for (const [what, answer] of refused) {
    test(`is not taken: ${what}`, () => assert.equal(parsePeer(answer), undefined));
  }

  test('never makes the reader fail', () => {
    fc.assert(fc.property(fc.string(), (answer) => void parsePeer(answer)));
  });
});
