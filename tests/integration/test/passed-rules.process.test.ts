import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { after, afterEach, before, describe, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { MAX_STREAMS, type Handlers, type systemInterface } from '@enclos/edl';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { decodePassageNotice, encodePassedFrame, type PassageNotice, type PassedFrame } from '@enclos/tee/passage';
import { connectRawPassage, passSocket, type RawPassage } from '@enclos/testkit';
import { streams } from '@enclos/process-kit/enclaves/streams';
import { until } from '@enclos/process-kit/processes/process-watch';
import { createWorkshop, openRawHost, refusedWith, type RawHost, type SignedImage } from '@enclos/process-kit';

type Served = Partial<Handlers<(typeof systemInterface)['untrusted']>>;

interface Host extends RawHost<(typeof streams)['trusted']> {
  readonly passage: RawPassage;
  /** Passes one end of a new connection. @returns the other end */
  pass(frame: PassedFrame): Promise<Socket>;
  notice(): Promise<PassageNotice>;
}

const passed = { transport: 'passed' } as const;
const workshop = createWorkshop();
let platform: EmbeddedPlatform;
let signed: SignedImage;
before(async () => {
  platform = await workshop.startPlatform('here');
  signed = await workshop.signed('streams', passed);
});
after(() => workshop.close());

const open = new Set<Socket>();
afterEach(() => {
  for (const socket of open) socket.destroy();
  open.clear();
});

/** A started enclave whose host passes what a test wants. */
async function withHost(use: (host: Host) => Promise<void>, served: (host: () => Host) => Served = () => ({})) {
  let passage: RawPassage | undefined;
  const raw = await openRawHost(platform, signed, {
    interface: streams,
    files: served(() => host),
    openPassage: async (path) => void (passage = await connectRawPassage(path)),
    dispatch: () => Promise.resolve(Uint8Array.of(0)),
  });
  const opened = passage ?? assert.fail('The platform opened no passage.');
  const host: Host = {
    ...raw,
    passage: opened,
    async pass(frame) {
      const [client, server] = await connectionPair();
      await passSocket(opened, encodePassedFrame(frame), server);
      return client;
    },
    notice: async () => decodePassageNotice(await opened.notice()),
  };
  try {
    await raw.system.start({ hostEnvironment: [] });
    await use(host);
  } finally {
    opened.close();
    await raw.close();
  }
}

async function connectionPair(): Promise<readonly [client: Socket, server: Socket]> {
  const listener = createServer({ pauseOnConnect: true, noDelay: true });
  await once(listener.listen(0, '127.0.0.1'), 'listening');
  const { port } = listener.address() as AddressInfo;
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true }).on('error', () => undefined);
  const [server] = (await once(listener, 'connection')) as [Socket];
  listener.close();
  open.add(client);
  return [client, server];
}

const accepted = (stream: number, listener = 0): PassedFrame => ({ kind: 'accepted', listener, stream });
const connected = (stream: number): PassedFrame => ({ kind: 'connected', listener: 0, stream });

async function echo(socket: Socket): Promise<string> {
  socket.write('x');
  return String((await once(socket, 'data'))[0]);
}

describe('an enclave whose host passes sockets', () => {
  test('grants, echoes, and tells when a connection is over', async () => {
    await withHost(async (host) => {
      await host.call.serve({ listener: 'first', manner: 'echo' });
      assert.deepEqual(await host.notice(), { kind: 'grant', listener: 0, count: MAX_STREAMS / 2 });
      const client = await host.pass(accepted(77));
      assert.equal(await echo(client), 'x');
      client.end();
      await once(client, 'end');
      const over = { kind: 'accepted-ended', stream: 77, bytesRead: 0n, bytesWritten: 0n };
      assert.deepEqual(await host.notice(), over);
      await host.call.stop();
      assert.deepEqual(await host.notice(), { kind: 'withdraw', listener: 0 });
    });
  });

  test('ends TLS on the socket itself', async () => {
    await withHost(async (host) => {
      await host.call.serve({ listener: 'second', manner: 'tls' });
      await host.notice();
      const ca = await host.call.certificate();
      const socket = connectTls({ socket: await host.pass(accepted(1, 1)), ca, servername: 'streams.test' });
      assert.equal(await echo(socket), 'x');
      socket.end();
      assert.equal((await host.notice()).kind, 'accepted-ended');
    });
  });

  test('takes a connection that it asked for, before or after the answer', async () => {
    for (const order of ['before', 'after']) {
      let peer: Promise<Socket> | undefined;
      const served = (host: () => Host): Served => ({
        async streamConnect({ stream }) {
          peer = host().pass(connected(stream));
          if (order === 'before') await peer;
        },
      });
      await withHost(async (host) => {
        const exchange = host.call.exchange({ destination: 'upstream', sizeBytes: 100_000, seed: 3 });
        await until('it asked', () => peer !== undefined);
        const socket = await peer;
        socket?.pipe(socket);
        const { sent, received } = await exchange;
        assert.deepEqual(received, sent);
        assert.equal((await host.notice()).kind, 'connected-ended');
      }, served);
    }
  });

  test('closes a connection that it did not ask for', async () => {
    await withHost(async (host) => {
      await host.call.serve({ listener: 'first', manner: 'echo' });
      const client = await host.pass(connected(5));
      await once(client.resume(), 'end');
      assert.equal(await echo(await host.pass(accepted(1))), 'x');
    });
  });

  const violations: readonly (readonly [what: string, pass: (host: Host) => Promise<unknown>])[] = [
    [
      'more connections than it was granted',
      async (host) => {
        for (let stream = 1; stream <= MAX_STREAMS / 2 + 1; stream++) await host.pass(accepted(stream));
      },
    ],
    ['a connection of a listener that is not served', (host) => host.pass(accepted(1, 1))],
    ['a connection of a listener that there is not', (host) => host.pass(accepted(1, 9))],
    ['two connections with one number', async (host) => [await host.pass(accepted(1)), await host.pass(accepted(1))]],
    [
      'a frame that does not exist',
      async ({ passage }) => passSocket(passage, new Uint8Array(8), (await connectionPair())[1]),
    ],
  ];
  for (const [what, pass] of violations) {
    test(`is ended by ${what}`, async () => {
      await withHost(async (host) => {
        await host.call.serve({ listener: 'first', manner: 'hold' });
        await host.notice();
        await pass(host);
        const { exitCode, detail } = await host.launched.exited;
        assert.deepEqual([exitCode, detail], [5, 'The enclave ended because its host broke the rules of the passage.']);
      });
    });
  }
});

test('an enclave whose connections must be passed does not start without a passage, and tells its host why', async () => {
  const raw = await openRawHost(
    platform,
    await workshop.signed('streams', { ...passed, bootModule: './no-passage-boot.ts' }),
    {
      interface: streams,
      openPassage: async (path) => void (await connectRawPassage(path)),
    },
  );
  await assert.rejects(raw.system.start({ hostEnvironment: [] }), refusedWith('STREAM_TRANSPORT_UNAVAILABLE'));
  assert.equal((await raw.launched.exited).exitCode, 4);
});
