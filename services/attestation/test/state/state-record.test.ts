import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { ByteWriter, concatBytes, fromBase64url, utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import fc from 'fast-check';
import { encodeDocument } from '../../src/document/document-codec.ts';
import { maximumAncestors, maximumDocumentBytes } from '@enclos/service/state';
import { decodeStateRecord, encodeStateRecord, stateDigest, type StateRecord } from '../records.ts';
import { emptyDocument } from '../../src/document/document.ts';
import { attestationTypes } from '../../src/configuration/configuration.ts';
import { digestOf } from '../sealing.ts';

const digests = fc.string().map(digestOf);
const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const plain = { noNullPrototype: true };
const documents = fc.record(
  {
    policies: fc.dictionary(fc.constantFrom(...attestationTypes), text, plain),
    certificates: fc.array(
      fc.uint8Array({ maxLength: 60 }).map((der) => Buffer.from(der).toString('base64')),
      {
        maxLength: 4,
      },
    ),
    secrets: fc
      .uniqueArray(fc.stringMatching(/^[0-9A-Za-z-]{1,127}$/), { maxLength: 4 })
      .map((names) => names.toSorted().map((name) => ({ name, digest: digestOf(name) }))),
  },
  plain,
);
const records: fc.Arbitrary<StateRecord> = fc
  .record(
    {
      issuer: fc.webUrl(),
      configurationDigest: digests,
      epoch: fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })),
      document: documents,
      writer: fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 64 }),
    },
    plain,
  )
  .map((facts) => ({
    ...facts,
    ancestors: Array.from({ length: Math.min(facts.epoch, maximumAncestors) }, (_, index) => digestOf(`${index}`)),
  }));

const example: StateRecord = {
  issuer: 'https://tenant.example',
  configurationDigest: digestOf('configuration'),
  epoch: 2,
  ancestors: [digestOf('one'), digestOf('zero')],
  document: {
    policies: { SgxEnclave: 'a.b.c', Tpm: 'ä' },
    certificates: ['AAEC'],
    secrets: [{ name: 'a-1', digest: digestOf('row') }],
  },
  writer: 'replica',
};

/** Where the document of the example begins. */
const documentAt = encodeStateRecord(example).length - encodeDocument(example.document).length;

test('a record comes back as it was, from its one encoding', () => {
  fc.assert(
    fc.property(records, (record) => {
      const encoded = encodeStateRecord(record);
      const decoded = decodeStateRecord(encoded);
      assert.deepEqual(decoded, record);
      assert.deepEqual(encodeStateRecord(decoded), encoded);
    }),
  );
});

test('what decodes encodes to the same bytes, whatever was changed', () => {
  const good = encodeStateRecord(example);
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
      const changed = Uint8Array.from(good, (byte, index) => (index === at ? byte ^ mask : byte));
      try {
        assert.deepEqual(encodeStateRecord(decodeStateRecord(changed)), changed);
      } catch (error) {
        assert.ok(isEnclosError(error) && error.code.startsWith('CODEC_'), String(error));
      }
    }),
    { numRuns: 500 },
  );
});

test('every truncation and every trailing byte is refused', () => {
  const good = encodeStateRecord(example);
  for (let length = 0; length < good.length; length++) assert.throws(() => decodeStateRecord(good.subarray(0, length)));
  assert.throws(() => decodeStateRecord(concatBytes(good, Uint8Array.of(0))), { code: 'CODEC_TRAILING' });
});

test('policies that are out of order, twice there or of no type are refused', () => {
  const head = encodeStateRecord(example).subarray(0, documentAt);
  const policy = (type: number): Uint8Array => new ByteWriter().u8(type).u32(1).bytes(utf8('x')).finish();
  const withPolicies = (...types: readonly number[]): Uint8Array =>
    concatBytes(head, Uint8Array.of(types.length), ...types.map(policy), Uint8Array.of(0, 0, 0, 0));
  assert.deepEqual(decodeStateRecord(withPolicies(0, 1)).document.policies, { SgxEnclave: 'x', OpenEnclave: 'x' });
  for (const types of [[1, 0], [0, 0], [6]]) {
    assert.throws(() => decodeStateRecord(withPolicies(...types)), { code: 'CODEC_INVALID' });
  }
});

test('a policy that is not UTF-8 is refused', () => {
  const head = encodeStateRecord(example).subarray(0, documentAt);
  const policy = new ByteWriter().u8(1).u8(0).u32(2).bytes(Uint8Array.of(0xc3, 0x28)).u16(0).u16(0).finish();
  assert.throws(() => decodeStateRecord(concatBytes(head, policy)), { code: 'CODEC_INVALID' });
});

test('as many states before as the epoch says, and an epoch from 1 to 2^53, or there is no record', () => {
  for (const epoch of [0, 1, 3, 2 ** 53, 1.5, Number.NaN]) {
    assert.throws(() => encodeStateRecord({ ...example, epoch }), { code: 'CODEC_INVALID' }, String(epoch));
  }
  const encoded = encodeStateRecord(example);
  const epochAt = encoded.length - encodeDocument(example.document).length - 1 - 7 - 2 * 32 - 1 - 8;
  assert.equal(encoded[epochAt], 2);
  for (const [offset, value] of [
    [0, 1],
    [0, 3],
    [7, 1],
  ] as const) {
    const changed = encoded.slice();
    changed[epochAt + offset] = value;
    assert.throws(() => decodeStateRecord(changed), /epoch/);
  }
});

const named = (name: string, digest = digestOf('row')): { name: string; digest: string } => ({ name, digest });
const badSecrets: StateRecord['document']['secrets'][] = [
  [named('')],
  [named('a_b')],
  [named('a/b')],
  [named('x'.repeat(128))],
  [named('a', 'AAAA')],
  [named('b'), named('a')],
  [named('a'), named('a')],
  Array.from({ length: 129 }, (_, index) => named(`n-${String(index).padStart(3, '0')}`)),
];

test('secrets that are out of order, twice there, of no name or too many are refused when read too', () => {
  const head = encodeStateRecord(example).subarray(0, documentAt);
  const row = (name: string): Uint8Array => concatBytes(Uint8Array.of(name.length), utf8(name), new Uint8Array(32));
  const withSecrets = (count: number, ...names: readonly string[]): Uint8Array =>
    concatBytes(head, Uint8Array.of(0, 0, 0), Uint8Array.of(count, 0), ...names.map(row));
  assert.equal(decodeStateRecord(withSecrets(2, 'a', 'b')).document.secrets.length, 2);
  for (const names of [['b', 'a'], ['a', 'a'], [''], ['a_b'], ['x'.repeat(128)]]) {
    assert.throws(() => decodeStateRecord(withSecrets(names.length, ...names)), { code: 'CODEC_INVALID' });
  }
  assert.throws(() => decodeStateRecord(withSecrets(129)), { code: 'CODEC_OUT_OF_RANGE' });
});

test('names that are empty or too long, and texts that are none, have no encoding', () => {
  const refused: readonly Partial<StateRecord>[] = [
    { issuer: '' },
    { issuer: `https://${'x'.repeat(2048)}` },
    { writer: '' },
    { writer: 'w'.repeat(65) },
    { writer: '\ud800' },
    { configurationDigest: 'AAAA' },
    { ancestors: ['AAAA', 'AAAA'] },
    { document: { policies: { Tpm: '\udfff' }, certificates: [], secrets: [] } },
    { document: { policies: {}, certificates: ['AAE'], secrets: [] } },
    { document: { policies: {}, certificates: ['AAE=\n'], secrets: [] } },
    { document: { policies: {}, certificates: Array.from({ length: 1025 }, () => 'AAEC'), secrets: [] } },
    ...badSecrets.map((secrets) => ({ document: { policies: {}, certificates: [], secrets } })),
  ];
  for (const change of refused) {
    assert.throws(() => encodeStateRecord({ ...example, ...change }), /./, JSON.stringify(change));
  }
});

test('a document takes what its bound says, and not a byte more', () => {
  const fixed = encodeDocument({ policies: { Tpm: '' }, certificates: [], secrets: [] }).length;
  const document = (length: number) => ({ policies: { Tpm: 'x'.repeat(length) }, certificates: [], secrets: [] });
  assert.equal(encodeDocument(document(maximumDocumentBytes - fixed)).length, maximumDocumentBytes);
  assert.throws(() => encodeDocument(document(maximumDocumentBytes - fixed + 1)), { code: 'CODEC_OUT_OF_RANGE' });
});

test('the digest is what the documentation says, and covers all that it says', () => {
  const hash = (...parts: readonly Uint8Array[]): Buffer =>
    createHash('sha256')
      .update(concatBytes(...parts))
      .digest();
  const epoch = Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0);
  const documentBytes = concatBytes(
    Uint8Array.of(2, 0, 5, 0, 0, 0),
    utf8('a.b.c'),
    Uint8Array.of(4, 2, 0, 0, 0, 0xc3, 0xa4),
    Uint8Array.of(1, 0, 3, 0, 0, 0, 0, 1, 2),
    Uint8Array.of(1, 0, 3),
    utf8('a-1'),
    hash(utf8('row')),
  );
  const tag = utf8('enclos.attestation-state-digest.v1');
  const [configuration, before] = [digestOf('configuration'), digestOf('one')].map((digest) => fromBase64url(digest));
  assert.ok(configuration !== undefined && before !== undefined);
  const expected = hash(tag, configuration, epoch, before, hash(documentBytes)).toString('base64url');
  assert.equal(stateDigest(example), expected);
  const others: readonly StateRecord[] = [
    { ...example, epoch: 3 },
    { ...example, configurationDigest: digestOf('another') },
    { ...example, ancestors: [digestOf('another'), digestOf('zero')] },
    { ...example, document: emptyDocument },
    { ...example, document: { ...example.document, secrets: [{ name: 'a-1', digest: digestOf('older row') }] } },
  ];
  assert.equal(new Set([example, ...others].map(stateDigest)).size, 6);
  assert.equal(stateDigest({ ...example, writer: 'another' } as StateRecord), expected);
});
