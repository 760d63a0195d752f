import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { bytes, encodeValue } from '@enclos/edl';
import { gateTransport, toSendOnce } from '../src/run/gate-transport.ts';
import { socketPair } from './socket-pair.ts';

const type = bytes({ maxBytes: 8_000_000 });
const message = (byte: number): Uint8Array => encodeValue(type, new Uint8Array(2_000_000).fill(byte));

describe('the gate of the host', { timeout: 60_000 }, () => {
  let ours: Socket;
  let theirs: Socket;
  let got: Buffer[];

  beforeEach(async () => {
    [theirs, ours] = await socketPair();
    got = [];
    theirs.on('data', (chunk: Buffer) => got.push(chunk));
  });

  afterEach(() => {
    ours.destroy();
    theirs.destroy();
  });

  const arrived = async (sizeBytes: number): Promise<Buffer> => {
    while (Buffer.concat(got).length < sizeBytes) await once(theirs, 'data');
    return Buffer.concat(got);
  };

  test('the memory of a large message is used again when the kernel has all of it, and not before', async () => {
    const transport = gateTransport(ours);
    theirs.pause();
    const first = toSendOnce(message(1));
    transport.send(first.subarray());
    const second = toSendOnce(message(2));
    assert.ok(second.buffer !== first.buffer);
    transport.send(second.subarray());
    theirs.resume();
    const all = await arrived(first.length + second.length);
    assert.ok(all.equals(Buffer.concat([first, second])));
    await turn();
    assert.ok([first.buffer, second.buffer].includes(message(3).buffer));
  });

  test('what others may still look at is left alone', async () => {
    const transport = gateTransport(ours);
    const kept = message(5);
    transport.send(kept.subarray());
    await arrived(kept.length);
    await turn();
    assert.ok(message(6).buffer !== kept.buffer);
    assert.equal(kept.at(-1), 5);
  });

  test('a message that was given back belongs to another: sent again, it stays theirs', async () => {
    const transport = gateTransport(ours);
    const first = toSendOnce(message(1));
    transport.send(first.subarray());
    await arrived(first.length);
    await turn();
    const next = message(2);
    assert.ok(next.buffer === first.buffer);
    transport.send(next.subarray());
    await arrived(2 * first.length);
    await turn();
    assert.ok(message(3).buffer !== next.buffer);
  });

  test('a message that could not be sent is not used again', async () => {
    const transport = gateTransport(ours);
    theirs.pause();
    // However much the kernel keeps for who does not read.
    while (ours.writableLength === 0) ours.write(new Uint8Array(1_000_000));
    const first = toSendOnce(message(1));
    transport.send(first.subarray());
    const closed = once(ours, 'close');
    ours.destroy();
    await closed;
    assert.ok(message(2).buffer !== first.buffer);
  });

  test('a stream that is not a socket may keep what it is given', async () => {
    const stream = new PassThrough({ highWaterMark: 16 });
    const first = toSendOnce(message(1));
    gateTransport(stream).send(first.subarray());
    await turn();
    assert.ok(message(2).buffer !== first.buffer);
    assert.deepEqual(stream.read(), Buffer.from(first));
  });
});
