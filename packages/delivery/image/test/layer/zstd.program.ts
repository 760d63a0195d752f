import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as zlib from 'node:zlib';
import { utf8 } from '@enclos/codec';
import { verifyImage, withImageSource } from '../../src/index.ts';
import { digestOf } from '../../src/digest.ts';
import { encodeJson } from '../../src/json.ts';
import { readTar } from '../../src/tar/read.ts';
import { mediaTypes } from '../../src/oci/documents.ts';
import { createLayoutWriter } from '../../src/oci/layout-writer.ts';
import { unpack } from '../../src/layer/read-layer.ts';
import { archive, buildSample, collect, file, inPieces, temporaryFolder } from '../sample.ts';

/**
 * What needs a Node that knows zstd; the tests run it on the interpreter of enclaves, which does. It writes an image with
 * such a layer to the folder that it is given.
 */
const [folder = temporaryFolder()] = process.argv.slice(2);
const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
// In no types of Node 20.
const zstd = Reflect.get(zlib, 'zstdCompressSync') as (bytes: Uint8Array, options?: object) => Uint8Array;
const checksumFlag = String(Reflect.get(zlib.constants, 'ZSTD_c_checksumFlag'));

const tar = await archive([file('etc/motd', 'hello'.repeat(1000))]);
const stored = new Uint8Array(zstd(tar));
assert.deepEqual(await collect(unpack(inPieces(stored), 'zstd')), tar);
const skippable = new Uint8Array([0x5f, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
const joined = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
// Frame after frame, as podman writes layers and every engine reads them.
const [half, other] = [tar.subarray(0, 700), tar.subarray(700)].map((part) => new Uint8Array(zstd(part)));
assert.ok(half !== undefined && other !== undefined);
assert.deepEqual(await collect(unpack(inPieces(joined(half, skippable, other, skippable), 5), 'zstd')), tar);
const withChecksum = new Uint8Array(zstd(tar, { params: { [checksumFlag]: 1 } }));
assert.deepEqual(await collect(unpack(inPieces(withChecksum), 'zstd')), tar);
assert.deepEqual(await collect(unpack(inPieces(new Uint8Array(zstd(new Uint8Array()))), 'zstd')), new Uint8Array());

const refused = { code: 'OCI_LAYER_INVALID' };
const damaged = withChecksum.map((byte, index) => (index === withChecksum.length - 1 ? byte ^ 0xff : byte));
for (const bytes of [
  ...[1, 3, 4, 5, 6, 10, stored.length - 5, stored.length - 1].map((end) => stored.subarray(0, end)),
  damaged,
  new Uint8Array(),
  utf8('no zstd at all'),
  new Uint8Array(zlib.gzipSync(tar)),
  // What decoders that stop after a frame do not look at.
  joined(stored, utf8('more')),
  joined(stored, stored.subarray(0, -1)),
  joined(stored, skippable.subarray(0, -1)),
  // A block of type 3, and one above 128 KiB.
  new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x01, 0x0f, 0x00, 0x00, 0x61]),
  joined(new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58, 0xf9, 0xff, 0xff]), new Uint8Array(2 ** 21)),
]) {
  await assert.rejects(collect(unpack(inPieces(bytes, 100_000), 'zstd')), refused, `${bytes.length} bytes`);
}
const empty = new Uint8Array(zstd(new Uint8Array()));
const many = joined(...Array.from({ length: 100_001 }, () => skippable), empty);
await assert.rejects(collect(unpack(inPieces(many, 1_000_000), 'zstd')), { code: 'OCI_TOO_LARGE' });
// A window of 2 GiB (RFC 8878, section 3.1.1.1.2) is not made room for: no single segment, exponent 21.
const wide = new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0x00, 21 << 3, 0x03, 0x00, 0x00, 0x61]);
await assert.rejects(collect(unpack(inPieces(wide), 'zstd')), refused);
// A small file may become a large one: the reader of the archive says when it is enough.
const bomb = new Uint8Array(zstd(new Uint8Array(await archive([file('zeros', '0'.repeat(8 * 1024 * 1024))]))));
const budget = { records: 1000, entries: 10, unpackedBytes: 1024 * 1024 };
await assert.rejects(
  readTar(unpack(inPieces(bomb), 'zstd'), () => undefined, budget),
  { code: 'OCI_TOO_LARGE' },
);

const base = join(folder, 'base.oci');
const writer = await createLayoutWriter(base);
const layer = await writer.add(stored, mediaTypes.layerZstd);
const rootfs = { type: 'layers', diff_ids: [digestOf(tar)] };
const config = await writer.add(encodeJson({ architecture, os: 'linux', config: {}, rootfs }), mediaTypes.config);
const manifest = encodeJson({ schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers: [layer] });
await writer.finish([await writer.add(manifest, mediaTypes.manifest)]);
const built = await buildSample(undefined, { base: { path: base }, layoutFolder: join(folder, 'image.oci') });
assert.equal(built.layers[0]?.mediaType, mediaTypes.layerZstd);
const { digest } = await withImageSource(built.layout, (source) => verifyImage(source, { architecture }));
assert.equal(digest, built.descriptor.digest);

// An archive of a root folder is compressed anew, so it does not matter how it was.
const path = join(folder, 'base.tar.zst');
writeFileSync(path, stored);
const plain = join(folder, 'base.tar');
writeFileSync(plain, tar);
const images = [
  await buildSample(undefined, { base: { path } }),
  await buildSample(undefined, { base: { path: plain } }),
];
assert.deepEqual(images[0]?.layers[0], images[1]?.layers[0]);
