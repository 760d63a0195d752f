import type { Duplex } from 'node:stream';
import { connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import type { VerifiedEvidence } from '@enclos/attestation';
import { attempt, handshake, type AttemptOptions } from './attempt.ts';
import { EnclosError } from '@enclos/errors';
import './errors.ts';
import { exchangeAsClient } from './exchange.ts';
import { snapshotOf, type AttestedIdentity, type IdentitySnapshot } from './identity.ts';
import { alpnProtocol } from './protocol/messages.ts';
import { appraiseRaTls, peerCertificateOf, type PeerPolicy } from './peer.ts';
import type { Mode } from './roles.ts';

/** Where the server is. An enclave opens no sockets: there, give the stream that `connect` of `@enclos/enclave` gave. */
export type Destination =
  | { readonly host: string; readonly port: number; readonly stream?: undefined }
  | { readonly stream: Duplex; readonly host?: undefined; readonly port?: undefined };

export type AttestedConnectOptions<E extends object = VerifiedEvidence> = Destination &
  PeerPolicy<E> &
  AttemptOptions & {
    /** For SNI. Default: `host`, unless it is an address. The certificate's name is not looked at. */
    readonly serverName?: string | undefined;
    /** Shown to a server that asks for evidence of its clients, after its own was accepted. */
    readonly identity?: AttestedIdentity | undefined;
    /**
     * Accept a server that speaks plain RA-TLS, whose evidence is about a key and
     * not about this connection: a holder of the key can be in between, and
     * nothing shows it. Default: false.
     */
    readonly acceptRelayableRaTls?: boolean | undefined;
  };

/** What is the same for every connection to a server. */
export type Connecting<E extends object> = Omit<
  Extract<AttestedConnectOptions<E>, { readonly host: string }>,
  'host' | 'port' | 'stream' | 'signal'
>;

export interface AttestedConnection<E extends object = VerifiedEvidence> {
  /** TLS 1.3 to the peer that the evidence is about. An error closes it; callers need not listen for errors. */
  readonly socket: TLSSocket;
  readonly evidence: E;
  readonly mode: Mode | 'ra-tls';
}

let anonymous: SecureContext | undefined;

/**
 * Connects, and resolves when the server has proven by its evidence to be what
 * the appraiser accepts. Until then no byte is sent or handed out but those of
 * handshake and exchange. Sessions are not resumed.
 *
 * @throws ATLS_* codes, and whatever the appraiser refuses with (`EVIDENCE_REFUSED`, `APPRAISAL_REFUSED`, …).
 * @example
 * ```ts
 * import { attestedConnect, quoteAppraiser } from '@enclos/atls';
 * import { INTEL_SGX_ROOT, type Endorsements, type SgxPolicy } from '@enclos/attestation';
 *
 * export async function ask(policy: SgxPolicy, endorsements: () => Promise<Endorsements>): Promise<void> {
 *   const appraise = quoteAppraiser({ roots: [INTEL_SGX_ROOT], policy, endorsements });
 *   const { socket, evidence } = await attestedConnect({ host: 'vault.example', port: 8443, appraise });
 *   console.log(evidence.tee, evidence.status);
 *   socket.end('a secret');
 * }
 * ```
 */
export async function attestedConnect<E extends object = VerifiedEvidence>(
  options: AttestedConnectOptions<E>,
): Promise<AttestedConnection<E>> {
  const identity = options.identity === undefined ? undefined : snapshotOf(options.identity, 'client');
  const socket = open(options, identity);
  return attempt(socket, options, async () => {
    await handshake(socket, 'client');
    const server = peerCertificateOf(socket, identity?.publicKey);
    if (socket.alpnProtocol === alpnProtocol) {
      const appraised = await exchangeAsClient(socket, { policy: options, server, identity });
      return Object.freeze({ socket, ...appraised });
    }
    if (options.acceptRelayableRaTls !== true) throw new EnclosError('ATLS_NOT_SPOKEN');
    const evidence = await appraiseRaTls(options, server, 'server');
    return Object.freeze({ socket, evidence, mode: 'ra-tls' as const });
  });
}

function open<E extends object>(
  { host, port, stream, serverName }: AttestedConnectOptions<E>,
  identity: IdentitySnapshot | undefined,
): TLSSocket {
  anonymous ??= createSecureContext({ ca: [], minVersion: 'TLSv1.3' });
  const servername = serverName ?? (host === undefined || isAddress(host) ? undefined : host);
  return connect({
    ...(stream === undefined ? { host, port } : { socket: stream }),
    ...(servername === undefined ? {} : { servername }),
    ALPNProtocols: [alpnProtocol],
    secureContext: identity?.secureContext ?? anonymous,
    // The certificate signs itself: whose key it is the evidence says, before anything else happens.
    rejectUnauthorized: false,
  });
}

/** SNI has no addresses (RFC 6066 section 3). */
function isAddress(host: string): boolean {
  return host.includes(':') || /^[\d.]+$/.test(host);
}
