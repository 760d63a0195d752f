import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createLineReader } from '../../src/project/lines.ts';

test('lines are the same however the bytes arrive', () => {
  const text = fc.array(
    fc.string({ unit: 'binary' }).map((line) => line.replaceAll('\n', '')),
    { minLength: 1 },
  );
  fc.assert(
    fc.property(text, fc.array(fc.nat()), (expected, cuts) => {
      const bytes = Buffer.from(`${expected.join('\n')}\n`);
      const at = [...new Set(cuts.map((cut) => cut % (bytes.length + 1))), bytes.length].sort((a, b) => a - b);
      const reader = createLineReader(1 << 20);
      let from = 0;
      const lines = at.flatMap((end) => {
        const found = reader.push(bytes.subarray(from, end));
        from = end;
        return found;
      });
      assert.deepEqual(lines, Buffer.from(expected.join('\n')).toString().split('\n'));
    }),
  );
});

test('a line over the bound is refused before it ends, and one at the bound is not', () => {
  const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(0x61);
  const reader = createLineReader(8);
  assert.deepEqual(reader.push(bytes(8)), []);
  assert.deepEqual(reader.push(Uint8Array.of(0x0a)), ['aaaaaaaa']);
  reader.push(bytes(5));
  assert.throws(() => reader.push(bytes(4)), RangeError);
});
