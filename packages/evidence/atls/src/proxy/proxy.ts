// What `@enclos/atls/proxy` exports: for outside of enclaves, where there are sockets.
import '../certificate/certificate-errors.ts';
import '../errors.ts';
import { createServer, type Socket } from 'node:net';
import type { VerifiedEvidence } from '@enclos/attestation';
import { attestedConnect, type AttestedConnection, type Connecting } from '../connect.ts';
import { misused } from '../errors.ts';
import { listenAt, type ProxyAddress, type ProxyListenOptions } from './listen.ts';
import type { ProxyEvent } from './events.ts';
import { Tunnel } from './tunnel.ts';

export type { ProxyEvent } from './events.ts';
export { listenAt, type ProxyAddress, type ProxyListenOptions } from './listen.ts';

export interface AttestedProxyOptions<E extends object = VerifiedEvidence> extends Connecting<E> {
  /** The server whose evidence is appraised on every connection. */
  readonly target: { readonly host: string; readonly port: number };
  /** Clients at once; further ones are closed. Default: 64. */
  readonly maxConnections?: number | undefined;
  /** Closes a connection on which nothing passes for so long. Default: 5 minutes. */
  readonly idleTimeoutMs?: number | undefined;
  /** Closes a connection so long after its appraisal, however busy it is. Default: a day. */
  readonly maximumConnectionAgeMs?: number | undefined;
  /** Learns what happens. It must not throw. */
  readonly onEvent?: ((event: ProxyEvent<E>) => void) | undefined;
}

export interface AttestedProxy {
  /**
   * Begins to accept clients, once.
   * @returns the address; with the port, also when any was asked for.
   * @throws ATLS_PROXY_ADDRESS for an address that is in use, cannot be had, or that other machines reach unless `allowOtherMachines`.
   */
  listen(address: ProxyAddress, options?: ProxyListenOptions): Promise<ProxyAddress>;
  /**
   * Accepts no more clients, and resolves when the last connection is closed.
   * @param options `graceMs`: how long connections on which bytes pass may go on; others are closed at once. Default: 0.
   */
  close(options?: { readonly graceMs?: number | undefined }): Promise<void>;
}

/**
 * A proxy for programs that do not speak attested TLS: it takes connections on this machine, in the clear, and for each makes an attested
 * one to the server. The bytes of the client go out when the appraiser has accepted the server, unchanged. When it is refused, the
 * client is closed; one that began a request of HTTP/1.1 gets 502 with the code of the refusal.
 * @throws ATLS_MISUSED for a bound that is not a number.
 * @example
 * ```ts
 * import type { Appraiser } from '@enclos/atls';
 * import { createAttestedProxy } from '@enclos/atls/proxy';
 *
 * export async function forward(appraise: Appraiser): Promise<() => Promise<void>> {
 *   const proxy = createAttestedProxy({ target: { host: 'vault.example', port: 8443 }, appraise });
 *   await proxy.listen({ host: '127.0.0.1', port: 8080 });
 *   return () => proxy.close();
 * }
 * ```
 */
export function createAttestedProxy<E extends object = VerifiedEvidence>({
  target,
  maxConnections = 64,
  idleTimeoutMs = 300_000,
  maximumConnectionAgeMs = 86_400_000,
  onEvent = () => undefined,
  ...connecting
}: AttestedProxyOptions<E>): AttestedProxy {
  for (const [name, value] of Object.entries({ maxConnections, idleTimeoutMs, maximumConnectionAgeMs })) {
    if (!(value > 0 && value < 2 ** 31)) misused(`${name} is not a number from 1 to 2^31.`);
  }
  const open = (signal: AbortSignal): Promise<AttestedConnection<E>> =>
    attestedConnect<E>({ ...connecting, host: target.host, port: target.port, signal });
  const tunnels = new Set<Tunnel<E>>();
  let lastNumber = 0;
  const accept = (client: Socket): void => {
    const connection = (lastNumber += 1);
    if (tunnels.size >= maxConnections) {
      client.destroy();
      return onEvent({ type: 'busy', connection });
    }
    const tunnel = new Tunnel<E>(client, { connection, open, onEvent, idleTimeoutMs, maximumConnectionAgeMs });
    tunnels.add(tunnel);
    void tunnel.over.then(() => tunnels.delete(tunnel));
  };
  // Nothing is read of a client before the server is known.
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true }, accept);
  return Object.freeze({
    async listen(address: ProxyAddress, options: ProxyListenOptions = {}) {
      const actual = await listenAt(server, address, options);
      // A client that the system could not accept must not end the proxy.
      server.on('error', () => undefined);
      return actual;
    },
    async close({ graceMs = 0 }: { readonly graceMs?: number | undefined } = {}) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const timer = setTimeout(() => tunnels.forEach((tunnel) => tunnel.destroy()), graceMs);
      for (const tunnel of tunnels) tunnel.drain();
      await Promise.all([...tunnels].map(({ over }) => over));
      clearTimeout(timer);
      await closed;
    },
  });
}
