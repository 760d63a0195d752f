import './certificate/certificate-errors.ts';
import type { VerifiedEvidence } from '@enclos/attestation';
import { isEnclosError } from '@enclos/errors';
import {
  Agent,
  fetch,
  Request,
  type buildConnector,
  type Dispatcher,
  type RequestInfo,
  type RequestInit,
  type Response,
} from 'undici';
import { attestedConnect, type AttestedConnection, type Connecting } from './connect.ts';
import { misused } from './errors.ts';
import { policyAppraiser, type PolicyAppraiserOptions } from './policy-appraiser.ts';

export interface AttestedFetchOptions<E extends object = VerifiedEvidence> extends Connecting<E> {
  /** Gets each new connection's evidence, before a request is written to it. What it throws refuses the connection. */
  readonly onEvidence?: ((evidence: E, origin: string) => void) | undefined;
  /**
   * How long an unused connection is kept. Default: 4 seconds. A server that offers
   * less in `Keep-Alive` is taken at its word, one that offers more is not. A policy
   * that changed counts for new connections.
   */
  readonly keepAliveTimeoutMs?: number | undefined;
  /** How long after its appraisal a connection takes new requests, however busy it is. Default: 60 seconds. */
  readonly maximumConnectionAgeMs?: number | undefined;
}

export interface AttestedFetch {
  /**
   * `fetch` over attested connections only, to `https:` URLs. A redirect is followed
   * within its origin; to follow one to another origin, ask for `redirect: 'manual'`.
   * @throws ATLS_MISUSED for another scheme, and for a redirect to another origin; other ATLS_* codes and
   * refusals of the appraiser as they are; what `fetch` throws otherwise.
   */
  (input: RequestInfo, init?: Omit<RequestInit, 'dispatcher'>): Promise<Response>;
  /** Lets requests under way end, and closes the connections. */
  close(): Promise<void>;
}

/**
 * Makes a `fetch` that attests each new connection before a request is written
 * to it. For outside of enclaves: undici opens sockets itself.
 * @example
 * ```ts
 * import type { Appraiser } from '@enclos/atls';
 * import { createAttestedFetch } from '@enclos/atls/fetch';
 *
 * export async function keys(appraise: Appraiser): Promise<string> {
 *   const fetch = createAttestedFetch({ appraise });
 *   try {
 *     return await (await fetch('https://vault.example:8444/v1/keys')).text();
 *   } finally {
 *     await fetch.close();
 *   }
 * }
 * ```
 */
export function createAttestedFetch<E extends object = VerifiedEvidence>(
  options: AttestedFetchOptions<E>,
): AttestedFetch {
  const agent = createAttestedAgent(options);
  const fetchAttested = async (input: RequestInfo, init: Omit<RequestInit, 'dispatcher'> = {}): Promise<Response> => {
    // Read once: what is checked is what is fetched, whatever object the input is.
    const request = new Request(input, init);
    const { protocol, origin } = new URL(request.url);
    // `fetch` answers data:, blob: and about: by itself, and never asks a dispatcher.
    if (protocol !== 'https:') misused(onlyHttps(protocol));
    try {
      const { referrer, referrerPolicy } = request;
      // Beside a request, `fetch` takes the referrer from its second argument alone (Fetch, Request constructor, step 13).
      return await fetch(request, { dispatcher: withinOrigin(agent, origin), referrer, referrerPolicy });
    } catch (error) {
      // `fetch` says "fetch failed" of everything, and keeps the reason as the cause.
      const reason = error instanceof Error && isEnclosError(error.cause) ? error.cause : error;
      throw reason;
    }
  };
  return Object.freeze(Object.assign(fetchAttested, { close: () => agent.close() }));
}

/**
 * `createAttestedFetch` with the decision of a policy: refuses every server but those that the policy accepts, and every software
 * platform whose root it does not name.
 * @throws what `policyAppraiser` throws.
 * @example
 * ```ts
 * import { readFileSync } from 'node:fs';
 * import { attestedFetch } from '@enclos/atls/fetch';
 *
 * const fetch = attestedFetch({ policy: readFileSync('policy.json', 'utf8') });
 * const response = await fetch('https://vault.example:8443/v1/keys');
 * console.log(await response.text());
 * ```
 */
export function attestedFetch(options: PolicyFetchOptions): AttestedFetch {
  return createAttestedFetch({ ...options, appraise: policyAppraiser(options) });
}

/** What {@link attestedFetch} takes: a policy, or a measurement. */
export type PolicyFetchOptions = Omit<AttestedFetchOptions, 'appraise'> & PolicyAppraiserOptions;

function onlyHttps(protocol: string): string {
  return `Attested TLS is for https: URLs, not ${protocol}`;
}

/** What dispatches the requests of one fetch: the first one, and those that redirects make of it. */
function withinOrigin(agent: Agent, origin: string): Dispatcher {
  return agent.compose((dispatch) => (options, handler) => {
    const target = new URL(String(options.origin));
    if (target.protocol !== 'https:') misused(onlyHttps(target.protocol));
    if (target.origin !== origin) misused('A redirect to another origin is not followed: ask for redirect: "manual".');
    return dispatch(options, handler);
  });
}

/** An agent whose connections are only for requests with an end: what takes over a connection outlives every bound on its age. */
class AttestedAgent extends Agent {
  override dispatch(options: Parameters<Agent['dispatch']>[0], handler: Dispatcher.DispatchHandler): boolean {
    if (options.method === 'CONNECT' || (options.upgrade ?? false) !== false) {
      misused('An attested connection is not upgraded and not tunnelled through: use attestedConnect.');
    }
    return super.dispatch(options, handler);
  }
}

/** The same as an undici dispatcher, for `request`, `stream` and `pipeline` of undici 7. */
export function createAttestedAgent<E extends object = VerifiedEvidence>({
  onEvidence,
  keepAliveTimeoutMs = 4000,
  maximumConnectionAgeMs = 60_000,
  ...connecting
}: AttestedFetchOptions<E>): Agent {
  const open = async ({ protocol, hostname, port }: buildConnector.Options): Promise<AttestedConnection<E>> => {
    if (protocol !== 'https:') misused(onlyHttps(protocol));
    const connection = await attestedConnect<E>({ ...connecting, host: bare(hostname), port: Number(port || 443) });
    try {
      onEvidence?.(connection.evidence, `https://${hostname}:${port || 443}`);
    } catch (error) {
      connection.socket.destroy();
      throw error;
    }
    return connection;
  };
  for (const [name, ms] of Object.entries({ keepAliveTimeoutMs, maximumConnectionAgeMs })) {
    if (!(ms > 0 && ms < 2 ** 31)) misused(`${name} is not a number of milliseconds.`);
  }
  return new AttestedAgent({
    // One request at a time, and none that a second stream of the same connection would carry on.
    allowH2: false,
    pipelining: 1,
    keepAliveTimeout: keepAliveTimeoutMs,
    // Above which undici would otherwise follow the peer's `Keep-Alive: timeout=` up to ten minutes.
    keepAliveMaxTimeout: keepAliveTimeoutMs,
    clientTtl: maximumConnectionAgeMs,
    connect(target, callback) {
      void (async () => {
        try {
          const { socket } = await open(target);
          callback(null, socket);
        } catch (error) {
          callback(error instanceof Error ? error : new Error(String(error)), null);
        }
      })();
    },
  });
}

/** An IPv6 address of a URL, without its brackets. */
function bare(hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}
