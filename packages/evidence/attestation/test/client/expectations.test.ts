import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toBase64url, utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { isVerifiedToken, policyHashOf, type ExpectationRule, type TokenExpectations } from '../../src/client/index.ts';
import {
  base64,
  boundTo,
  certificateFor,
  expectSgx,
  issuer,
  nowSeconds,
  offlineClient,
  refusal,
  rsaKey,
  sgxClaims,
  sha256,
  signToken,
  snpClaims,
  strangerKey,
  tdxClaims,
} from './token-kit.ts';

type Claims = Readonly<Record<string, unknown>>;

const data = utf8('held data');
const json = utf8('{"keys":[{"kid":"a"}],"n":1}\0');
const binary = { runtimeData: { data, type: 'binary' } } as const;
const runtime = { runtimeData: { data: json, type: 'json' } } as const;
const certificate = certificateFor(strangerKey);
const signer = { 'x-ms-policy-signer': { kty: 'RSA', x5c: [base64(certificate)] } };
const fingerprint = Buffer.from(sha256(certificate)).toString('hex');
const state = { 'x-enclos-state': { epoch: 7, digest: 'abc' } };
const init = (type: 'binary' | 'json'): Pick<TokenExpectations, 'initTimeData'> => ({ initTimeData: { data, type } });

const refused: readonly (readonly [
  what: string,
  rule: ExpectationRule,
  claims: Claims,
  wants: Partial<TokenExpectations>,
])[] = [
  ['an old token', 'age', { iat: nowSeconds - 1000, nbf: nowSeconds - 1000 }, { maximumAgeMs: 900_000 }],
  ['a token older than eight hours', 'age', { iat: nowSeconds - 29_000, nbf: 1 }, {}],
  ['another nonce', 'nonce', {}, { nonce: 'nonce-2' }],
  ['no nonce', 'nonce', { nonce: undefined }, { nonce: 'nonce-1' }],
  ['a nonce that is a list', 'nonce', { nonce: ['nonce-1'] }, { nonce: 'nonce-1' }],
  ['no audience', 'audience', {}, { audience: 'me' }],
  ['another audience', 'audience', { aud: 'you' }, { audience: 'me' }],
  ['an audience of others', 'audience', { aud: ['you', 'them'] }, { audience: 'me' }],
  ['an audience that nobody asked for', 'audience', { aud: 'you' }, {}],
  ['another type of evidence', 'attestation-type', {}, { attestationType: 'tdxvm' }],
  ['no type of evidence', 'attestation-type', { 'x-ms-attestation-type': undefined }, {}],
  ['a debuggable enclave', 'debuggable', { 'x-ms-sgx-is-debuggable': true }, {}],
  ['an enclave debuggable by the old claim', 'debuggable', { 'is-debuggable': true }, {}],
  ['debuggable as a text', 'debuggable', { 'x-ms-sgx-is-debuggable': 'false' }, {}],
  ['nothing about debugging', 'debuggable', { 'x-ms-sgx-is-debuggable': undefined }, {}],
  ['a debug status that is on', 'debuggable', { dbgstat: 'enabled' }, {}],
  ['a software platform', 'platform', { 'x-enclos-platform': 'software' }, {}],
  ['a platform that is not listed', 'platform', { 'x-enclos-platform': 'abacus' }, { acceptedPlatforms: ['software'] }],
  ['settings for tests', 'test-settings', { 'x-enclos-test-settings': true }, {}],
  ['settings for tests, in other words', 'test-settings', { 'x-enclos-test-settings': 'no' }, {}],
  ['another configuration', 'configuration', { 'x-enclos-configuration': 'a' }, { configurations: ['b'] }],
  ['no configuration', 'configuration', {}, { configurations: ['b'] }],
  ['another policy', 'policy-hash', {}, { policyHashes: ['a', 'b'] }],
  ['a list of policies that is empty', 'policy-hash', {}, { policyHashes: [] }],
  ['no policy', 'policy-hash', { 'x-ms-policy-hash': undefined }, { policyHashes: ['policy'] }],
  ['an unsigned policy', 'policy-signer', {}, { policySigners: [fingerprint] }],
  ['another policy signer', 'policy-signer', signer, { policySigners: [fingerprint.replace(/^./, 'x')] }],
  ['no state', 'state-epoch', {}, { state: { minimumEpoch: 0 } }],
  ['an older state', 'state-epoch', state, { state: { minimumEpoch: 8 } }],
  ['another digest', 'state-digest', state, { state: { minimumEpoch: 7, digest: 'abd' } }],
  ['no digest', 'state-digest', {}, { state: { digest: 'abc' } }],
  ['no held data', 'runtime-data', {}, binary],
  ['other held data', 'runtime-data', { 'x-ms-sgx-ehd': toBase64url(utf8('other')) }, binary],
  ['held data that are not base64url', 'runtime-data', { 'x-ms-sgx-ehd': '*' }, binary],
  [
    'report data of other held data',
    'runtime-data',
    { 'x-ms-sgx-ehd': toBase64url(data), 'x-ms-sgx-report-data': boundTo(json) },
    binary,
  ],
  ['no runtime claims', 'runtime-data', {}, runtime],
  ['other runtime claims', 'runtime-data', { 'x-ms-runtime': { keys: [{ kid: 'b' }], n: 1 } }, runtime],
  ['more runtime claims', 'runtime-data', { 'x-ms-runtime': { keys: [{ kid: 'a' }], n: 1, m: 2 } }, runtime],
  ['fewer runtime claims', 'runtime-data', { 'x-ms-runtime': { n: 1 } }, runtime],
  [
    'report data of other claims',
    'runtime-data',
    { 'x-ms-runtime': { n: 1, keys: [{ kid: 'a' }] }, 'x-ms-sgx-report-data': boundTo(data) },
    runtime,
  ],
  ['no configuration', 'init-time-data', {}, init('binary')],
  ['another configuration', 'init-time-data', { 'x-ms-sgx-config-id': boundTo(json) }, init('binary')],
];

for (const [what, rule, claims, wants] of refused) {
  test(`a genuine token is not accepted (${rule}): ${what}`, async () => {
    const token = signToken({ ...sgxClaims, ...claims });
    const verified = offlineClient({ clockSkewMs: 0 }).verifyToken(token, { ...expectSgx, ...wants });
    await assert.rejects(verified, refusal('TOKEN_NOT_ACCEPTED', rule, token));
  });
}

const otherTees: readonly (readonly [what: string, rule: ExpectationRule, claims: Claims, wants: TokenExpectations])[] =
  [
    [
      'SNP that can be debugged',
      'debuggable',
      { ...snpClaims, 'x-ms-sevsnpvm-is-debuggable': true },
      { attestationType: 'sevsnpvm' },
    ],
    [
      'TDX that can be debugged',
      'debuggable',
      { ...tdxClaims, tdx_td_attributes_debug: true },
      { attestationType: 'tdxvm' },
    ],
    [
      'SNP with the debug claim of SGX only',
      'debuggable',
      { ...snpClaims, 'x-ms-sevsnpvm-is-debuggable': undefined, 'x-ms-sgx-is-debuggable': false },
      { attestationType: 'sevsnpvm' },
    ],
    ['SNP with other report data', 'runtime-data', snpClaims, { attestationType: 'sevsnpvm', ...binary }],
    ['TDX with other report data', 'runtime-data', tdxClaims, { attestationType: 'tdxvm', ...binary }],
    ['SNP with other host data', 'init-time-data', snpClaims, { attestationType: 'sevsnpvm', ...init('binary') }],
    [
      'TDX with other init-time claims',
      'init-time-data',
      { ...tdxClaims, 'x-ms-inittime': { a: 2 } },
      { attestationType: 'tdxvm', initTimeData: { data: utf8('{"a":1}'), type: 'json' } },
    ],
  ];

for (const [what, rule, claims, wants] of otherTees) {
  test(`a genuine token is not accepted (${rule}): ${what}`, async () => {
    const verified = offlineClient().verifyToken(signToken(claims), wants);
    await assert.rejects(verified, refusal('TOKEN_NOT_ACCEPTED', rule));
  });
}

test('a token that says all that was expected is accepted', async () => {
  const token = signToken({
    ...sgxClaims,
    ...signer,
    ...state,
    aud: ['you', 'me'],
    'x-enclos-platform': 'software',
    'x-enclos-test-settings': true,
    'x-enclos-configuration': 'b',
    'x-ms-sgx-is-debuggable': true,
    'x-ms-runtime': { n: 1, keys: [{ kid: 'a' }] },
    'x-ms-sgx-report-data': boundTo(json),
    'x-ms-sgx-config-id': boundTo(data).toUpperCase(),
  });
  const verified = await offlineClient().verifyToken(token, {
    ...expectSgx,
    ...runtime,
    ...init('binary'),
    audience: 'me',
    nonce: 'nonce-1',
    policyHashes: ['other', 'policy'],
    policySigners: [fingerprint.toUpperCase()],
    acceptedPlatforms: ['software'],
    allowDebuggable: true,
    allowTestSettings: true,
    configurations: ['a', 'b'],
    state: { minimumEpoch: 7, digest: 'abc' },
  });
  assert.ok(isVerifiedToken(verified) && Object.isFrozen(verified) && Object.isFrozen(verified.claims));
  assert.deepEqual(verified.sgx, {
    mrEnclave: 'ab'.repeat(32),
    mrSigner: 'cd'.repeat(32),
    productId: 4,
    securityVersion: 7,
  });
  assert.deepEqual(
    [verified.issuer, verified.kid, verified.platform, verified.isDebuggable, verified.policySigner],
    [issuer, rsaKey.kid, 'software', true, fingerprint],
  );
  assert.deepEqual(verified.state, { epoch: 7, digest: 'abc' });
  assert.equal(verified.jwt, token);
  assert.equal(isVerifiedToken({ ...verified }), false);
});

const misuses: readonly (readonly [what: string, wants: unknown])[] = [
  ['no type', {}],
  ['an unknown type', { attestationType: 'tpm' }],
  ['an empty nonce', { attestationType: 'sgx', nonce: '' }],
  ['an expectation that got lost', { attestationType: 'sgx', policyHashes: undefined }],
  ['binary init-time data of TDX', { attestationType: 'tdxvm', ...init('binary') }],
  ['a list that is a text', { attestationType: 'sgx', policyHashes: 'a policy' }],
  ['an age that is no number', { attestationType: 'sgx', maximumAgeMs: Number.NaN }],
];

for (const [what, wants] of misuses) {
  test(`expectations that cannot be meant: ${what}`, async () => {
    const verified = offlineClient().verifyToken(signToken(sgxClaims), wants as TokenExpectations);
    await assert.rejects(verified, (error) => isEnclosError(error, 'VERIFIER_MISUSED'));
  });
}

test('runtime data that are not the JSON they are said to be are a mistake of the caller', async () => {
  const token = signToken({ ...sgxClaims, 'x-ms-runtime': {} });
  const wants = { ...expectSgx, runtimeData: { data: utf8('{"a":1,"a":2}'), type: 'json' } } as const;
  await assert.rejects(offlineClient().verifyToken(token, wants), (error) => isEnclosError(error, 'VERIFIER_MISUSED'));
});

test('the hash of a policy is that of its stored form', async () => {
  // Azure's documents: base64url(SHA-256(UTF-8(base64url(UTF-8(text))))).
  const stored = Buffer.from('version=1.0;', 'utf8').toString('base64url');
  const hash = Buffer.from(sha256(utf8(stored))).toString('base64url');
  assert.equal(await policyHashOf('version=1.0;'), hash);
});
