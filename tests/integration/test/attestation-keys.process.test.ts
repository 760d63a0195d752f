import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { createAttestationClient, type AttestationClient, type VerifiedToken } from '@enclos/attestation/client';
import { softwareRoot, type SgxPolicy } from '@enclos/attestation';
import { toHex } from '@enclos/codec';
import { isEnclosError, type EnclosError } from '@enclos/errors';
import { singleUserAdvisory } from '@enclos/software-sgx';
import { createRemoteJWKSet, customFetch, jwtVerify } from 'jose';
import { Agent, fetch as undiciFetch } from 'undici';
import { appraiseServiceKey, type KnownService } from '@enclos/process-kit/attestation/service-key';
import { callService, shownCertificate } from '@enclos/process-kit/attestation/service-calls';
import {
  createWorkshop,
  quoteFor,
  serviceScene,
  type DevelopmentConfiguration,
  type ServiceScene,
} from '@enclos/process-kit';

// What relying parties learn of the keys of the real enclave, over its TLS.
const workshop = createWorkshop();
const runtimeData = new TextEncoder().encode('what the enclave wants to bind');
const algorithms = ['RS256', 'ES256', 'ES384'] as const;
type Algorithm = (typeof algorithms)[number];

let scene: ServiceScene;
let agent: Agent;
let known: KnownService;

const hostOf = (algorithm: Algorithm): string =>
  algorithm === 'RS256' ? 'localhost' : `${algorithm.toLowerCase()}.localhost`;
const issuerOf = (algorithm: Algorithm, port = scene.port): string => `https://${hostOf(algorithm)}:${port}`;

function withAlgorithms({ tenants: [tenant] }: DevelopmentConfiguration, port: number): object {
  const tenants = algorithms.map((algorithm) => ({
    ...tenant,
    issuer: issuerOf(algorithm, port),
    tokens: { algorithm },
  }));
  return { tenants };
}

const digestOf = (algorithm: Algorithm): string =>
  scene.service.running.served.tenants.find(({ issuer }) => issuer === issuerOf(algorithm))?.configurationDigest ?? '';

before(async () => {
  scene = await serviceScene(workshop, { change: withAlgorithms });
  // Every name is this machine's; the certificate has to have it all the same.
  agent = new Agent({
    connect: {
      ca: scene.service.certificate,
      lookup: (_host, _options, found) => found(null, [{ address: '127.0.0.1', family: 4 }]),
    },
  });
  const collateral = await scene.platform.endorsements();
  const chain = (JSON.parse(collateral) as { readonly tcb_info_issuer_chain: string }).tcb_info_issuer_chain;
  const root = await softwareRoot(new Uint8Array(new X509Certificate(lastOf(chain)).raw));
  const policy: SgxPolicy = {
    mrEnclave: [toHex(scene.service.running.mrEnclave)],
    minimumSecurityVersion: 1,
    acceptedStatuses: ['OK', 'CONFIGURATION_NEEDED'],
    acceptedAdvisoryIds: [singleUserAdvisory],
    intelRoot: false,
    softwareRoots: [root.fingerprint],
  };
  known = {
    configuration: digestOf('RS256'),
    policy,
    roots: [root],
    collateralFor: () => Promise.resolve(JSON.parse(collateral)),
  };
});
after(async () => {
  await agent?.close();
  await scene?.close();
  await workshop.close();
});

function lastOf(chain: string): string {
  return chain.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)?.at(-1) ?? '';
}

const fetchHere = (url: string, init?: object): Promise<Response> => undiciFetch(url, { ...init, dispatcher: agent });

/** A client that counts only keys that were born in the enclave and under the configuration that it knows. */
function strictClient(changes: Partial<KnownService> = {}, issuer = issuerOf('RS256')): AttestationClient {
  const expected = { ...known, ...changes };
  return createAttestationClient({
    endpoint: issuerOf('RS256'),
    fetch: fetchHere,
    signingEvidence: { appraise: ({ certificate }) => appraiseServiceKey(certificate, issuer, expected) },
  });
}

async function attestWith(client: AttestationClient): Promise<VerifiedToken> {
  const evidence = await quoteFor(scene.claimant, runtimeData);
  const expect = { acceptedPlatforms: ['software'], configurations: [digestOf('RS256')] };
  return client.attestSgxEnclave({
    evidence,
    runtimeData: { data: runtimeData, type: 'binary' },
    nonce: 'n-1',
    expect,
  });
}

/** That the evidence of the key was the reason, and what the reason in it was. */
async function refusedFor(client: AttestationClient, reason: (cause: unknown) => boolean): Promise<void> {
  await assert.rejects(attestWith(client), (error) => {
    assert.ok(isEnclosError(error, 'TOKEN_REFUSED'), String(error));
    assert.equal(error.details['rule'], 'signing-evidence');
    assert.ok(reason((error as EnclosError).cause), String((error as EnclosError).cause));
    return true;
  });
}

const says =
  (pattern: RegExp) =>
  (cause: unknown): boolean =>
    cause instanceof Error && pattern.test(cause.message);

describe('the strict client', () => {
  test('learns from the certificate in which enclave, and under which configuration, the key was born', async () => {
    const token = await attestWith(strictClient());
    assert.ok(token.signer?.tee === 'sgx');
    assert.equal(token.signer.mrEnclave, toHex(scene.service.running.mrEnclave));
    assert.equal(token.sgx?.mrEnclave, toHex(scene.claimant.identity.mrEnclave));
    assert.equal(token.platform, 'software');
  });

  test('refuses a key of another enclave, another configuration, another issuer, or another root', async () => {
    const mrEnclave = [toHex(scene.claimant.identity.mrEnclave)];
    await refusedFor(strictClient({ policy: { ...known.policy, mrEnclave } }), (cause) =>
      isEnclosError(cause, 'APPRAISAL_REFUSED'),
    );
    await refusedFor(strictClient({ configuration: digestOf('ES256') }), says(/another configuration/));
    await refusedFor(strictClient({}, issuerOf('ES256')), says(/not for tokens of this issuer/));
    await refusedFor(strictClient({ roots: [] }), (cause) => isEnclosError(cause));
  });
});

test('the certificate of TLS says the same of its own key, and neither key passes for the other', async () => {
  const issuer = issuerOf('RS256');
  const certificate = await shownCertificate(scene.port);
  const { mrEnclave } = await appraiseServiceKey(certificate, `${issuer}#tls`, known);
  assert.equal(mrEnclave, toHex(scene.service.running.mrEnclave));
  await assert.rejects(appraiseServiceKey(certificate, issuer, known), /not for tokens of this issuer/);
  const other = { ...known, configuration: digestOf('ES384') };
  await assert.rejects(appraiseServiceKey(certificate, `${issuer}#tls`, other), /another configuration/);
  const elsewhere = { ...known, policy: { ...known.policy, mrEnclave: ['00'.repeat(32)] } };
  await assert.rejects(appraiseServiceKey(certificate, `${issuer}#tls`, elsewhere), (error) =>
    isEnclosError(error, 'APPRAISAL_REFUSED'),
  );
  const { body } = await callService({ port: scene.port, ca: scene.service.certificate, path: '/certs' });
  const [key] = (body as { readonly keys: readonly { readonly x5c: readonly string[] }[] }).keys;
  const signer = new Uint8Array(Buffer.from(key?.x5c[0] ?? '', 'base64'));
  await appraiseServiceKey(signer, issuer, known);
  await assert.rejects(appraiseServiceKey(signer, `${issuer}#tls`, known), /not for tokens of this issuer/);
});

for (const algorithm of algorithms) {
  test(`${algorithm}: jose verifies tokens by the discovery document alone`, async () => {
    const quote = Buffer.from(await quoteFor(scene.claimant, runtimeData)).toString('base64url');
    const site = { port: scene.port, ca: scene.service.certificate, host: hostOf(algorithm) };
    const { body } = await callService({ ...site, path: '/attest/SgxEnclave?api-version=2022-08-01', body: { quote } });
    const { token } = body as { readonly token: string };
    const metadata = await fetchHere(`${issuerOf(algorithm)}/.well-known/openid-configuration`);
    const document = (await metadata.json()) as {
      readonly issuer: string;
      readonly jwks_uri: string;
      readonly id_token_signing_alg_values_supported: string[];
    };
    assert.deepEqual(document.id_token_signing_alg_values_supported, [algorithm]);
    const keys = createRemoteJWKSet(new URL(document.jwks_uri), { [customFetch]: fetchHere });
    const { issuer } = document;
    const verified = await jwtVerify(token, keys, {
      issuer,
      algorithms: document.id_token_signing_alg_values_supported,
    });
    assert.equal(verified.protectedHeader.alg, algorithm);
    assert.equal(verified.payload['x-enclos-configuration'], digestOf(algorithm));
    const [others] = algorithms.filter((other) => other !== algorithm);
    const foreign = createRemoteJWKSet(new URL(`${issuerOf(others ?? 'RS256')}/certs`), { [customFetch]: fetchHere });
    await assert.rejects(jwtVerify(token, foreign), { code: 'ERR_JWKS_NO_MATCHING_KEY' });
  });
}
