import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { utf8 } from '@enclos/codec';
import {
  MAX_STREAM_CHUNK_BYTES,
  MAX_STREAM_WRITES,
  MAX_STREAMS,
  type Handlers,
  type systemInterface,
} from '@enclos/edl';
import { EnclosError } from '@enclos/errors';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { streams } from '../enclaves/streams/streams.edl.ts';
import { until } from '../src/process-watch.ts';
import { createWorkshop, openRawHost, outcome, type RawHost, type SignedImage } from '../src/index.ts';

type Served = Partial<Handlers<(typeof systemInterface)['untrusted']>>;
type Host = RawHost<(typeof streams)['trusted']>;

const workshop = createWorkshop();
let platform: EmbeddedPlatform;
let signed: SignedImage;
before(async () => {
  platform = await workshop.startPlatform('here');
  signed = await workshop.signed('streams');
});
after(() => workshop.close());

/** A started enclave whose streams the host serves as `files` says. */
async function withHost(files: Served, use: (host: Host) => Promise<void>): Promise<void> {
  const host = await openRawHost(platform, signed, { interface: streams, files });
  try {
    await host.system.start({ hostEnvironment: [] });
    await use(host);
  } finally {
    await host.close();
  }
}

const never = <T>(): Promise<T> => new Promise(() => undefined);
const none = new Uint8Array();
/** One connection, then no other. */
function once(): Pick<Served, 'streamAccept'> {
  let given = false;
  const streamAccept = (): Promise<string> => {
    if (given) return never();
    given = true;
    return Promise.resolve('');
  };
  return { streamAccept };
}

async function countsOf({ call }: Host): Promise<{ accepted: number; read: number; written: number; ended: number }> {
  const counts = await call.counts();
  return { ...counts, read: Number(counts.read), written: Number(counts.written) };
}

async function untilCounts(
  host: Host,
  holds: (counts: Awaited<ReturnType<typeof countsOf>>) => boolean,
): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!holds(await countsOf(host))) {
    assert.ok(performance.now() < deadline, JSON.stringify(await countsOf(host)));
    await sleep(10);
  }
}

describe('a host that relays streams as it likes', () => {
  test('more bytes than one answer may have end the enclave', async () => {
    const host = await openRawHost(platform, signed, {
      interface: streams,
      files: once(),
      answerSystem: (name) => (name === 'streamRead' ? new Uint8Array(MAX_STREAM_CHUNK_BYTES + 4) : undefined),
    });
    await host.system.start({ hostEnvironment: [] });
    await host.call.serve({ listener: 'first', manner: 'echo' });
    await host.launched.exited;
    assert.equal(await outcome(host.call.ask()), 'ENCLAVE_LOST');
    await host.close();
  });

  test('an answer that is no bytes breaks the stream, and nothing else', async () => {
    const host = await openRawHost(platform, signed, {
      interface: streams,
      files: once(),
      answerSystem: (name) => (name === 'streamRead' ? Uint8Array.of(200, 1, 2) : undefined),
    });
    await host.system.start({ hostEnvironment: [] });
    await host.call.serve({ listener: 'first', manner: 'echo' });
    await untilCounts(host, ({ ended }) => ended === 1);
    assert.equal((await countsOf(host)).accepted, 1);
    await host.close();
  });

  test('after the end of a stream nothing more is asked for, so nothing can be given', async () => {
    let reads = 0;
    const ends: string[] = [];
    const streamRead = (): Uint8Array => {
      reads += 1;
      return reads === 1 ? utf8('one') : none;
    };
    const streamWrite = ({ content }: { content: Uint8Array }): void => void ends.push(`write ${content.length}`);
    const streamEnd = (): void => void ends.push('end');
    const streamClose = (): void => void ends.push('close');
    await withHost({ ...once(), streamRead, streamWrite, streamEnd, streamClose }, async (host) => {
      await host.call.serve({ listener: 'first', manner: 'answer' });
      await untilCounts(host, ({ ended }) => ended === 1);
      await until('the stream is over', () => ends.includes('close'));
      assert.equal(reads, 2);
      assert.deepEqual(ends, ['write 1', 'end', 'close']);
    });
  });

  test('connections without end fill no more than an enclave may have', async () => {
    let accepts = 0;
    const streamAccept = (): string => {
      accepts += 1;
      return 'from anywhere';
    };
    await withHost({ streamAccept, streamRead: never }, async (host) => {
      await host.call.serve({ listener: 'first', manner: 'hold' });
      await until('the enclave is full', () => accepts >= MAX_STREAMS, 30_000);
      await untilCounts(host, ({ accepted }) => accepted === MAX_STREAMS);
      assert.equal(accepts, MAX_STREAMS);
      assert.equal(await outcome(host.call.hold({ destination: 'upstream' })), 'STREAM_LIMIT');
    });
  });

  test('bytes without end, of which none can be passed on, are asked for until there is no more room', async () => {
    let reads = 0;
    const streamRead = (): Uint8Array => {
      reads += 1;
      return new Uint8Array(MAX_STREAM_CHUNK_BYTES);
    };
    await withHost({ ...once(), streamRead, streamWrite: never }, async (host) => {
      await host.call.serve({ listener: 'first', manner: 'echo' });
      await until('something is read', () => reads > 0);
      await sleep(100);
      assert.ok(reads <= MAX_STREAM_WRITES + 4, `${reads} reads`);
    });
  });

  test('writes that are never answered stop, and the rest stays where it is', async () => {
    let writes = 0;
    const streamWrite = (): Promise<void> => {
      writes += 1;
      return never();
    };
    await withHost({ ...once(), streamRead: never, streamWrite }, async (host) => {
      await host.call.serve({ listener: 'first', manner: 'flood' });
      await untilCounts(host, ({ written }) => written > 0);
      await sleep(100);
      assert.ok(writes <= MAX_STREAM_WRITES, `${writes} writes`);
      const { written } = await countsOf(host);
      assert.ok(written <= (MAX_STREAM_WRITES + 2) * MAX_STREAM_CHUNK_BYTES, `${written} bytes`);
    });
  });

  const errors = ['STREAM_BROKEN', 'STREAM_REFUSED', 'HOST_CALL_FAILED', 'SEAL_NOT_OPENED'] as const;
  for (const code of errors) {
    test(`${code} in the middle of a stream ends the stream, and the enclave serves on`, async () => {
      const streamRead = () => Promise.reject(new EnclosError(code));
      await withHost({ ...once(), streamRead }, async (host) => {
        await host.call.serve({ listener: 'first', manner: 'echo' });
        await untilCounts(host, ({ ended }) => ended === 1);
      });
    });
  }

  test('what it says of a connection is its word, and its reason is not believed further than that', async () => {
    const says = (code: 'STREAM_CONNECT_FAILED' | 'SEAL_NOT_OPENED'): Served => ({
      streamConnect: () => Promise.reject(new EnclosError(code)),
    });
    await withHost(says('STREAM_CONNECT_FAILED'), async ({ call }) => {
      assert.equal(await outcome(call.hold({ destination: 'upstream' })), 'STREAM_CONNECT_FAILED');
    });
    await withHost(says('SEAL_NOT_OPENED'), async ({ call }) => {
      assert.equal(await outcome(call.hold({ destination: 'upstream' })), 'GATE_REMOTE_ERROR');
    });
  });

  test('a destination that it connects elsewhere cannot end TLS for the enclave', async () => {
    // It relays its own bytes in place of the client's: they are no handshake.
    const streamRead = () => utf8('these are the bytes of the host');
    await withHost({ ...once(), streamRead, streamWrite: () => undefined }, async (host) => {
      await host.call.serve({ listener: 'first', manner: 'tls' });
      await untilCounts(host, ({ ended }) => ended === 1);
    });
  });
});
