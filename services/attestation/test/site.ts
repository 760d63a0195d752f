import { createHash, randomUUID } from 'node:crypto';
import type { HttpRequest, HttpResponse } from '@enclos/http';
import { createApi } from '../src/api/api.ts';
import { createRouteMetrics } from '@enclos/service/metrics';
import type { ApiOptions } from '../src/api/api-options.ts';
import { configurationDigest } from '../src/configuration/configuration-digest.ts';
import { parseConfiguration } from '../src/configuration/parse-configuration.ts';
import type { Tenant } from '../src/tenants/tenant.ts';
import type { TenantDocument, TenantState } from '../src/document/document.ts';
import { TenantSecrets } from '../src/secrets/tenant-secrets.ts';
import { sealedProtection } from './records.ts';
import type { PublishedKey } from '@enclos/service/peers';
import { MemoryStore } from '@enclos/testkit';
import type { TokenSigner } from '../src/tokens/signer.ts';
import { ecKey, makeCertificate, rsaKey, type TestCertificate } from './certificates.ts';
import { b64url, signJws } from './jws.ts';
import { sealingOf } from './sealing.ts';

export const issuer = 'https://attest.example:8443';
export const managementIssuer = 'https://login.example/tenant';
export const audience = 'https://attest.azure.net';
export const serviceKey = rsaKey();
export const managerKey = rsaKey();
const managerEcKey = ecKey();
/** A policy management certificate, which is an authority too. */
export const policySigner = makeCertificate({ key: rsaKey(), name: 'policy', ca: true });
export const startsAt = new Date('2026-06-01T12:00:00Z');

export function managementToken(
  claims: Readonly<Record<string, unknown>> = {},
  {
    alg = 'RS256',
    kid = 'manager',
    ...header
  }: { alg?: string; kid?: string | undefined; [name: string]: unknown } = {},
): string {
  const seconds = Math.floor(startsAt.getTime() / 1000);
  const all = {
    iss: managementIssuer,
    aud: audience,
    sub: 'somebody',
    exp: seconds + 3600,
    nbf: seconds - 60,
    ...claims,
  };
  const key = alg.startsWith('ES') ? managerEcKey : managerKey;
  return signJws({ alg, ...(kid === undefined ? {} : { kid }), ...header }, all, key.privateKey);
}

export function managementKeys(): { readonly keys: readonly object[] } {
  const publicKey = (key: typeof managerKey, kid: string): object => ({
    ...key.publicKey.export({ format: 'jwk' }),
    kid,
    use: 'sig',
  });
  return { keys: [publicKey(managerKey, 'manager'), publicKey(managerEcKey, 'manager-ec')] };
}

/** Configuration of one tenant as its file has it. */
export function tenantFile(changes: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return {
    issuer,
    trustModel: 'aad',
    management: { bearer: { issuer: managementIssuer, audience: [audience], keys: managementKeys() } },
    ...changes,
  };
}

export const isolated = { trustModel: 'isolated', policyCertificates: [policySigner.pem] };

/** State in memory, with the rules of the real one: an epoch for each change, a digest over what was before. */
function memoryState(initial: TenantDocument): TenantState {
  let [epoch, digest, document] = [0, b64url(createHash('sha256').update('begin').digest()), initial];
  return {
    read: () => Promise.resolve({ epoch, digest, document }),
    async update(change) {
      await Promise.resolve();
      document = change(document);
      epoch += 1;
      digest = b64url(
        createHash('sha256')
          .update(`${digest}${JSON.stringify(document)}`)
          .digest(),
      );
      return { epoch, digest, document };
    },
  };
}

/** RS256 by a real key, with a certificate of its own. */
function testSigner(iss: string, certificate: TestCertificate, configuration: string, now: () => Date): TokenSigner {
  const { privateKey, publicKey } = certificate.key;
  const { n = '', e = '' } = publicKey.export({ format: 'jwk' });
  const ownKeys = (): readonly PublishedKey[] => [
    { kid: 'service-key', kty: 'RSA', alg: 'RS256', jwk: { n, e }, x5c: [certificate.base64] },
  ];
  return {
    sign(claims, { validityMinutes = 480 } = {}) {
      const iat = Math.floor(now().getTime() / 1000);
      const own = { iss, iat, nbf: iat - 10, exp: iat + validityMinutes * 60, jti: randomUUID() };
      const header = { alg: 'RS256', jku: `${iss}/certs`, kid: 'service-key', typ: 'JWT' };
      const all = { ...claims, ...own, 'x-enclos-configuration': configuration };
      return Promise.resolve(signJws(header, all, privateKey));
    },
    publishedKeys: () => Promise.resolve(ownKeys()),
    ownKeys,
  };
}

export interface TestSite {
  readonly tenant: Tenant;
  /** Where the secrets lie. */
  readonly store: MemoryStore;
  readonly audit: Record<string, unknown>[];
  readonly faults: unknown[];
  readonly metrics: ReturnType<typeof createRouteMetrics>;
  readonly clock: { nowMs: number };
  /** Answers with what the handler answers; `body` is parsed when it is JSON. */
  send(method: string, target: string, options?: SendOptions): Promise<TestResponse>;
  readonly handler: (request: HttpRequest) => Promise<HttpResponse>;
}

/** For tests that ask more often than one client may. */
export const unlimited = {
  limits: { attestPerSecond: 0, attestPerClient: 0, discoveryPerSecond: 0, callsPerClient: 0 },
};

export interface SendOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly clientCertificate?: Uint8Array;
  /** As a host tells it. */
  readonly remoteAddress?: string;
}

export interface TestResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly body: {
    readonly token?: string;
    readonly error?: { code: string; message: string; details?: object };
  } & Record<string, unknown>;
}

export interface SiteOptions {
  readonly file?: Readonly<Record<string, unknown>>;
  readonly service?: Readonly<Record<string, unknown>>;
  readonly api?: Partial<ApiOptions>;
}

export function createSite({ file = tenantFile(), service = {}, api = {} }: SiteOptions = {}): TestSite {
  const configuration = parseConfiguration(JSON.stringify({ tenants: [file], ...service }));
  const clock = { nowMs: startsAt.getTime() };
  const now = (): Date => new Date(clock.nowMs);
  const certificate = makeCertificate({ key: serviceKey, name: String(file['issuer']) });
  const [tenantConfiguration] = configuration.tenants;
  if (tenantConfiguration === undefined) throw new Error('A tenant is needed.');
  const certificates = tenantConfiguration.policyCertificates.map((pem) => pem.replaceAll(/-----[A-Z ]+-----|\s/g, ''));
  const [audit, faults, metrics] = [[] as Record<string, unknown>[], [] as unknown[], createRouteMetrics()];
  const digest = configurationDigest(tenantConfiguration, configuration);
  const state = memoryState({ policies: {}, certificates, secrets: [] });
  const store = new MemoryStore();
  const secrets = new TenantSecrets({
    store: store.functions,
    state,
    protection: sealedProtection(sealingOf()),
    issuer: tenantConfiguration.issuer,
    configurationDigest: digest,
    onRefused: (error) => faults.push(error),
  });
  const tenant: Tenant = {
    configuration: tenantConfiguration,
    configurationDigest: digest,
    state,
    signer: testSigner(tenantConfiguration.issuer, certificate, digest, now),
    ...(configuration.replicas === undefined ? { secrets } : {}),
  };
  const handler = createApi({
    tenants: [tenant],
    attest: async ({ type }, { signer }) => ({
      token: await signer.sign({ 'x-ms-attestation-type': 'sgx', 'x-test-type': type }),
      facts: { attestationType: 'sgx', incoming: {}, token: {}, platform: 'hardware' },
      policyHash: 'hash-of-the-policy',
    }),
    host: { audit: ({ line }) => Promise.resolve(void audit.push(JSON.parse(line) as Record<string, unknown>)) },
    limits: configuration.limits,
    now,
    elapsed: () => clock.nowMs,
    requestId: randomUUID,
    version: '0.1.0',
    metrics,
    onFault: (error) => faults.push(error),
    ...api,
  });
  return { tenant, store, audit, faults, metrics, clock, handler, send: sender(handler, tenantConfiguration.issuer) };
}

function sender(handler: TestSite['handler'], tenantIssuer: string): TestSite['send'] {
  return async (
    method,
    target,
    { body = '', headers = {}, clientCertificate, remoteAddress = '192.0.2.1 50000' } = {},
  ) => {
    const url = new URL(target, tenantIssuer);
    const text = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
    const response = await handler({
      method,
      path: url.pathname,
      query: url.searchParams,
      search: url.search,
      headers: new Map(Object.entries({ host: url.host, ...headers })),
      body: new Uint8Array(Buffer.from(text)),
      remoteAddress,
      clientCertificate,
      clientCertificateChain: [],
    });
    const answer = response.body;
    if (typeof answer !== 'string') throw new Error('The answer is not a text.');
    return {
      status: response.status,
      headers: response.headers ?? {},
      text: answer,
      body: JSON.parse(answer) as TestResponse['body'],
    };
  };
}

export const bearer = (token = managementToken()): Readonly<Record<string, string>> => ({
  authorization: `Bearer ${token}`,
});
