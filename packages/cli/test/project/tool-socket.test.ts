import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import type { Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { connectToSocket } from '@enclos/tee/unix-socket';
import type { RunningEnclave, StartedEnclave } from '../../src/project/greeting.ts';
import { temporaryFolder } from '../cli.ts';
import { openToolSocket } from '../../src/project/tool-socket.ts';

const mrEnclave = 'cd'.repeat(32);

async function greet(path: string, text: string): Promise<Socket> {
  const socket = connectToSocket(path);
  await once(socket, 'connect');
  socket.setEncoding('utf8').write(text);
  return socket;
}

async function textOf(socket: Socket, wanted: RegExp): Promise<string> {
  let text = '';
  while (!wanted.test(text)) text += String((await once(socket, 'data'))[0]);
  return text;
}

test('a host program is told the level, again when it changes, and tells of its enclaves', async () => {
  const started: RunningEnclave[] = [];
  const tool = await openToolSocket({ logLevel: 2, onStarted: (enclave) => started.push(enclave) });
  try {
    assert.equal(statSync(dirname(tool.path)).mode & 0o777, 0o700);
    const host = await greet(tool.path, 'log\n');
    assert.equal(await textOf(host, /\n/), '2\n');
    tool.setLogLevel(3);
    assert.equal(await textOf(host, /\n/), '3\n');
    host.end(`nonsense\nstream listen passed api\nstarted vault ${mrEnclave}\n`);
    await tool.settled();
    const streams = [{ kind: 'listen', name: 'api', transport: 'passed' }];
    assert.deepEqual(started, [{ name: 'vault', mrEnclave, streams }]);
  } finally {
    await tool.close();
  }
  assert.equal(existsSync(dirname(tool.path)), false);
});

test('an inspector is handed over with what came behind its greeting', async () => {
  let taken: (given: { stream: Socket; enclave: StartedEnclave }) => void = () => undefined;
  const handed = new Promise<{ stream: Socket; enclave: StartedEnclave }>((resolve) => (taken = resolve));
  const tool = await openToolSocket({ logLevel: 0, onInspector: (stream, enclave) => taken({ stream, enclave }) });
  try {
    const host = await greet(tool.path, `inspector vault ${mrEnclave}\n{"id":1}\n`);
    const { stream, enclave } = await handed;
    assert.deepEqual([enclave.name, enclave.mrEnclave], ['vault', mrEnclave]);
    const got = once(stream.resume(), 'data');
    assert.equal(String((await got)[0]), '{"id":1}\n');
    stream.write('+\n');
    assert.equal(await textOf(host, /\n/), '+\n');
  } finally {
    await tool.close();
  }
});

for (const [where, below] of [
  ['a folder', '.'],
  ['a folder with a long path', 'd'.repeat(150)],
] as const) {
  test(`in ${where}: that of a killed tool is removed by the next one; that of a running one stays`, async () => {
    const parent = join(temporaryFolder(), below);
    mkdirSync(parent, { recursive: true });
    const running = await openToolSocket({ logLevel: 0 }, parent);
    const program =
      'require("node:net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))';
    const killed = join(parent, 'enclos-tool-killed');
    mkdirSync(killed);
    spawnSync(process.execPath, ['-e', program, 't.sock'], { cwd: killed });
    assert.ok(existsSync(join(killed, 't.sock')));
    const next = await openToolSocket({ logLevel: 0 }, parent);
    try {
      assert.equal(existsSync(killed), false);
      assert.ok(existsSync(running.path));
    } finally {
      await running.close();
      await next.close();
    }
    assert.deepEqual(readdirSync(parent), []);
  });
}

test('who greets wrongly, at length, or with what is not wanted, is sent away', async () => {
  const tool = await openToolSocket({ logLevel: 0 });
  try {
    for (const text of ['hello\n', 'x'.repeat(300), `inspector vault ${mrEnclave}\n`]) {
      const socket = await greet(tool.path, text);
      socket.on('error', () => undefined).resume();
      await once(socket, 'close');
    }
  } finally {
    await tool.close();
  }
});
