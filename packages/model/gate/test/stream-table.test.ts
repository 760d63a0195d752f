import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  FrameKind,
  MAX_STREAM_CHUNK_BYTES,
  STREAM_PIECE_BYTES,
  STREAM_WINDOW_BYTES,
  StreamTable,
  type Frame,
  type StreamPort,
} from '../src/index.ts';
import { frame, hasCode, noBytes, openRig } from './harness.ts';

const violation = hasCode('GATE_PROTOCOL_VIOLATION');
const data = (callId: number, sizeBytes = 1): Frame =>
  frame(FrameKind.STREAM_DATA, { callId, payload: new Uint8Array(sizeBytes) });
const credit = (callId: number, parentCallId: number): Frame =>
  frame(FrameKind.STREAM_CREDIT, { callId, parentCallId });
const end = (callId: number): Frame => frame(FrameKind.STREAM_END, { callId });
const close = (callId: number): Frame => frame(FrameKind.STREAM_CLOSE, { callId });

/** One side of streams, and what happened there. */
class Side {
  readonly sent: Frame[] = [];
  readonly refusals: Frame[] = [];
  readonly seen: string[] = [];
  readonly table: StreamTable;
  receivedBytes = 0;
  /** Set while the transport takes nothing: what is to be run when it does. */
  waiting: (() => void)[] | undefined;

  constructor(answersStrangers = false) {
    this.table = new StreamTable({
      answersStrangers,
      send: (sent, isRefusal, taken) => {
        (isRefusal ? this.refusals : this.sent).push(sent);
        if (taken !== undefined && this.waiting?.push(taken) === undefined) taken();
      },
    });
  }

  open(id = 1): StreamPort {
    return this.table.open(
      id,
      {
        data: ({ length }) => {
          this.receivedBytes += length;
          this.seen.push(`data ${length}`);
        },
        room: () => void this.seen.push('room'),
        ended: () => void this.seen.push('ended'),
        closed: () => void this.seen.push('closed'),
      },
      () => void this.seen.push('forgotten'),
    );
  }

  /** Sizes of the pieces sent since the last call. */
  sizes(): number[] {
    return this.sent
      .splice(0)
      .filter(({ kind }) => kind === FrameKind.STREAM_DATA)
      .map(({ payload }) => payload.length);
  }
}

describe('a stream', () => {
  test('sends in pieces, as far as it may, and no further', () => {
    const side = new Side();
    const port = side.open();
    const sentBytes = port.send(new Uint8Array(2 ** 20));
    const sizes = side.sizes();
    assert.equal(
      sizes.reduce((sum, size) => sum + size, 0),
      sentBytes,
    );
    assert.ok(sizes.every((size) => size > 0 && size <= MAX_STREAM_CHUNK_BYTES));
    assert.equal(sentBytes + sizes.length * STREAM_PIECE_BYTES, STREAM_WINDOW_BYTES);
    assert.equal(port.send(new Uint8Array(1)), 0);
    // A grant of less than a piece counts for brings nothing yet.
    side.table.received(credit(1, STREAM_PIECE_BYTES));
    assert.equal(port.send(new Uint8Array(1)), 0);
    side.table.received(credit(1, 1));
    assert.equal(port.send(new Uint8Array(2)), 1);
    assert.deepEqual(side.seen, ['room', 'room']);
  });

  test('grants again what was used, half a window at once', () => {
    const side = new Side();
    const port = side.open();
    for (let i = 0; i < 3; i++) side.table.received(data(1, MAX_STREAM_CHUNK_BYTES));
    port.grant(2 * MAX_STREAM_CHUNK_BYTES);
    assert.equal(side.sent.length, 0);
    port.grant(1);
    // The last piece is not used up.
    assert.deepEqual(side.sent.splice(0), [credit(1, 2 * (MAX_STREAM_CHUNK_BYTES + STREAM_PIECE_BYTES))]);
    port.grant(0);
    assert.equal(side.sent.length, 0);
  });

  test('nothing is granted behind the end', () => {
    const side = new Side();
    const port = side.open();
    for (let i = 0; i < 3; i++) side.table.received(data(1, MAX_STREAM_CHUNK_BYTES));
    side.table.received(end(1));
    assert.ok(port.isEnded);
    port.grant(0);
    assert.equal(side.sent.length, 0);
  });

  test('more than was granted is a violation, in bytes and in pieces', () => {
    const large = new Side();
    large.open();
    for (let i = 0; i < 3; i++) large.table.received(data(1, MAX_STREAM_CHUNK_BYTES));
    assert.throws(() => large.table.received(data(1, MAX_STREAM_CHUNK_BYTES)), violation);
    const small = new Side();
    small.open();
    const most = Math.floor(STREAM_WINDOW_BYTES / (STREAM_PIECE_BYTES + 1));
    for (let i = 0; i < most; i++) small.table.received(data(1));
    assert.throws(() => small.table.received(data(1)), violation);
    assert.equal(small.receivedBytes, most);
  });

  test('a grant for what was not sent is a violation', () => {
    const side = new Side();
    const port = side.open();
    assert.throws(() => side.table.received(credit(1, 1)), violation);
    const other = new Side();
    other.open().send(new Uint8Array(10));
    assert.throws(() => other.table.received(credit(1, 11 + STREAM_PIECE_BYTES)), violation);
    assert.ok(port.room > STREAM_WINDOW_BYTES);
  });

  test('a grant for what the transport has not taken is a violation: nobody can have used it', () => {
    const side = new Side();
    const port = side.open();
    port.send(new Uint8Array(10));
    side.waiting = [];
    port.send(new Uint8Array(20));
    side.table.received(credit(1, 10 + STREAM_PIECE_BYTES));
    assert.throws(() => side.table.received(credit(1, 1)), violation);

    const taken = new Side();
    taken.waiting = [];
    taken.open().send(new Uint8Array(20));
    for (const each of taken.waiting) each();
    taken.table.received(credit(1, 20 + STREAM_PIECE_BYTES));
  });

  test('a grant that the transport has not taken is none', () => {
    for (const isTaken of [true, false]) {
      const side = new Side();
      const port = side.open();
      side.waiting = [];
      for (let i = 0; i < 3; i++) side.table.received(data(1, MAX_STREAM_CHUNK_BYTES));
      port.grant(0);
      assert.equal(side.sent.length, 1);
      if (isTaken) for (const each of side.waiting) each();
      const more = (): void => side.table.received(data(1, MAX_STREAM_CHUNK_BYTES));
      if (isTaken) more();
      else assert.throws(more, violation);
    }
  });

  test('behind its end nothing comes but grants and its close', () => {
    for (const behind of [data(1), end(1)]) {
      const side = new Side();
      side.open().send(new Uint8Array(10));
      side.table.received(end(1));
      side.table.received(credit(1, 10));
      assert.throws(() => side.table.received(behind), violation);
    }
  });

  test('behind its close nothing comes at all', () => {
    for (const behind of [data(1), credit(1, 1), end(1), close(1)]) {
      const side = new Side();
      side.open().send(new Uint8Array(10));
      side.table.received(close(1));
      assert.throws(() => side.table.received(behind), violation);
    }
  });

  test('is forgotten when both sides have closed it, whoever was first', () => {
    const first = new Side();
    const port = first.open();
    port.close();
    port.close();
    assert.equal(first.table.size, 1);
    // What was under way is dropped, and nothing more is sent.
    for (const late of [data(1), end(1)]) first.table.received(late);
    port.send(new Uint8Array(5));
    port.end();
    first.table.received(close(1));
    assert.deepEqual(first.seen, ['forgotten']);
    assert.deepEqual(first.sent, [close(1)]);

    const second = new Side();
    const other = second.open();
    second.table.received(close(1));
    assert.ok(second.table.has(1));
    other.close();
    assert.deepEqual(second.seen, ['closed', 'forgotten']);
    assert.deepEqual(second.sent, [close(1)]);
    assert.equal(second.table.size, 0);
  });

  test('too many bytes for one that we have closed are a violation all the same', () => {
    const side = new Side();
    side.open().close();
    for (let i = 0; i < 3; i++) side.table.received(data(1, MAX_STREAM_CHUNK_BYTES));
    assert.throws(() => side.table.received(data(1, MAX_STREAM_CHUNK_BYTES)), violation);
    assert.equal(side.receivedBytes, 0);
  });

  test('that is not there is a violation; one side answers a close of such a one', () => {
    for (const stranger of [data(9), credit(9, 1), end(9)]) {
      for (const answers of [true, false]) {
        assert.throws(() => new Side(answers).table.received(stranger), violation);
      }
    }
    assert.throws(() => new Side(false).table.received(close(9)), violation);
    const side = new Side(true);
    side.table.received(close(9));
    assert.deepEqual(side.refusals, [close(9)]);
  });
});

test('whatever is sent and read, in any order, arrives whole and nothing stands still', () => {
  const step = fc.record({
    send: fc.integer({ min: 0, max: 200_000 }),
    deliver: fc.integer({ min: 0, max: 5 }),
    keep: fc.integer({ min: 0, max: 300_000 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const [left, right] = [new Side(), new Side()];
      const [sender, reader] = [left.open(), right.open()];
      let [wantedBytes, unsentBytes, readBytes] = [0, 0, 0];
      const cross = (most: number): boolean => {
        const [there, back] = [left.sent.splice(0, most), right.sent.splice(0, most)];
        for (const sent of there) right.table.received(sent);
        for (const sent of back) left.table.received(sent);
        return there.length + back.length > 0;
      };
      const send = (): void => void (unsentBytes -= sender.send(new Uint8Array(unsentBytes)));
      const read = (keepBytes: number): void => {
        readBytes = Math.max(readBytes, right.receivedBytes - keepBytes);
        reader.grant(right.receivedBytes - readBytes);
      };
      for (const { send: sizeBytes, deliver, keep } of steps) {
        wantedBytes += sizeBytes;
        unsentBytes += sizeBytes;
        send();
        cross(deliver);
        read(keep);
        if (right.receivedBytes - readBytes > STREAM_WINDOW_BYTES) return false;
      }
      do {
        read(0);
        send();
      } while (cross(1000));
      return right.receivedBytes === wantedBytes;
    }),
  );
});

describe('frames of streams at a gate', () => {
  test('end it where none are expected', async () => {
    for (const sent of [data(1), credit(1, 1), end(1), close(1)]) {
      const { endpoint, wire } = await openRig();
      wire.push(sent);
      assert.ok(violation((await endpoint.closed).error));
    }
  });

  test('go to whoever takes them, and what that throws ends the gate', async () => {
    const taken: Frame[] = [];
    const { endpoint, wire } = await openRig({
      onStream(received) {
        if (received.kind === FrameKind.STREAM_CLOSE) throw new RangeError('refused');
        taken.push(received);
      },
    });
    wire.push(data(1, 3), end(1), close(1), data(1));
    assert.ok((await endpoint.closed).error instanceof RangeError);
    assert.deepEqual(taken, [data(1, 3), end(1)]);
  });

  test('are sent in order with everything else', async () => {
    const { endpoint, wire } = await openRig({ onStream: () => undefined });
    endpoint.stream(data(7, 2), false);
    endpoint.invoke(0, 0, noBytes).catch(() => undefined);
    endpoint.stream(end(7), true);
    await Promise.resolve();
    await new Promise(setImmediate);
    assert.deepEqual(
      wire.frames().map(({ kind }) => kind),
      [FrameKind.STREAM_DATA, FrameKind.CALL, FrameKind.STREAM_END],
    );
    await endpoint.close(new Error('over'));
    endpoint.stream(data(7, 2), false);
    assert.deepEqual(wire.frames(), []);
  });
});
