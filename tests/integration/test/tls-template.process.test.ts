import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect as connectTcp, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { connect, createSecureContext, TLSSocket, type ConnectionOptions } from 'node:tls';
import { createTlsIdentity } from '@enclos/enclave';
import { verifyInterpreter } from '@enclos/isolation';
import { enclosBin, newProject, startProgram, type Ran, type Running } from '@enclos/process-kit/processes/programs';

const serverName = 'enclave.test';
/** In place of a minute. Long for a client that works, short for a test that waits. */
const idleMs = 3000;

/** What `enclos new --template tls-service` writes, as its user runs it. */
describe('a service of the template tls-service', () => {
  const folder = mkdtempSync(join(tmpdir(), 'enclos-tls-template-'));
  const project = join(folder, 'auction');
  const env = { XDG_STATE_HOME: join(folder, 'state'), PORT: '0' };
  const enclos = (...argv: readonly string[]): Promise<Ran> =>
    startProgram([process.execPath, enclosBin, ...argv], { cwd: project, env }).ended;
  let interpreter = '';
  let service: Running;
  let port = 0;
  let mrEnclave = '';

  /** The client of the template, which Node runs from its TypeScript. */
  const bid = (amount: number, at = port, expected = mrEnclave): Promise<Ran> =>
    startProgram([interpreter, 'src/client.ts', `127.0.0.1:${at}`, 'root.pem', expected, `${amount}`], { cwd: project })
      .ended;
  const open = async (options: ConnectionOptions = {}): Promise<TLSSocket> => {
    const socket = connect({ port, servername: serverName, rejectUnauthorized: false, ...options });
    await once(socket, 'secureConnect');
    return socket;
  };

  before(async () => {
    interpreter = (await verifyInterpreter()).path;
    await newProject(folder, 'auction', 'tls-service');
    const main = join(project, 'src/auction.enclave.ts');
    const source = readFileSync(main, 'utf8');
    assert.ok(source.includes('idleMs = 60_000;'));
    writeFileSync(main, source.replace('idleMs = 60_000;', `idleMs = ${idleMs};`));
    service = startProgram([process.execPath, enclosBin, 'run', '--isolation=best'], { cwd: project, env });
    const [, foundPort = '', measured = ''] = await service.until(/^127\.0\.0\.1:(\d+), enclave ([0-9a-f]{64})$/m);
    [port, mrEnclave] = [Number(foundPort), measured];
    const shown = await enclos('platform', 'show', '--root-out', 'root.pem');
    assert.equal(shown.code, 0, shown.stderr);
  });
  after(async () => {
    service.child.kill('SIGKILL');
    await service.ended;
    rmSync(folder, { recursive: true, force: true });
  });

  test('answers a client that has checked whose key it is', async () => {
    const answers = [];
    for (const amount of [120, 90, 121]) {
      const { code, stdout, stderr } = await bid(amount);
      assert.equal(code, 0, stderr);
      const [checked, answer] = stdout.split('\n');
      assert.match(checked ?? '', /belongs to the enclave that was expected/);
      answers.push(answer);
    }
    assert.deepEqual(answers, ['a bid of 120: highest', 'a bid of 90: too low', 'a bid of 121: highest']);
  });

  test('is refused by a client that expects another enclave', async () => {
    const { code, stdout, stderr } = await bid(500, port, '00'.repeat(32));
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /^✖ APPRAISAL_REFUSED: .*mrEnclave/);
  });

  test('a host that ends TLS itself and passes the evidence on is refused, before it hears a bid', async () => {
    const own = createTlsIdentity(serverName);
    const heard: string[] = [];
    const middle = createServer((socket) => {
      const secureContext = createSecureContext({ key: own.key, cert: own.cert });
      const client = new TLSSocket(socket, { isServer: true, secureContext }).on('error', () => undefined);
      const upstream = connect({ port, servername: serverName, rejectUnauthorized: false }).on(
        'error',
        () => undefined,
      );
      client.on('data', (chunk) => heard.push(String(chunk)));
      client.pipe(upstream).pipe(client);
    }).listen(0, '127.0.0.1');
    await once(middle, 'listening');
    const { code, stdout, stderr } = await bid(500, (middle.address() as AddressInfo).port);
    middle.close();
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /^✖ APPRAISAL_REFUSED/);
    assert.match(heard.join(''), /^evidence [0-9a-f]{64}\n$/);
  });

  test('cuts lines wherever the pieces of a connection end, and answers in order', async () => {
    const socket = await open();
    for (const piece of ['what?\nbid 0000', '00001\nbid 1', '\n']) {
      socket.write(piece);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    socket.end();
    assert.equal((await socket.toArray()).join(''), 'unknown\ntoo low\nunknown\n');
  });

  test('ends a connection whose line is too long, and serves the others', async () => {
    const other = await open();
    const socket = await open();
    socket.on('error', () => undefined);
    socket.write('x'.repeat(2000));
    await once(socket, 'close');
    other.write('bid 000000001\n');
    assert.equal(String((await once(other, 'data'))[0]), 'too low\n');
    other.destroy();
  });

  test('outlives connections that are no TLS, or break', async () => {
    const garbage = connectTcp(port, '127.0.0.1', () => garbage.write('GET / HTTP/1.1\r\n\r\n'));
    garbage.on('error', () => undefined);
    await once(garbage.resume(), 'close');
    const broken = await open();
    broken.write('bid');
    broken.destroy();
    assert.equal((await bid(1)).code, 0);
  });

  test('ends a connection that says nothing', async () => {
    const started = performance.now();
    const socket = await open();
    socket.on('error', () => undefined);
    await once(socket.resume(), 'close');
    assert.ok(performance.now() - started > idleMs - 500);
  });

  test('stops when it is told to', async () => {
    service.child.kill('SIGTERM');
    const { code, stderr } = await service.ended;
    assert.equal(code, 0, stderr);
  });
});
