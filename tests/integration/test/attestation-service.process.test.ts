import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { cpSync, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { AttestationAdministrationClient, AttestationClient, type AttestationToken } from '@azure/attestation';
import { toHex } from '@enclos/codec';
import { toPem } from '@enclos/codec/pem';
import { createLocalJWKSet, decodeJwt, jwtVerify, type JSONWebKeySet } from 'jose';
import { callService, refusalOf, type ServiceAnswer } from '@enclos/process-kit/attestation/service-calls';
import {
  createPolicySigner,
  createWorkshop,
  openEnclaveReport,
  quoteFor,
  serviceScene,
  type DevelopmentConfiguration,
  type ServiceScene,
} from '@enclos/process-kit';

const workshop = createWorkshop();
after(() => workshop.close());

/** As Azure's client wants a manager's key and certificate. */
function policySigner(name: string): { readonly key: string; readonly certificate: string } {
  const { key, certificate } = createPolicySigner(name);
  return {
    key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate: toPem('CERTIFICATE', certificate),
  };
}

const first = policySigner('first');
const second = policySigner('second');
const runtimeData = new TextEncoder().encode('a key, or whatever an enclave wants to bind');
const runtimeJson = new TextEncoder().encode('{"keys":[{"kid":"one"}],"number":7}');
const permitAll = 'version=1.0; authorizationrules { => permit(); }; issuancerules {};';

let scene: ServiceScene;

const issuer = (): string => `https://localhost:${scene.port}`;
/** The isolated tenant has another name for the same address. */
const isolatedIssuer = (port = scene.port): string => `https://127.0.0.1:${port}`;
const hardwareIssuer = (port = scene.port): string => `https://hardware.localhost:${port}`;

function withTenants(made: DevelopmentConfiguration, port: number): object {
  const [tenant] = made.tenants;
  return {
    tenants: [
      tenant,
      { ...tenant, issuer: isolatedIssuer(port), trustModel: 'isolated', policyCertificates: [first.certificate] },
      { ...tenant, issuer: hardwareIssuer(port), softwareRoots: [] },
    ],
  };
}

before(async () => {
  scene = await serviceScene(workshop, { change: withTenants });
});
after(() => scene?.close());

const clientOptions = (expectedIssuer: string) => ({
  tlsOptions: { ca: scene.service.certificate },
  validationOptions: { validateToken: true, validateIssuer: true, expectedIssuer, timeValidationSlack: 0 },
});
const client = (at = issuer()): AttestationClient => new AttestationClient(at, clientOptions(at));
const administration = (at = issuer(), token = scene.service.managementToken): AttestationAdministrationClient =>
  new AttestationAdministrationClient(
    at,
    { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) },
    clientOptions(at),
  );

/** As the client tells of an error body. */
const refused =
  (statusCode: number, code: string) =>
  (error: unknown): boolean => {
    const told = error as { readonly statusCode?: unknown; readonly code?: unknown; readonly message?: unknown };
    assert.deepEqual([told.statusCode, told.code], [statusCode, code], String(told.message));
    return true;
  };

const claimsOf = (token: AttestationToken): Record<string, unknown> => decodeJwt(token.serialize());

const site = () => ({ port: scene.port, ca: scene.service.certificate });
const getJson = async (path: string): Promise<unknown> => (await callService({ ...site(), path })).body;
const post = (path: string, body: object, host = 'localhost'): Promise<ServiceAnswer> =>
  callService({ ...site(), path, body, host });

describe("Azure's own client against the service in its enclave", () => {
  test('attests a quote with binary data', async () => {
    const { token, body } = await client().attestSgxEnclave(await quoteFor(scene.claimant, runtimeData), {
      runTimeData: runtimeData,
    });
    assert.equal(body.issuer, issuer());
    assert.equal(body.mrEnclave, toHex(scene.claimant.identity.mrEnclave));
    assert.equal(body.productId, 18);
    assert.equal(body.svn, 3);
    assert.equal(body.isDebuggable, false);
    assert.deepEqual(new Uint8Array(body.enclaveHeldData ?? []), runtimeData);
    assert.equal(body.runTimeClaims, undefined);
    assert.equal(claimsOf(token)['x-enclos-platform'], 'software');
  });

  test('attests an Open Enclave report with JSON', async () => {
    const quote = await quoteFor(scene.claimant, runtimeJson);
    const { token, body } = await client().attestOpenEnclave(openEnclaveReport(quote), { runTimeJson: runtimeJson });
    assert.deepEqual(body.runTimeClaims, JSON.parse(new TextDecoder().decode(runtimeJson)));
    assert.equal(body.enclaveHeldData, undefined);
    assert.equal(body.sgxCollateral?.quotehash, createHash('sha256').update(quote).digest('hex'));
    const signers = await client().getAttestationSigners();
    assert.ok(signers.some(({ keyId }) => keyId === token.keyId));
    const [pem = ''] = signers[0]?.certificates ?? [];
    assert.match(new X509Certificate(pem).subject, new RegExp(`localhost:${scene.port}`));
  });

  test('draft policies permit and deny', async () => {
    const quote = await quoteFor(scene.claimant, runtimeData);
    const rule = (value: string): string =>
      `version=1.0; authorizationrules { [type=="x-ms-sgx-mrsigner", value=="${value}"] => permit(); }; issuancerules {};`;
    const signer = toHex(scene.claimant.identity.mrSigner);
    const lax = { tlsOptions: { ca: scene.service.certificate } };
    const attest = (draft: string) =>
      new AttestationClient(issuer(), lax).attestSgxEnclave(quote, {
        runTimeData: runtimeData,
        draftPolicyForAttestation: draft,
      });
    const { token } = await attest(rule(signer));
    assert.equal(token.algorithm, 'none');
    await assert.rejects(attest(rule('00'.repeat(32))), refused(400, 'PolicyEvaluationError'));
    await assert.rejects(attest('version=1.0; authorizationrules { => permit( };'), refused(400, 'PolicyParsingError'));
  });

  test('policies are set, read and reset', async () => {
    const managed = administration();
    const set = await managed.setPolicy('SgxEnclave', permitAll);
    assert.equal(set.body.policyResolution, 'Updated');
    assert.equal((await managed.getPolicy('SgxEnclave')).body, permitAll);
    const signed = await managed.setPolicy('SgxEnclave', permitAll, {
      privateKey: second.key,
      certificate: second.certificate,
    });
    assert.equal(signed.body.policySigner?.certificates.length, 1);
    const { token } = await client().attestSgxEnclave(await quoteFor(scene.claimant, runtimeData), {
      runTimeData: runtimeData,
    });
    const hash = createHash('sha256').update(Buffer.from(permitAll).toString('base64url')).digest('base64url');
    assert.equal(claimsOf(token)['x-ms-policy-hash'], hash);
    assert.equal((await managed.resetPolicy('SgxEnclave')).body.policyResolution, 'Removed');
    assert.notEqual((await managed.getPolicy('SgxEnclave')).body, permitAll);
  });

  test('an isolated tenant takes policies of registered signers only, and certificates come and go', async () => {
    const at = isolatedIssuer();
    const managed = administration(at);
    await assert.rejects(managed.setPolicy('OpenEnclave', permitAll), refused(400, 'InvalidParameter'));
    const by = (signer: typeof first) => ({ privateKey: signer.key, certificate: signer.certificate });
    await assert.rejects(managed.setPolicy('OpenEnclave', permitAll, by(second)), refused(400, 'InvalidParameter'));
    const set = await managed.setPolicy('OpenEnclave', permitAll, by(first));
    assert.equal(set.body.policyResolution, 'Updated');
    assert.equal((await managed.getPolicyManagementCertificates()).body.length, 1);
    const added = await managed.addPolicyManagementCertificate(second.certificate, first.key, first.certificate);
    assert.equal(added.body.certificateResolution, 'IsPresent');
    assert.equal((await managed.getPolicyManagementCertificates()).body.length, 2);
    await managed.setPolicy('OpenEnclave', permitAll, by(second));
    const removed = await managed.removePolicyManagementCertificate(second.certificate, first.key, first.certificate);
    assert.equal(removed.body.certificateResolution, 'IsAbsent');
    await assert.rejects(managed.setPolicy('OpenEnclave', permitAll, by(second)), refused(400, 'InvalidParameter'));
    await assert.rejects(
      managed.removePolicyManagementCertificate(first.certificate, first.key, first.certificate),
      refused(400, 'InvalidOperation'),
    );
    assert.equal((await managed.getPolicyManagementCertificates()).body.length, 1);
    assert.equal((await managed.resetPolicy('OpenEnclave', by(first))).body.policyResolution, 'Removed');
  });

  test('management needs a token of the issuer', async () => {
    await assert.rejects(administration(issuer(), 'e30.e30.e30').getPolicy('SgxEnclave'), refused(401, 'Unauthorized'));
    const { token } = await client().attestSgxEnclave(await quoteFor(scene.claimant, runtimeData), {
      runTimeData: runtimeData,
    });
    await assert.rejects(
      administration(issuer(), token.serialize()).setPolicy('SgxEnclave', permitAll),
      refused(401, 'Unauthorized'),
    );
  });

  test('discovery leads to the keys, and TPMs are not implemented', async () => {
    const metadata = await client().getOpenIdMetadata();
    assert.equal(metadata['issuer'], issuer());
    assert.equal(metadata['jwks_uri'], `${issuer()}/certs`);
    await assert.rejects(client().attestTpm('{"payload":{"type":"aikcert"}}'), refused(501, 'NotImplemented'));
  });
});

const evidenceBody = (quote: Uint8Array): object => ({
  quote: Buffer.from(quote).toString('base64url'),
  runtimeData: { data: Buffer.from(runtimeData).toString('base64url'), dataType: 'Binary' },
});
const attestPath = '/attest/SgxEnclave?api-version=2022-08-01';

describe('the service', () => {
  test('gives tokens that verify by the discovery document alone', async () => {
    const { body } = await post(attestPath, {
      ...evidenceBody(await quoteFor(scene.claimant, runtimeData)),
      nonce: 'n-0S6_WzA2Mj',
    });
    const { jwks_uri: place = '' } = (await getJson('/.well-known/openid-configuration')) as { jwks_uri?: string };
    const keys = (await getJson(new URL(place).pathname)) as JSONWebKeySet;
    const { payload } = await jwtVerify((body as { token: string }).token, createLocalJWKSet(keys), {
      issuer: issuer(),
      algorithms: ['RS256'],
    });
    assert.equal(payload['nonce'], 'n-0S6_WzA2Mj');
    const { epoch, digest } = payload['x-enclos-state'] as { epoch: number; digest: string };
    assert.ok(epoch >= 2);
    assert.match(digest, /^[\w-]{43}$/);
    assert.equal(payload['x-enclos-configuration'], scene.service.running.served.tenants[0]?.configurationDigest);
  });

  test('refuses a quote that was tampered with, and data that it does not bind', async () => {
    const quote = await quoteFor(scene.claimant, runtimeData);
    for (const at of [112, 400, 500, quote.length - 3000]) {
      const tampered = Uint8Array.from(quote, (byte, i) => (i === at ? byte ^ 1 : byte));
      assert.deepEqual(
        refusalOf(await post(attestPath, evidenceBody(tampered))),
        [400, 'InvalidParameter'],
        `byte ${at}`,
      );
    }
    const other = await quoteFor(scene.claimant, runtimeJson);
    assert.deepEqual(refusalOf(await post(attestPath, evidenceBody(other))), [400, 'InvalidParameter']);
  });

  test('takes no software evidence for a tenant that lists no software root', async () => {
    const answer = await post(
      attestPath,
      evidenceBody(await quoteFor(scene.claimant, runtimeData)),
      'hardware.localhost',
    );
    assert.deepEqual(refusalOf(answer), [400, 'InvalidParameter']);
  });

  test('writes down who attested what, and no evidence', async () => {
    const quote = await quoteFor(scene.claimant, runtimeData);
    const { body } = await post(attestPath, evidenceBody(quote));
    const lines = readFileSync(scene.service.auditFile, 'utf8').trim().split('\n');
    const last = JSON.parse(lines.at(-1) ?? '') as Record<string, unknown>;
    assert.equal(last['tenant'], issuer());
    assert.equal(last['outcome'], 'ok');
    const text = lines.join('\n');
    assert.ok(!text.includes((body as { token: string }).token.slice(-40)));
    assert.ok(!text.includes(Buffer.from(quote).toString('base64url').slice(100, 140)));
  });

  test('keeps policies over a restart; old tokens verify; an older store is noticed', async () => {
    await administration().setPolicy('SgxEnclave', permitAll);
    const earlier = await client().attestSgxEnclave(await quoteFor(scene.claimant, runtimeData), {
      runTimeData: runtimeData,
    });
    await scene.service.running.stop();
    await scene.start();
    assert.equal((await administration().getPolicy('SgxEnclave')).body, permitAll);
    const keys = (await getJson('/certs')) as JSONWebKeySet;
    await jwtVerify(earlier.token.serialize(), createLocalJWKSet(keys), { issuer: issuer() });
    const afterwards = await client().attestSgxEnclave(await quoteFor(scene.claimant, runtimeData), {
      runTimeData: runtimeData,
    });
    assert.notEqual(afterwards.token.keyId, earlier.token.keyId);
    assert.deepEqual(claimsOf(afterwards.token)['x-enclos-state'], claimsOf(earlier.token)['x-enclos-state']);
  });

  test('ends with its enclave, and says so', async () => {
    const readiness = (): Promise<number> =>
      fetch(`http://127.0.0.1:${scene.service.running.adminPort}/readyz`).then(({ status }) => status);
    assert.equal(await readiness(), 200);
    const text = await fetch(`http://127.0.0.1:${scene.service.running.adminPort}/metrics`).then((response) =>
      response.text(),
    );
    assert.match(text, /enclos_attestation_requests_total\{route="\w+",outcome="ok"\} \d+/);
    await scene.service.running.stop();
    await assert.rejects(getJson('/certs'));
    await scene.start();
  });
});

/** The rows of a store, without its lock. */
function copyRows(from: string, to: string): void {
  cpSync(from, to, { recursive: true, force: true, filter: (path) => path === from || path.endsWith('.row') });
}

test('an older store that is put back under a running service is refused, and the newer one serves again', async () => {
  const { storeFolder } = scene.service;
  const [older, newest] = [workshop.subfolder('store-older'), workshop.subfolder('store-newest')];
  await administration().setPolicy('TdxVm', permitAll);
  copyRows(storeFolder, older);
  await administration().resetPolicy('TdxVm');
  copyRows(storeFolder, newest);
  copyRows(older, storeFolder);
  await assert.rejects(administration().getPolicy('TdxVm'), refused(500, 'InternalError'));
  copyRows(newest, storeFolder);
  assert.notEqual((await administration().getPolicy('TdxVm')).body, permitAll);
});
