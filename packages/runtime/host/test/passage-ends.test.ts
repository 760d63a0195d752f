import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { isEnclosError, type ErrorCode } from '@enclos/errors';
import { softwareCapabilities } from '@enclos/tee';
import { loadEnclave, type Enclave } from '../src/run/enclave.ts';
import type { StreamAddress } from '../src/services/addresses.ts';
import { superviseEnclave } from '../src/supervise/supervise.ts';
import { createInProcessLauncher, loadOptions, passedImage, type InProcessLauncher } from './in-process-enclave.ts';
import { servePassage, type PassagePeer, type PassageServer } from './passage-peer.ts';

function code(expected: ErrorCode): (error: unknown) => boolean {
  return (error) => isEnclosError(error, expected);
}

describe('an enclave to which connections are passed', { timeout: 60_000 }, () => {
  let where: PassageServer;
  let launcher: InProcessLauncher;
  const open = new Set<Socket>();

  beforeEach(async () => {
    where = await servePassage();
    launcher = createInProcessLauncher({ passage: () => where.path });
  });
  afterEach(async () => {
    for (const socket of open) socket.destroy();
    open.clear();
    await where.close();
  });

  const options = () => ({ ...loadOptions(launcher), image: passedImage, listen: { web: { port: 0 } } });

  async function load(): Promise<readonly [Enclave<ReturnType<typeof options>['interface']['trusted']>, PassagePeer]> {
    const [enclave, peer] = await Promise.all([loadEnclave(options()), where.peer()]);
    return [enclave, peer.start()];
  }

  async function client({ host = '', port = 0 }: StreamAddress = { port: 0 }): Promise<Socket> {
    const socket = connect(port, host);
    socket.on('error', () => undefined);
    open.add(socket);
    await once(socket, 'connect');
    return socket;
  }

  test('gets them, and its end closes those that wait', async () => {
    const [enclave, peer] = await load();
    peer.tell({ kind: 'grant', listener: 0, count: 1 });
    const { web } = enclave.listeners;
    const mine = await client(web);
    const { socket } = await peer.next();
    assert.equal(socket.remotePort, mine.localPort);
    const waits = await client(web);
    const ended = once(waits.resume(), 'end');
    launcher.enclaves[0]?.kill();
    await Promise.all([ended, enclave.exited]);
    await enclave.dispose();
    assert.equal(launcher.running(), 0);
  });

  test('is ended when it breaks a rule of the passage, and its calls say so', async () => {
    const [enclave, peer] = await load();
    const call = enclave.call.hold();
    peer.tell({ kind: 'grant', listener: 7, count: 1 });
    await assert.rejects(call, (error) => {
      assert.ok(isEnclosError(error, 'ENCLAVE_LOST'));
      return code('GATE_PROTOCOL_VIOLATION')(error.cause);
    });
    await enclave.exited;
    await assert.rejects(enclave.call.echo({ text: 'x' }));
    await enclave.dispose();
  });

  test('is ended when it closes its passage', async () => {
    const [enclave, peer] = await load();
    const call = enclave.call.hold();
    peer.close();
    await assert.rejects(call, code('ENCLAVE_LOST'));
    await enclave.exited;
    await enclave.dispose();
  });

  test('has a new passage when it is started again', async () => {
    const enclave = await superviseEnclave({ ...options(), restart: { minDelayMs: 0 }, waitMs: 30_000 });
    const first = (await where.peer()).start();
    first.tell({ kind: 'grant', listener: 0, count: 5 });
    const early = await client(enclave.listeners['web']);
    await first.next();
    const again = where.peer();
    launcher.enclaves[0]?.kill();
    const second = (await again).start();
    await enclave.call.echo({ text: 'it runs' });
    const late = await client(enclave.listeners['web']);
    second.tell({ kind: 'grant', listener: 0, count: 5 });
    assert.equal((await second.next()).socket.remotePort, late.localPort);
    assert.ok(first.isEnded);
    early.destroy();
    await enclave.dispose();
  });

  test('is not started on a platform that only relays', async () => {
    const capabilities = { ...softwareCapabilities, streamTransports: ['relayed'] as const };
    const relaying = { ...launcher, capabilities };
    await assert.rejects(loadEnclave({ ...options(), launcher: relaying }), (error) => {
      assert.ok(isEnclosError(error, 'STREAM_TRANSPORT_UNAVAILABLE'));
      assert.match(error.message, /"web" must be passed, and the platform "software" only relays/);
      return true;
    });
    assert.equal(launcher.launches(), 0);
  });

  test('is not started when its passage cannot be opened', async () => {
    launcher = createInProcessLauncher({ passage: () => `${where.path}.none` });
    await assert.rejects(loadEnclave(options()), (error) => {
      assert.ok(isEnclosError(error, 'TEE_PLATFORM_UNREACHABLE'));
      assert.match(error.message, /^The passage of the enclave at .*\.none cannot be opened: /);
      return true;
    });
    assert.equal(launcher.running(), 0);
  });
});
