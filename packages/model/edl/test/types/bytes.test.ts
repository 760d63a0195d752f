import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import {
  bytes,
  createCaller,
  createDispatcher,
  decodeValue,
  encodeValue,
  func,
  maxEncodedBytes,
  nothing,
  string,
  uint32,
} from '../../src/index.ts';
import { encodesTo, refusesBytes, refusesDefinition, refusesValue } from '../expect.ts';

const bounded = bytes({ maxBytes: 4, minBytes: 1 });
const exact = bytes({ exactBytes: 3 });

test('bounded bytes have their length in front, exact ones do not', () => {
  encodesTo(bounded, Uint8Array.of(1, 2), '020102');
  encodesTo(exact, Uint8Array.of(1, 2, 3), '010203');
  assert.equal(maxEncodedBytes(bounded), 5);
  assert.equal(maxEncodedBytes(exact), 3);
});

test('bytes outside the bounds are refused', () => {
  refusesValue(bounded, new Uint8Array(5), 'value: 5 bytes, at most 4.');
  refusesValue(bounded, new Uint8Array(), 'value: 0 bytes, at least 1.');
  refusesValue(exact, new Uint8Array(4), 'value: 4 bytes, exactly 3.');
  refusesBytes(bounded, '0501020304', 'value: 5 bytes, at most 4.');
  refusesBytes(bounded, '00', 'value: 0 bytes, at least 1.');
  refusesBytes(exact, '0102', 'value: the bytes end early: 3 bytes wanted, 2 left.');
});

test('only a Uint8Array is bytes, and a Buffer or one of another realm is one', () => {
  for (const value of [
    [1, 2],
    'ab',
    new Uint16Array(2),
    new ArrayBuffer(2),
    Object.create(Uint8Array.prototype),
    null,
  ]) {
    refusesValue(bounded, value, 'value: not a Uint8Array.');
    refusesValue(exact, value, 'value: not a Uint8Array.');
  }
  assert.deepEqual(encodeValue(bounded, Buffer.from([7])), Uint8Array.of(1, 7));
  const foreign: unknown = runInNewContext('Uint8Array.of(7)');
  assert.deepEqual(encodeValue<typeof bounded>(bounded, foreign as Uint8Array), Uint8Array.of(1, 7));
});

for (const [title, size] of [
  ['short', 10],
  ['long', 200],
] as const) {
  test(`decoded bytes are a plain copy with their own buffer (${title})`, () => {
    const type = bytes({ maxBytes: size });
    const sent = Buffer.from(encodeValue(type, new Uint8Array(size).fill(1)));
    const received = decodeValue(type, sent);
    sent.fill(0xff);
    assert.deepEqual(received, new Uint8Array(size).fill(1));
    assert.equal(received.constructor, Uint8Array);
    assert.equal(received.buffer.byteLength, size);
  });

  test(`bytes in shared memory are copied before they are read (${title})`, () => {
    const type = bytes({ maxBytes: size });
    const sent = encodeValue(type, new Uint8Array(size).fill(1));
    const shared = new Uint8Array(new SharedArrayBuffer(sent.length));
    shared.set(sent);
    const received = decodeValue(type, shared);
    assert.ok(received.buffer instanceof ArrayBuffer);
    assert.deepEqual(received, new Uint8Array(size).fill(1));
  });
}

test('bytes() needs bounds', () => {
  refusesDefinition('bytes() needs bounds: maxBytes, minBytes, exactBytes.', () => Reflect.apply(bytes, undefined, []));
  refusesDefinition('bytes() needs an upper bound.', () => Reflect.apply(bytes, undefined, [{}]));
  refusesDefinition('bytes() has either exactBytes or maxBytes.', () =>
    Reflect.apply(bytes, undefined, [{ exactBytes: 3, maxBytes: 3 }]),
  );
  refusesDefinition('exactBytes of bytes() is at least 1.', () => bytes({ exactBytes: 0 }));
  refusesDefinition('The lower bound of bytes() is above its upper bound.', () => bytes({ maxBytes: 3, minBytes: 4 }));
});

test('large bytes of a call keep the memory of their message, from its beginning on, and others get their own', async () => {
  const functions = {
    take: func({ before: string({ maxBytes: 10 }), data: bytes({ maxBytes: 2 ** 20 }), after: uint32() }, nothing()),
  };
  const seen: Uint8Array[] = [];
  const dispatch = createDispatcher(functions, {
    take({ before, data, after }) {
      assert.equal(before, 'before');
      assert.equal(after, 7);
      seen.push(data);
    },
  });
  const payloads: Uint8Array[] = [];
  const caller = createCaller(functions, async ({ index, payload }) => {
    payloads.push(payload);
    return dispatch(index, payload, undefined);
  });
  for (const size of [1000, 2 ** 19]) {
    const data = new Uint8Array(size).map((_, i) => i % 251);
    await caller.take({ before: 'before', data, after: 7 });
    assert.deepEqual(seen.at(-1), data);
    assert.equal(seen.at(-1)?.byteOffset, 0);
    // What the caller gave is its own.
    assert.notEqual(seen.at(-1)?.buffer, data.buffer);
  }
  assert.notEqual(seen[0]?.buffer, payloads[0]?.buffer);
  assert.equal(seen[1]?.buffer, payloads[1]?.buffer);
});

test('large bytes at the beginning of a message that is placed for them are not moved', () => {
  const size = 2 ** 19;
  const dispatch = createDispatcher(
    { take: func({ data: bytes({ maxBytes: size }) }, bytes({ maxBytes: 1 })) },
    {
      take({ data }) {
        kept.push(data);
        return new Uint8Array();
      },
    },
  );
  const kept: Uint8Array[] = [];
  const sent = encodeValue(bytes({ maxBytes: size }), new Uint8Array(size).fill(7));
  // Where the message begins: the value follows three bytes later, or where it has to be moved to.
  for (const [begin, place] of [
    [0, 0],
    [4, 8],
    [5, 8],
    [8, 8],
  ] as const) {
    const message = new Uint8Array(begin + sent.length).subarray(begin);
    message.set(sent);
    assert.ok(dispatch(0, message, undefined) instanceof Uint8Array);
    const data = kept.at(-1) ?? assert.fail();
    assert.deepEqual(data, new Uint8Array(size).fill(7));
    // At 4 it would have to move beyond the end of its message, so it is copied.
    assert.equal(data.buffer === message.buffer, begin !== 4);
    assert.equal(data.byteOffset, begin === 4 ? 0 : place);
    if (begin === 5) assert.equal(message[0], sent[0], 'it was moved');
  }
});

test('decodeValue() leaves the bytes that it was given as they are, however large the value', () => {
  const type = bytes({ maxBytes: 2 ** 20 });
  const encoded = encodeValue(type, new Uint8Array(2 ** 19).fill(3));
  const copy = encoded.slice();
  const decoded = decodeValue(type, encoded);
  decoded.fill(9);
  assert.deepEqual(encoded, copy);
});
