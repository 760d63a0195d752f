import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  decodePassageNotice,
  decodePassedFrame,
  encodePassageNotice,
  encodePassedFrame,
  PASSAGE_NOTICE_BYTES,
  PASSED_FRAME_BYTES,
  type PassageNotice,
  type PassedFrame,
} from '../src/passage/index.ts';
import { isEnclosError } from '@enclos/errors';

/** Objects as code makes them. */
const plain = { noNullPrototype: true } as const;
const u8 = fc.integer({ min: 0, max: 255 });
const number = fc.integer({ min: 1, max: 0xffff_ffff });
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

const passed: fc.Arbitrary<PassedFrame> = fc.oneof(
  fc.record({ kind: fc.constant('accepted' as const), listener: u8, stream: number }, plain),
  fc.record({ kind: fc.constant('connected' as const), listener: fc.constant(0), stream: number }, plain),
);
const notices: fc.Arbitrary<PassageNotice> = fc.oneof(
  fc.record({ kind: fc.constant('grant' as const), listener: u8, count: number }, plain),
  fc.record({ kind: fc.constant('withdraw' as const), listener: u8 }, plain),
  fc.record(
    {
      kind: fc.constantFrom('accepted-ended' as const, 'connected-ended' as const),
      stream: number,
      bytesRead: u64,
      bytesWritten: u64,
    },
    plain,
  ),
);

describe('the frames of the passage', () => {
  test('are read as they were written, in their fixed sizes', () => {
    fc.assert(
      fc.property(passed, notices, (frame, notice) => {
        const bytes = { frame: encodePassedFrame(frame), notice: encodePassageNotice(notice) };
        assert.equal(bytes.frame.length, PASSED_FRAME_BYTES);
        assert.equal(bytes.notice.length, PASSAGE_NOTICE_BYTES);
        assert.deepEqual(decodePassedFrame(bytes.frame), frame);
        assert.deepEqual(decodePassageNotice(bytes.notice), notice);
      }),
    );
  });

  test('are canonical: what is read is what would be written, and all else is refused', () => {
    const canonical = <T>(
      bytes: Uint8Array,
      decode: (from: Uint8Array) => T,
      encode: (value: T) => Uint8Array,
    ): void => {
      let value: T;
      try {
        value = decode(bytes);
      } catch (error) {
        assert.ok(isEnclosError(error));
        return;
      }
      assert.deepEqual(encode(value), bytes);
    };
    const nearlyValid = (sizeBytes: number): fc.Arbitrary<Uint8Array> =>
      fc
        .tuple(fc.integer({ min: 0, max: 5 }), fc.uint8Array({ minLength: sizeBytes - 1, maxLength: sizeBytes - 1 }))
        .map(([kind, rest]) => Uint8Array.of(kind, ...rest.map((byte, i) => (i === 1 || i === 2 ? byte & 1 : byte))));
    fc.assert(
      fc.property(fc.oneof(nearlyValid(PASSED_FRAME_BYTES), fc.uint8Array({ maxLength: 12 })), (bytes) =>
        canonical(bytes, decodePassedFrame, encodePassedFrame),
      ),
    );
    fc.assert(
      fc.property(fc.oneof(nearlyValid(PASSAGE_NOTICE_BYTES), fc.uint8Array({ maxLength: 30 })), (bytes) =>
        canonical(bytes, decodePassageNotice, encodePassageNotice),
      ),
    );
  });

  const refused: readonly (readonly [what: string, bytes: readonly number[]])[] = [
    ['an unknown kind', [3, 0, 0, 0, 1, 0, 0, 0]],
    ['the kind 0', [0, 0, 0, 0, 1, 0, 0, 0]],
    ['bytes that must be zero', [1, 0, 1, 0, 1, 0, 0, 0]],
    ['the stream 0', [1, 0, 0, 0, 0, 0, 0, 0]],
    ['a listener of a connection that the enclave asked for', [2, 1, 0, 0, 1, 0, 0, 0]],
  ];
  for (const [what, bytes] of refused) {
    test(`are refused with ${what}`, () => {
      assert.throws(() => decodePassedFrame(Uint8Array.from(bytes)), { code: 'GATE_PROTOCOL_VIOLATION' });
    });
  }

  const noticesRefused: readonly (readonly [what: string, start: readonly number[], bytesRead: number])[] = [
    ['an unknown kind', [5, 0, 0, 0, 1, 0, 0, 0], 0],
    ['a grant of nothing', [1, 0, 0, 0, 0, 0, 0, 0], 0],
    ['a grant with bytes', [1, 0, 0, 0, 1, 0, 0, 0], 1],
    ['a withdrawal with a count', [2, 0, 0, 0, 1, 0, 0, 0], 0],
    ['an end of the stream 0', [3, 0, 0, 0, 0, 0, 0, 0], 0],
    ['an end with a listener', [4, 1, 0, 0, 1, 0, 0, 0], 0],
  ];
  for (const [what, start, bytesRead] of noticesRefused) {
    test(`are refused with ${what}`, () => {
      const bytes = Uint8Array.from([...start, bytesRead, ...new Uint8Array(15)]);
      assert.throws(() => decodePassageNotice(bytes), { code: 'GATE_PROTOCOL_VIOLATION' });
    });
  }
});
