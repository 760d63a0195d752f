import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteQueue, concatBytes } from '../src/index.ts';

const pieces = fc.array(fc.uint8Array({ maxLength: 12 }), { maxLength: 12 });
const lengths = fc.array(fc.nat({ max: 20 }), { maxLength: 20 });

test('a queue gives the bytes of its pieces in order, however they are read', () => {
  fc.assert(
    fc.property(pieces, lengths, (pushed, reads) => {
      const queue = new ByteQueue();
      for (const piece of pushed) queue.push(piece);
      let rest = concatBytes(...pushed);
      for (const length of reads) {
        assert.equal(queue.length, rest.length);
        const expected = [...rest.subarray(0, length)];
        assert.deepEqual([...queue.peek(length)], expected);
        const front = queue.atFront(length, (bytes, at) => [...bytes.subarray(at, at + length)]);
        assert.deepEqual(front, expected);
        assert.deepEqual([...queue.take(length)], expected);
        rest = rest.subarray(expected.length);
      }
    }),
  );
});

test('a queue keeps what was not taken when the memory of a piece is used again', () => {
  fc.assert(
    fc.property(pieces, lengths, (pushed, reads) => {
      const queue = new ByteQueue();
      const room = new Uint8Array(12);
      let rest: number[] = [];
      for (const [index, piece] of pushed.entries()) {
        room.set(piece);
        queue.push(room.subarray(0, piece.length));
        rest.push(...piece);
        const length = Math.min(reads[index] ?? 0, rest.length);
        assert.deepEqual([...queue.take(length)], rest.slice(0, length));
        rest = rest.slice(length);
        queue.keep();
        room.fill(0xee);
      }
      assert.deepEqual([...queue.take(queue.length)], rest);
    }),
  );
});
