import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { concatBytes } from '@enclos/codec';
import fc from 'fast-check';
import { measureSgxs, PageFlags, SgxsMeter, type MeteredStream } from '../src/index.ts';
import { eadd, ecreate, eextend, unmeasured, wholePage } from './streams.ts';

const sizeBytes = 0x8000n;

function metered(pieces: readonly Uint8Array[], enclaveBytes = sizeBytes): MeteredStream {
  const meter = new SgxsMeter(createHash('sha256'), enclaveBytes);
  for (const piece of pieces) meter.push(piece);
  return meter.finish();
}

const measured = (stream: Uint8Array): Uint8Array => measureSgxs(stream, () => createHash('sha256'));

describe('the meter of a stream', () => {
  test('measures what readers measure, however the records are grouped', () => {
    const page = fc.record({
      gap: fc.integer({ min: 1, max: 2 }),
      kind: fc.constantFrom('whole', 'heap', 'partly', 'tcs'),
      fill: fc.integer({ min: 0, max: 255 }),
    });
    fc.assert(
      fc.property(
        fc.array(page, { minLength: 1, maxLength: 3 }),
        fc.array(fc.nat(6), { minLength: 1 }),
        (pages, groups) => {
          let at = -4096;
          const records = [ecreate(sizeBytes)];
          for (const { gap, kind, fill } of pages) {
            at += gap * 4096;
            if (kind === 'whole') {
              records.push(eadd(at), ...Array.from({ length: 16 }, (_, i) => eextend(at + 256 * i, fill)));
            }
            if (kind === 'heap') records.push(eadd(at, 0x203n));
            if (kind === 'tcs') records.push(eadd(at, PageFlags.TCS), eextend(at));
            if (kind === 'partly') {
              records.push(eadd(at), unmeasured(at, fill), eextend(at + 512, fill), unmeasured(at + 768));
            }
          }
          const pieces: Uint8Array[] = [];
          const left = [...records];
          for (let i = 0; left.length > 0; i += 1) {
            pieces.push(concatBytes(...left.splice(0, 1 + (groups[i % groups.length] ?? 0))));
          }
          const found = metered(pieces);
          assert.deepEqual(found.mrEnclave, measured(concatBytes(...records)));
          assert.equal(found.threads, pages.filter(({ kind }) => kind === 'tcs').length);
          assert.equal(found.streamBytes, concatBytes(...records).length);
          assert.deepEqual(found.geometry, { ssaFrameSize: 1, sizeBytes });
        },
      ),
    );
  });

  const refusals: readonly [string, () => unknown, 'SGXS_INVALID' | 'SGXS_TOO_LARGE'][] = [
    ['no record', () => metered([]), 'SGXS_INVALID'],
    ['no page', () => metered([ecreate(sizeBytes)]), 'SGXS_INVALID'],
    ['a piece that ends in a header', () => metered([ecreate(sizeBytes), eadd(0).subarray(0, 63)]), 'SGXS_INVALID'],
    [
      'a piece that ends in a chunk',
      () => metered([ecreate(sizeBytes), concatBytes(eadd(0), eextend(0).subarray(0, 300))]),
      'SGXS_INVALID',
    ],
    ['another size than was announced', () => metered([ecreate(sizeBytes * 2n)]), 'SGXS_INVALID'],
    ['pages that go back', () => metered([ecreate(sizeBytes), eadd(4096), eadd(0)]), 'SGXS_INVALID'],
    ['more bytes than the range has', () => metered([new Uint8Array(64 + 2 * 5184 + 1)], 0x2000n), 'SGXS_TOO_LARGE'],
  ];
  for (const [what, act, code] of refusals) {
    test(`refuses ${what}`, () => assert.throws(act, { code }));
  }

  test('refuses everything after an error, and after its end', () => {
    const broken = new SgxsMeter(createHash('sha256'), sizeBytes);
    assert.throws(() => broken.push(eadd(0)));
    assert.throws(() => broken.push(ecreate(sizeBytes)), { code: 'SGXS_INVALID' });
    assert.throws(() => broken.finish(), { code: 'SGXS_INVALID' });
    const ended = new SgxsMeter(createHash('sha256'), sizeBytes);
    ended.push(concatBytes(ecreate(sizeBytes), wholePage(0)));
    ended.finish();
    assert.throws(() => ended.push(eadd(4096)), { code: 'SGXS_INVALID' });
    assert.throws(() => ended.finish(), { code: 'SGXS_INVALID' });
  });
});
