import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { after, before, describe, test } from 'node:test';
import type { ProgramManifest } from '@enclos/manifest';
import { pinnedInterpreter } from '@enclos/manifest';
import { softwareCapabilities } from '@enclos/tee';
import { failsWith, manifestFields } from '@enclos/testkit';
// What an error advises is declared there.
import '../src/errors.ts';
import { discard } from '@enclos/tee/passing';
import { AnyListeners } from '../src/services/any-listeners.ts';
import { openServices, type HostServices } from '../src/services/services.ts';
import { Peer } from './stream-peer.ts';

const { interpreter: _interpreter, ...fields } = manifestFields(pinnedInterpreter, {
  listen: [{ name: 'web', port: 8443, transport: 'relayed' }],
});

function manifestWith(network: ProgramManifest['program']['network']): ProgramManifest {
  return { ...fields, program: { architecture: 'linux-x64', network, arguments: [], output: 'none' } };
}

const opened: HostServices[] = [];

async function servicesFor(network: ProgramManifest['program']['network']): Promise<HostServices> {
  const streams = { capabilities: softwareCapabilities, listen: { web: { port: 0 } }, connect: {} };
  const services = await openServices(manifestWith(network), { folders: { mounts: {}, trustedFiles: {} }, streams });
  opened.push(services);
  return services;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('ports that a program listens on without declaring them', { timeout: 60_000 }, () => {
  let peer: Peer;
  before(async () => {
    peer = new Peer(await servicesFor('any'));
  });
  after(async () => {
    for (const services of opened) await services.close();
  });

  const ask = (listener: string, of = peer): Promise<string> => of.asked().streamAccept({ listener, stream: 77 });

  test('are opened when the program first asks, and close with it', async () => {
    const port = await freePort();
    const other = new Peer(await servicesFor('any'));
    const accepted = other.asked().streamAccept({ listener: `* ${port}`, stream: 5 });
    const client = await connected(port);
    assert.match(await accepted, /^127\.0\.0\.1 \d+$/);
    client.destroy();
    await opened.at(-1)?.close();
    await assert.rejects(connected(port), { code: 'ECONNREFUSED' });
  });

  test('at a loopback address are for this machine, wherever the host listens', async () => {
    const listeners = new AnyListeners('0.0.0.0', undefined);
    const port = await freePort();
    const arrivals = await listeners.arrivals({ port, isLocal: true });
    const client = await connected(port);
    const held = await arrivals.next(AbortSignal.timeout(60_000));
    assert.ok('localAddress' in held && held.localAddress === '127.0.0.1');
    const outside = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    const [other] = outside.filter(({ internal, family }) => !internal && family === 'IPv4');
    if (other !== undefined) await assert.rejects(connected(port, other.address), { code: 'ECONNREFUSED' });
    client.destroy();
    discard(held);
    await listeners.close();
  });

  test('need a manifest that says so', async () => {
    for (const network of ['declared', 'none'] as const) {
      const other = new Peer(await servicesFor(network));
      await assert.rejects(ask('* 8080', other), failsWith('STREAM_NOT_DECLARED'));
    }
  });

  test('have a number, and are not declared ones', async () => {
    for (const listener of [
      '* 0',
      '* 65536',
      '* 080',
      '*',
      '* 8443',
      '* 8080 ',
      'x 8080',
      '*8080',
      'localhost 0',
      'localhost',
      '127.0.0.1 80',
    ]) {
      await assert.rejects(ask(listener), failsWith('STREAM_NOT_DECLARED'), listener);
    }
  });

  test('that are in use are refused, and can be asked for again', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    await assert.rejects(ask(`* ${port}`), failsWith('HOST_LISTEN_FAILED'));
    await new Promise((resolve) => other.close(resolve));
    const listeners = new AnyListeners('127.0.0.1', undefined);
    await listeners.arrivals({ port, isLocal: false });
    await listeners.close();
  });

  test('are not opened for an enclave that has ended', async () => {
    const listeners = new AnyListeners('127.0.0.1', undefined);
    const [port, late] = [await freePort(), await freePort()];
    const opening = listeners.arrivals({ port, isLocal: false });
    const closing = listeners.close();
    await assert.rejects(listeners.arrivals({ port: late, isLocal: false }), failsWith('STREAM_BROKEN'));
    await Promise.all([opening, closing]);
    for (const gone of [port, late]) await assert.rejects(connected(gone), { code: 'ECONNREFUSED' });
  });

  test('are at most 64', async () => {
    const listeners = new AnyListeners('127.0.0.1', undefined);
    const ports = new Set<number>();
    while (ports.size < 65) ports.add(await freePort());
    const [last = 0, ...others] = ports;
    await Promise.all(others.map((port) => listeners.arrivals({ port, isLocal: false })));
    await assert.rejects(listeners.arrivals({ port: last, isLocal: false }), failsWith('STREAM_LIMIT'));
    await listeners.close();
  });
});

/** The port is opened by the time the program is answered, and not before. */
async function connected(port: number, host = '127.0.0.1'): Promise<ReturnType<typeof connect>> {
  for (let attempt = 0; ; attempt++) {
    const client = connect(port, host);
    try {
      await once(client, 'connect');
      return client;
    } catch (error) {
      if (attempt === 50) throw error;
    }
  }
}
