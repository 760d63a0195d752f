import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { AttestationClient, type AttestationClientOptions } from '@azure/attestation';
import { toBase64url, utf8 } from '@enclos/codec';
import { createAttestationClient, type TokenExpectations } from '../../src/client/index.ts';
import { startService } from './service-kit.ts';
import { azureJwk, base64, certificateFor, refusal, rsaKey, sgxClaims, signToken, strangerKey } from './token-kit.ts';

// The official client takes no clock.
const nowSeconds = Math.floor(Date.now() / 1000);
const evidence = Uint8Array.of(3, 0);
const chain = [base64(certificateFor(strangerKey))];
const unsigned = (claims: object): string =>
  `${toBase64url(utf8('{"alg":"none"}'))}.${toBase64url(utf8(JSON.stringify(claims)))}.`;

type Claims = Readonly<Record<string, unknown>>;

interface Row {
  readonly what: string;
  /** What the service answers. */
  readonly token: (claims: Claims) => string;
  readonly official: 'accepts' | 'refuses';
  readonly ours: readonly ['TOKEN_NOT_ACCEPTED' | 'TOKEN_REFUSED', string] | 'accepts';
  /** What the official client is told beside its defaults. */
  readonly options?: AttestationClientOptions['validationOptions'];
  /** What our client is told beside the evidence. */
  readonly expect?: Omit<TokenExpectations, 'attestationType' | 'initTimeData' | 'nonce' | 'runtimeData'>;
}

const merely = (changes: Claims) => (claims: Claims) => signToken({ ...claims, ...changes });
const expired = { iat: nowSeconds - 7200, nbf: nowSeconds - 7200, exp: nowSeconds - 3600 };

const rows: readonly Row[] = [
  { what: 'a good token', token: (claims) => signToken(claims), official: 'accepts', ours: 'accepts' },
  { what: 'alg none', token: unsigned, official: 'accepts', ours: ['TOKEN_REFUSED', 'algorithm'] },
  {
    what: 'a key of its own in x5c, with an unknown kid',
    token: (claims) => signToken(claims, { key: strangerKey, header: { x5c: chain } }),
    official: 'accepts',
    ours: ['TOKEN_REFUSED', 'unknown-key'],
  },
  {
    what: 'a key of its own in x5c, without a kid',
    token: (claims) => signToken(claims, { key: strangerKey, header: { kid: undefined, x5c: chain } }),
    official: 'accepts',
    ours: ['TOKEN_REFUSED', 'key-id'],
  },
  {
    what: 'any signature, when only the issuer is to be validated',
    token: (claims) => signToken(claims, { key: strangerKey, header: { kid: rsaKey.kid } }),
    options: { validateIssuer: true, expectedIssuer: 'https://expected.test' },
    official: 'accepts',
    ours: ['TOKEN_REFUSED', 'signature'],
  },
  {
    what: 'an old token, when only the issuer is to be validated',
    token: merely(expired),
    options: { validateIssuer: true, expectedIssuer: 'https://expected.test' },
    official: 'accepts',
    ours: ['TOKEN_REFUSED', 'expired'],
  },
  {
    what: 'another issuer',
    token: merely({ iss: 'https://evil.test' }),
    official: 'accepts',
    ours: ['TOKEN_REFUSED', 'issuer'],
  },
  {
    what: 'keys in another place',
    token: (claims) => signToken(claims, { header: { jku: 'https://evil.test/certs' } }),
    official: 'accepts',
    ours: ['TOKEN_REFUSED', 'key-location'],
  },
  {
    what: 'an extension that must be understood',
    token: (claims) => signToken(claims, { header: { crit: ['x'], x: 1 } }),
    official: 'accepts',
    ours: ['TOKEN_REFUSED', 'critical-header'],
  },
  {
    what: 'two claims with one name',
    token: (claims) => signToken(JSON.stringify(claims).replace('{', '{"x-ms-sgx-is-debuggable":true,')),
    official: 'accepts',
    ours: ['TOKEN_REFUSED', 'form'],
  },
  {
    what: 'another nonce',
    token: merely({ nonce: 'replayed' }),
    official: 'accepts',
    ours: ['TOKEN_NOT_ACCEPTED', 'nonce'],
  },
  {
    what: 'another audience',
    token: merely({ aud: 'somebody' }),
    official: 'accepts',
    ours: ['TOKEN_NOT_ACCEPTED', 'audience'],
  },
  {
    what: 'another policy',
    token: merely({ 'x-ms-policy-hash': 'other' }),
    expect: { policyHashes: ['policy'] },
    official: 'accepts',
    ours: ['TOKEN_NOT_ACCEPTED', 'policy-hash'],
  },
  {
    what: 'an enclave that can be debugged',
    token: merely({ 'x-ms-sgx-is-debuggable': true }),
    official: 'accepts',
    ours: ['TOKEN_NOT_ACCEPTED', 'debuggable'],
  },
  {
    what: 'a software platform',
    token: merely({ 'x-enclos-platform': 'software' }),
    official: 'accepts',
    ours: ['TOKEN_NOT_ACCEPTED', 'platform'],
  },
  {
    what: 'other held data',
    token: merely({ 'x-ms-sgx-ehd': 'AAAA' }),
    official: 'accepts',
    ours: ['TOKEN_NOT_ACCEPTED', 'runtime-data'],
  },
  { what: 'a token that has expired', token: merely(expired), official: 'refuses', ours: ['TOKEN_REFUSED', 'expired'] },
  {
    what: 'a wrong signature with a known kid',
    token: (claims) => signToken(claims, { key: strangerKey, header: { kid: rsaKey.kid } }),
    official: 'refuses',
    ours: ['TOKEN_REFUSED', 'signature'],
  },
];

async function answering(t: TestContext, token: Row['token']): ReturnType<typeof startService> {
  return startService(t, {
    '/certs': () => ({ keys: [azureJwk(rsaKey)] }),
    '/attest/SgxEnclave': ({ headers }) => {
      const times = { iat: nowSeconds - 5, nbf: nowSeconds - 60, exp: nowSeconds + 3600 };
      const held = { 'x-ms-sgx-ehd': toBase64url(utf8('held')), nonce: 'asked' };
      return { token: token({ ...sgxClaims, ...times, ...held, iss: `https://${headers.host}` }) };
    },
  });
}

for (const { what, token, official, ours, options, expect } of rows) {
  test(`${what}: @azure/attestation 1.0.0 ${official}, this client ${ours === 'accepts' ? ours : 'refuses'}`, async (t) => {
    const service = await answering(t, token);
    const azure = new AttestationClient(service.endpoint, {
      tlsOptions: { ca: service.ca },
      retryOptions: { maxRetries: 0 },
      ...(options === undefined ? {} : { validationOptions: options }),
    });
    const theirs = azure.attestSgxEnclave(evidence, { runTimeData: utf8('held') });
    await (official === 'accepts' ? assert.doesNotReject(theirs) : assert.rejects(theirs));

    const strict = createAttestationClient({ endpoint: service.endpoint, fetch: service.fetch });
    const runtimeData = { data: utf8('held'), type: 'binary' } as const;
    const verified = strict.attestSgxEnclave({
      evidence,
      nonce: 'asked',
      runtimeData,
      ...(expect === undefined ? {} : { expect }),
    });
    await (ours === 'accepts' ? assert.doesNotReject(verified) : assert.rejects(verified, refusal(...ours)));
  });
}
