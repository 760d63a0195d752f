import { randomUUID } from 'node:crypto';
import { parseCollateral, type Endorsements } from '@enclos/attestation';
import { listen, log, quoteReportData, seal, tlsServer, unseal } from '@enclos/enclave';
import { serveHttp } from '@enclos/http';
import { endorsementFacts } from '@enclos/endorsements';
import '../errors.ts';
import type { Turns as PolicyTurns } from '@enclos/claim-rules';
import { decodeUtf8 } from '@enclos/codec/text';
import { EnclosError, isEnclosError } from '@enclos/errors';
import type { FetchKeys } from '@enclos/service/auth';
import type { ApiOptions } from '../api/api-options.ts';
import { createApi } from '../api/api.ts';
import { routeTable } from '../routes/table.ts';
import { bodyLimitOf } from '@enclos/service/routes';
import { createRouteMetrics } from '@enclos/service/metrics';
import { attest } from '../attest/attest.ts';
import { documentFormat } from '../document/document-codec.ts';
import { createAttestContext, type AttestContext } from '../attest/context.ts';
import { DraftLine } from '../attest/draft-line.ts';
import { endorsementRequestText, type EndorsementSource } from '../attest/endorsement-request.ts';
import { newReplicaName, replicaAppraiser } from '@enclos/service/peers';
import { sealedProtection } from '@enclos/service/state';
import type { ServiceConfiguration } from '../configuration/configuration.ts';
import { parseConfiguration } from '../configuration/parse-configuration.ts';
import type { Host, Tenant } from '../tenants/tenant.ts';
import { fetchKeys } from '@enclos/service/auth/provider';
import { openTenant, type ServedTenant } from './tenants.ts';
import { createTlsKeyPair } from '@enclos/service/tls';

/** What `x-ms-maa-service-version` says. */
const version = 'enclos/0.1.0';
/** Keys are looked after so often: a few times in the shortest overlap. */
const tendMs = 15_000;
/** An enclave has 256 streams, and some are for the identity provider. */
const maxConnections = 240;
/** The bytes of a body on any route: see `bodyLimitOf`. */
const maxBodyBytes = 2_097_152;
/** 51 KiB are reserved for each body: several times what evidence with its data takes. */
const maxBodyBytesAtOnce = 25_165_824;
/** The host may have to ask several sources, which may be slow. */
const endorsementTimeoutMs = 30_000;

export interface Service {
  /** For clients, by way of the host: JSON. */
  readonly answer: string;
  counters(): string;
  /** Answers what has begun, and ends. */
  drain(): Promise<void>;
}

type AttestStep = ApiOptions['attest'];

/** For benchmarks: what takes the place of the service's own. */
export interface ServiceParts {
  readonly attest?: (own: AttestStep) => AttestStep;
}

/**
 * Serves the tenants of a configuration.
 * @throws ATTESTATION_CONFIGURATION_INVALID; SERVICE_STATE_INVALID and what else a store gives that cannot be
 *   believed: then nothing is served.
 */
export async function startService(text: string, host: Host, parts: ServiceParts = {}): Promise<Service> {
  const configuration = parseConfiguration(text);
  const tenants = await openTenants(configuration, host);
  const metrics = createRouteMetrics();
  const options = apiOptions({ configuration, tenants, host, metrics });
  const names = [...new Set(tenants.map(({ configuration: { issuer } }) => new URL(issuer).hostname))];
  const [first] = tenants;
  const tls = await createTlsKeyPair({
    names,
    issuer: first?.configuration.issuer ?? '',
    configurationDigest: first?.configurationDigest ?? '',
    issuedAtMs: Date.now(),
    quote: quoteReportData,
  });
  const stopping = new AbortController();
  const served = serveHttp(listen('https', { signal: stopping.signal }), {
    secure: tlsServer({ ...tls, minVersion: 'TLSv1.2', clientCertificates: 'requested', alpnProtocols: ['http/1.1'] }),
    handler: createApi({ ...options, attest: parts.attest?.(options.attest) ?? options.attest }),
    limits: { maxBodyBytes, maxBodyBytesAtOnce, maxConnections },
    bodyLimit: bodyLimitOf(routeTable(configuration.limits)),
    date: () => new Date(),
    onError: logFault,
    signal: stopping.signal,
  });
  const timer = setInterval(createTending(tenants), tendMs);
  return Object.freeze<Service>({
    answer: JSON.stringify({
      certificate: tls.cert,
      tenants: tenants.map(({ configuration: { issuer }, configurationDigest }) => ({ issuer, configurationDigest })),
    }),
    counters: () => JSON.stringify(metrics.counters()),
    async drain() {
      clearInterval(timer);
      stopping.abort();
      await served;
    },
  });
}

async function openTenants(configuration: ServiceConfiguration, host: Host): Promise<readonly ServedTenant[]> {
  const now = (): Date => new Date();
  const nowMs = (): number => performance.now();
  const endorsements = endorsementsOf(host);
  const rule = configuration.replicas ?? { by: 'enclave' };
  const context = {
    host,
    configuration,
    appraise: replicaAppraiser({ endorsements: collateralOf(endorsements), rule, now, nowMs }),
    replica: newReplicaName(),
    // Replicas share a store when the configuration says who they are.
    sealed:
      configuration.replicas === undefined
        ? sealedProtection({ seal, unseal }, { service: documentFormat.service })
        : undefined,
    now,
    nowMs,
    onRefused: logFault,
  };
  return Promise.all(configuration.tenants.map((tenant) => openTenant(tenant, context)));
}

interface ApiParts {
  readonly configuration: ServiceConfiguration;
  readonly tenants: readonly ServedTenant[];
  readonly host: Host;
  readonly metrics: ReturnType<typeof createRouteMetrics>;
}

function apiOptions({ configuration, tenants, host, metrics }: ApiParts): ApiOptions {
  const now = (): Date => new Date();
  const { allowTestSettings, limits } = configuration;
  const endorsements = endorsementsOf(host);
  const contexts = new Map<Tenant, AttestContext>();
  const shared = { endorsements, now, turns: evaluationTurns, drafts: new DraftLine(), allowTestSettings };
  for (const tenant of tenants) contexts.set(tenant, createAttestContext({ tenant, ...shared }));
  return {
    tenants,
    attest: async (request, tenant) => {
      const context = contexts.get(tenant);
      if (context === undefined) throw new Error('A tenant that was not opened.');
      return attest(request, context);
    },
    host,
    limits,
    now,
    elapsed: () => performance.now(),
    requestId: randomUUID,
    fetchKeys: fetchKeysAudibly,
    version,
    metrics,
    onFault: logFault,
  };
}

/** A pause lets through what waits: requests that have arrived, and answers of the host. */
const evaluationTurns: PolicyTurns = Object.freeze({
  elapsed: () => performance.now(),
  pause: () => new Promise<void>((resolve) => void setImmediate(resolve)),
});

/** Operators that set up an issuer need to know what is wrong with it; callers are not told. The texts are ours. */
const fetchKeysAudibly: FetchKeys = async (issuer, options) => {
  try {
    return await fetchKeys(issuer, options);
  } catch (error) {
    if (!isEnclosError(error, 'SERVICE_IDENTITY_PROVIDER')) logFault(error);
    else log.warn(`${error.code}: ${error.message}`);
    throw error;
  }
};

function endorsementsOf(host: Host): EndorsementSource {
  return (request) =>
    host.endorsements({ request: endorsementRequestText(request) }, { timeoutMs: endorsementTimeoutMs });
}

/** Collateral for quotes of replicas, from the sources that evidence is verified with. */
function collateralOf(endorsements: EndorsementSource): (quote: Uint8Array) => Promise<Endorsements> {
  return async (quote) => {
    const found = await endorsements({ facts: endorsementFacts(quote) });
    if (found === undefined) throw new EnclosError('ATTESTATION_ENDORSEMENTS_ABSENT');
    return parseCollateral(decodeUtf8(found));
  };
}

/** One tenant's trouble is not another's, and one turn at a time is enough for each: what fails is tried again the next time. */
function createTending(tenants: readonly ServedTenant[]): () => void {
  const busy = new Set<ServedTenant>();
  return () => {
    for (const tenant of tenants.filter((each) => !busy.has(each))) {
      busy.add(tenant);
      void tenant
        .tend()
        .catch(logFault)
        .finally(() => busy.delete(tenant));
    }
  };
}

/** To the host goes a code of the registry, and no text that could hold something. */
function logFault(error: unknown): void {
  log.warn(`a fault: ${isEnclosError(error) ? error.code : 'unexpected'}`);
  log.debug(() => (error instanceof Error ? String(error.stack) : 'not an error'));
}
