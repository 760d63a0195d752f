import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, cp, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ended, post, tlsTo, untilClosed } from './clients.ts';
import { podCases } from './pods.ts';
import { readAnswer, reviewOf } from './reviews.ts';
import type { Trust } from './trust.ts';

const program = fileURLToPath(new URL('../../bin/enclos-admission.js', import.meta.url));
const [{ pod, operations } = { pod: {}, operations: [] }] = podCases;
const review = reviewOf(pod);
const head = `POST /mutate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${review.length}\r\n\r\n`;

interface Line {
  readonly event: string;
  readonly code?: string;
  readonly port?: number;
  readonly healthPort?: number;
}

test('each command says what it takes', () => {
  for (const [command, option] of [
    ['serve', '--certificate FILE'],
    ['certificates', '--renew'],
    ['manifests', '--image NAME@sha256:HEX'],
  ] as const) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, command, '--help'], { encoding: 'utf8' });
    assert.deepEqual([status, stderr], [0, '']);
    assert.ok(stdout.includes(`Usage: enclos-admission ${command}`) && stdout.includes(option), stdout);
  }
});

test('manifests say what they lack of the files that are named', () => {
  const words = [
    'manifests',
    '--folder',
    '/nowhere/out',
    '--image',
    `registry.example/webhook@sha256:${'1'.repeat(64)}`,
  ];
  for (const [option, file, text] of [
    ['--client-ca', '/nowhere/ca.pem', '--client-ca: /nowhere/ca.pem cannot be read.'],
    ['--certificates', '/nowhere', 'The folder has no certificate yet: make it with `enclos-admission certificates`.'],
  ] as const) {
    const { status, stdout } = spawnSync(process.execPath, [program, ...words, option, file], { encoding: 'utf8' });
    assert.equal(status, 2);
    assert.ok(stdout.includes(text), stdout);
  }
});

class Program {
  readonly process: ChildProcess;
  readonly lines: Line[] = [];
  readonly errors: string[] = [];
  readonly exited: Promise<readonly [code: number | null, signal: string | null]>;
  #waiting: (() => void)[] = [];

  constructor(args: readonly string[]) {
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.process = child;
    this.exited = once(child, 'exit') as Promise<[number | null, string | null]>;
    child.stderr.on('data', (chunk: Buffer) => this.errors.push(chunk.toString()));
    const wakeAll = (): void => {
      for (const wake of this.#waiting.splice(0)) wake();
    };
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.lines.push(JSON.parse(line) as Line);
      wakeAll();
    });
    child.once('close', wakeAll);
  }

  async line(event: string): Promise<Line> {
    for (;;) {
      const found = this.lines.find((line) => line.event === event);
      if (found !== undefined) return found;
      if (this.process.stdout?.closed === true) throw new Error(`It ended before ${event}: ${this.errors.join('')}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}

/** Until so many reviews have begun and have no answer yet. */
async function untilInFlight(healthPort: number, count: number): Promise<void> {
  const line = new RegExp(`^enclos_admission_requests_in_flight ${count}$`, 'm');
  while (!line.test(await (await fetch(`http://127.0.0.1:${healthPort}/metrics`)).text())) await delay(10);
}

describe('the program', () => {
  let folder: string;
  let trust: Trust;
  const started: Program[] = [];
  const run = (args: readonly string[]): Program => {
    const one = new Program(args);
    started.push(one);
    return one;
  };
  const serve = (port: number, drainSeconds = 0): Program =>
    run(
      ['serve', '--host', '127.0.0.1', '--port', String(port), '--health-port', '0', '--reload-seconds', '1']
        .concat('--drain-seconds', String(drainSeconds))
        .concat('--certificate', join(folder, 'ca/tls.crt'), '--key', join(folder, 'ca/tls.key')),
    );
  const read = (name: string): Promise<string> => readFile(join(folder, 'ca', name), 'utf8');

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'enclos-program-'));
    const made = run(['certificates', '--folder', join(folder, 'ca')]);
    assert.deepEqual(await made.exited, [0, null]);
    trust = { bundle: await read('ca-bundle.crt'), cert: await read('tls.crt'), key: await read('tls.key') };
  });
  after(async () => {
    for (const { process: child } of started) child.kill('SIGKILL');
    await rm(folder, { recursive: true });
  });

  test('that is killed with reviews under way is there again on the same port, and owes nothing', async () => {
    const first = serve(0);
    const { port = 0, healthPort = 0 } = await first.line('listening');
    const sockets = await Promise.all(Array.from({ length: 5 }, () => tlsTo(port, trust)));
    for (const socket of sockets) socket.write(head);
    await untilInFlight(healthPort, sockets.length);
    first.process.kill('SIGKILL');
    // The API server learns at once, and lets the pod through.
    for (const { ms, text } of await Promise.all(sockets.map(ended))) {
      assert.ok(ms < 1000, String(ms));
      assert.equal(text, '');
    }
    assert.deepEqual(await first.exited, [null, 'SIGKILL']);
    const second = serve(port);
    await second.line('listening');
    assert.deepEqual(readAnswer((await post(port, trust, review)).body).operations, operations);
    second.process.kill('SIGTERM');
    assert.deepEqual(await second.exited, [0, null]);
  });

  test('that is told to end answers every review that has begun', async () => {
    const one = serve(0, 1);
    const { port = 0, healthPort = 0 } = await one.line('listening');
    const sockets = await Promise.all(Array.from({ length: 5 }, () => tlsTo(port, trust)));
    const answers = sockets.map(ended);
    for (const socket of sockets) socket.write(head);
    await untilInFlight(healthPort, sockets.length);
    one.process.kill('SIGTERM');
    await one.line('draining');
    assert.equal((await fetch(`http://127.0.0.1:${healthPort}/readyz`)).status, 503);
    assert.equal((await post(port, trust, review)).status, 200);
    await untilClosed(port);
    for (const socket of sockets) socket.write(review);
    const patched = /^HTTP\/1\.1 200 [^]*"patchType":"JSONPatch"/;
    for (const { text } of await Promise.all(answers)) assert.match(text, patched);
    assert.deepEqual(await one.exited, [0, null]);
    assert.equal(one.lines.at(-1)?.event, 'stopped');
    assert.deepEqual(one.errors, []);
  });

  test('takes a certificate that the command renewed, without a new start', async () => {
    const one = serve(0);
    const { port = 0 } = await one.line('listening');
    const { fingerprint } = await post(port, trust, review);
    assert.deepEqual(await run(['certificates', '--folder', join(folder, 'ca'), '--renew']).exited, [0, null]);
    await one.line('certificate-replaced');
    const later = await post(port, trust, review);
    assert.equal(later.status, 200);
    assert.notEqual(later.fingerprint, fingerprint);
    one.process.kill('SIGTERM');
    assert.deepEqual(await one.exited, [0, null]);
  });

  test('says in a line what it was not started for', async () => {
    const missing = run(['serve', '--certificate', join(folder, 'none'), '--key', join(folder, 'none')]);
    assert.deepEqual(await missing.exited, [2, null]);
    assert.equal((await missing.line('failed')).code, 'ADMISSION_CERTIFICATE_REFUSED');
    const first = serve(0);
    const { port = 0 } = await first.line('listening');
    const second = serve(port);
    assert.deepEqual(await second.exited, [2, null]);
    assert.equal((await second.line('failed')).code, 'SERVICE_ADDRESS_UNUSABLE');
    first.process.kill('SIGKILL');
  });

  test('writes manifests with the certificate, whose secret is for their owner only', async () => {
    const out = join(folder, 'manifests');
    const image = `registry.example/a@sha256:${'0'.repeat(64)}`;
    const args = ['manifests', '--folder', out, '--certificates', join(folder, 'ca'), '--image', image];
    for (let i = 0; i < 2; i++) assert.deepEqual(await run(args).exited, [0, null]);
    const secret = await readFile(join(out, 'secret.yaml'), 'utf8');
    const [, key = ''] = /type: kubernetes\.io\/tls[^]*\n {2}tls\.key: (\S+)\n/.exec(secret) ?? [];
    assert.equal(Buffer.from(key, 'base64').toString(), await readFile(join(folder, 'ca/tls.key'), 'utf8'));
    assert.equal((await stat(join(out, 'secret.yaml'))).mode & 0o777, 0o600);
    // A run of the other command that was cut off between key and certificate.
    const cut = join(folder, 'cut');
    await cp(join(folder, 'ca'), cut, { recursive: true });
    assert.deepEqual(await run(['certificates', '--folder', join(folder, 'other')]).exited, [0, null]);
    await copyFile(join(folder, 'other/tls.key'), join(cut, 'tls.key'));
    const refused = run(['manifests', '--folder', out, '--certificates', cut, '--image', image]);
    assert.deepEqual(await refused.exited, [2, null]);
    assert.equal((await refused.line('failed')).code, 'ADMISSION_CERTIFICATE_REFUSED');
    const empty = run(['manifests', '--folder', out, '--certificates', join(folder, 'none'), '--image', image]);
    assert.deepEqual(await empty.exited, [2, null]);
    assert.equal((await empty.line('failed')).code, 'ADMISSION_AUTHORITY_REFUSED');
  });
});
