import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isEnclosError, type ErrorCode } from '@enclos/errors';
import type { PassageNotice } from '@enclos/tee/passage';
import '../src/errors.ts';
import type { HeldConnection } from '@enclos/tee/passing';
import { PassedStreams } from '../src/services/passed-streams.ts';
import { createFakeHost, FakeConnection, FakePassing } from './fake-passing.ts';

function code(expected: ErrorCode): (error: unknown) => boolean {
  return (error) => isEnclosError(error, expected);
}

const { signal } = new AbortController();
const ended = (stream: number): PassageNotice => ({
  kind: 'connected-ended',
  stream,
  bytesRead: 0n,
  bytesWritten: 0n,
});

async function scene() {
  const host = await createFakeHost(0);
  const ask = (stream: number, connect: (signal: AbortSignal) => Promise<HeldConnection>): Promise<void> =>
    host.streams.connect({ stream, destination: 'database' }, signal, connect);
  return { ...host, ask };
}

const connected = (): Promise<HeldConnection> => Promise.resolve(new FakeConnection());
const untilAborted = (ending: AbortSignal): Promise<HeldConnection> =>
  new Promise((_, reject) => ending.addEventListener('abort', () => reject(new Error('aborted'))));

describe('a connection that the enclave asked for', () => {
  test('has not ended before it was passed: an enclave that says so ends, and it is given up', async () => {
    const { passing, streams, violations, ask } = await scene();
    const asked = ask(1, untilAborted);
    assert.ok(streams.has(1));
    passing.tell(ended(1));
    assert.equal(violations.length, 1);
    assert.ok(code('GATE_PROTOCOL_VIOLATION')(violations[0]), String(violations[0]));
    await assert.rejects(asked, /aborted/);
    assert.ok(!streams.has(1));
  });

  test('is refused beyond 512 that are open or waited for, until one ends', async () => {
    const { passing, violations, ask } = await scene();
    for (let stream = 1; stream <= 512; stream += 1) {
      const asked = ask(stream, connected);
      await passing.until(stream);
      passing.settle();
      await asked;
    }
    await assert.rejects(ask(513, connected), code('STREAM_LIMIT'));
    passing.tell(ended(7));
    const next = ask(513, connected);
    await passing.until(513);
    passing.settle();
    await next;
    assert.deepEqual(violations, []);
  });

  test('is broken when it cannot be passed, and its number is free again', async () => {
    const { passing, streams, ask } = await scene();
    const asked = ask(1, connected);
    await passing.until(1);
    assert.equal(streams.has(1), true);
    passing.settle(new Error('no'));
    await assert.rejects(asked, code('STREAM_BROKEN'));
    assert.equal(streams.has(1), false);
  });

  test('is not waited for when the enclave has ended', async () => {
    const { streams, ask } = await scene();
    let seen: AbortSignal | undefined;
    const asked = ask(1, (ending) => {
      seen = ending;
      return untilAborted(ending);
    });
    assert.equal(seen?.aborted, false);
    streams.close();
    assert.equal(seen.aborted, true);
    await assert.rejects(asked, /aborted/);
  });
});

test('a passage that opens when its host has closed is closed at once', async () => {
  const passing = new FakePassing();
  const streams = new PassedStreams(passing, undefined, []);
  const opening = streams.open('/passage');
  streams.close();
  await opening;
  assert.deepEqual([passing.isClosed, streams.isOpen], [true, false]);
});
