import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { EnclosError } from '@enclos/errors';
import { decompressZstd } from '../../src/layer/zstd.ts';
import { collect, inPieces } from '../sample.ts';

/** A frame of raw blocks (RFC 8878, section 3.1.1), with or without a place for a checksum. */
const frame = fc
  .tuple(fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([blocks, hasChecksum]) =>
    Buffer.concat([
      Buffer.from([0x28, 0xb5, 0x2f, 0xfd, hasChecksum ? 4 : 0, 0x58]),
      ...blocks.flatMap((block, index) => {
        const header = (block.length << 3) | (index === blocks.length - 1 ? 1 : 0);
        return [Buffer.from([header & 0xff, (header >> 8) & 0xff, header >> 16]), block];
      }),
      Buffer.alloc(hasChecksum ? 4 : 0),
    ]),
  );
const skippable = fc
  .tuple(fc.nat(15), fc.uint8Array({ maxLength: 100 }))
  .map(([kind, bytes]) => Buffer.concat([Buffer.from([0x50 + kind, 0x2a, 0x4d, 0x18, bytes.length, 0, 0, 0]), bytes]));

/** Bytes of data frames, as a decoder gets them. */
const split = (bytes: Uint8Array, size: number): Promise<Uint8Array> =>
  collect(decompressZstd(inPieces(bytes, size), () => new PassThrough()));

test('frames are told apart wherever they are cut, each goes to a decoder of its own, and others are passed over', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(frame, skippable), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 50 }),
      async (parts, size) => {
        const data = parts.filter((part) => part[0] === 0x28);
        let decoders = 0;
        const decoder = (): PassThrough => {
          decoders += 1;
          return new PassThrough();
        };
        const got = await collect(decompressZstd(inPieces(new Uint8Array(Buffer.concat(parts)), size), decoder));
        assert.deepEqual(Buffer.from(got), Buffer.concat(data));
        assert.equal(decoders, data.length);
      },
    ),
    { numRuns: 200 },
  );
});

test('a frame that is cut short, or followed by something else, is refused', async () => {
  await fc.assert(
    fc.asyncProperty(frame, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 20 }), async (bytes, at, more) => {
      const refused = { code: 'OCI_LAYER_INVALID' };
      const cut = new Uint8Array(bytes.subarray(0, at % bytes.length));
      await assert.rejects(split(cut, 7), refused);
      const followed = new Uint8Array(Buffer.concat([bytes, Buffer.from([0]), more]));
      await assert.rejects(split(followed, 7), refused);
    }),
    { numRuns: 200 },
  );
});

test('a Node without zstd says which has it', async () => {
  const read = async (): Promise<unknown> => collect(decompressZstd(inPieces(new Uint8Array(1)), null));
  await assert.rejects(read(), (error) => {
    assert.ok(error instanceof EnclosError);
    assert.match(error.next, /Node 22\.15/);
    return error.code === 'OCI_COMPRESSION_UNSUPPORTED';
  });
});
