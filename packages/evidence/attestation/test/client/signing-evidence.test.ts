import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes, toHex, utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import {
  createAttestationClient,
  type AttestationClient,
  type SigningEvidenceOptions,
} from '../../src/client/index.ts';
import { appraise, parseCollateral, verifyQuote, type VerifiedEvidence } from '../../src/index.ts';
import { goodReport, makePlatform, now as platformTime, trustedRoot, type Platform } from '../synthetic-platform.ts';
import {
  base64,
  certificateFor,
  expectSgx,
  issuer,
  now,
  p256Key,
  refusal,
  rsaKey,
  sgxClaims,
  sha256,
  signToken,
  spkiOf,
  strangerKey,
  type TestKey,
} from './token-kit.ts';

const tagged = '2.23.133.5.4.9';
const openEnclave = '1.3.6.1.4.1.311.105.1';

/** An enclave that vouches for a key by the hash of it. */
const reportDataFor = (publicKey: Uint8Array): Uint8Array => concatBytes(sha256(publicKey), new Uint8Array(32));

const platforms = new Map<string, Platform>();
for (const key of [rsaKey, strangerKey]) {
  platforms.set(key.kid, await makePlatform({ report: { reportData: reportDataFor(spkiOf(key)) } }));
}
const { fingerprint } = await trustedRoot;

/** Takes the extension of the tests: the name of the enclave. */
const extension = (enclave: string, id = tagged): { readonly id: string; readonly value: Uint8Array } => ({
  id,
  value: utf8(`enclave:${enclave};`),
});

/** What a careful caller does: the quote, then the policy, bound to the key of the certificate. */
const careful: SigningEvidenceOptions['appraise'] = async ({ certificate, publicKey }): Promise<VerifiedEvidence> => {
  const [, enclave = ''] = /enclave:(\w+);/.exec(Buffer.from(certificate).toString('latin1')) ?? [];
  const { quote, collateral, roots } = platforms.get(enclave) ?? assert.fail('no such enclave');
  const verdict = await verifyQuote(quote, parseCollateral(collateral), { roots, now: platformTime });
  const policy = {
    mrEnclave: [toHex(goodReport.mrEnclave)],
    minimumSecurityVersion: 4,
    acceptedStatuses: ['CONFIGURATION_NEEDED'],
    acceptedAdvisoryIds: ['ENCLOS-SA-00001'],
    intelRoot: false,
    softwareRoots: [fingerprint],
  } as const;
  return appraise(verdict, policy, { reportData: reportDataFor(publicKey) }, { now: platformTime });
};

function jwk(key: TestKey, extensions: Parameters<typeof certificateFor>[1]): object {
  return { kty: key.alg === 'RS256' ? 'RSA' : 'EC', kid: key.kid, x5c: [base64(certificateFor(key, extensions))] };
}

function clientFor(keys: readonly object[], signing: SigningEvidenceOptions['appraise']): AttestationClient {
  const fetch = async (): Promise<Response> => Promise.resolve(Response.json({ keys }));
  return createAttestationClient({ endpoint: issuer, fetch, now, signingEvidence: { appraise: signing } });
}

for (const [form, id] of [
  ['tagged', tagged],
  ['open-enclave', openEnclave],
  ['open-enclave', '1.2.840.113556.10.1.1'],
] as const) {
  test(`a key with accepted evidence (${form}, ${id}) is used, and the token says of which enclave it is`, async () => {
    const seen: unknown[] = [];
    const client = clientFor([jwk(rsaKey, [extension('rsa', id)])], (evidence) => {
      seen.push([evidence.kid, evidence.form, toHex(evidence.publicKey)]);
      return careful(evidence);
    });
    const token = await client.verifyToken(signToken(sgxClaims), expectSgx);
    assert.ok(token.signer?.tee === 'sgx');
    assert.equal(token.signer.mrEnclave, toHex(goodReport.mrEnclave));
    await client.verifyToken(signToken(sgxClaims), expectSgx);
    assert.deepEqual(seen, [['rsa', form, toHex(spkiOf(rsaKey))]], 'appraised once for a set of keys');
  });
}

const refused: readonly (readonly [what: string, key: object, appraiser: SigningEvidenceOptions['appraise']])[] = [
  ['no evidence', jwk(rsaKey, []), careful],
  ['another extension', jwk(rsaKey, [extension('rsa', '2.23.133.5.4.2')]), careful],
  ['evidence for the key of somebody else', jwk(rsaKey, [extension('stranger')]), careful],
  ['evidence of an unknown enclave', jwk(rsaKey, [extension('nobody')]), careful],
  ['no certificate', { ...rsaKey.publicKey.export({ format: 'jwk' }), kid: 'rsa' }, careful],
  [
    'a callback that forgets to look',
    jwk(rsaKey, [extension('rsa')]),
    async () => Promise.resolve({} as VerifiedEvidence),
  ],
  [
    'a callback that says no',
    jwk(rsaKey, [extension('rsa')]),
    async () => Promise.resolve(false as unknown as VerifiedEvidence),
  ],
  [
    'a callback that copies what was appraised',
    jwk(rsaKey, [extension('rsa')]),
    async (evidence) => ({ ...(await careful(evidence)) }),
  ],
];

for (const [what, key, appraiser] of refused) {
  test(`a key is never used with ${what}`, async () => {
    const verified = clientFor([key], appraiser).verifyToken(signToken(sgxClaims), expectSgx);
    await assert.rejects(verified, refusal('TOKEN_REFUSED', 'signing-evidence'));
  });
}

test('the reason of the callback is the cause', async () => {
  const client = clientFor([jwk(rsaKey, [extension('stranger')])], careful);
  await assert.rejects(client.verifyToken(signToken(sgxClaims), expectSgx), (error) => {
    assert.ok(isEnclosError(error) && isEnclosError(error.cause, 'APPRAISAL_REFUSED'));
    return error.cause.details['field'] === 'reportData' || error.cause.details['field'] === 'binding';
  });
});

test('another key of the set with evidence does not help one without', async () => {
  const client = clientFor([jwk(rsaKey, [extension('rsa')]), jwk(p256Key, [])], careful);
  await client.verifyToken(signToken(sgxClaims), expectSgx);
  const other = client.verifyToken(signToken(sgxClaims, { key: p256Key }), expectSgx);
  await assert.rejects(other, refusal('TOKEN_REFUSED', 'signing-evidence'));
});

test('evidence is not appraised for a signature that does not hold, and again after a refusal', async () => {
  let calls = 0;
  const client = clientFor([jwk(rsaKey, [extension('rsa')])], async (evidence) => {
    calls += 1;
    if (calls === 1) throw new Error('collateral cannot be fetched now');
    return careful(evidence);
  });
  const forged = signToken(sgxClaims, { key: strangerKey, header: { kid: 'rsa' } });
  await assert.rejects(client.verifyToken(forged, expectSgx), refusal('TOKEN_REFUSED', 'signature'));
  assert.equal(calls, 0);
  const verified = client.verifyToken(signToken(sgxClaims), expectSgx);
  await assert.rejects(verified, refusal('TOKEN_REFUSED', 'signing-evidence'));
  await client.verifyToken(signToken(sgxClaims), expectSgx);
  assert.equal(calls, 2);
});
