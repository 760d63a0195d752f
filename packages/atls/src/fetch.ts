import type { VerifiedEvidence } from '@enclos/attestation';
import { isEnclosError } from '@enclos/errors';
import { Agent, fetch, type buildConnector, type RequestInfo, type RequestInit, type Response } from 'undici';
import { attestedConnect, type AttestedConnectOptions, type AttestedConnection } from './connect.ts';
import { misused } from './errors.ts';

type Connecting<E extends object> = Omit<
  Extract<AttestedConnectOptions<E>, { readonly host: string }>,
  'host' | 'port' | 'stream' | 'signal'
>;

export interface AttestedFetchOptions<E extends object = VerifiedEvidence> extends Connecting<E> {
  /** Gets each new connection's evidence, before a request is written to it. What it throws refuses the connection. */
  readonly onEvidence?: ((evidence: E, origin: string) => void) | undefined;
  /** How long an unused connection is kept. Default: 4 seconds. A policy that changed counts for new connections. */
  readonly keepAliveTimeoutMs?: number | undefined;
}

export interface AttestedFetch {
  /**
   * `fetch` over attested connections only: to `https:` URLs, redirected ones too.
   * @throws ATLS_* codes and refusals of the appraiser as they are; what `fetch` throws otherwise.
   */
  (input: RequestInfo, init?: Omit<RequestInit, 'dispatcher'>): Promise<Response>;
  /** Lets requests under way end, and closes the connections. */
  close(): Promise<void>;
}

/**
 * Makes a `fetch` that attests each new connection before a request is written
 * to it. For outside of enclaves: undici opens sockets itself.
 */
export function createAttestedFetch<E extends object = VerifiedEvidence>(
  options: AttestedFetchOptions<E>,
): AttestedFetch {
  const agent = createAttestedAgent(options);
  const attestedFetch = async (input: RequestInfo, init: Omit<RequestInit, 'dispatcher'> = {}): Promise<Response> => {
    try {
      return await fetch(input, { ...init, dispatcher: agent });
    } catch (error) {
      // `fetch` says "fetch failed" of everything, and keeps the reason as the cause.
      const reason = error instanceof Error && isEnclosError(error.cause) ? error.cause : error;
      throw reason;
    }
  };
  return Object.freeze(Object.assign(attestedFetch, { close: () => agent.close() }));
}

/** The same as an undici dispatcher, for `request`, `stream` and `pipeline` of undici 7. */
export function createAttestedAgent<E extends object = VerifiedEvidence>({
  onEvidence,
  keepAliveTimeoutMs = 4000,
  ...connecting
}: AttestedFetchOptions<E>): Agent {
  const open = async ({ protocol, hostname, port }: buildConnector.Options): Promise<AttestedConnection<E>> => {
    if (protocol !== 'https:') misused(`Attested TLS is for https: URLs, not ${protocol}`);
    const connection = await attestedConnect<E>({ ...connecting, host: bare(hostname), port: Number(port || 443) });
    try {
      onEvidence?.(connection.evidence, `https://${hostname}:${port || 443}`);
    } catch (error) {
      connection.socket.destroy();
      throw error;
    }
    return connection;
  };
  return new Agent({
    allowH2: false,
    keepAliveTimeout: keepAliveTimeoutMs,
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
