import { constants } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { createSecureContext, TLSSocket, type SecureContext, type SecureContextOptions } from 'node:tls';
import { EnclosError } from '@enclos/errors';
import { RelayedStream } from './relayed-stream.ts';

export interface TlsServerOptions extends Pick<
  SecureContextOptions,
  'key' | 'cert' | 'ciphers' | 'ecdhCurve' | 'maxVersion' | 'minVersion'
> {
  /** How long a client may take for the handshake. Default 30 seconds. */
  readonly handshakeTimeoutMs?: number | undefined;
  /**
   * `requested`: asks each client for a certificate. TLS then makes sure that a client that gives one has its key, and
   * judges nothing else: not who signed it, not its dates, and a client may give none. Default: `none`.
   */
  readonly clientCertificates?: 'none' | 'requested' | undefined;
  /** What is spoken inside, `http/1.1` for example. A client that names others only is refused. Default: not agreed on. */
  readonly alpnProtocols?: readonly string[] | undefined;
}

/**
 * Ends TLS inside: what the host relays from then on is ciphertext. Keep the
 * key in the enclave, and let evidence bind it, or the host could be the server.
 * @param options key and certificate in PEM, as `node:tls` takes them. Or a function that gives them for each connection:
 * as long as it gives the same object nothing is made anew, and with another one the connections that are there go on,
 * and the next ones get what is new. Sessions are resumed with the options only that they began with.
 * @returns takes a connection, resolves when its handshake is done, and rejects with STREAM_HANDSHAKE_FAILED, or with
 * what is wrong with the options.
 * @example
 * ```ts
 * import { createTlsIdentity, listen, tlsServer } from '@enclos/enclave';
 *
 * const secure = tlsServer(createTlsIdentity('api.example'));
 *
 * export async function serve(): Promise<void> {
 *   for await (const connection of listen('api')) {
 *     secure(connection).then(
 *       (client) => client.end('hello'),
 *       () => connection.destroy(),
 *     );
 *   }
 * }
 * ```
 */
export function tlsServer(
  options: TlsServerOptions | (() => TlsServerOptions),
): (connection: Duplex) => Promise<TLSSocket> {
  if (typeof options !== 'function') {
    const side = serverSide(options);
    return (connection) => secured(connection, side);
  }
  let side: ServerSide | undefined;
  return async (connection) => {
    const given = options();
    if (side?.options !== given) side = serverSide(given);
    return secured(connection, side);
  };
}

/** What connections with the same options share. */
interface ServerSide {
  readonly options: TlsServerOptions;
  readonly secureContext: SecureContext;
}

function serverSide(options: TlsServerOptions): ServerSide {
  const { key, cert, ciphers, ecdhCurve, maxVersion, minVersion } = options;
  const secureContext = createSecureContext({
    key,
    cert,
    ciphers,
    ecdhCurve,
    maxVersion,
    minVersion,
    // In TLS 1.2 a client could otherwise become another one, with another certificate, in the middle of a connection.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    // A session in which a client showed a certificate can be resumed only in a named context (SSL_CTX_set_session_id_context(3)).
    sessionIdContext: 'enclos',
  });
  return { options, secureContext };
}

function secured(connection: Duplex, { options, secureContext }: ServerSide): Promise<TLSSocket> {
  const { alpnProtocols, clientCertificates, handshakeTimeoutMs = 30_000 } = options;
  return new Promise((resolve, reject) => {
    const socket = new TLSSocket(connection, {
      isServer: true,
      secureContext,
      requestCert: clientCertificates === 'requested',
      rejectUnauthorized: false,
      ...(alpnProtocols === undefined ? {} : { ALPNProtocols: [...alpnProtocols] }),
    });
    const fail = (cause?: unknown): void => {
      clearTimeout(timer);
      reject(new EnclosError('STREAM_HANDSHAKE_FAILED', undefined, { cause }));
      socket.destroy();
    };
    if (connection instanceof RelayedStream) connection.lend();
    const timer = setTimeout(fail, handshakeTimeoutMs);
    // For good: a client that breaks its connection must not end the enclave.
    socket.on('error', fail);
    socket.once('close', fail);
    // Its last word was said before anybody listened.
    if (connection.destroyed) return fail();
    socket.once('end', fail);
    socket.once('secure', () => {
      clearTimeout(timer);
      // From here on an end of the client's is one direction's end.
      socket.off('end', fail);
      resolve(socket);
    });
  });
}
