import { concatBytes } from '@enclos/codec';
import { vectors } from '@enclos/testkit';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeQuoteV3, encodeReportBody, parseQuoteV3, quoteV3SignedBytes, type QuoteV3Parts } from '../src/index.ts';
import { quoteParts } from './arbitraries.ts';
import { accepted, flipped, refused } from './refused.ts';

const [sample] = fc.sample(quoteParts, { numRuns: 1, seed: 1 }) as [QuoteV3Parts];
const parts: QuoteV3Parts = {
  ...sample,
  signature: {
    ...sample.signature,
    qeAuthData: new Uint8Array(32),
    certificationDataType: 5,
    certificationData: new Uint8Array(10),
  },
};
const quote = encodeQuoteV3(parts);
const authDataSizeAt = 432;
const qeAuthSizeAt = 436 + 576;
const certificationSizeAt = qeAuthSizeAt + 2 + 32 + 2;

vectors.test('real version 3 quotes parse and encode to the same bytes', () => {
  const names = vectors.list('dcap/quotes').filter((name) => name.endsWith('.bin'));
  let seen = 0;
  for (const name of names) {
    const bytes = vectors.read(`dcap/quotes/${name}`);
    if (bytes[0] !== 3) {
      refused('SGX_QUOTE_INVALID', () => parseQuoteV3(bytes));
      continue;
    }
    seen++;
    const parsed = parseQuoteV3(bytes);
    assert.deepEqual(parsed.signedBytes, bytes.slice(0, 432));
    assert.equal(parsed.signature.certificationDataType, 5);
    assert.deepEqual(encodeQuoteV3(parsed), bytes, name);
  }
  assert.ok(seen > 20);
});

test('what is encoded parses to the same parts', () => {
  fc.assert(
    fc.property(quoteParts, (value) => {
      const bytes = encodeQuoteV3(value);
      const { version, attestationKeyType, signedBytes, signature, ...rest } = parseQuoteV3(bytes);
      const { qeReportBytes, certifyingBytes, ...signatureParts } = signature;
      assert.deepEqual({ ...rest, signature: signatureParts }, value);
      assert.deepEqual([version, attestationKeyType], [3, 2]);
      assert.deepEqual(signedBytes, quoteV3SignedBytes(value));
      assert.deepEqual(qeReportBytes, encodeReportBody(value.signature.qeReport));
      assert.deepEqual(certifyingBytes, bytes.slice(432 + 4 + 64));
    }),
    { numRuns: 60 },
  );
});

test('version, key type and the reserved header bytes are checked', () => {
  for (let index = 0; index < 8; index++) refused('SGX_QUOTE_INVALID', () => parseQuoteV3(flipped(quote, index)));
});

test('every truncation is refused', () => {
  for (let length = 0; length < quote.length; length++) {
    refused('SGX_QUOTE_INVALID', () => parseQuoteV3(quote.subarray(0, length)));
    refused('SGX_QUOTE_INVALID', () => parseQuoteV3(quote.subarray(0, length), { allowTrailing: true }));
  }
});

test('bytes after the quote need a word, bytes inside it are never ignored', () => {
  const longer = concatBytes(quote, Uint8Array.of(0));
  refused('SGX_QUOTE_INVALID', () => parseQuoteV3(longer));
  assert.deepEqual(parseQuoteV3(longer, { allowTrailing: true }), parseQuoteV3(quote));
  const inside = longer.slice();
  inside[authDataSizeAt] = (inside[authDataSizeAt] ?? 0) + 1;
  refused('SGX_QUOTE_INVALID', () => parseQuoteV3(inside, { allowTrailing: true }));
});

test('each nested length is checked against what holds it', () => {
  for (const at of [authDataSizeAt, qeAuthSizeAt, certificationSizeAt]) {
    for (const value of [0, 1, 0xffff]) {
      const bytes = concatBytes(quote, new Uint8Array(20));
      new DataView(bytes.buffer).setUint16(at, value, true);
      refused('SGX_QUOTE_INVALID', () => parseQuoteV3(bytes, { allowTrailing: true }));
    }
  }
  const huge = quote.slice();
  new DataView(huge.buffer).setUint32(authDataSizeAt, 0xffff_ffff, true);
  refused('SGX_QUOTE_INVALID', () => parseQuoteV3(huge));
});

test('reserved bytes of report bodies are kept for the signature and not judged', () => {
  const bytes = flipped(flipped(quote, 48 + 24), 436 + 128 + 24);
  const parsed = parseQuoteV3(bytes);
  assert.equal(parsed.signedBytes[48 + 24], 0xff);
  assert.equal(parsed.signature.qeReportBytes[24], 0xff);
});

test('parts that do not fit are refused', () => {
  const { signature } = parts;
  refused('SGX_QUOTE_INVALID', () => encodeQuoteV3({ ...parts, qeSvn: 0x1_0000 }));
  refused('SGX_QUOTE_INVALID', () => encodeQuoteV3({ ...parts, userData: new Uint8Array(19) }));
  refused('SGX_QUOTE_INVALID', () =>
    encodeQuoteV3({ ...parts, signature: { ...signature, qeAuthData: new Uint8Array(65536) } }),
  );
  refused('SGX_QUOTE_INVALID', () =>
    encodeQuoteV3({ ...parts, signature: { ...signature, isvSignature: new Uint8Array(65) } }),
  );
  refused('SGX_QUOTE_INVALID', () => encodeQuoteV3({ ...parts, reportBody: { ...parts.reportBody, isvSvn: -1 } }));
});

test('arbitrary bytes throw nothing but Enclos errors', () => {
  const inputs = fc.oneof(
    fc.uint8Array({ maxLength: 1300 }),
    fc
      .tuple(fc.nat(quote.length - 1), fc.integer({ min: 1, max: 255 }))
      .map(([index, mask]) => flipped(quote, index, mask)),
  );
  fc.assert(
    fc.property(
      inputs,
      fc.boolean(),
      (bytes, allowTrailing) => void accepted(() => parseQuoteV3(bytes, { allowTrailing })),
    ),
    {
      numRuns: 200,
    },
  );
});
