import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { encodePassageNotice, type PassageNotice } from '@enclos/tee/passage';
import fc from 'fast-check';
import { NoticeReader } from '../src/passing/notices.ts';

const number = fc.integer({ min: 1, max: 0xffff_ffff });
const count = fc.bigInt(0n, 2n ** 64n - 1n);
const plain = { noNullPrototype: true } as const;
const notice: fc.Arbitrary<PassageNotice> = fc.oneof(
  fc.record({ kind: fc.constant('grant' as const), listener: fc.nat(255), count: number }, plain),
  fc.record({ kind: fc.constant('withdraw' as const), listener: fc.nat(255) }, plain),
  fc.record(
    {
      kind: fc.constantFrom('accepted-ended' as const, 'connected-ended' as const),
      stream: number,
      bytesRead: count,
      bytesWritten: count,
    },
    plain,
  ),
);

test('notices are the same however their bytes are cut', () => {
  fc.assert(
    fc.property(fc.array(notice, { maxLength: 12 }), fc.array(fc.nat(60), { maxLength: 40 }), (notices, cuts) => {
      const sent = Buffer.concat(notices.map(encodePassageNotice));
      const found: PassageNotice[] = [];
      const reader = new NoticeReader((one) => found.push(one));
      let offset = 0;
      for (const length of [...cuts, sent.length]) {
        // A buffer that is used again, as that of the passage is.
        const piece = Uint8Array.from(sent.subarray(offset, offset + length));
        reader.read(piece);
        piece.fill(0xff);
        offset = Math.min(sent.length, offset + length);
      }
      assert.deepEqual(found, notices);
    }),
  );
});

test('a notice that does not exist is refused, also one that was cut', () => {
  for (const cut of [0, 1, 23]) {
    const reader = new NoticeReader(() => assert.fail('there is none'));
    const bytes = new Uint8Array(24).fill(9);
    reader.read(bytes.subarray(0, cut));
    assert.throws(
      () => reader.read(bytes.subarray(cut)),
      (error) => isEnclosError(error, 'GATE_PROTOCOL_VIOLATION'),
    );
  }
});
