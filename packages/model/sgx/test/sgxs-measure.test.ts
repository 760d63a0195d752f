import { concatBytes } from '@enclos/codec';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { measureSgxs } from '../src/index.ts';
import { measureImage, sha256 } from '../src/node.ts';
import { refused } from './refused.ts';
import { eadd, ecreate, eextend, imageOf, unmeasured } from './streams.ts';

/** A hash that records how it is fed. */
function counted(): { readonly updates: number[]; readonly create: () => ReturnType<typeof createHash> } {
  const updates: number[] = [];
  const create = (): ReturnType<typeof createHash> => {
    const hash = createHash('sha256');
    const update = hash.update.bind(hash) as (data: Uint8Array) => ReturnType<typeof createHash>;
    return Object.assign(hash, {
      update: (data: Uint8Array) => {
        updates.push(data.length);
        return update(data);
      },
    });
  };
  return { updates, create };
}

test('a stream without unmeasured records is hashed in one update', () => {
  const image = imageOf(3);
  const { updates, create } = counted();
  assert.deepEqual(measureSgxs(image, create, { profile: 'strict' }), sha256(image));
  assert.deepEqual(updates, [image.length]);
});

test('unmeasured records are left out, runs between them are hashed whole', () => {
  const head = concatBytes(ecreate(), eadd(0), eextend(0));
  const tail = concatBytes(eextend(0x300), eadd(0x1000));
  const { updates, create } = counted();
  const bytes = concatBytes(head, unmeasured(0x100), unmeasured(0x200), tail, unmeasured(0x1000));
  assert.deepEqual(measureSgxs(bytes, create), sha256(concatBytes(head, tail)));
  assert.deepEqual(updates, [head.length, tail.length, 0]);
});

test('what is not a stream of the profile is not measured', () => {
  const bytes = concatBytes(ecreate(), eadd(0), unmeasured(0));
  refused('SGXS_INVALID', () => measureImage(bytes));
  assert.equal(measureImage(bytes, { profile: 'any' }).length, 32);
  refused('SGXS_INVALID', () => measureImage(bytes.subarray(1), { profile: 'any' }));
});
