import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { pinnedInterpreter } from '@enclos/manifest';
import { softwareCapabilities } from '@enclos/tee';
import { manifestFields } from '@enclos/testkit';
import type { DestinationAddress } from '../src/services/addresses.ts';
import { openServices } from '../src/services/services.ts';
import { Peer } from './stream-peer.ts';

const manifest = manifestFields(pinnedInterpreter, {
  connect: [{ name: 'database', host: 'database.invalid', port: 5432, transport: 'relayed' }],
});
const servicesWith = (connect: Readonly<Record<string, DestinationAddress>>) =>
  openServices(manifest, {
    folders: { mounts: {}, trustedFiles: {} },
    streams: { capabilities: softwareCapabilities, listen: {}, connect },
  });

/** The port of a server that says its name. */
async function portOf(t: TestContext, name: string): Promise<number> {
  const server = createServer((socket) => socket.end(name)).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

test('a destination that moves is asked for its address for each connection', async (t) => {
  const ports = [await portOf(t, 'first'), await portOf(t, 'second')] as const;
  let port: number | undefined = ports[0];
  const services = await servicesWith({ database: () => (port === undefined ? port : { host: '127.0.0.1', port }) });
  t.after(() => services.close());
  const peer = new Peer(services);
  assert.equal(String(await (await peer.connect(1)).read()), 'first');
  [, port] = ports;
  assert.equal(String(await (await peer.connect(2)).read()), 'second');
  port = undefined;
  await assert.rejects(peer.connect(3), { code: 'STREAM_CONNECT_FAILED' }, 'the declared address has no server');
});

test('a destination that moves is one of the manifest', async () => {
  await assert.rejects(servicesWith({ other: () => ({ port: 1 }) }), { code: 'STREAM_NOT_DECLARED' });
});
