import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { VerifiedEvidence } from '@enclos/attestation';
import { attempt, handshake, type AttemptOptions } from './attempt.ts';
import { EnclosError, isEnclosError } from '@enclos/errors';
import './errors.ts';
import { exchangeAsServer } from './exchange.ts';
import { createIdentity, snapshotOf, type AttestedIdentity, type IdentityOptions } from './identity.ts';
import { alpnProtocol } from './protocol/messages.ts';
import { appraiseRaTls, peerCertificateOf, type PeerPolicy } from './peer.ts';
import type { Mode } from './roles.ts';

export interface AttestedServerOptions<E extends object = VerifiedEvidence>
  extends IdentityOptions, Pick<AttemptOptions, 'timeoutMs'> {
  /** What clients must show of themselves. Default: nothing, they may be anybody. */
  readonly clients?: PeerPolicy<E> | undefined;
  /**
   * Serve clients that speak plain RA-TLS. They learn whose key it is, but not
   * whether the connection has an intermediary; from their evidence, if `clients` asks for it,
   * this server learns no more than that. Default: false.
   */
  readonly acceptRelayableRaTls?: boolean | undefined;
  /**
   * What clients of plain RA-TLS may name by ALPN, `http/1.1` for example: those that name something else are refused by TLS. Used only
   * with `acceptRelayableRaTls`. Default: nothing.
   */
  readonly relayableProtocols?: readonly string[] | undefined;
  /** Issue tickets for TLS sessions. Evidence is exchanged on resumed connections too. Default: false. */
  readonly resumption?: boolean | undefined;
}

/** A connection whose exchange is over. */
export interface AcceptedConnection<E extends object = VerifiedEvidence> {
  /** TLS 1.3 to the client. An error closes it; callers need not listen for errors. */
  readonly socket: TLSSocket;
  /** The evidence of the client, if the server asks for it. */
  readonly evidence: E | undefined;
  /** The mode of the client's evidence; undefined without evidence. `ra-tls` for every client that speaks only RA-TLS. */
  readonly mode: Mode | 'ra-tls' | undefined;
}

export interface ServeOptions {
  /** Gets the reason for each connection that did not become one. */
  readonly onRefused?: ((error: unknown) => void) | undefined;
}

export interface AttestedServer<E extends object = VerifiedEvidence> {
  /** Its certificate in PEM as it is now, which `rotate` replaces. */
  readonly identity: AttestedIdentity;
  /**
   * Makes an attested connection of one that was accepted: a socket, or any other stream.
   * @throws ATLS_* codes, and whatever the appraiser refuses with. The connection is closed then.
   */
  accept(connection: Duplex): Promise<AcceptedConnection<E>>;
  /**
   * As `accept`, for servers that take the socket alone: give it to `serveHttp` of `@enclos/http`.
   * @returns undefined for a client that broke off, broke the rules or was refused, so that strangers cannot fill a log.
   * @throws what is wrong on this side: ATLS_EVIDENCE_UNAVAILABLE, for example.
   */
  readonly secure: (connection: Duplex) => Promise<TLSSocket | undefined>;
  /**
   * Accepts every connection of an iterable, `listen(name)` of `@enclos/enclave`
   * for example, and hands those over whose exchange succeeded. Resolves when
   * the iterable ends; what `onConnection` throws closes its connection.
   */
  serve(
    connections: AsyncIterable<Duplex>,
    onConnection: (connection: AcceptedConnection<E>) => unknown,
    options?: ServeOptions,
  ): Promise<void>;
}

/**
 * A server that attests itself to each client before a byte of the application.
 * @throws ATLS_EVIDENCE_UNAVAILABLE, ATLS_MISUSED, CODEC_OUT_OF_RANGE for another name.
 * @example
 * ```ts
 * import { createAttestedServer } from '@enclos/atls';
 * import { listen, quoteReportData } from '@enclos/enclave';
 *
 * export async function serve(): Promise<void> {
 *   const server = await createAttestedServer({ name: 'vault.example', evidence: quoteReportData });
 *   await server.serve(listen('clients'), ({ socket }) => void socket.end('hello'));
 * }
 * ```
 */
export async function createAttestedServer<E extends object = VerifiedEvidence>(
  options: AttestedServerOptions<E>,
): Promise<AttestedServer<E>> {
  const identity = await createIdentity('server', options, { resumption: options.resumption === true });
  const accept = (connection: Duplex): Promise<AcceptedConnection<E>> => acceptOne(connection, identity, options);
  return Object.freeze({
    identity,
    accept,
    async secure(connection: Duplex) {
      try {
        return (await accept(connection)).socket;
      } catch (error) {
        if (isFaultOfClient(error)) return undefined;
        throw error;
      }
    },
    async serve(
      connections: AsyncIterable<Duplex>,
      onConnection: (connection: AcceptedConnection<E>) => unknown,
      { onRefused }: ServeOptions = {},
    ) {
      const serveOne = async (connection: Duplex): Promise<void> => {
        try {
          await onConnection(await accept(connection));
        } catch (error) {
          connection.destroy();
          onRefused?.(error);
        }
      };
      for await (const connection of connections) void serveOne(connection);
    },
  });
}

function isFaultOfClient(error: unknown): boolean {
  if (!isEnclosError(error)) return false;
  if (error.code === 'ATLS_TIMEOUT' || error.code === 'ATLS_CONNECTION_LOST') return true;
  return error.kind === 'refused' || error.kind === 'evidence' || error.kind === 'policy';
}

async function acceptOne<E extends object>(
  connection: Duplex,
  identity: AttestedIdentity,
  { clients, timeoutMs, acceptRelayableRaTls, relayableProtocols = [] }: AttestedServerOptions<E>,
): Promise<AcceptedConnection<E>> {
  // From here on this connection keeps this state of the identity, whatever rotates meanwhile.
  const own = snapshotOf(identity, 'server');
  const socket = new TLSSocket(connection, {
    isServer: true,
    secureContext: own.secureContext,
    ALPNProtocols: [alpnProtocol, ...(acceptRelayableRaTls === true ? relayableProtocols : [])],
    requestCert: clients !== undefined,
    rejectUnauthorized: false,
  });
  return attempt(socket, { timeoutMs }, async () => {
    await handshake(socket, 'server');
    const isSpoken = socket.alpnProtocol === alpnProtocol;
    if (!isSpoken && acceptRelayableRaTls !== true) throw new EnclosError('ATLS_NOT_SPOKEN');
    const asked =
      clients === undefined ? undefined : { policy: clients, certificate: peerCertificateOf(socket, own.publicKey) };
    if (isSpoken) {
      const appraised = await exchangeAsServer(socket, { identity: own, clients: asked });
      return Object.freeze({ socket, evidence: appraised?.evidence, mode: appraised?.mode });
    }
    const evidence = asked === undefined ? undefined : await appraiseRaTls(asked.policy, asked.certificate, 'client');
    return Object.freeze({ socket, evidence, mode: 'ra-tls' as const });
  });
}
