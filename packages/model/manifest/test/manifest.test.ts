import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import fc from 'fast-check';
import { decodeManifest, encodeManifest, isCleanPath, type InterpreterManifest } from '../src/index.ts';
import { sampleManifest } from './sample.ts';

const refused = (error: unknown): boolean =>
  isEnclosError(error, 'MANIFEST_INVALID') || isEnclosError(error, 'EDL_VALUE_REFUSED');

test('encodeManifest() and decodeManifest() are inverse', () => {
  assert.deepEqual({ ...decodeManifest(encodeManifest(sampleManifest)) }, sampleManifest);
});

/**
 * What `encodeManifest` of version 0.1.0 made of this value, recorded in November 2026. It is part of every measured image, so
 * another byte is another MRENCLAVE of the same application, and an image that is built does not open in a later runtime.
 */
const golden =
  '0673616d706c650100020000040000000002000000000707070707070707070707070707070707070707070707070707' +
  '0707070707070632342e302e300100090909090909090909090909090909090909090909090909090909090909090902' +
  '044d4f444501047465737406524547494f4e00010a2f6d6f64656c2e62696e0000000000000000000000000000000000' +
  '0000000000000000000000000000000a0000000000000001052f646174610000e80300000000000001056874747073fb' +
  '200104706565720c706565722e6578616d706c65bb0100001000100010000400';
const goldenManifest: InterpreterManifest = {
  ...sampleManifest,
  interpreter: { version: '24.0.0', digests: [{ architecture: 'linux-x64', sha256: new Uint8Array(32).fill(9) }] },
};

test('a manifest has the bytes that it always had', () => {
  assert.equal(Buffer.from(encodeManifest(goldenManifest)).toString('hex'), golden);
  assert.deepEqual({ ...decodeManifest(Uint8Array.from(Buffer.from(golden, 'hex'))) }, goldenManifest);
});

const broken: readonly (readonly [rule: string, change: Partial<InterpreterManifest>])[] = [
  ['an upper-case name', { name: 'Sample' }],
  ['an empty name', { name: '' }],
  ['no threads', { threads: 0 }],
  ['too many threads', { threads: 257 }],
  ['a heap below 16 MiB', { heapSizeBytes: 1024n * 1024n }],
  ['a heap of broken mebibytes', { heapSizeBytes: 32n * 1024n * 1024n + 1n }],
  ['a heap over 64 GiB', { heapSizeBytes: 65n * 1024n * 1024n * 1024n }],
  ['a short interface digest', { interfaceDigest: new Uint8Array(31) }],
  [
    'one architecture twice',
    {
      interpreter: {
        version: '1',
        digests: [...sampleManifest.interpreter.digests.slice(0, 1), ...sampleManifest.interpreter.digests.slice(0, 1)],
      },
    },
  ],
  ['no interpreter', { interpreter: { version: '1', digests: [] } }],
  ['a variable twice', { environment: [{ name: 'A' }, { name: 'A', value: 'x' }] }],
  ['a variable with a bad name', { environment: [{ name: 'A=B' }] }],
  ['a relative trusted file', { trustedFiles: [{ path: 'model', sha256: new Uint8Array(32), sizeBytes: 1n }] }],
  ['a trusted file above the root', { trustedFiles: [{ path: '/../x', sha256: new Uint8Array(32), sizeBytes: 1n }] }],
  [
    'a mount inside another',
    {
      mounts: [
        { target: '/a', kind: 'host', readOnly: true, maxBytes: 1n },
        { target: '/a/b', kind: 'memory', readOnly: false, maxBytes: 1n },
      ],
    },
  ],
  [
    'a listener twice',
    {
      listen: [
        { name: 'a', port: 1, transport: 'relayed' },
        { name: 'a', port: 2, transport: 'relayed' },
      ],
    },
  ],
  [
    'a destination twice',
    {
      connect: [
        { name: 'a', host: 'h', port: 1, transport: 'relayed' },
        { name: 'a', host: 'h', port: 2, transport: 'relayed' },
      ],
    },
  ],
  ['frames that are too small', { limits: { ...sampleManifest.limits, maxFrameBytes: 4096 } }],
  ['no depth', { limits: { ...sampleManifest.limits, maxDepth: 0 } }],
  ['no pending calls', { limits: { ...sampleManifest.limits, maxPendingCalls: 0 } }],
];

for (const [rule, change] of broken) {
  test(`encodeManifest() refuses ${rule}`, () => {
    assert.throws(() => encodeManifest({ ...sampleManifest, ...change }), refused);
  });
}

test('decodeManifest() applies the rules to bytes that keep every bound', () => {
  const encoded = encodeManifest(sampleManifest);
  // The name is the first field: length, then text.
  encoded[1] = 'S'.charCodeAt(0);
  assert.throws(
    () => decodeManifest(encoded),
    (error) => isEnclosError(error, 'MANIFEST_INVALID') && error.details['field'] === 'name',
  );
});

test('decodeManifest() of arbitrary bytes throws MANIFEST_INVALID or is canonical', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      try {
        assert.deepEqual(encodeManifest(decodeManifest(bytes)), bytes);
      } catch (error) {
        assert.ok(isEnclosError(error, 'MANIFEST_INVALID'));
      }
    }),
  );
});

test('decodeManifest() refuses or reads canonically every mutation of one byte', () => {
  const encoded = encodeManifest(sampleManifest);
  for (let at = 0; at < encoded.length; at++) {
    const mutated = Uint8Array.from(encoded);
    mutated[at] = (mutated[at] ?? 0) ^ 0x81;
    try {
      assert.deepEqual(encodeManifest(decodeManifest(mutated)), mutated);
    } catch (error) {
      assert.ok(isEnclosError(error, 'MANIFEST_INVALID'));
    }
  }
});

test('isCleanPath() accepts absolute paths without tricks, and nothing else', () => {
  for (const path of ['/a', '/a/b.c', '/data/ä', '/.hidden', '/...']) assert.ok(isCleanPath(path), path);
  for (const path of ['', '/', 'a', 'a/b', '/a/', '//a', '/a//b', '/./a', '/a/..', '/a/../b', '/a\n', '/a\0']) {
    assert.ok(!isCleanPath(path), path);
  }
});
