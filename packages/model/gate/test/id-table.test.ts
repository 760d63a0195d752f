import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { IdTable } from '../src/id-table.ts';

test('behaves like a Map, whatever the ids and the multiplier', () => {
  const id = fc.oneof(
    fc.integer({ min: 1, max: 40 }),
    fc.integer({ min: 0xffff_fff0, max: 0xffff_ffff }),
    fc.integer({ min: 1, max: 0xffff_ffff }),
  );
  const step = fc.record({ id, remove: fc.boolean() });
  // The multiplier 1 puts all small ids into one run.
  const random = fc.constantFrom(0, 0.3, 0.999_999);
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), random, (steps, value) => {
      const table = new IdTable<number>(() => value);
      const model = new Map<number, number>();
      for (const [at, { id: key, remove }] of steps.entries()) {
        if (remove) {
          table.delete(key);
          model.delete(key);
        } else if (!model.has(key)) {
          table.add(key, at);
          model.set(key, at);
        }
        assert.equal(table.size, model.size);
        assert.equal(table.get(key), model.get(key));
      }
      for (const [key, expected] of model) assert.equal(table.get(key), expected);
      assert.deepEqual(new Set(table.values()), new Set(model.values()));
    }),
  );
});
