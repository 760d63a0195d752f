import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { AttestationAdministrationClient, AttestationClient } from '@azure/attestation';
import { defaultPolicies } from '@enclos/claim-rules';
import type { AttestRequest } from '../src/attest/attest-request.ts';
import { Refusal } from '@enclos/service/refusal';
import '../src/errors.ts';
import type { Tenant } from '../src/tenants/tenant.ts';
import type { JsonClaims } from '../src/tokens/signer.ts';
import { ecKey, makeCertificate, rsaKey } from './certificates.ts';
import { startHttps, type HttpsServer } from './https-server.ts';
import { permissive, unsignedJws } from './jws.ts';
import { createSite, managementToken, policySigner, tenantFile, type TestSite } from './site.ts';

/** What `attest` of the service does, without evidence: its tokens are what the client reads. */
async function attest(request: AttestRequest, { signer }: Tenant) {
  const { runtimeData, initTimeData, nonce, draftPolicy, evidence } = request;
  if (draftPolicy?.includes('deny') === true) {
    throw new Refusal('ATTESTATION_POLICY_REFUSED', 'A Deny claim was issued, authorization failed.');
  }
  // Written as JSON, which is what the type says.
  const json = (bytes: Uint8Array): JsonClaims => JSON.parse(Buffer.from(bytes).toString()) as JsonClaims;
  const claims: JsonClaims = {
    'x-ms-attestation-type': 'sgx',
    'x-ms-ver': '1.0',
    'x-ms-policy-hash': 'AAAA',
    'x-ms-sgx-is-debuggable': true,
    'x-ms-sgx-svn': evidence.length,
    ...(runtimeData?.type === 'Binary' ? { 'x-ms-sgx-ehd': Buffer.from(runtimeData.data).toString('base64url') } : {}),
    ...(runtimeData?.type === 'JSON' ? { 'x-ms-runtime': json(runtimeData.data) } : {}),
    ...(initTimeData?.type === 'JSON' ? { 'x-ms-inittime': json(initTimeData.data) } : {}),
    ...(nonce === undefined ? {} : { nonce }),
  };
  const token = draftPolicy === undefined ? await signer.sign(claims) : unsignedJws({ ...claims, iss: 'draft' });
  return { token, facts: { attestationType: 'sgx', incoming: {}, token: {}, platform: 'hardware' as const } };
}

/** A site behind TLS, and the unmodified clients of Azure's, which validate tokens: that is their default. */
async function start(file: Readonly<Record<string, unknown>>): Promise<{
  readonly server: HttpsServer;
  readonly site: TestSite;
  readonly client: AttestationClient;
  readonly administration: AttestationAdministrationClient;
}> {
  const server = await startHttps();
  const site = createSite({ file: tenantFile({ ...file, issuer: server.url }), api: { attest } });
  site.clock.nowMs = Date.now();
  server.handler = site.handler;
  const seconds = Math.floor(Date.now() / 1000);
  const token = managementToken({ exp: seconds + 3600, nbf: seconds - 60 });
  const credential = { getToken: () => Promise.resolve({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) };
  const options = {
    tlsOptions: { ca: server.ca },
    retryOptions: { maxRetries: 0 },
    validationOptions: {
      validateToken: true,
      validateExpirationTime: true,
      validateNotBeforeTime: true,
      validateIssuer: true,
      expectedIssuer: server.url,
    },
  };
  return {
    server,
    site,
    client: new AttestationClient(server.url, options),
    administration: new AttestationAdministrationClient(server.url, credential, options),
  };
}

const pem = (key: ReturnType<typeof rsaKey>): string => String(key.privateKey.export({ type: 'pkcs8', format: 'pem' }));
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

describe('the client of Azure on a tenant of the AAD model', () => {
  let started: Awaited<ReturnType<typeof start>>;
  before(async () => {
    // The client garbles text that is not ASCII, as the comments of the strict ones are.
    started = await start({ trustModel: 'aad', defaultPolicies: 'azure' });
  });
  after(() => started.server.close());

  it('reads discovery and signers', async () => {
    const { client, server } = started;
    const metadata = await client.getOpenIdMetadata();
    assert.equal(metadata.issuer, server.url);
    const signers = await client.getAttestationSigners();
    assert.deepEqual(
      signers.map(({ keyId, certificates }) => [keyId, certificates.length]),
      [['service-key', 1]],
    );
  });

  it('attests SGX and Open Enclave with binary and JSON data', async () => {
    const { client, server } = started;
    for (const call of ['attestSgxEnclave', 'attestOpenEnclave'] as const) {
      const binary = await client[call](bytes('evidence'), { runTimeData: bytes('data') });
      assert.equal(binary.body.issuer, server.url);
      assert.equal(Buffer.from(binary.body.enclaveHeldData ?? []).toString(), 'data');
      assert.equal(binary.body.svn, 8);
      assert.equal(binary.token.getTokenProblems(await client.getAttestationSigners()).length, 0);
      const json = await client[call](bytes('evidence'), {
        runTimeJson: bytes('{"a":[1]}'),
        initTimeJson: bytes('{"b":2}'),
      });
      assert.deepEqual([json.body.runTimeClaims, json.body.initTimeClaims], [{ a: [1] }, { b: 2 }]);
      assert.equal(json.body.enclaveHeldData, undefined);
    }
  });

  it('tries a draft policy that permits and one that denies', async () => {
    const { client } = started;
    const plain = { validationOptions: { validateToken: true } };
    const token = await client.attestSgxEnclave(bytes('e'), { draftPolicyForAttestation: permissive, ...plain });
    assert.equal(token.token.algorithm, 'none');
    const deny = permissive.replace('permit', 'deny');
    await assert.rejects(client.attestSgxEnclave(bytes('e'), { draftPolicyForAttestation: deny }), {
      name: 'RestError',
      statusCode: 400,
      code: 'PolicyEvaluationError',
    });
  });

  it('is told that TPMs are not attested', async () => {
    const call = started.client.attestTpm(JSON.stringify({ payload: { type: 'aikcert' } }));
    await assert.rejects(call, { name: 'RestError', statusCode: 501, code: 'NotImplemented' });
  });

  it('sets, gets and resets policies, signed and not', async () => {
    const { administration } = started;
    assert.equal((await administration.getPolicy('SgxEnclave')).body, defaultPolicies.SgxEnclave);
    const set = await administration.setPolicy('SgxEnclave', permissive);
    assert.equal(set.body.policyResolution, 'Updated');
    assert.equal(set.body.policySigner, undefined);
    assert.equal((await administration.getPolicy('SgxEnclave')).body, permissive);
    for (const key of [rsaKey(), ecKey()]) {
      const certificate = makeCertificate({ key, name: 'signer' });
      const signed = await administration.setPolicy('SgxEnclave', `${permissive} `, {
        privateKey: pem(key),
        certificate: certificate.pem,
      });
      assert.equal(signed.body.policyResolution, 'Updated');
      const [shown = ''] = signed.body.policySigner?.certificates ?? [];
      assert.equal(shown.replaceAll(/-----[A-Z ]+-----|\s/g, ''), certificate.base64);
    }
    assert.equal((await administration.resetPolicy('SgxEnclave')).body.policyResolution, 'Removed');
    assert.equal((await administration.getPolicy('SgxEnclave')).body, defaultPolicies.SgxEnclave);
  });

  it('is told what is wrong with a policy', async () => {
    const { administration } = started;
    await assert.rejects(administration.setPolicy('SgxEnclave', 'version=1.0;nonsense'), {
      name: 'RestError',
      statusCode: 400,
      code: 'PolicyParsingError',
    });
  });

  it('finds no certificates', async () => {
    assert.deepEqual((await started.administration.getPolicyManagementCertificates()).body, []);
  });

  it('is not let in with a token of somebody else', async () => {
    const { server } = started;
    const credential = {
      getToken: () => Promise.resolve({ token: 'fake-aad-token', expiresOnTimestamp: Date.now() + 3_600_000 }),
    };
    const stranger = new AttestationAdministrationClient(server.url, credential, { tlsOptions: { ca: server.ca } });
    await assert.rejects(stranger.getPolicy('SgxEnclave'), {
      name: 'RestError',
      statusCode: 401,
      message: /Access to \/policies\/SgxEnclave requires a valid JWT bearer token/,
    });
  });
});

describe('the client of Azure on an isolated tenant', () => {
  const key = pem(policySigner.key);
  let started: Awaited<ReturnType<typeof start>>;
  before(async () => {
    started = await start({ trustModel: 'isolated', policyCertificates: [policySigner.pem] });
  });
  after(() => started.server.close());

  it('adds, lists and removes certificates', async () => {
    const { administration } = started;
    const added = makeCertificate({ key: rsaKey(), name: 'added' });
    const count = async (): Promise<number> => (await administration.getPolicyManagementCertificates()).body.length;
    assert.equal(await count(), 1);
    const result = await administration.addPolicyManagementCertificate(added.pem, key, policySigner.pem);
    assert.equal(result.body.certificateResolution, 'IsPresent');
    assert.match(result.body.certificateThumbprint, /^[0-9A-F]{40}$/);
    assert.equal(await count(), 2);
    const removed = await administration.removePolicyManagementCertificate(added.pem, key, policySigner.pem);
    assert.equal(removed.body.certificateResolution, 'IsAbsent');
    assert.equal(await count(), 1);
    await assert.rejects(administration.removePolicyManagementCertificate(policySigner.pem, key, policySigner.pem), {
      code: 'InvalidOperation',
    });
  });

  it('sets and resets policies by a registered signer only', async () => {
    const { administration } = started;
    await assert.rejects(administration.setPolicy('OpenEnclave', permissive), { code: 'InvalidParameter' });
    const signer = { privateKey: key, certificate: policySigner.pem };
    assert.equal((await administration.setPolicy('OpenEnclave', permissive, signer)).body.policyResolution, 'Updated');
    assert.equal((await administration.getPolicy('OpenEnclave')).body, permissive);
    await assert.rejects(administration.resetPolicy('OpenEnclave'), { code: 'InvalidParameter' });
    assert.equal((await administration.resetPolicy('OpenEnclave', signer)).body.policyResolution, 'Removed');
  });

  it('attests', async () => {
    const { client } = started;
    assert.equal((await client.attestSgxEnclave(bytes('evidence'))).body.svn, 8);
  });
});
