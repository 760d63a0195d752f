import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { utf8 } from '@enclos/codec';
import { encodeValue, MAX_STREAMS, type Handlers, type systemInterface } from '@enclos/edl';
import { EnclosError, type ErrorCode } from '@enclos/errors';
import { FrameKind, MAX_STREAM_CHUNK_BYTES, STREAM_PIECE_BYTES, STREAM_WINDOW_BYTES } from '@enclos/gate';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { streams } from '@enclos/process-kit/enclaves/streams';
import { openFrameHost } from '@enclos/process-kit/hosts/frame-host';
import { HostileRelay } from '@enclos/process-kit/hostile/hostile-relay';
import { until } from '@enclos/process-kit/processes/process-watch';
import { createWorkshop, openRawHost, outcome, type RawHost, type SignedImage } from '@enclos/process-kit';

type Served = Partial<Handlers<(typeof systemInterface)['untrusted']>>;
type Manner = Parameters<RawHost<(typeof streams)['trusted']>['call']['serve']>[0]['manner'];

interface Host extends RawHost<(typeof streams)['trusted']> {
  readonly relay: HostileRelay;
}

const workshop = createWorkshop();
let platform: EmbeddedPlatform;
let signed: SignedImage;
before(async () => {
  platform = await workshop.startPlatform('here');
  signed = await workshop.signed('streams');
});
after(() => workshop.close());

const generousMs = 30_000;
const never = <T>(): Promise<T> => new Promise(() => undefined);
const one = Uint8Array.of(1);
const mebibyte = 2 ** 20;

/** A started enclave whose streams are opened as `served` says. */
async function withHost(served: (relay: HostileRelay) => Served, use: (host: Host) => Promise<void>): Promise<void> {
  const relay = new HostileRelay();
  const raw = await openRawHost(platform, signed, {
    interface: streams,
    files: served(relay),
    onStream: relay.hear,
    dispatch: () => Promise.resolve(Uint8Array.of(0)),
  });
  relay.send = (frame) => raw.endpoint.stream(frame, false);
  try {
    await raw.system.start({ hostEnvironment: [] });
    await use({ ...raw, relay });
  } finally {
    await raw.close();
  }
}

type Given = (stream: number, relay: HostileRelay) => unknown;
const plainly: Given = () => undefined;

/** So many connections, each as its function says before it is answered, and then no more. */
function given(...connections: readonly Given[]): (relay: HostileRelay) => Served {
  return (relay) => ({
    async streamAccept({ stream }) {
      const connection = connections[relay.streams.push(stream) - 1];
      if (connection === undefined) return never();
      await connection(stream, relay);
      return '';
    },
  });
}

type Counts = Awaited<ReturnType<Host['call']['counts']>>;

async function untilCounts({ call }: Host, holds: (counts: Counts) => boolean): Promise<void> {
  const deadline = performance.now() + generousMs;
  for (let counts = await call.counts(); !holds(counts); counts = await call.counts()) {
    const { accepted, ended, refused } = counts;
    assert.ok(performance.now() < deadline, JSON.stringify({ accepted, ended, refused }));
    await sleep(10);
  }
}

/** An enclave that serves one connection, whose number is given. */
function withStream(manner: Manner, use: (host: Host, stream: number) => Promise<void>): Promise<void> {
  return withHost(given(plainly), async (host) => {
    await host.call.serve({ listener: 'first', manner });
    await untilCounts(host, ({ accepted }) => accepted === 1);
    await use(host, host.relay.streams[0] ?? assert.fail());
  });
}

/** By itself, and for no other reason than that its gate is over. */
async function assertEnds(host: Host): Promise<void> {
  const late = sleep(generousMs, undefined, { ref: false }).then(() => assert.fail('It lives.'));
  const { exitCode, detail } = await Promise.race([host.launched.exited, late]);
  assert.equal(exitCode, 0);
  assert.match(detail, /ended with its host/);
  assert.equal(await outcome(host.call.ask()), 'ENCLAVE_LOST');
}

/** One more connection would be served, and a call is. */
async function assertServes(host: Host, asked = 2): Promise<void> {
  assert.equal(await host.call.ask(), '');
  await until('it asks for the next connection', () => host.relay.streams.length === asked, generousMs);
}

const pieces = (count: number, sizeBytes: number): readonly Uint8Array[] =>
  Array.from({ length: count }, () => new Uint8Array(sizeBytes));
/** As many bytes as a window holds, and as many pieces. */
const fullInBytes = [
  ...pieces(3, MAX_STREAM_CHUNK_BYTES),
  new Uint8Array(MAX_STREAM_CHUNK_BYTES - 4 * STREAM_PIECE_BYTES),
];
const fullInPieces = pieces(Math.floor(STREAM_WINDOW_BYTES / (STREAM_PIECE_BYTES + 1)), 1);

describe('what a host may not say of a stream ends the enclave', () => {
  type Attack = (relay: HostileRelay, stream: number) => void;
  /** What it says first is allowed, and what it says then is not. */
  const attacks: Readonly<Record<string, readonly [manner: Manner, allowed: Attack, attack: Attack]>> = {
    'a byte beyond a window that is full of bytes': [
      'hold',
      (relay, stream) => relay.data(stream, ...fullInBytes),
      (relay, stream) => relay.data(stream, one),
    ],
    'a piece beyond a window that is full of pieces': [
      'hold',
      (relay, stream) => relay.data(stream, ...fullInPieces),
      (relay, stream) => relay.data(stream, one),
    ],
    'a byte beyond the window of a stream that the enclave has given up': [
      'tls',
      (relay, stream) => relay.data(stream, utf8('this is no handshake')),
      (relay, stream) => relay.data(stream, ...fullInBytes),
    ],
    'bytes behind the end': ['hold', (relay, stream) => relay.end(stream), (relay, stream) => relay.data(stream, one)],
    'a second end': ['hold', (relay, stream) => relay.end(stream), (relay, stream) => relay.end(stream)],
    'a grant for what was not sent': ['hold', () => undefined, (relay, stream) => relay.credit(stream, 1)],
    'a grant for more than was sent': [
      'greet',
      (relay, stream) => relay.credit(stream, STREAM_PIECE_BYTES + 5),
      (relay, stream) => relay.credit(stream, 1),
    ],
    'a grant of four gigabytes': ['flood', () => undefined, (relay, stream) => relay.credit(stream, 0xffff_ffff)],
    'a second close': ['hold', (relay, stream) => relay.close(stream), (relay, stream) => relay.close(stream)],
    'bytes behind the close': [
      'hold',
      (relay, stream) => relay.close(stream),
      (relay, stream) => relay.data(stream, one),
    ],
    'a grant behind the close': [
      'flood',
      (relay, stream) => relay.close(stream),
      (relay, stream) => relay.credit(stream, 1),
    ],
    'an end behind the close': ['echo', (relay, stream) => relay.close(stream), (relay, stream) => relay.end(stream)],
    'bytes of a stream that there is not': ['hold', () => undefined, (relay, stream) => relay.data(stream + 1000, one)],
    'a grant for a stream that there is not': [
      'hold',
      () => undefined,
      (relay, stream) => relay.credit(stream + 1000, 1),
    ],
    'the end of a stream that there is not': ['hold', () => undefined, (relay, stream) => relay.end(stream + 1000)],
    'the close of a stream that there is not': ['hold', () => undefined, (relay, stream) => relay.close(stream + 1000)],
  };
  for (const [what, [manner, allowed, attack]] of Object.entries(attacks)) {
    test(what, () =>
      withStream(manner, async (host, stream) => {
        allowed(host.relay, stream);
        await assertServes(host);
        attack(host.relay, stream);
        await assertEnds(host);
      }),
    );
  }

  test('anything of a stream, when none was ever asked for', () =>
    withHost(given(), async (host) => {
      assert.equal(await host.call.ask(), '');
      host.relay.close(1);
      await assertEnds(host);
    }));

  test('more than a window for a stream that is still waited for', () =>
    withHost(given(never), async (host) => {
      await host.call.serve({ listener: 'first', manner: 'echo' });
      await until('it asks', () => host.relay.streams.length === 1);
      const [stream = 0] = host.relay.streams;
      host.relay.data(stream, ...fullInBytes);
      assert.equal(await host.call.ask(), '');
      host.relay.data(stream, one);
      await assertEnds(host);
    }));

  test('the close of a stream that both have closed', () =>
    withHost(
      given((stream, relay) => relay.close(stream), plainly),
      async (host) => {
        await host.call.serve({ listener: 'first', manner: 'hold' });
        await untilCounts(host, ({ accepted }) => accepted === 1);
        const [stream = 0] = host.relay.streams;
        assert.ok(host.relay.hasSaid(FrameKind.STREAM_CLOSE, stream));
        host.relay.close(stream);
        await assertEnds(host);
      },
    ));
});

describe('what a host says of one stream ends that stream and nothing else', () => {
  test('a close before the connection is given: it is none, and the next one is served', () =>
    withHost(
      given((stream, relay) => relay.close(stream), plainly),
      async (host) => {
        await host.call.serve({ listener: 'first', manner: 'echo' });
        await assertServes(host, 3);
        const [lost = 0, next = 0] = host.relay.streams;
        assert.ok(host.relay.hasSaid(FrameKind.STREAM_CLOSE, lost));
        host.relay.data(next, utf8('here'));
        await until('the next one is served', () => String(host.relay.said(next)) === 'here');
        assert.equal((await host.call.counts()).accepted, 1);
      },
    ));

  test('bytes, an end and a close before the connection is given', () =>
    withHost(
      given((stream, relay) => {
        relay.data(stream, utf8('early'));
        relay.end(stream);
        relay.close(stream);
      }, plainly),
      async (host) => {
        await host.call.serve({ listener: 'first', manner: 'echo' });
        await assertServes(host, 3);
        assert.ok(host.relay.hasSaid(FrameKind.STREAM_CLOSE, host.relay.streams[0] ?? 0));
      },
    ));

  test('bytes and an end before the connection is given are there when it is', () =>
    withHost(
      given((stream, relay) => {
        relay.data(stream, utf8('ear'), utf8('ly'));
        relay.end(stream);
      }),
      async (host) => {
        await host.call.serve({ listener: 'first', manner: 'echo' });
        await untilCounts(host, ({ ended }) => ended === 1);
        const [stream = 0] = host.relay.streams;
        assert.equal(String(host.relay.said(stream)), 'early');
        assert.deepEqual(
          host.relay.heard.map(({ kind }) => kind),
          [FrameKind.STREAM_END, FrameKind.STREAM_CLOSE],
        );
      },
    ));

  test('a close at once behind the connection', () =>
    withHost(
      given((stream, relay) => void setImmediate(() => relay.close(stream))),
      async (host) => {
        await host.call.serve({ listener: 'first', manner: 'flood' });
        await assertServes(host);
        const [stream = 0] = host.relay.streams;
        await until('it is closed', () => host.relay.hasSaid(FrameKind.STREAM_CLOSE, stream));
      },
    ));

  for (const manner of ['echo', 'answer', 'greet', 'flood', 'hold', 'tls'] as const) {
    test(`a close in the middle, when the enclave would ${manner}`, () =>
      withStream(manner, async (host, stream) => {
        host.relay.data(stream, utf8('something'));
        host.relay.close(stream);
        await untilCounts(host, ({ ended }) => ended === 1);
        assert.ok(host.relay.hasSaid(FrameKind.STREAM_CLOSE, stream));
        await assertServes(host);
      }));
  }

  test('a close of a stream whose writer waits for a grant', () =>
    withStream('flood', async (host, stream) => {
      await until('the window is full', () => host.relay.said(stream).length >= 200_000);
      host.relay.close(stream);
      await untilCounts(host, ({ ended }) => ended === 1);
      await assertServes(host);
    }));

  test('bytes that are no handshake, for TLS', () =>
    withStream('tls', async (host, stream) => {
      // The bytes of the host, in place of the client's.
      host.relay.data(stream, utf8('these are the bytes of the host'));
      await untilCounts(host, ({ ended }) => ended === 1);
      host.relay.close(stream);
      await assertServes(host);
    }));

  test('a close before a destination is connected, and behind it', async () => {
    const closing = (relay: HostileRelay): Served => ({ streamConnect: ({ stream }) => relay.close(stream) });
    await withHost(closing, async ({ call }) => {
      assert.equal(await outcome(call.hold({ destination: 'upstream' })), 'STREAM_BROKEN');
      assert.equal(await call.ask(), '');
    });
    await withHost(
      () => ({ streamConnect: () => undefined }),
      async ({ call, relay }) => {
        assert.equal(await outcome(call.hold({ destination: 'upstream' })), 'accepted');
        relay.close(1);
        await until('it is closed', () => relay.hasSaid(FrameKind.STREAM_CLOSE, 1));
        assert.equal(await call.ask(), '');
      },
    );
  });

  /** As the enclave's caller sees it: a code that is not the host's to say is not passed on. */
  const errors: readonly (readonly [ErrorCode, ErrorCode])[] = [
    ['STREAM_CONNECT_FAILED', 'STREAM_CONNECT_FAILED'],
    ['STREAM_NOT_DECLARED', 'STREAM_NOT_DECLARED'],
    ['STREAM_LIMIT', 'STREAM_LIMIT'],
    ['STREAM_REFUSED', 'STREAM_REFUSED'],
    ['STREAM_BROKEN', 'STREAM_BROKEN'],
    ['HOST_CALL_FAILED', 'HOST_CALL_FAILED'],
    ['SEAL_NOT_OPENED', 'GATE_REMOTE_ERROR'],
    ['ENCLAVE_LOST', 'GATE_REMOTE_ERROR'],
  ];
  for (const [code, arrives] of errors) {
    test(`${code} in place of a destination, which the enclave then gives up`, async () => {
      const streamConnect = () => Promise.reject(new EnclosError(code));
      await withHost(
        () => ({ streamConnect }),
        async ({ call, relay }) => {
          assert.equal(await outcome(call.hold({ destination: 'upstream' })), arrives);
          await until('it is given up', () => relay.hasSaid(FrameKind.STREAM_CLOSE, 1));
          relay.close(1);
          assert.equal(await call.ask(), '');
        },
      );
    });

    test(`${code} in place of a connection, after which none is asked for`, () =>
      withHost(
        given(() => Promise.reject(new EnclosError(code))),
        async (host) => {
          await host.call.serve({ listener: 'first', manner: 'echo' });
          await untilCounts(host, ({ refused }) => refused === 1);
          const [stream = 0] = host.relay.streams;
          assert.ok(host.relay.hasSaid(FrameKind.STREAM_CLOSE, stream));
          host.relay.close(stream);
          // The other listener has nothing to do with it.
          await host.call.serve({ listener: 'second', manner: 'echo' });
          await assertServes(host);
        },
      ));
  }
});

describe('a host that gives too much, or nothing', () => {
  test('connections without end fill no more than an enclave may have', async () => {
    let accepts = 0;
    const streamAccept = (): string => {
      accepts += 1;
      return 'from anywhere';
    };
    await withHost(
      () => ({ streamAccept }),
      async (host) => {
        await host.call.serve({ listener: 'first', manner: 'hold' });
        await until('the enclave is full', () => accepts >= MAX_STREAMS, generousMs);
        await untilCounts(host, ({ accepted }) => accepted === MAX_STREAMS);
        assert.equal(accepts, MAX_STREAMS);
        assert.equal(await outcome(host.call.hold({ destination: 'upstream' })), 'STREAM_LIMIT');
      },
    );
  });

  test('a close that is never answered keeps its place; with the answers the enclave goes on', () =>
    withHost(given(...Array.from({ length: MAX_STREAMS + 1 }, () => plainly)), async (host) => {
      await host.call.serve({ listener: 'first', manner: 'greet' });
      const { relay } = host;
      const ended = (): readonly number[] => relay.streams.slice(0, MAX_STREAMS);
      await untilCounts(host, ({ accepted }) => accepted === MAX_STREAMS);
      for (const stream of ended()) relay.end(stream);
      await until('all are closed', () => ended().every((id) => relay.hasSaid(FrameKind.STREAM_CLOSE, id)), generousMs);
      await sleep(100);
      assert.equal(relay.streams.length, MAX_STREAMS);
      assert.equal(await outcome(host.call.hold({ destination: 'upstream' })), 'STREAM_LIMIT');
      for (const stream of ended()) relay.close(stream);
      await untilCounts(host, ({ accepted }) => accepted === MAX_STREAMS + 1);
    }));

  test('without a grant an enclave that writes without end stops at the window', () =>
    withStream('flood', async (host, stream) => {
      const atFirst = Number(await host.call.memory());
      await until('the window is full', () => host.relay.said(stream).length >= 200_000);
      await sleep(100);
      const sentBytes = host.relay.said(stream).length;
      assert.ok(sentBytes <= STREAM_WINDOW_BYTES, `${sentBytes} bytes were sent`);
      const written = Number((await host.call.counts()).written);
      assert.ok(written <= STREAM_WINDOW_BYTES + 3 * MAX_STREAM_CHUNK_BYTES, `${written} bytes were written`);
      assert.ok(Number(await host.call.memory()) - atFirst < 8 * mebibyte);
      // And goes on by as much as is granted.
      host.relay.credit(stream, 1000 + STREAM_PIECE_BYTES);
      await until('it goes on', () => host.relay.said(stream).length > sentBytes);
      await sleep(100);
      assert.ok(host.relay.said(stream).length <= sentBytes + 1000 + STREAM_PIECE_BYTES);
      assert.deepEqual(host.relay.heard, []);
    }));

  test('grants byte by byte are used, and no stream is forgotten', () =>
    withStream('flood', async (host, stream) => {
      await until('the window is full', () => host.relay.said(stream).length >= 200_000);
      for (let granted = 0; granted < 2000; granted++) host.relay.credit(stream, 1);
      await assertServes(host);
      host.relay.close(stream);
      await untilCounts(host, ({ ended }) => ended === 1);
    }));

  test('grants of a host that does not read, and guesses what it was sent, end the enclave before they fill it', async () => {
    const host = await openFrameHost(platform, signed);
    try {
      await host.begin();
      const listener = encodeValue(streams.trusted.serve.parameters, { listener: 'first', manner: 'flood' });
      host.send({ kind: FrameKind.CALL, functionIndex: 0, callId: 3, payload: listener });
      const { callId } = await host.take('it asks for a connection', ({ kind }) => kind === FrameKind.CALL);
      const { gate, exited } = host.launched;
      gate.pause();
      host.send({ kind: FrameKind.RETURN, callId, payload: Uint8Array.of(0) });
      const over = exited.then(() => 'over');
      let grants = 0;
      // Time enough to fill the window, and then half of it again and again.
      for (let waitMs = 500; grants < 100 && (await Promise.race([over, sleep(waitMs)])) !== 'over'; waitMs = 20) {
        host.send({ kind: FrameKind.STREAM_CREDIT, callId: 1, parentCallId: STREAM_WINDOW_BYTES / 2 });
        grants += 1;
      }
      assert.ok(grants > 1 && grants < 40, `${grants} grants`);
      assert.equal((await exited).exitCode, 0);
    } finally {
      await host.close();
    }
  });

  test('bytes without end for an enclave that can pass none on are granted no more than the windows', () =>
    withStream('echo', async (host, stream) => {
      const { relay } = host;
      let sentBytes = 0;
      let usedCredits = 0;
      const block = new Uint8Array(MAX_STREAM_CHUNK_BYTES / 2);
      let room = STREAM_WINDOW_BYTES;
      const flood = (): void => {
        for (; relay.heard.length > usedCredits; usedCredits++) room += relay.heard[usedCredits]?.parentCallId ?? 0;
        for (; room >= block.length + STREAM_PIECE_BYTES; room -= block.length + STREAM_PIECE_BYTES) {
          relay.data(stream, block);
          sentBytes += block.length;
        }
      };
      for (let times = 0; times < 50; times++) {
        flood();
        await sleep(10);
      }
      assert.ok(relay.said(stream).length > 200_000);
      assert.ok(sentBytes < 3 * STREAM_WINDOW_BYTES, `${sentBytes} bytes were taken`);
      await assertServes(host);
    }));

  test('pieces of one byte that nobody reads, for many streams at once, take what a window is for', () =>
    withHost(given(...Array.from({ length: 100 }, () => plainly)), async (host) => {
      await host.call.serve({ listener: 'first', manner: 'hold' });
      await untilCounts(host, ({ accepted }) => accepted === 100);
      const atFirst = Number(await host.call.memory());
      for (const stream of host.relay.streams.slice(0, 100)) {
        host.relay.data(stream, ...fullInPieces);
        // It serves on in between, and keeps up.
        assert.equal(await host.call.ask(), '');
      }
      const grownBytes = Number(await host.call.memory()) - atFirst;
      assert.ok(grownBytes < 1.5 * 100 * STREAM_WINDOW_BYTES, `${grownBytes} bytes`);
      assert.deepEqual(host.relay.heard, []);
    }));
});
