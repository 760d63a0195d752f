import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boundedBody, utf8 } from '../src/index.ts';

const never = new Promise<never>(() => undefined);

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
  await assert.rejects(boundedBody(response, 10, Promise.reject(new Error('too late'))), /too late/);
  assert.ok(isCancelled());
});
