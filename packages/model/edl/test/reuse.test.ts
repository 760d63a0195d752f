import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytes, decodeValue, encodeValue, giveBack, record, uint8 } from '../src/index.ts';

const large = bytes({ maxBytes: 4_000_000 });

/** The bytes of a message, and a value that they encode. */
function message(byte: number, sizeBytes = 1_000_000): Uint8Array {
  return encodeValue(large, new Uint8Array(sizeBytes).fill(byte));
}

test('a message that was not given back keeps its memory', () => {
  const first = message(1);
  assert.ok(message(2).buffer !== first.buffer);
});

test('a message that was given back is written over by the next one, once, and by nothing else', () => {
  const first = message(1);
  const whileFirstIsUsed = message(2);
  assert.ok(whileFirstIsUsed.buffer !== first.buffer);
  assert.deepEqual(decodeValue(large, first), new Uint8Array(1_000_000).fill(1));
  giveBack(first);
  const second = message(3);
  assert.ok(second.buffer === first.buffer);
  assert.ok(message(4).buffer !== first.buffer);
  assert.deepEqual(decodeValue(large, second), new Uint8Array(1_000_000).fill(3));
});

test('what was there before is not part of the message, whatever fits', () => {
  const type = record({ data: large, last: uint8() });
  for (const sizeBytes of [1_000_000, 999_000, 700_000, 1_000_000, 400_000, 3_000_000, 262_144]) {
    const byte = 1 + (sizeBytes % 250);
    const encoded = encodeValue(type, { data: new Uint8Array(sizeBytes).fill(byte), last: 7 });
    // Three or four bytes of length, the data and the last field.
    const lengthBytes = sizeBytes < 2 ** 21 ? 3 : 4;
    assert.equal(encoded.length, lengthBytes + sizeBytes + 1);
    assert.deepEqual(encoded.subarray(lengthBytes, -1), new Uint8Array(sizeBytes).fill(byte));
    assert.equal(encoded.at(-1), 7);
    giveBack(encoded);
  }
});

test('nothing of the last message is behind the next one, not even for who looks at all of the memory', () => {
  const first = message(7);
  giveBack(first);
  const second = message(1, 800_000);
  assert.ok(second.buffer === first.buffer);
  assert.ok(!new Uint8Array(second.buffer).includes(7));
});

test('small messages, and much smaller ones, do not take it', () => {
  const first = message(1);
  giveBack(first);
  assert.ok(message(2, 1000).buffer !== first.buffer);
  assert.ok(message(2, 300_000).buffer !== first.buffer);
  assert.ok(message(2).buffer === first.buffer);
});

test('a value that is refused on the way takes nothing from others', () => {
  giveBack(message(1));
  const type = record({ data: large, last: uint8() });
  const data = new Uint8Array(1_000_000);
  assert.throws(() => encodeValue(type, { data, last: 300 }));
  assert.deepEqual(decodeValue(type, encodeValue(type, { data, last: 3 })), { data, last: 3 });
});
