import { concatBytes } from '@enclos/codec';
import { isFreedYoung, vectors } from '@enclos/testkit';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeQuote, parseQuote, quoteSignedBytes, type QuoteParts } from '../src/index.ts';
import { anyQuote } from './arbitraries.ts';
import { accepted, flipped, refused } from './refused.ts';

const sampleOf = (version: number, type: string): QuoteParts => {
  const [found] = fc.sample(
    anyQuote.filter((parts) => parts.version === version && parts.body.type === type),
    { numRuns: 1, seed: 7 },
  );
  assert.ok(found !== undefined);
  return found;
};
const versions = [
  [3, 'sgx', 432],
  [4, 'sgx', 432],
  [4, 'td-1.0', 632],
  [5, 'sgx', 438],
  [5, 'td-1.0', 638],
  [5, 'td-1.5', 702],
  [5, 'td-1.5-ex', 939],
] as const;

vectors.test('real quotes of versions 3, 4 and 5 parse and encode to the same bytes', () => {
  const seen = new Map<string, number>();
  for (const name of vectors.list('dcap/quotes').filter((file) => file.endsWith('.bin'))) {
    const bytes = vectors.read(`dcap/quotes/${name}`);
    const quote = parseQuote(bytes);
    assert.deepEqual(encodeQuote(quote), bytes, name);
    const kind = `${quote.version} ${quote.body.type}`;
    seen.set(kind, (seen.get(kind) ?? 0) + 1);
  }
  assert.deepEqual([...seen.keys()].sort(), ['3 sgx', '4 td-1.0', '5 td-1.5']);
});

test('what is encoded parses to the same parts', () => {
  fc.assert(
    fc.property(anyQuote, (value) => {
      const { attestationKeyType, signedBytes, signature, ...rest } = parseQuote(encodeQuote(value));
      const { qeReportBytes, certifyingBytes, ...signatureParts } = signature;
      assert.deepEqual({ ...rest, signature: signatureParts }, value);
      assert.equal(attestationKeyType, 2);
      assert.deepEqual(signedBytes, quoteSignedBytes(value));
      assert.equal(qeReportBytes.length, 384);
      assert.deepEqual(certifyingBytes, encodeQuote(value).slice(signedBytes.length + 4 + 64));
    }),
    { numRuns: 100 },
  );
});

for (const [version, type, signedLength] of versions) {
  const parts = sampleOf(version, type);
  const quote = encodeQuote(parts);
  const headerLength = version === 5 ? 54 : 48;
  const authDataSizeAt = signedLength;

  test(`version ${version} ${type}: the signed bytes are header and body`, () => {
    const { signedBytes } = parseQuote(quote);
    assert.equal(signedBytes.length, signedLength);
    assert.deepEqual(signedBytes, quote.slice(0, signedLength));
  });

  test(`version ${version} ${type}: version, key type, TEE and body type are checked`, () => {
    const checked = [0, 1, 2, 3, 4, 5, 6, 7, ...(version === 5 ? [48, 49, 50, 51, 52, 53] : [])];
    for (const index of checked) refused('SGX_QUOTE_INVALID', () => parseQuote(flipped(quote, index)));
    for (let index = 8; index < 48; index++) assert.ok(accepted(() => parseQuote(flipped(quote, index))));
  });

  test(`version ${version} ${type}: every truncation is refused`, () => {
    for (let length = 0; length < quote.length; length++) {
      refused('SGX_QUOTE_INVALID', () => parseQuote(quote.subarray(0, length), { allowTrailing: true }));
    }
  });

  test(`version ${version} ${type}: bytes after the quote need a word, bytes inside it are never ignored`, () => {
    const longer = concatBytes(quote, Uint8Array.of(0));
    refused('SGX_QUOTE_INVALID', () => parseQuote(longer));
    assert.deepEqual(parseQuote(longer, { allowTrailing: true }), parseQuote(quote));
    const inside = longer.slice();
    inside[authDataSizeAt] = (inside[authDataSizeAt] ?? 0) + 1;
    refused('SGX_QUOTE_INVALID', () => parseQuote(inside, { allowTrailing: true }));
  });

  test(`version ${version} ${type}: each nested length is checked against what holds it`, () => {
    const certificationAt = authDataSizeAt + 4 + 128;
    const wrapper = version === 3 ? 0 : 6;
    const authDataAt = certificationAt + wrapper + 448;
    const certificateSizeAt = authDataAt + 2 + parts.signature.qeAuthData.length + 2;
    for (const at of [authDataSizeAt, authDataAt, certificateSizeAt, ...(wrapper > 0 ? [certificationAt + 2] : [])]) {
      for (const value of [0x7fff, 0xffff]) {
        const bytes = concatBytes(quote, new Uint8Array(20));
        new DataView(bytes.buffer).setUint16(at, value, true);
        refused('SGX_QUOTE_INVALID', () => parseQuote(bytes, { allowTrailing: true }));
      }
    }
    if (wrapper > 0) {
      refused('SGX_QUOTE_INVALID', () => parseQuote(flipped(quote, certificationAt, 3)));
      const shorter = quote.slice();
      const view = new DataView(shorter.buffer);
      view.setUint32(certificationAt + 2, view.getUint32(certificationAt + 2, true) - 1, true);
      refused('SGX_QUOTE_INVALID', () => parseQuote(shorter));
    }
  });

  test(`version ${version} ${type}: reserved bytes of bodies are kept for the signature and not judged`, () => {
    if (type !== 'sgx') return;
    const parsed = parseQuote(flipped(quote, headerLength + 24));
    assert.equal(parsed.signedBytes[headerLength + 24], 0xff);
  });
}

test('P-384, other TEEs, and bodies of another version or TEE are refused', () => {
  const td = encodeQuote(sampleOf(4, 'td-1.0'));
  const v5 = encodeQuote(sampleOf(5, 'td-1.5'));
  refused('SGX_QUOTE_INVALID', () => parseQuote(flipped(td, 2, 1)));
  refused('SGX_QUOTE_INVALID', () => parseQuote(flipped(td, 4, 0x80)));
  refused('SGX_QUOTE_INVALID', () => parseQuote(flipped(v5, 4, 0x81)));
  refused('SGX_QUOTE_INVALID', () => parseQuote(flipped(td, 0, 4 ^ 3)));
  // Version 3 has no TEE but SGX, also where all that follows would be a TD's.
  const v3 = flipped(encodeQuote(sampleOf(3, 'sgx')), 4, 0x81);
  refused('SGX_QUOTE_INVALID', () => parseQuote(concatBytes(v3.slice(0, 432), new Uint8Array(200), v3.slice(432))));
  refused('SGX_QUOTE_INVALID', () => encodeQuote({ ...sampleOf(5, 'td-1.5'), version: 4 }));
  refused('SGX_QUOTE_INVALID', () => encodeQuote({ ...sampleOf(4, 'td-1.0'), version: 3 }));
  const { body, ...rest } = sampleOf(5, 'td-1.5');
  assert.ok(body.type === 'td-1.5');
  refused('SGX_QUOTE_INVALID', () => encodeQuote({ ...rest, body: { type: 'td-1.0', report: body.report } }));
});

test('authentication data may have any length that fits, also none', () => {
  const { signature, ...rest } = sampleOf(4, 'td-1.0');
  for (const length of [0, 1, 31, 33, 65_535]) {
    const quote = encodeQuote({ ...rest, signature: { ...signature, qeAuthData: new Uint8Array(length).fill(5) } });
    assert.equal(parseQuote(quote).signature.qeAuthData.length, length);
  }
});

test('the bytes of a quote live no longer than the quote', async () => {
  const quote = encodeQuote(sampleOf(3, 'sgx'));
  const larger = {
    ...parseQuote(quote),
    signature: { ...parseQuote(quote).signature, qeAuthData: new Uint8Array(8192) },
  };
  const bytes = encodeQuote(larger);
  assert.ok(await isFreedYoung(() => parseQuote(bytes.slice(), { isOurs: true }), { sizeBytes: bytes.length }));
});

test('arbitrary bytes throw nothing but Enclos errors', () => {
  const seeds = versions.map(([version, type]) => encodeQuote(sampleOf(version, type)));
  const inputs = fc.oneof(
    fc.uint8Array({ maxLength: 1800 }),
    fc
      .tuple(fc.constantFrom(...seeds), fc.nat(1500), fc.integer({ min: 1, max: 255 }))
      .map(([seed, index, mask]) => flipped(seed, index % seed.length, mask)),
  );
  fc.assert(
    fc.property(
      inputs,
      fc.boolean(),
      (bytes, allowTrailing) => void accepted(() => parseQuote(bytes, { allowTrailing })),
    ),
    { numRuns: 300 },
  );
});
