import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { packTensors, unpackTensors } from '../src/protocol/packing.ts';

const tensor = fc.record(
  {
    index: fc.nat(9),
    shape: fc.array(fc.nat(5), { maxLength: 4 }),
    data: fc.uint8Array({ maxLength: 40 }),
  },
  { noNullPrototype: true },
);

suite('packed tensors', () => {
  test('come back as they were, each where every typed array may begin, and without a copy', () => {
    fc.assert(
      fc.property(fc.array(tensor, { maxLength: 5 }), (tensors) => {
        const packed = packTensors(tensors);
        const unpacked = unpackTensors(packed);
        assert.deepEqual(unpacked, tensors);
        for (const { data } of unpacked) {
          assert.equal(data.byteOffset % 8, 0);
          assert.equal(data.buffer, packed.data.buffer);
        }
      }),
    );
  });

  test('a single tensor is not copied to be sent', () => {
    const data = new Uint8Array(8);
    assert.equal(packTensors([{ index: 0, shape: [8], data }]).data, data);
  });

  test('data that is too short or too long is refused', () => {
    const place = { index: 0, shape: [3], sizeBytes: 3 };
    const code = { code: 'ENGINE_INVALID_ARGUMENT' };
    assert.throws(() => unpackTensors({ places: [place], data: new Uint8Array(2) }), code);
    assert.throws(() => unpackTensors({ places: [place], data: new Uint8Array(4) }), code);
    assert.throws(() => unpackTensors({ places: [place, place], data: new Uint8Array(10) }), code);
    assert.throws(() => unpackTensors({ places: [], data: new Uint8Array(1) }), code);
  });
});
