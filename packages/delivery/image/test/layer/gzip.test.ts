import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { compress, decompress } from '../../src/layer/gzip.ts';
import { unpack } from '../../src/layer/read-layer.ts';
import { createTarBudget, readTar } from '../../src/tar/read.ts';
import { collect, inPieces } from '../sample.ts';

/** Neither random nor uniform, and larger than two pieces of the compressor. */
const sample = new Uint8Array(2_500_000).map((_, i) => (i * i + (i >> 7)) & (i & 1024 ? 0xff : 0x0f));

test('compress() gives what every gunzip reads, the same bytes for pieces of any size', async () => {
  const [small, large] = await Promise.all([700, 1_000_000].map((size) => collect(compress(inPieces(sample, size)))));
  assert.ok(small !== undefined && large !== undefined);
  assert.deepEqual(small, large);
  assert.deepEqual(new Uint8Array(gunzipSync(small)), sample);
});

test('compress() gives the bytes that it gave before, in every version of Node', async () => {
  const compressed = await collect(compress(inPieces(sample)));
  // No name, no time, Unix (RFC 1952, section 2.3).
  assert.deepEqual([...compressed.subarray(0, 10)], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
  // A change here gives every image another digest: it belongs into the changelog.
  const digest = createHash('sha256').update(compressed).digest('hex');
  assert.equal(digest, '99cf97a776761c5702a340c9de9154d5ebbcfcb7be9a0db0d40aba2c8c22f363');
});

test('decompress() reads several members, as they are concatenated', async () => {
  const two = Buffer.concat([gzipSync('one'), gzipSync('two')]);
  assert.equal(Buffer.from(await collect(decompress(inPieces(two, 5)))).toString(), 'onetwo');
});

test('bytes after the last member are refused, wherever the pieces end: zeros too, and a member after them', async () => {
  const [one, two] = [gzipSync('one'), gzipSync('two')];
  const zeros = Buffer.alloc(10);
  for (const bytes of [
    Buffer.concat([one, zeros]),
    Buffer.concat([one, Buffer.of(0)]),
    Buffer.concat([one, zeros, two]),
    Buffer.concat([one, two, zeros]),
    Buffer.concat([one, Buffer.of(0x1f)]),
    Buffer.concat([one, Buffer.from('x')]),
    Buffer.concat([one, two.subarray(0, 12)]),
    Buffer.concat([one, Buffer.alloc(100_000)]),
  ]) {
    for (const size of [1, 5, one.length, one.length + 1, bytes.length]) {
      await assert.rejects(collect(unpack(inPieces(bytes, size), 'gzip')), { code: 'OCI_LAYER_INVALID' });
    }
  }
});

test('a layer that is not gzip is refused as such', async () => {
  const damaged = Buffer.from(gzipSync('hello'));
  damaged[12] = 0xff;
  for (const bytes of [Buffer.from('hello'), damaged, gzipSync('hello').subarray(0, 15)]) {
    await assert.rejects(collect(unpack(inPieces(bytes), 'gzip')), { code: 'OCI_LAYER_INVALID' });
  }
});

test('a bomb is refused when the budget is used up, and not unpacked further', async () => {
  const bomb = gzipSync(new Uint8Array(64 * 1024 * 1024));
  const budget = { ...createTarBudget(), unpackedBytes: 1024 * 1024 };
  await assert.rejects(
    readTar(unpack(inPieces(bomb), 'gzip'), () => undefined, budget),
    { code: 'OCI_TOO_LARGE' },
  );
  assert.ok(budget.unpackedBytes > -1024 * 1024, 'it stopped within one piece');
});
