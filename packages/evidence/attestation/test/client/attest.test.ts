import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBase64url, toBase64url, utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { SignJWT } from 'jose';
import { createAttestationClient, unsignedPolicy, type AttestationClient } from '../../src/client/index.ts';
import { startService, type Route, type TestService } from './service-kit.ts';
import {
  azureJwk,
  boundTo,
  keySet,
  now,
  p256Key,
  p384Key,
  refusal,
  rsaKey,
  sgxClaims,
  signToken,
  snpClaims,
  tdxClaims,
  type TestKey,
} from './token-kit.ts';

const data = utf8('{"keys":[]}');
const evidence = Uint8Array.of(3, 0, 2, 0);

function clientOf(service: TestService): AttestationClient {
  return createAttestationClient({ endpoint: service.endpoint, fetch: service.fetch, now, clockSkewMs: 0 });
}

/** Signs with jose what the request makes of the claims. */
function issuing(key: TestKey, claims: object, of: (body: Record<string, unknown>) => object = () => ({})): Route {
  return ({ headers, body }, response) => {
    const iss = `https://${headers.host}`;
    const request = JSON.parse(body) as Record<string, unknown>;
    void new SignJWT({ ...claims, iss, nonce: request['nonce'], ...of(request) })
      .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'JWT', jku: `${iss}/certs` })
      .sign(key.privateKey)
      .then((token) => response.end(JSON.stringify({ token })));
  };
}

const dataOf = (request: Record<string, unknown>, member = 'runtimeData'): Uint8Array =>
  fromBase64url((request[member] as { readonly data: string }).data);

test('an SGX quote, with held data', async (t) => {
  const held = issuing(rsaKey, sgxClaims, (request) => ({ 'x-ms-sgx-ehd': toBase64url(dataOf(request)) }));
  const service = await startService(t, { '/certs': () => keySet, '/attest/SgxEnclave': held });
  const token = await clientOf(service).attestSgxEnclave({
    evidence,
    runtimeData: { data, type: 'binary' },
    nonce: 'n-1',
  });
  assert.equal(token.sgx?.mrEnclave, 'ab'.repeat(32));
  assert.equal(token.nonce, 'n-1');
  const [call, keys] = service.received;
  assert.deepEqual(JSON.parse(call?.body ?? ''), {
    quote: 'AwACAA',
    runtimeData: { data: toBase64url(data), dataType: 'Binary' },
    nonce: 'n-1',
  });
  assert.equal(call?.query, 'api-version=2025-06-01');
  assert.deepEqual([keys?.method, keys?.path], ['GET', '/certs']);
});

test('as many keys as replicas of a service may show together', async (t) => {
  const others = Array.from({ length: 253 }, (_, i) => ({ ...keySet.keys[1], kid: `other ${i}` }));
  const held = issuing(rsaKey, sgxClaims, (request) => ({ 'x-ms-sgx-ehd': toBase64url(dataOf(request)) }));
  const routes = { '/certs': () => ({ keys: [...others, ...keySet.keys] }), '/attest/SgxEnclave': held };
  const service = await startService(t, routes);
  const token = await clientOf(service).attestSgxEnclave({ evidence, runtimeData: { data, type: 'binary' } });
  assert.equal(token.sgx?.mrEnclave, 'ab'.repeat(32));
});

test('a report of Open Enclave, with runtime claims that end in a zero byte', async (t) => {
  const zeroed = utf8('{"b":1,"a":[true,null]}\0');
  const claims = issuing(p256Key, sgxClaims, (request) => ({
    'x-ms-runtime': { a: [true, null], b: 1 },
    'x-ms-sgx-report-data': boundTo(dataOf(request)),
  }));
  const service = await startService(t, { '/certs': () => keySet, '/attest/OpenEnclave': claims });
  const client = clientOf(service);
  const token = await client.attestOpenEnclave({ evidence, runtimeData: { data: zeroed, type: 'json' } });
  assert.equal(token.algorithm, 'ES256');
  assert.deepEqual(Object.keys(JSON.parse(service.received[0]?.body ?? '') as object), ['report', 'runtimeData']);
});

test('a TD quote, with binary runtime data and JSON init-time data', async (t) => {
  const bound = issuing(p384Key, tdxClaims, (request) => ({
    tdx_report_data: boundTo(dataOf(request)),
    'x-ms-inittime': JSON.parse(Buffer.from(dataOf(request, 'initTimeData')).toString()) as unknown,
  }));
  const service = await startService(t, { '/certs': () => keySet, '/attest/TdxVm': bound });
  const token = await clientOf(service).attestTdxVm({
    evidence,
    runtimeData: { data, type: 'binary' },
    initTimeData: { data: utf8('{"a":1}'), type: 'json' },
  });
  assert.equal(token.tdx?.tcbStatus, 'UpToDate');
  assert.deepEqual(token.initTime, { __proto__: null, a: 1 });
});

test('a report of SEV-SNP, in the document that the service takes', async (t) => {
  const bound = issuing(rsaKey, snpClaims, (request) => ({
    'x-ms-sevsnpvm-reportdata': boundTo(dataOf(request)),
    'x-ms-sevsnpvm-hostdata': boundTo(dataOf(request, 'initTimeData')).slice(0, 64),
  }));
  const service = await startService(t, { '/certs': () => keySet, '/attest/SevSnpVm': bound });
  const token = await clientOf(service).attestSevSnpVm({
    evidence: { report: new Uint8Array(1184), certificateChain: 'PEM', endorsements: [Uint8Array.of(1)] },
    runtimeData: { data, type: 'binary' },
    initTimeData: { data, type: 'binary' },
  });
  assert.equal(token.snp?.measurement, '01'.repeat(48));
  const { report } = JSON.parse(service.received[0]?.body ?? '') as { readonly report: string };
  const document = JSON.parse(Buffer.from(report, 'base64url').toString()) as Readonly<Record<string, string>>;
  assert.equal(Buffer.from(document['SnpReport'] ?? '', 'base64url').length, 1184);
  assert.equal(Buffer.from(document['VcekCertChain'] ?? '', 'base64url').toString(), 'PEM');
  assert.equal(Buffer.from(document['Endorsements'] ?? '', 'base64url').toString(), '{"Uvm":["AQ"]}');
});

test('an answer about other data, to another nonce, or from before the question is not accepted', async (t) => {
  const routes = {
    '/certs': () => keySet,
    '/attest/SgxEnclave': issuing(rsaKey, sgxClaims, () => ({ 'x-ms-sgx-ehd': 'AA', nonce: 'mine' })),
    '/attest/TdxVm': issuing(rsaKey, tdxClaims, () => ({ iat: sgxClaims.iat - 600 })),
  };
  const client = clientOf(await startService(t, routes));
  const about = client.attestSgxEnclave({ evidence, runtimeData: { data, type: 'binary' } });
  await assert.rejects(about, refusal('TOKEN_NOT_ACCEPTED', 'runtime-data'));
  const swapped = client.attestSgxEnclave({ evidence, nonce: 'yours' });
  await assert.rejects(swapped, refusal('TOKEN_NOT_ACCEPTED', 'nonce'));
  await assert.rejects(client.attestTdxVm({ evidence }), refusal('TOKEN_NOT_ACCEPTED', 'age'));
});

test('a draft of a policy gives claims to look at, and never a verified token', async (t) => {
  const unsigned = `${toBase64url(utf8('{"alg":"none"}'))}.${toBase64url(utf8(JSON.stringify(sgxClaims)))}.`;
  const service = await startService(t, { '/certs': () => keySet, '/attest/SgxEnclave': () => ({ token: unsigned }) });
  const client = clientOf(service);
  const outcome = await client.tryDraftPolicy('SgxEnclave', { evidence }, unsignedPolicy('version=1.0;'));
  assert.deepEqual([outcome.isVerified, outcome.claims['x-ms-sgx-svn']], [false, 7]);
  const sent = JSON.parse(service.received[0]?.body ?? '') as Readonly<Record<string, unknown>>;
  assert.equal(sent['draftPolicyForAttestation'], unsignedPolicy('version=1.0;'));
  await assert.rejects(client.attestSgxEnclave({ evidence }), refusal('TOKEN_REFUSED', 'algorithm'));
});

test('keys of the service that are none of its tokens are of no use to somebody else', async (t) => {
  const other = await startService(t, { '/certs': () => ({ keys: [azureJwk(rsaKey)] }) });
  const client = createAttestationClient({
    endpoint: other.endpoint,
    fetch: other.fetch,
    now,
    issuer: 'https://a.test',
  });
  await assert.rejects(
    client.verifyToken(signToken(sgxClaims), { attestationType: 'sgx' }),
    refusal('TOKEN_REFUSED', 'issuer'),
  );
  assert.equal(other.received.length, 0, 'nothing was fetched for a token of another issuer');
});

test('evidence and data have bounds', async (t) => {
  const service = await startService(t, {});
  const client = clientOf(service);
  const requests = [
    { evidence: new Uint8Array() },
    { evidence: new Uint8Array(1_048_577) },
    { evidence, runtimeData: { data: new Uint8Array(262_145), type: 'binary' } },
  ] as const;
  for (const request of requests) {
    await assert.rejects(client.attestSgxEnclave(request), (error) => isEnclosError(error, 'VERIFIER_MISUSED'));
  }
  assert.equal(service.received.length, 0);
});
