import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { MAX_STREAMS } from '@enclos/edl';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { addressOf, loadStreams, type Streams } from '@enclos/process-kit/hosts/streams-host';
import { until } from '@enclos/process-kit/processes/process-watch';
import { createWorkshop, refusedWith } from '@enclos/process-kit';

const workshop = createWorkshop();
let platform: EmbeddedPlatform;
before(async () => {
  platform = await workshop.startPlatform('here');
});
after(() => workshop.close());

const generousMs = 60_000;
const open = new Set<Socket | Server>();
const enclaves = new Set<Streams>();
afterEach(async () => {
  for (const end of open) {
    if ('destroy' in end) end.destroy();
    else end.close();
  }
  open.clear();
  for (const enclave of enclaves) await enclave.dispose();
  enclaves.clear();
});

type Variant = NonNullable<Parameters<typeof workshop.signed>[1]>;
type Options = Parameters<typeof loadStreams>[2];

async function load(transport: Variant['transport'], options: Options = {}): Promise<Streams> {
  const signed = await workshop.signed('streams', transport === undefined ? {} : { transport });
  const enclave = await loadStreams(platform, signed, options);
  enclaves.add(enclave);
  return enclave;
}

function client(address: { readonly port: number; readonly host: string } | { readonly path: string }): Socket {
  const socket = connect({ ...address, allowHalfOpen: true });
  socket.on('error', () => undefined);
  open.add(socket);
  return socket;
}

async function echoes(socket: Socket): Promise<void> {
  socket.write('x');
  assert.equal(String((await once(socket, 'data'))[0]), 'x');
}

describe('an enclave with connections of both kinds', () => {
  const transport = { first: 'passed', second: 'relayed', upstream: 'either' } as const;

  test('serves each kind beside the other, in both directions', async () => {
    const server = createServer({ allowHalfOpen: true }, (socket) => void open.add(socket.pipe(socket)));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    open.add(server);
    const { port } = server.address() as AddressInfo;
    const enclave = await load(transport, { connect: { upstream: { host: '127.0.0.1', port } } });
    await enclave.call.serve({ listener: 'first', manner: 'echo' });
    await enclave.call.serve({ listener: 'second', manner: 'echo' });
    for (const listener of ['first', 'second']) await echoes(client(addressOf(enclave, listener)));
    const { sent, received } = await enclave.call.exchange({ destination: 'upstream', sizeBytes: 1_000_000, seed: 1 });
    assert.deepEqual(received, sent);
  });

  test('has as many of each kind as it may, and the next ones wait', async () => {
    const enclave = await load(transport);
    const served = { first: 0, second: 0 };
    const sockets: Socket[] = [];
    for (const listener of ['first', 'second'] as const) {
      await enclave.call.serve({ listener, manner: 'echo' });
      for (let i = 0; i < MAX_STREAMS + 44; i++) {
        const socket = client(addressOf(enclave, listener));
        socket.once('data', () => void (served[listener] += 1)).write('x');
        sockets.push(socket);
      }
    }
    await until('all places are taken', () => Math.min(...Object.values(served)) === MAX_STREAMS, generousMs);
    assert.equal(await enclave.call.ask(), 'answer');
    assert.deepEqual(served, { first: MAX_STREAMS, second: MAX_STREAMS });
    for (const socket of sockets) if (socket.bytesRead > 0) socket.end();
    await until('all are served', () => Math.min(...Object.values(served)) === MAX_STREAMS + 44, generousMs);
  });
});

describe('an enclave whose connections may be of either kind', () => {
  test('serves at an address that cannot be passed, by the other kind', async () => {
    const path = join(workshop.folder, 'first.sock');
    const enclave = await load('either', { listen: { first: { path }, second: { port: 0 } } });
    await enclave.call.serve({ listener: 'first', manner: 'echo' });
    await echoes(client({ path }));
  });

  test('does not load there if they must be passed', async () => {
    const path = join(workshop.folder, 'first.sock');
    const loading = load('passed', { listen: { first: { path }, second: { port: 0 } } });
    await assert.rejects(loading, refusedWith('STREAM_TRANSPORT_UNAVAILABLE'));
  });
});
