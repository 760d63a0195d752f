import { concatBytes } from '@enclos/codec';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSgxs, SgxsReader, type SgxsEvent, type SgxsProfile } from '../src/index.ts';
import { accepted, flipped, refused } from './refused.ts';
import { eadd, ecreate, eextend, imageOf, streamed, unmeasured, wholePage } from './streams.ts';

const image = imageOf(2);
const foreign = concatBytes(
  ecreate(0x10000n),
  eadd(0x1000),
  eextend(0x1300, 4),
  unmeasured(0x1100, 5),
  wholePage(0x5000),
  eadd(0x8000, 0x100n),
);

test('events tell the stream', () => {
  const events = streamed(foreign, 'any', [foreign.length]);
  assert.deepEqual(events.slice(0, 4), [
    { kind: 'ecreate', ssaFrameSize: 1, sizeBytes: 0x10000n },
    { kind: 'eadd', offset: 0x1000n, flags: 0x201n },
    { kind: 'chunk', offset: 0x1300n, measured: true, data: new Uint8Array(256).fill(4) },
    { kind: 'chunk', offset: 0x1100n, measured: false, data: new Uint8Array(256).fill(5) },
  ]);
  assert.deepEqual(events.at(-1), { kind: 'eadd', offset: 0x8000n, flags: 0x100n });
});

test('the cuts between pieces do not matter', () => {
  const expected = {
    strict: streamed(image, 'strict', [image.length]),
    any: streamed(foreign, 'any', [foreign.length]),
  };
  const check = (cuts: readonly number[]): void => {
    assert.deepEqual(streamed(image, 'strict', cuts), expected.strict);
    assert.deepEqual(streamed(foreign, 'any', cuts), expected.any);
  };
  for (const length of [1, 7, 63, 64, 65, 255, 256, 319, 320, 321, 640, 4096]) check([length]);
  check([0, 5, 0]);
  fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 30 }), check), {
    numRuns: 40,
  });
});

/** The outcome of the streaming reader, comparable with readSgxs. */
function outcome(bytes: Uint8Array, profile: SgxsProfile, cut: number): readonly SgxsEvent[] | 'refused' {
  const result: SgxsEvent[] = [];
  return accepted(() => result.push(...streamed(bytes, profile, [cut]))) ? result : 'refused';
}

test('it accepts exactly what readSgxs accepts, with the same contents', () => {
  const changed = fc
    .tuple(
      fc.constantFrom(image, foreign),
      fc.nat(image.length - 1),
      fc.constantFrom(0, 1, 0x80, 0xff),
      fc.nat(image.length),
    )
    .map(([bytes, index, mask, length]) => flipped(bytes, index % bytes.length, mask).subarray(0, length));
  const profiles = fc.constantFrom('strict' as const, 'any' as const);
  fc.assert(
    fc.property(changed, profiles, fc.integer({ min: 1, max: 900 }), (bytes, profile, cut) => {
      const events = outcome(bytes, profile, cut);
      assert.equal(
        events !== 'refused',
        accepted(() => readSgxs(bytes, { profile })),
      );
      if (events === 'refused') return;
      const { pages } = readSgxs(bytes, { profile });
      assert.deepEqual(
        events.filter((event) => event.kind === 'eadd').map(({ offset, flags }) => [offset, flags]),
        pages.map(({ offset, flags }) => [offset, flags]),
      );
    }),
    { numRuns: 200 },
  );
});

test('the bound counts every byte of the stream', () => {
  const reader = new SgxsReader({ profile: 'strict', maxBytes: image.length });
  reader.push(image);
  reader.end();
  refused('SGXS_TOO_LARGE', () => reader.push(Uint8Array.of(0)));
  refused('SGXS_TOO_LARGE', () => new SgxsReader({ profile: 'strict', maxBytes: image.length - 1 }).push(image));
});

test('after an error it stays refused', () => {
  const reader = new SgxsReader({ profile: 'strict', maxBytes: 1 << 20 });
  refused('SGXS_INVALID', () => reader.push(new Uint8Array(64)));
  refused('SGXS_INVALID', () => reader.push(image));
  refused('SGXS_INVALID', () => reader.end());
});

test('the end is refused inside a record, before any page and inside a strict page', () => {
  for (const length of [0, 10, 64, 100, 128, 200, 448]) {
    const reader = new SgxsReader({ profile: 'strict', maxBytes: 1 << 20 });
    reader.push(image.subarray(0, length));
    refused('SGXS_INVALID', () => reader.end());
  }
});

test('an unknown record is refused as soon as its tag is complete, without waiting for its data', () => {
  const reader = new SgxsReader({ profile: 'any', maxBytes: 1 << 20 });
  reader.push(ecreate().subarray(0, 63));
  refused('SGXS_INVALID', () => reader.push(concatBytes(ecreate().subarray(63), new Uint8Array(64))));
});

test('event data is a copy', () => {
  const bytes = image.slice();
  const [event] = new SgxsReader({ profile: 'strict', maxBytes: bytes.length }).push(bytes).slice(2);
  bytes.fill(0xee);
  assert.ok(event?.kind === 'chunk' && event.data[1] === 7);
});
