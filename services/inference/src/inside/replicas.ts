import {
  attestedConnect,
  createAttestedServer,
  createClientIdentity,
  type Appraiser,
  type EvidenceSource,
} from '@enclos/atls';
import { parseCollateral } from '@enclos/attestation';
import { every, underDeadline } from '@enclos/bounded';
import { connect, listen, log, quoteReportData } from '@enclos/enclave';
import { isEnclosError } from '@enclos/errors';
import type { KeySet } from '@enclos/hpke';
import { serveHttp } from '@enclos/http';
import { newReplicaName, replicaPeerAppraiser } from '@enclos/service/peers';
import type { ServiceHandler } from '../channels/handler.ts';
import type { ServiceConfiguration } from '../configuration.ts';
import type { ReplicaCard } from '../replicas/card.ts';
import { ReplicaDirectory } from '../replicas/directory.ts';
import { ReplicaLink } from '../replicas/link.ts';
import { replicaHandler, type ReplicaAnswers } from '../replicas/replica-handler.ts';
import { ReplicaRouting } from '../replicas/routing.ts';
import { keyFromReplicas } from '../replicas/shared-keys.ts';

export interface ReplicasOptions {
  readonly configuration: ServiceConfiguration;
  readonly keys: KeySet;
  /** That of the measured manifest of models, in hex. */
  readonly modelManifestDigest: string;
  readonly host: {
    /** Which places have an address: see the interface of the service. */
    replicas(): Promise<number>;
    endorsements(): Promise<string>;
  };
  readonly now: () => Date;
  readonly onFault: (error: unknown) => void;
}

/** How this replica works with the others. */
export interface Replicas {
  /** The name of this replica, for its life. */
  readonly replica: string;
  readonly routing: ReplicaRouting;
  /** How many others there are. */
  readonly others: number;
  /** The key that the owner of a model supplied to another one, where the configuration has them share these. */
  modelKey(digest: string): Promise<Uint8Array | undefined>;
  /** Answers the others, and looks at them. Resolves, after the signal, when the last one has its answer. */
  serve(service: Pick<ServiceHandler, 'bodyLimit'> & ReplicaAnswers, signal: AbortSignal): Promise<void>;
}

/** The name and port in the header `host` among replicas; who they are the evidence says. */
const hostHeader = 'replica.invalid:8444';
/** Others are looked at so often. What they say of their keys is that old at most when a request asks for one. */
const lookMs = 1000;
/** For the connection, the handshake and a quote of each side. */
const openTimeoutMs = 5000;
const idleTimeoutMs = 600_000;
/** Seven others, with as many connections as `ReplicaLink` keeps, and one that arrives. */
const maxConnections = 128;

/** The evidence of this enclave, for handshakes. */
export function evidenceOf(host: Pick<ReplicasOptions['host'], 'endorsements'>): EvidenceSource {
  return async (reportData) => ({
    quote: await quoteReportData(reportData),
    endorsements: await host.endorsements(),
  });
}

/**
 * What replicas need: evidence in both directions for each connection, and a directory of the others.
 * @returns undefined where the measured configuration names no replicas
 * @throws SERVICE_REPLICAS_SOFTWARE
 */
export async function openReplicas(options: ReplicasOptions): Promise<Replicas | undefined> {
  const { configuration, keys, modelManifestDigest, host, now, onFault } = options;
  if (configuration.replicas === undefined) return undefined;
  const { rule, allowSoftware, shareModelKeys } = configuration.replicas;
  const appraise = replicaPeerAppraiser({
    rule,
    allowSoftware,
    now,
    endorsements: async () => parseCollateral(await host.endorsements()),
  });
  const identity = { name: configuration.name, evidence: evidenceOf(host) };
  const client = await createClientIdentity(identity);
  const replica = newReplicaName();
  const own = (): ReplicaCard => ({ replica, modelManifestDigest, keys: keys.published() });
  const directory = new ReplicaDirectory({
    own,
    places: async () => host.replicas(),
    linkTo: (place) =>
      new ReplicaLink({ host: hostHeader, open: async () => openTo(place, { appraise, identity: client }) }),
    onRefused: tellRefused,
    nowMs: () => performance.now(),
  });
  const routing = new ReplicaRouting({ directory, replica, maxAnswerBytes: 2 * configuration.maxRequestBytes });
  return Object.freeze<Replicas>({
    replica,
    routing,
    get others() {
      return directory.all().length;
    },
    modelKey: async (digest) => (shareModelKeys ? keyFromReplicas(directory, digest) : undefined),
    async serve({ modelKey, bodyLimit, ...service }, signal) {
      const server = await createAttestedServer({ ...identity, clients: { appraise } });
      const stopLooking = every(lookMs, () => directory.look(), onFault);
      const { maxRequestBytes } = configuration;
      await serveHttp(listen('replicas', { signal }), {
        handler: replicaHandler({ ...service, modelKey: shareModelKeys ? modelKey : undefined }, own),
        bodyLimit,
        secure: server.secure,
        limits: {
          maxBodyBytes: 2 * maxRequestBytes,
          maxBodyBytesAtOnce: 4 * maxRequestBytes,
          maxConnections,
          idleTimeoutMs,
        },
        onError: onFault,
        signal,
      });
      stopLooking();
      directory.close();
    },
  });
}

async function openTo(
  place: number,
  {
    appraise,
    identity,
  }: { readonly appraise: Appraiser; readonly identity: Awaited<ReturnType<typeof createClientIdentity>> },
) {
  const stream = await underDeadline(openTimeoutMs, async (signal) => connect(`replica-${place + 1}`, { signal }));
  const { socket } = await attestedConnect({ stream, appraise, identity, timeoutMs: openTimeoutMs });
  return socket;
}

/** For the operator: what is at an address that replicas should have. No text of the other side is in it. */
function tellRefused(place: number, error: unknown): void {
  const code = isEnclosError(error) ? error.code : 'unexpected';
  const rule: unknown = isEnclosError(error) ? error.details['rule'] : undefined;
  const where = place < 0 ? 'The list of replicas' : `Replica ${place + 1}`;
  log.warn(`${where} is not used: ${code}${typeof rule === 'string' ? ` (${rule})` : ''}`);
}
