import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { signalTo } from '@enclos/testkit';
import { servePassage, type PassagePeer, type PassageServer } from './passage-peer.ts';

const program = fileURLToPath(new URL('./passing-host.js', import.meta.url));
/** Loaded before a program, it takes away what a later Node may lack. */
const withoutBinding = 'data:text/javascript,delete process.binding';

/** proc_pid_stat(5): the fields after the name, first the state and then the parent. None for a process that is gone. */
function fieldsOf(pid: number): readonly string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

/** Where a link leads, if it still is there. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function childrenOf(parent: number): number[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return all.map(Number).filter((pid) => Number(fieldsOf(pid)[1]) === parent);
}

/** Whether a process runs: one that only waits for its parent to hear of its end does not. */
const isThere = (pid: number): boolean => !['', 'Z'].includes(fieldsOf(pid)[0] ?? '');

describe('a host that passes connections', { timeout: 60_000 }, () => {
  let where: PassageServer;
  let host: ChildProcess | undefined;

  beforeEach(async () => {
    where = await servePassage();
  });
  afterEach(async () => {
    host?.kill('SIGKILL');
    await where.close();
  });

  /** A host that runs, its port, and the processes that it started. */
  async function start(reads: boolean, ...options: readonly string[]) {
    const child = spawn(process.execPath, [...options, program, where.path], { stdio: ['ignore', 'pipe', 'inherit'] });
    host = child;
    const [port] = (await once(child.stdout, 'data')) as [Buffer];
    const peer = await where.peer();
    if (reads) peer.start();
    return { child, port: Number(String(port)), peer, children: childrenOf(child.pid ?? 0) };
  }

  /** A connection to the host reaches the enclave. */
  async function passes(port: number, peer: PassagePeer): Promise<void> {
    const client = connect(port, '127.0.0.1');
    const { socket } = await peer.next();
    socket.end('passed');
    const [bytes] = (await once(client, 'data')) as [Buffer];
    assert.equal(String(bytes), 'passed');
    client.destroy();
  }

  test('has no other process where this Node passes by itself', async () => {
    const { port, peer, children } = await start(true);
    await passes(port, peer);
    assert.deepEqual(children, []);
  });

  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    test(`a courier passes, and ends with its host, which ${signal} ends`, async () => {
      const { child, port, peer, children } = await start(true, '--import', withoutBinding);
      await passes(port, peer);
      const [courier] = children;
      assert.ok(courier !== undefined, 'it has a courier');
      child.kill(signal);
      await peer.until(() => peer.isEnded);
      while (isThere(courier)) await sleep(5);
    });
  }

  test('a courier ends with its host, though an enclave that does not read keeps its passage open', async () => {
    const { child, port, children } = await start(false, '--import', withoutBinding);
    const clients = Array.from({ length: 400 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
    await Promise.all(clients.map((client) => once(client, 'connect')));
    // More than the kernel keeps for the enclave: the rest waits in the courier.
    const [courier] = children;
    assert.ok(courier !== undefined);
    const socketsOf = (): number =>
      readdirSync(`/proc/${courier}/fd`).filter((fd) => linkOf(`/proc/${courier}/fd/${fd}`).startsWith('socket:'))
        .length;
    while (socketsOf() < 50) await sleep(5);
    child.kill('SIGKILL');
    while (isThere(courier)) await sleep(5);
    for (const client of clients) client.destroy();
  });

  test('a courier stays when a terminal ends the programs that it started', async () => {
    const { port, peer, children } = await start(true, '--import', withoutBinding);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) signalTo(children[0], signal);
    await passes(port, peer);
  });

  test('the end of a courier is the end of the passage', async () => {
    const { child, children } = await start(true, '--import', withoutBinding);
    signalTo(children[0], 'SIGKILL');
    assert.deepEqual(await once(child, 'exit'), [3, null]);
  });
});

describe('the choice of a way', () => {
  const choose = (...options: readonly string[]): string => {
    const passing = import.meta.resolve('@enclos/tee/passing');
    const code = `import { courierPassing, nativePassing } from '${passing}';
      console.log(nativePassing(String) !== undefined, courierPassing(String) !== undefined);`;
    const run = spawnSync(process.execPath, [...options, '--input-type=module', '-e', code], { encoding: 'utf8' });
    assert.equal(run.stderr.replaceAll(/^.*(ExperimentalWarning: Permission|--trace-warnings).*\n/gm, ''), '');
    return run.stdout.trim();
  };

  test('this Node passes by itself, without a warning', () => {
    assert.equal(choose(), 'true true');
  });

  test('where Node would warn, there is the courier, and no warning', () => {
    assert.equal(choose('--pending-deprecation'), 'false true');
  });

  test('where Node lacks it, there is the courier', () => {
    assert.equal(choose('--import', withoutBinding), 'false true');
    assert.equal(choose('--import', 'data:text/javascript,process.binding = () => ({})'), 'false true');
    const throws = 'data:text/javascript,process.binding = () => { throw new Error("gone"); }';
    assert.equal(choose('--import', throws), 'false true');
  });

  test('where a process may start no other one, there is none', () => {
    const flag = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission';
    assert.equal(choose(flag, '--allow-fs-read=*'), 'false false');
  });
});
