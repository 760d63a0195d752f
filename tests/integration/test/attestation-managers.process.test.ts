import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, randomBytes, randomUUID, sign, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { toPem } from '@enclos/codec/pem';
import { selfSignedCertificate } from '@enclos/codec/x509';
import { jsonLines } from '@enclos/host';
import { SignJWT, type JWTPayload } from 'jose';
import {
  goodIssuer,
  makeRoot,
  startIdentityProvider,
  type IdentityProvider,
} from '@enclos/process-kit/attestation/identity-provider';
import {
  callService,
  refusalOf,
  type ServiceAnswer,
  type ServiceCall,
} from '@enclos/process-kit/attestation/service-calls';
import {
  createWorkshop,
  quoteFor,
  serviceScene,
  type DevelopmentConfiguration,
  type ServiceScene,
} from '@enclos/process-kit';

// Who may manage a tenant of the real enclave: the keys of an issuer come over TLS that ends inside.
const workshop = createWorkshop();
const audience = 'https://attest.example';
/** An issuer is asked again after so long, and not sooner. */
const cooldownMs = 30_000;

interface IssuerKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

function issuerKey(): IssuerKey {
  return { kid: randomUUID(), ...generateKeyPairSync('ec', { namedCurve: 'P-256' }) };
}

const published = ({ kid, publicKey }: IssuerKey): object => ({
  ...publicKey.export({ format: 'jwk' }),
  kid,
  use: 'sig',
});

/** A client certificate that signs itself: the configuration knows it, or does not. */
function clientIdentity(name: string): { readonly key: string; readonly cert: string; readonly fingerprint: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const der = selfSignedCertificate({
    name,
    serialNumber: randomBytes(16),
    publicKey: publicKey.export({ type: 'spki', format: 'der' }),
    sign: (bytes) => sign('sha256', bytes, privateKey),
  });
  const fingerprint = createHash('sha256').update(der).digest('hex');
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: toPem('CERTIFICATE', der),
    fingerprint,
  };
}

const known = clientIdentity('known.example');
const unknown = clientIdentity('unknown.example');
const [first, second, stranger] = [issuerKey(), issuerKey(), issuerKey()];

/** Issuers, by what is odd about them. `misnamed` has the certificate of the others. */
const issuers = ['good', 'failing', 'rotating', 'foreign', 'moved', 'untrusted', 'misnamed'] as const;
type IssuerName = (typeof issuers)[number];
const issuerHost = (name: IssuerName): string => `${name}.login.test`;
const tenantHost = (name: string): string => `${name}.localhost`;

let provider: IdentityProvider;
let scene: ServiceScene;
let hostLog = '';

function withManagers({ tenants: [tenant] }: DevelopmentConfiguration, port: number): object {
  const otherRoot = readFileSync(makeRoot(workshop.folder, 'other-root').cert, 'utf8');
  const tenants = issuers.map((name) => ({
    ...tenant,
    issuer: `https://${tenantHost(name)}:${port}`,
    attest: 'authenticated',
    management: {
      bearer: {
        issuer: `https://${issuerHost(name)}`,
        audience: [audience],
        certificateAuthorities: [name === 'untrusted' ? otherRoot : provider.root],
        requiredClaims: { roles: 'attestation-admin' },
      },
    },
  }));
  const byCertificate = {
    ...tenant,
    issuer: `https://${tenantHost('certificates')}:${port}`,
    management: { clientCertificates: [known.fingerprint] },
  };
  return { tenants: [tenant, byCertificate, ...tenants] };
}

before(async () => {
  const names = issuers.filter((name) => name !== 'misnamed').map(issuerHost);
  provider = await startIdentityProvider(workshop.folder, names);
  for (const name of issuers) provider.issuers.set(issuerHost(name), goodIssuer(issuerHost(name), [published(first)]));
  scene = await serviceScene(workshop, {
    change: withManagers,
    sources: { identityProvider: { host: '127.0.0.1', port: provider.port } },
    logger: jsonLines({
      stream: {
        write(text: string) {
          hostLog += text;
          return true;
        },
      },
    }),
  });
});
after(async () => {
  await scene?.close();
  await provider?.close();
  await workshop.close();
});

interface TokenChanges {
  readonly key?: IssuerKey;
  readonly header?: Readonly<Record<string, string>>;
  readonly claims?: JWTPayload;
}

/** A token that is good for the tenant of this issuer, but for the changes. */
function tokenOf(name: IssuerName, { key = first, header, claims }: TokenChanges = {}): Promise<string> {
  const seconds = Math.floor(Date.now() / 1000);
  const payload = {
    iss: `https://${issuerHost(name)}`,
    sub: 'somebody',
    aud: audience,
    roles: ['attestation-admin'],
    exp: seconds + 600,
    ...claims,
  };
  return new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid: key.kid, ...header }).sign(key.privateKey);
}

function manage(name: string, more: Pick<ServiceCall, 'bearer' | 'identity'> = {}): Promise<ServiceAnswer> {
  const path = '/policies/SgxEnclave?api-version=2022-08-01';
  return callService({ port: scene.port, ca: scene.service.certificate, host: tenantHost(name), path, ...more });
}

async function statusFor(name: IssuerName, changes: TokenChanges = {}): Promise<number> {
  return (await manage(name, { bearer: await tokenOf(name, changes) })).status;
}

const unauthorized = [401, 'Unauthorized'] as const;

describe('a bearer token of an issuer whose keys the enclave fetched', () => {
  test('lets a manager in, and its keys are asked for once', async () => {
    const host = issuerHost('good');
    assert.equal(await statusFor('good'), 200);
    assert.equal(provider.requests.get(host), 2, 'the document and the keys');
    await Promise.all(Array.from({ length: 8 }, () => statusFor('good')));
    assert.equal(provider.requests.get(host), 2);
  });

  test('is needed, and has to be of now, for this service, of this issuer and for managers', async () => {
    assert.deepEqual(refusalOf(await manage('good')), unauthorized);
    const seconds = Math.floor(Date.now() / 1000);
    const refusals: readonly TokenChanges[] = [
      { claims: { exp: seconds - 3600 } },
      { claims: { nbf: seconds + 3600 } },
      { claims: { aud: 'https://attest.azure.net' } },
      { claims: { iss: `https://${issuerHost('rotating')}` } },
      { key: stranger },
      { key: { ...stranger, kid: first.kid } },
      { header: { jku: `https://${issuerHost('good')}/keys` } },
    ];
    for (const changes of refusals) {
      const bearer = await tokenOf('good', changes);
      assert.deepEqual(refusalOf(await manage('good', { bearer })), unauthorized, JSON.stringify(changes.claims));
    }
    const other = await manage('good', { bearer: await tokenOf('good', { claims: { roles: ['reader'] } }) });
    assert.deepEqual(refusalOf(other), [403, 'Forbidden']);
  });

  test('is never checked with another algorithm than the key is for', async () => {
    const [, payload] = (await tokenOf('good')).split('.');
    const pem = first.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const jwk = JSON.stringify(first.publicKey.export({ format: 'jwk' }));
    const claims = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString()) as JWTPayload;
    for (const secret of [pem, pem.trim(), jwk]) {
      const bearer = await new SignJWT(claims)
        .setProtectedHeader({ alg: 'HS256', kid: first.kid })
        .sign(Buffer.from(secret));
      assert.deepEqual(refusalOf(await manage('good', { bearer })), unauthorized);
    }
    const unsigned = Buffer.from(JSON.stringify({ alg: 'none', kid: first.kid })).toString('base64url');
    assert.deepEqual(refusalOf(await manage('good', { bearer: `${unsigned}.${payload}.` })), unauthorized);
  });

  test('is no token of the service itself', async () => {
    const body = await attestBody();
    const path = '/attest/SgxEnclave?api-version=2022-08-01';
    const answer = await callService({ port: scene.port, ca: scene.service.certificate, path, body });
    assert.equal(answer.status, 200);
    const { token } = answer.body as { readonly token: string };
    assert.deepEqual(refusalOf(await manage('good', { bearer: token })), unauthorized);
  });

  test('is needed for attest calls too, where the tenant says so', async () => {
    const site = { port: scene.port, ca: scene.service.certificate, host: tenantHost('good') };
    const call = { ...site, path: '/attest/SgxEnclave?api-version=2022-08-01', body: await attestBody() };
    assert.deepEqual(refusalOf(await callService(call)), unauthorized);
    assert.equal((await callService({ ...call, bearer: await tokenOf('good') })).status, 200);
    assert.equal((await callService({ ...site, path: '/certs' })).status, 200);
  });
});

async function attestBody(): Promise<object> {
  const quote = await quoteFor(scene.claimant, new Uint8Array(1));
  return { quote: Buffer.from(quote).toString('base64url') };
}

test('an issuer that is not the one, or points elsewhere, is not listened to, and the host learns why', async () => {
  const { configuration } = goodIssuer(issuerHost('foreign'), []);
  const keys = { keys: [published(first)] };
  provider.issuers.set(issuerHost('foreign'), {
    configuration: { ...configuration, issuer: 'https://other.login.test' },
    keys,
  });
  const moved = { issuer: `https://${issuerHost('moved')}`, jwks_uri: `https://${issuerHost('good')}/keys` };
  provider.issuers.set(issuerHost('moved'), { configuration: moved, keys });
  for (const [name, reason] of [
    ['untrusted', 'over TLS'],
    ['misnamed', 'over TLS'],
    ['foreign', 'names another issuer'],
    ['moved', 'at another origin'],
  ] as const) {
    hostLog = '';
    const answer = await manage(name, { bearer: await tokenOf(name) });
    assert.deepEqual(refusalOf(answer), [503, 'ServiceUnavailable'], name);
    assert.match(hostLog, new RegExp(`SERVICE_IDENTITY_PROVIDER: [^"]*${reason}`), name);
  }
  // TLS came first: nothing was sent to who could not show its name.
  assert.equal(provider.requests.get(issuerHost('untrusted')), undefined);
  assert.equal(provider.requests.get(issuerHost('misnamed')), undefined);
});

test('keys serve while the issuer is down, and what it rotates out ends', async () => {
  assert.equal(await statusFor('failing'), 200);
  assert.equal(await statusFor('rotating'), 200);
  provider.issuers.set(issuerHost('failing'), 'down');
  provider.issuers.set(issuerHost('rotating'), goodIssuer(issuerHost('rotating'), [published(second)]));
  const asked = provider.requests.get(issuerHost('rotating'));
  assert.equal(await statusFor('rotating', { key: second }), 401, 'within the cooldown');
  assert.equal(provider.requests.get(issuerHost('rotating')), asked, 'unknown keys do not make the enclave ask');
  await new Promise((resolve) => setTimeout(resolve, cooldownMs + 1000));
  assert.equal(await statusFor('failing', { key: second }), 401);
  assert.equal(await statusFor('failing'), 200, 'the key that was known');
  assert.equal(await statusFor('rotating', { key: second }), 200);
  assert.equal(await statusFor('rotating'), 401, 'the key that is gone');
});

test('a client certificate is known by its fingerprint, or opens nothing', async () => {
  assert.equal((await manage('certificates', { identity: known })).status, 200);
  assert.deepEqual(refusalOf(await manage('certificates', { identity: unknown })), unauthorized);
  assert.deepEqual(refusalOf(await manage('certificates')), unauthorized);
  const bearer = await tokenOf('good');
  assert.deepEqual(refusalOf(await manage('certificates', { bearer })), unauthorized);
  assert.deepEqual(refusalOf(await manage('good', { identity: known })), unauthorized, 'of another tenant');
  // The certificate alone, without its key, is nothing that TLS takes.
  await assert.rejects(manage('certificates', { identity: { cert: known.cert, key: unknown.key } }));
});
