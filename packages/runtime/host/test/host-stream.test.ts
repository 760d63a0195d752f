import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { STREAM_PIECE_BYTES, StreamTable, type SendStream, type StreamPort } from '@enclos/gate';
import { HostStream } from '../src/services/host-stream.ts';
import { relayedSocket } from '../src/services/shared-reads.ts';
import { socketPair } from './socket-pair.ts';

describe('a stream at its host', { timeout: 60_000 }, () => {
  let client: Socket;
  let accepted: Socket;
  let port: StreamPort;

  beforeEach(async () => {
    const [connected, socket] = await socketPair();
    client = connected;
    accepted = relayedSocket(socket);
    const crossing =
      (other: () => StreamTable): SendStream =>
      (frame, _isRefusal, taken) => {
        const copy = { ...frame, payload: Uint8Array.from(frame.payload) };
        taken?.();
        queueMicrotask(() => other().received(copy));
      };
    const inside: StreamTable = new StreamTable({ send: crossing(() => outside), answersStrangers: false });
    const outside = new StreamTable({ send: crossing(() => inside), answersStrangers: true });
    const nothing = (): void => undefined;
    port = inside.open(1, { data: nothing, room: nothing, ended: nothing, closed: nothing }, nothing);
    const stream = new HostStream((events) => outside.open(1, events, nothing));
    await stream.begin(new AbortController().signal, () => Promise.resolve(accepted));
  });

  afterEach(() => {
    client.destroy();
    accepted.destroy();
  });

  test('a client that stalled while pieces are small is served on', async () => {
    client.pause();
    const bytes = { got: 0, sent: 0 };
    client.on('data', (chunk: Buffer) => void (bytes.got += chunk.length));
    const send = async (sizeBytes: number): Promise<void> => {
      bytes.sent += port.send(new Uint8Array(sizeBytes));
      await turn();
      await turn();
    };
    while (accepted.writableLength === 0) await send(16_384);
    // They use up the window with fewer bytes than a socket calls much, and so it would not say when they are gone.
    while (port.room > STREAM_PIECE_BYTES) await send(30);
    assert.equal(accepted.writableNeedDrain, false);
    client.resume();
    while (bytes.got < bytes.sent) await sleep(5);
    await turn();
    assert.ok(port.room > STREAM_PIECE_BYTES, `room for ${port.room} bytes`);
  });
});
