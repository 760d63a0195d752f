import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { utf8 } from '@enclos/codec';
import { boundedBody } from '../src/index.ts';

const never = new AbortController().signal;

/** A body in pieces that says when nobody wants more of it. */
function bodyOf(pieces: readonly string[], isEndless = false): { response: Response; isCancelled: () => boolean } {
  const left = [...pieces];
  let cancelled = false;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = left.shift();
      if (piece !== undefined) controller.enqueue(utf8(piece));
      else if (!isEndless) controller.close();
    },
    cancel() {
      cancelled = true;
    },
  });
  return { response: new Response(stream), isCancelled: () => cancelled };
}

test('a body within its bound is read whole, in however many pieces it comes', async () => {
  assert.deepEqual(await boundedBody(bodyOf(['ab', '', 'c']).response, 3, never), utf8('abc'));
  assert.deepEqual(await boundedBody(new Response(null), 3, never), new Uint8Array());
});

test('a body in single bytes costs its length, and no object for each of them', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const total = 200_000;
  let sent = 0;
  let keptBytes = 0;
  const held = (): number => process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
  collect();
  const before = held();
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(Uint8Array.of(sent % 251));
      sent += 1;
      if (sent < total) return;
      collect();
      keptBytes = held() - before;
      controller.close();
    },
  });
  const body = await boundedBody(new Response(stream), total, never);
  assert.equal(body?.length, total);
  assert.equal(body?.[1000], 1000 % 251);
  assert.ok(keptBytes < 20 * total, `${keptBytes} bytes are kept`);
});

test('a body that is longer is not read further', async () => {
  const { response, isCancelled } = bodyOf(['ab', 'cd', 'ef'], true);
  assert.equal(await boundedBody(response, 3, never), undefined);
  assert.ok(isCancelled());
});

test('a body that announces to be longer is not read at all', async () => {
  const announced = new Response('ab', { headers: { 'content-length': '4' } });
  assert.equal(await boundedBody(announced, 3, never), undefined);
});

test('with a bound of zero nothing is read', async () => {
  const { response, isCancelled } = bodyOf(['ab'], true);
  assert.deepEqual(await boundedBody(response, 0, never), new Uint8Array());
  assert.ok(isCancelled());
});

test('a body that does not end is given up when the time is over', async () => {
  const { response, isCancelled } = bodyOf(['a'], true);
  await assert.rejects(boundedBody(response, 10, AbortSignal.abort(new Error('too late'))), /too late/);
  assert.ok(isCancelled());
});

test('a body that stands still is given up when the time is over, and nothing stays at the signal', async () => {
  const [abort, other] = [new AbortController(), new AbortController()];
  let isCancelled = false;
  const still = new ReadableStream<Uint8Array>({
    pull: () => new Promise(() => undefined),
    cancel() {
      isCancelled = true;
    },
  });
  const reading = boundedBody(new Response(still), 10, abort.signal);
  setTimeout(() => abort.abort(new Error('too late')), 5);
  await assert.rejects(reading, /too late/);
  assert.ok(isCancelled);
  assert.deepEqual(await boundedBody(new Response('a'), 10, other.signal), utf8('a'));
  assert.deepEqual(
    [abort, other].map(({ signal }) => getEventListeners(signal, 'abort').length),
    [0, 0],
  );
});
