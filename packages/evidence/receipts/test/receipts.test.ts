import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import {
  cborArray,
  cborBytes,
  cborInteger,
  cborLabelledMap,
  CborReader,
  cborTag,
  cborText,
  concatBytes,
  fromHex,
  utf8,
} from '@enclos/codec';
import { coseProtectedHeader, coseSigningInput, readCoseSign1, writeCoseSign1 } from '@enclos/cose';
import { isEnclosError, type ErrorCode } from '@enclos/errors';
import { compactJws, jwsSigningInput } from '@enclos/jose';
import fc from 'fast-check';
import { compactVerify } from 'jose';
import {
  claimForms,
  readReceipt,
  receiptKeyId,
  verifyReceipt,
  writeReceipt,
  type ReceiptClaims,
  type ReceiptForm,
  type VerifyReceiptOptions,
} from '../src/index.ts';
import { claims, digestOf, evidence, request, response, signerOf } from './kit.ts';

const forms: readonly ReceiptForm[] = ['cose', 'jws'];
const ecdsa = signerOf('ES256');
const edwards = signerOf('EdDSA');
const stranger = signerOf('ES256');
const options: VerifyReceiptOptions = { keys: [ecdsa.key, edwards.key], request, response };
const coded =
  (code: ErrorCode, details: object = {}) =>
  (error: unknown) =>
    isEnclosError(error, code) && Object.entries(details).every(([name, value]) => error.details[name] === value);
const invalid = (rule: string) => coded('RECEIPT_INVALID', { rule });

for (const signer of [ecdsa, edwards]) {
  for (const form of forms) {
    test(`a receipt as ${form} under ${signer.algorithm} says what was signed`, async () => {
      const bytes = await writeReceipt(form, claims, signer);
      const verified = await verifyReceipt(bytes, { ...options, evidence, expected: { ...claims } });
      assert.deepEqual(verified, { form, algorithm: signer.algorithm, kid: signer.kid, claims });
      assert.equal(await receiptKeyId(signer.key), signer.kid);
    });

    test(`a receipt as ${form} under ${signer.algorithm} with any byte changed is refused`, async () => {
      const bytes = await writeReceipt(form, claims, signer);
      await fc.assert(
        fc.asyncProperty(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), async (at, change) => {
          const changed = bytes.with(at, (bytes[at] ?? 0) ^ change);
          await assert.rejects(verifyReceipt(changed, options), (error) => isEnclosError(error));
        }),
        { numRuns: 300 },
      );
    });
  }
}

test('the library jose verifies a receipt as JWS, and finds the claims by their names', async () => {
  const bytes = await writeReceipt('jws', claims, edwards);
  const { payload, protectedHeader } = await compactVerify(bytes, createPublicKey(edwards.privateKey));
  assert.deepEqual(protectedHeader, { alg: 'EdDSA', typ: 'enclos-receipt+jwt', kid: edwards.kid });
  const members: unknown = JSON.parse(Buffer.from(payload).toString());
  const named = Object.entries(claimForms).map(([claim, { name }]) => [name, claims[claim as keyof ReceiptClaims]]);
  assert.deepEqual(members, { eat_profile: 'tag:enclos.dev,2026:receipt:1', ...Object.fromEntries(named) });
});

test('claims of any content read back alike from both forms', async () => {
  const hex = (size: number): fc.Arbitrary<string> =>
    fc.uint8Array({ minLength: size, maxLength: size }).map((bytes) => Buffer.from(bytes).toString('hex'));
  const text = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' });
  const any = fc.record(
    {
      issuer: text,
      issuedAt: fc.nat(),
      requestId: text,
      sequence: fc.nat(),
      model: text,
      modelVersion: text,
      modelDigest: hex(32),
      requestDigest: hex(32),
      responseDigest: hex(32),
      tee: fc.constantFrom('azure-vtpm' as const, 'sgx' as const, 'sev-snp' as const, 'tdx' as const),
      measurement: fc.oneof(hex(32), hex(48)),
      evidenceDigest: hex(32),
      keySetDigest: hex(32),
      policyDigest: hex(32),
    },
    { requiredKeys: Object.keys(claims).filter((name) => name !== 'policyDigest') as (keyof ReceiptClaims)[] },
  );
  await fc.assert(
    fc.asyncProperty(any, fc.constantFrom(...forms), async (given, form) => {
      const bytes = await writeReceipt(form, given, edwards);
      assert.deepEqual({ ...readReceipt(bytes).claims }, { ...given });
    }),
  );
});

test('a request, a response and evidence that are not those of the receipt are refused', async () => {
  for (const form of forms) {
    const bytes = await writeReceipt(form, claims, ecdsa);
    const other = utf8('other');
    const mismatch = (claim: string) => coded('RECEIPT_MISMATCH', { claim });
    await assert.rejects(verifyReceipt(bytes, { ...options, request: other }), mismatch('requestDigest'));
    await assert.rejects(verifyReceipt(bytes, { ...options, response: other }), mismatch('responseDigest'));
    await assert.rejects(verifyReceipt(bytes, { ...options, request: response }), mismatch('requestDigest'));
    await assert.rejects(verifyReceipt(bytes, { ...options, evidence: other }), mismatch('evidenceDigest'));
    await verifyReceipt(bytes, { ...options, request: 'not compared', response: 'not compared' });
  }
});

test('each claim is compared with what is expected', async () => {
  const bytes = await writeReceipt('cose', claims, ecdsa);
  const others = {
    issuer: 'https://other.example.com',
    requestId: 'b1f6',
    model: 'letters',
    modelVersion: '4',
    modelDigest: digestOf('model changed'),
    tee: 'tdx',
    measurement: digestOf('another enclave'),
    evidenceDigest: digestOf('other evidence'),
    keySetDigest: digestOf('other keys'),
    policyDigest: digestOf('another policy'),
  } as const;
  for (const [claim, value] of Object.entries(others)) {
    const expected = { ...claims, [claim]: value };
    await assert.rejects(verifyReceipt(bytes, { ...options, expected }), coded('RECEIPT_MISMATCH', { claim }), claim);
  }
  const { policyDigest = '', ...withoutPolicy } = claims;
  const lacking = await writeReceipt('cose', withoutPolicy, ecdsa);
  const wanted = coded('RECEIPT_MISMATCH', { claim: 'policyDigest' });
  await assert.rejects(verifyReceipt(lacking, { ...options, expected: { policyDigest } }), wanted);
});

test('a receipt that is too old, or from the future, is refused when an age is given', async () => {
  const bytes = await writeReceipt('jws', claims, ecdsa);
  const at = (seconds: number): VerifyReceiptOptions => ({
    ...options,
    age: { now: new Date((claims.issuedAt + seconds) * 1000), maximumSeconds: 300 },
  });
  for (const seconds of [-60, 0, 300]) await verifyReceipt(bytes, at(seconds));
  for (const seconds of [-61, 301]) await assert.rejects(verifyReceipt(bytes, at(seconds)), coded('RECEIPT_STALE'));
});

test('a key that the receipt does not name is not tried, and no key verifies nothing', async () => {
  const bytes = await writeReceipt('cose', claims, ecdsa);
  for (const keys of [[stranger.key], [edwards.key]]) {
    await assert.rejects(verifyReceipt(bytes, { ...options, keys }), coded('RECEIPT_KEY_UNKNOWN'));
  }
  await assert.rejects(verifyReceipt(bytes, { ...options, keys: [] }), coded('RECEIPT_MISUSED'));
});

test('a signature by another key under the name of a good one is refused', async () => {
  for (const form of forms) {
    const forged = await writeReceipt(form, claims, { ...stranger, kid: ecdsa.kid });
    await assert.rejects(verifyReceipt(forged, options), coded('RECEIPT_SIGNATURE_INVALID'));
    // An algorithm of another key type under that name.
    const confused = await writeReceipt(form, claims, { ...edwards, kid: ecdsa.kid });
    await assert.rejects(verifyReceipt(confused, options), coded('RECEIPT_KEY_UNKNOWN'));
  }
});

test('claims that no receipt can have are not written', async () => {
  const wrong: readonly (readonly [keyof ReceiptClaims, unknown])[] = [
    ['issuer', ''],
    ['issuer', 'x'.repeat(1025)],
    ['model', '\u{d800}'],
    ['issuedAt', 1.5],
    ['issuedAt', -1],
    ['sequence', 2 ** 49],
    ['tee', 'sample'],
    ['modelDigest', claims.modelDigest.toUpperCase()],
    ['modelDigest', claims.modelDigest.slice(2)],
    ['measurement', `${claims.measurement}00`],
    ['keySetDigest', undefined],
  ];
  for (const [claim, value] of wrong) {
    // What the compiler refuses, as a program without one would give it.
    const given = { ...claims, [claim]: value } as ReceiptClaims;
    await assert.rejects(writeReceipt('jws', given, ecdsa), coded('RECEIPT_MISUSED'), claim);
  }
});

/** The members of the claims in CBOR, to write them otherwise. */
async function cborMembers(): Promise<[number, Uint8Array][]> {
  const { payload = new Uint8Array() } = readCoseSign1(await writeReceipt('cose', claims, edwards), {
    maxBytes: 10_000,
  });
  const reader = new CborReader(payload);
  return Array.from({ length: reader.map(100) }, () => [reader.integer(), reader.encoded()]);
}

/** A receipt with these claims and header, which its own key signed. */
function signedCose(
  payload: Uint8Array,
  others = new Map([[16, cborText('application/enclos-receipt+cwt')]]),
): Uint8Array {
  const protectedBytes = coseProtectedHeader({ algorithm: 'EdDSA', kid: utf8(edwards.kid), others });
  const signature = edwards.sign(coseSigningInput({ protectedBytes, payload })) as Uint8Array;
  return writeCoseSign1({ protectedBytes, payload, signature });
}

test('claims in COSE that are missing, twice, unknown, of another kind or in another order are refused', async () => {
  const members = await cborMembers();
  const good = cborLabelledMap(members);
  await verifyReceipt(signedCose(good), options);
  const without = (label: number): [number, Uint8Array][] => members.filter(([each]) => each !== label);
  const cases: readonly (readonly [string, Uint8Array])[] = [
    ['profile', cborLabelledMap(without(265))],
    ['profile', cborLabelledMap([...without(265), [265, cborText('tag:enclos.dev,2026:receipt:2')]])],
    ['claims', cborLabelledMap([...members, [-66_999, cborInteger(1)]])],
    ['claims', cborLabelledMap([...without(-66_001), [-66_001, cborText('sample')]])],
    ['claims', cborLabelledMap([...without(-65_539), [-65_539, cborText('00')]])],
    ['claims', cborLabelledMap([...without(-65_539), [-65_539, cborBytes(new Uint8Array(31))]])],
    ['claims', cborLabelledMap([...without(6), [6, cborInteger(-1)]])],
    ['claims', cborLabelledMap([...without(7), [7, cborBytes(Uint8Array.of(255))]])],
    ['claims', concatBytes(good, Uint8Array.of(0))],
    [
      'claims',
      concatBytes(
        good.subarray(0, 1),
        ...members.toReversed().map(([label, value]) => concatBytes(cborInteger(label), value)),
      ),
    ],
    ['claims', cborArray()],
  ];
  for (const [rule, payload] of cases) await assert.rejects(verifyReceipt(signedCose(payload), options), invalid(rule));
  for (const [claim, { label, ...form }] of Object.entries(claimForms)) {
    if ('isOptional' in form) continue;
    await assert.rejects(verifyReceipt(signedCose(cborLabelledMap(without(label))), options), invalid('claims'), claim);
  }
  const twice = concatBytes(fromHex('b0'), good.subarray(1), concatBytes(cborInteger(6), cborInteger(1)));
  await assert.rejects(verifyReceipt(signedCose(twice), options), invalid('claims'));
});

test('a COSE message with another header, or for another purpose, is no receipt', async () => {
  const payload = cborLabelledMap(await cborMembers());
  const headers = [
    new Map<number, Uint8Array>(),
    new Map([[16, cborText('application/cwt')]]),
    new Map([
      [16, cborText('application/enclos-receipt+cwt')],
      [15, cborText('more')],
    ]),
  ];
  for (const others of headers) {
    await assert.rejects(verifyReceipt(signedCose(payload, others), options), invalid('header'));
  }
  const message = readCoseSign1(signedCose(payload), { maxBytes: 10_000 });
  const { signature, protectedBytes } = message;
  const unsigned = writeCoseSign1({ ...message, unprotected: new Map([[99, cborText('x')]]) });
  await assert.rejects(verifyReceipt(unsigned, options), invalid('header'));
  await assert.rejects(verifyReceipt(writeCoseSign1({ protectedBytes, signature }), options), invalid('form'));
  const mac = cborTag(17, cborArray());
  await assert.rejects(verifyReceipt(mac, options), invalid('form'));
});

/** A JWS with this header and these claims, which its own key signed. */
function signedJws(header: object, payload: string): Uint8Array {
  const input = jwsSigningInput(JSON.stringify(header), payload);
  return utf8(compactJws(input, edwards.sign(utf8(input)) as Uint8Array));
}

test('claims in a JWS that are missing, unknown, of another kind or spelt otherwise are refused, and so are other headers', async () => {
  const jws = Buffer.from(await writeReceipt('jws', claims, edwards)).toString();
  const payload = Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString();
  const members = JSON.parse(payload) as Record<string, unknown>;
  const header = { alg: 'EdDSA', typ: 'enclos-receipt+jwt', kid: edwards.kid };
  await verifyReceipt(signedJws(header, payload), options);
  const changed = (change: object): string => JSON.stringify({ ...members, ...change });
  const cases: readonly (readonly [string, string])[] = [
    ['profile', changed({ eat_profile: undefined })],
    ['profile', changed({ eat_profile: 'tag:enclos.dev,2026:receipt:2' })],
    ['claims', changed({ more: 1 })],
    ['claims', changed({ iat: '1790000000' })],
    ['claims', changed({ tee: 'sample' })],
    ['claims', changed({ modelDigest: claims.modelDigest.toUpperCase() })],
    ['claims', changed({ policyDigest: null })],
    ['claims', ` ${payload}`],
    ['claims', payload.replace('1790000000', '1.79e9')],
    ['claims', payload.replace('"iat"', '"iat":1,"iat"')],
    ['claims', '[]'],
  ];
  for (const [rule, text] of cases) {
    await assert.rejects(verifyReceipt(signedJws(header, text), options), invalid(rule), text);
  }
  for (const { name, ...form } of Object.values(claimForms)) {
    if ('isOptional' in form) continue;
    await assert.rejects(verifyReceipt(signedJws(header, changed({ [name]: undefined })), options), invalid('claims'));
  }
  const headers = [
    { ...header, typ: 'JWT' },
    { ...header, typ: undefined },
    { ...header, kid: undefined },
    { ...header, kid: '' },
    { ...header, jku: 'https://example.com' },
  ];
  for (const each of headers) await assert.rejects(verifyReceipt(signedJws(each, payload), options), invalid('header'));
  const es384 = { ...header, alg: 'ES384' };
  await assert.rejects(verifyReceipt(signedJws(es384, payload), options), invalid('algorithm'));
  for (const alg of ['none', 'HS256', 'RS256']) {
    await assert.rejects(verifyReceipt(signedJws({ ...header, alg }, payload), options), invalid('form'));
  }
});

test('what is too long, empty or something else is refused', async () => {
  await assert.rejects(verifyReceipt(new Uint8Array(16_385).fill(0x65), options), invalid('size'));
  for (const text of ['', 'eyJ', '{}', '..']) {
    await assert.rejects(verifyReceipt(utf8(text), options), invalid('form'));
  }
});
