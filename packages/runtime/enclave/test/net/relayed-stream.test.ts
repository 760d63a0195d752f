import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import { STREAM_WINDOW_BYTES, StreamTable, type StreamPort } from '@enclos/gate';
import fc from 'fast-check';
import { RelayedStream } from '../../src/net/relayed-stream.ts';

/** A connection, and the host's end of it, which keeps what it gets and grants when it is told to. */
class Relay {
  readonly stream: RelayedStream;
  readonly host: StreamPort;
  #received: Uint8Array[] = [];

  constructor() {
    const inside: StreamTable = new StreamTable({
      answersStrangers: false,
      send: (frame, _isRefusal, taken) => {
        taken?.();
        outside.received(frame);
      },
    });
    const outside = new StreamTable({
      answersStrangers: true,
      send: (frame, _isRefusal, taken) => {
        taken?.();
        inside.received(frame);
      },
    });
    const events = {
      data: (bytes: Uint8Array) => void this.#received.push(bytes),
      room: () => undefined,
      ended: () => undefined,
      closed: () => undefined,
    };
    this.host = outside.open(1, events, () => undefined);
    this.stream = new RelayedStream((theirs) => inside.open(1, theirs, () => undefined));
  }

  /** What the host has got since the last time. */
  take(): string {
    return Buffer.concat(this.#received.splice(0)).toString('latin1');
  }
}

const text = (bytes: string): Uint8Array => Buffer.from(bytes, 'latin1');

test('what a reader waits for comes at once, as a Buffer, and room for it is granted again', () => {
  const { stream, host } = new Relay();
  const chunks: unknown[] = [];
  stream.on('data', (chunk) => chunks.push(chunk));
  stream.resume();
  const half = new Uint8Array(STREAM_WINDOW_BYTES / 8);
  for (let i = 0; i < 100; i++) assert.equal(host.send(half), half.length, `piece ${i}`);
  assert.equal(chunks.length, 100);
  assert.ok(chunks.every((chunk) => Buffer.isBuffer(chunk)));
});

test('an owner is lent what comes, and a second listener makes it copies', () => {
  const { stream, host } = new Relay();
  const seen: Uint8Array[] = [];
  const listen = (chunk: Uint8Array): void => void seen.push(chunk);
  stream.lend();
  stream.on('data', listen);
  stream.resume();
  const piece = Buffer.from('abc');
  host.send(piece);
  stream.on('data', listen);
  host.send(piece);
  piece.fill('x');
  assert.deepEqual(seen.map(String), ['xxx', 'abc', 'abc']);
});

test('an owner is told within the write that it is done, and any other writer behind it', async () => {
  for (const isLent of [true, false]) {
    const { stream } = new Relay();
    if (isLent) stream.lend();
    let isDone = false;
    stream.write(text('a'), () => void (isDone = true));
    assert.equal(isDone, isLent);
    await turn();
    assert.ok(isDone);
  }
});

test('nothing passes a reader that has paused, and nothing overtakes what waits', async () => {
  const { stream, host } = new Relay();
  let read = '';
  stream.on('data', (chunk: Buffer) => {
    read += chunk.toString('latin1');
    if (read === 'a') stream.pause();
  });
  await turn();
  host.send(text('a'));
  host.send(text('b'));
  host.send(text('c'));
  assert.equal(read, 'a');
  assert.equal(stream.readableLength, 2);
  stream.resume();
  host.send(text('d'));
  await turn();
  assert.equal(read, 'abcd');
});

test('an encoding decodes across pieces', async () => {
  const { stream, host } = new Relay();
  let read = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => (read += chunk));
  await turn();
  host.send(Uint8Array.of(0xc3));
  host.send(Uint8Array.of(0xa9));
  await turn();
  assert.equal(read, 'é');
});

test('a write that fits crosses at once, and its callback comes later', async () => {
  const relay = new Relay();
  let called = false;
  assert.ok(relay.stream.write(text('now'), () => (called = true)));
  assert.equal(relay.take(), 'now');
  assert.ok(!called);
  await turn();
  assert.ok(called);
});

test('a write beyond the window waits for the host, and what is written then waits behind it', async () => {
  const relay = new Relay();
  const order: string[] = [];
  relay.stream.write(new Uint8Array(STREAM_WINDOW_BYTES), () => order.push('large'));
  relay.stream.write(text('behind'), () => order.push('behind'));
  await turn();
  assert.deepEqual(order, []);
  const first = relay.take();
  relay.host.grant(0);
  await turn();
  assert.equal(first + relay.take(), `${'\0'.repeat(STREAM_WINDOW_BYTES)}behind`);
  assert.deepEqual(order, ['large', 'behind']);
});

test('a write behind the end is an error, and so is one to a connection that is gone', async () => {
  const ended = new Relay().stream;
  ended.end();
  const failed = once(ended, 'error');
  ended.write(text('x'));
  const [behind] = (await failed) as [{ code: string }];
  assert.equal(behind.code, 'ERR_STREAM_WRITE_AFTER_END');
  const relay = new Relay();
  relay.stream.destroy();
  const error = await new Promise((resolve) => relay.stream.write(text('x'), resolve));
  assert.equal((error as { code: string }).code, 'ERR_STREAM_DESTROYED');
  assert.equal(relay.take(), '');
});

test('strings and other arguments of write go the ordinary way, and stay in order', async () => {
  const relay = new Relay();
  relay.stream.write('a', 'latin1');
  relay.stream.write(text('b'));
  relay.stream.write('63', 'hex', () => undefined);
  relay.stream.end(text('d'));
  await once(relay.stream, 'finish');
  assert.equal(relay.take(), 'abcd');
  assert.throws(() => relay.stream.write(5), { code: 'ERR_INVALID_ARG_TYPE' });
});

test('whatever is written in whatever pieces, the host gets it in order', async () => {
  const piece = fc.record({ size: fc.integer({ min: 0, max: 90_000 }), isCorked: fc.boolean(), waits: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
      const relay = new Relay();
      let expected = '';
      let got = '';
      for (const [i, { size, isCorked, waits }] of pieces.entries()) {
        const bytes = String.fromCharCode(97 + i).repeat(size);
        expected += bytes;
        if (isCorked) relay.stream.cork();
        relay.stream.write(text(bytes));
        if (isCorked) relay.stream.uncork();
        got += relay.take();
        if (!waits) continue;
        relay.host.grant(0);
        await turn();
      }
      while (relay.stream.writableLength > 0) {
        got += relay.take();
        relay.host.grant(0);
        await turn();
      }
      assert.equal(got + relay.take(), expected);
    }),
  );
});
