import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { toBase64url, utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import {
  createAttestationClient,
  policyHashOf,
  unsignedPolicy,
  type AttestationClient,
} from '../../src/client/index.ts';
import { startService, type Received, type TestService } from './service-kit.ts';
import {
  base64,
  certificateFor,
  keySet,
  now,
  nowSeconds,
  refusal,
  sgxClaims,
  sha256,
  signToken,
  strangerKey,
} from './token-kit.ts';

type Claims = Readonly<Record<string, unknown>>;
type Act = (client: AttestationClient) => Promise<unknown>;

const text = 'version=1.0;\nauthorizationrules{=>permit();};';
const policy = unsignedPolicy(text);
const hash = (jws: string): string => toBase64url(sha256(utf8(jws)));
const certificate = certificateFor(strangerKey);
const thumbprint = createHash('sha1').update(certificate).digest('hex').toUpperCase();
const addition = `${toBase64url(utf8('{"alg":"RS256"}'))}.${toBase64url(
  utf8(JSON.stringify({ policyCertificate: { kty: 'RSA', x5c: [base64(certificate)] } })),
)}.AA`;
const fresh = { iat: nowSeconds, nbf: nowSeconds - 60, exp: nowSeconds + 600 };

const { iss: _, ...attestationClaims } = { ...sgxClaims, ...fresh };

/** A service that says these claims whatever it is asked. */
async function saying(
  t: TestContext,
  claims: Claims,
  forged = false,
): Promise<{ readonly client: AttestationClient; readonly service: TestService }> {
  const answer = ({ headers }: Received): unknown => {
    const said = { ...fresh, iss: `https://${headers.host}`, ...claims };
    return { token: signToken(said, forged ? { key: strangerKey, header: { kid: 'rsa' } } : {}) };
  };
  const paths = [
    '/policies/SgxEnclave',
    '/policies/SgxEnclave:reset',
    '/certificates',
    '/certificates:add',
    '/certificates:remove',
  ];
  const routes = { ...Object.fromEntries(paths.map((path) => [path, answer])), '/certs': () => keySet };
  const service = await startService(t, routes);
  const credential = async (): Promise<string> => Promise.resolve('a.bearer~token==');
  return {
    service,
    client: createAttestationClient({ endpoint: service.endpoint, fetch: service.fetch, now, credential }),
  };
}

test('a policy is read with its text and the hash that attestation tokens show', async (t) => {
  const { client, service } = await saying(t, { 'x-ms-policy': policy });
  const stored = await client.getPolicy('SgxEnclave');
  assert.deepEqual(stored, { text, policyHash: await policyHashOf(text), jws: policy, state: undefined });
  assert.equal(service.received[0]?.headers.authorization, 'Bearer a.bearer~token==');
  assert.equal(service.received[1]?.headers.authorization, undefined, 'keys are asked for without the credential');
});

test('a policy that was reset has no text', async (t) => {
  const { client } = await saying(t, { 'x-ms-policy': 'eyJhbGciOiJub25lIn0..' });
  assert.equal((await client.getPolicy('SgxEnclave')).text, undefined);
});

const good: readonly (readonly [what: string, act: Act, claims: Claims, body: string, type: string])[] = [
  [
    'a policy is set',
    (c) => c.setPolicy('SgxEnclave', policy),
    { 'x-ms-policy-result': 'Updated', 'x-ms-policy-token-hash': hash(policy) },
    policy,
    'text/plain',
  ],
  [
    'a policy is reset',
    (c) => c.resetPolicy('SgxEnclave'),
    { 'x-ms-policy-result': 'Removed' },
    'eyJhbGciOiJub25lIn0..',
    'text/plain',
  ],
  [
    'a certificate is added',
    (c) => c.addPolicyCertificate(addition),
    { 'x-ms-certificate-result': 'IsPresent', 'x-ms-certificate-thumbprint': thumbprint },
    `"${addition}"`,
    'application/json',
  ],
  [
    'a certificate is removed',
    (c) => c.removePolicyCertificate(addition),
    { 'x-ms-certificate-result': 'IsAbsent', 'x-ms-certificate-thumbprint': thumbprint },
    `"${addition}"`,
    'application/json',
  ],
];

for (const [what, act, claims, body, type] of good) {
  test(`${what}, and the service has signed that`, async (t) => {
    const { client, service } = await saying(t, { ...claims, 'x-enclos-state': { epoch: 3, digest: 'd' } });
    assert.deepEqual(await act(client), { state: { epoch: 3, digest: 'd' } });
    assert.equal(service.received[0]?.body, body);
    assert.equal(service.received[0]?.headers['content-type'], type);
    const forged = await saying(t, claims, true);
    await assert.rejects(act(forged.client), refusal('TOKEN_REFUSED', 'signature'));
  });
}

test('certificates are listed', async (t) => {
  const { client } = await saying(t, { 'x-ms-policy-certificates': { keys: [{ x5c: [base64(certificate)] }] } });
  assert.deepEqual(await client.listPolicyCertificates(), [certificate]);
});

const refused: readonly (readonly [what: string, act: Act, claims: Claims])[] = [
  ['a policy without a policy', (c) => c.getPolicy('SgxEnclave'), {}],
  ['a policy that is no JWS', (c) => c.getPolicy('SgxEnclave'), { 'x-ms-policy': 'a.*.b' }],
  [
    'a policy that is not UTF-8',
    (c) => c.getPolicy('SgxEnclave'),
    { 'x-ms-policy': `e30.${toBase64url(utf8('{"AttestationPolicy":"_w"}'))}.` },
  ],
  ['an attestation token in place of a result', (c) => c.setPolicy('SgxEnclave', policy), attestationClaims],
  [
    'another result',
    (c) => c.setPolicy('SgxEnclave', policy),
    { 'x-ms-policy-result': 'Removed', 'x-ms-policy-token-hash': hash(policy) },
  ],
  [
    'the result of another policy',
    (c) => c.setPolicy('SgxEnclave', policy),
    { 'x-ms-policy-result': 'Updated', 'x-ms-policy-token-hash': hash('other') },
  ],
  ['a result that names no policy', (c) => c.setPolicy('SgxEnclave', policy), { 'x-ms-policy-result': 'Updated' }],
  [
    'the reset of another policy',
    (c) => c.resetPolicy('SgxEnclave'),
    { 'x-ms-policy-result': 'Removed', 'x-ms-policy-token-hash': hash('other') },
  ],
  [
    'the result of a removal for an addition',
    (c) => c.addPolicyCertificate(addition),
    { 'x-ms-certificate-result': 'IsAbsent', 'x-ms-certificate-thumbprint': thumbprint },
  ],
  [
    'the result for another certificate',
    (c) => c.addPolicyCertificate(addition),
    { 'x-ms-certificate-result': 'IsPresent', 'x-ms-certificate-thumbprint': thumbprint.replace(/^./, 'x') },
  ],
  ['no list of certificates', (c) => c.listPolicyCertificates(), {}],
  [
    'a list with a key that has none',
    (c) => c.listPolicyCertificates(),
    { 'x-ms-policy-certificates': { keys: [{}] } },
  ],
];

for (const [what, act, claims] of refused) {
  test(`a result is refused: ${what}`, async (t) => {
    const { client } = await saying(t, claims);
    await assert.rejects(act(client), refusal('TOKEN_REFUSED', 'result'));
  });
}

test('a result from an earlier change is not accepted', async (t) => {
  const claims = { 'x-ms-policy-result': 'Updated', 'x-ms-policy-token-hash': hash(policy), iat: nowSeconds - 900 };
  const { client } = await saying(t, claims);
  await assert.rejects(client.setPolicy('SgxEnclave', policy), refusal('TOKEN_NOT_ACCEPTED', 'age'));
});

test('what is no JWS, and a credential that is no token, are not sent', async (t) => {
  const service = await startService(t, {});
  const of = (bearer: string | undefined): AttestationClient =>
    createAttestationClient({
      endpoint: service.endpoint,
      fetch: service.fetch,
      ...(bearer === undefined ? {} : { credential: async () => Promise.resolve(bearer) }),
    });
  const acts: readonly (readonly [string | undefined, Act])[] = [
    ['good', (c) => c.setPolicy('SgxEnclave', text)],
    ['good', (c) => c.setPolicy('SgxEnclave', `${policy}\r\nx`)],
    ['good', (c) => c.addPolicyCertificate(policy)],
    ['good', (c) => c.addPolicyCertificate('e30.ew.AA')],
    ['a\r\nx: y', (c) => c.getPolicy('SgxEnclave')],
    ['', (c) => c.getPolicy('SgxEnclave')],
    [undefined, (c) => c.getPolicy('SgxEnclave')],
  ];
  for (const [bearer, act] of acts) {
    await assert.rejects(act(of(bearer)), (error) => isEnclosError(error, 'VERIFIER_MISUSED'));
  }
  assert.equal(service.received.length, 0);
});
