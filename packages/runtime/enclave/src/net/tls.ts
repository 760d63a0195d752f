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
   * `requested`: asks each client for a certificate. TLS then makes sure that a client with a certificate has its key, and
   * checks nothing else: neither issuer nor dates. A client may also send none. Default: `none`.
   */
  readonly clientCertificates?: 'none' | 'requested' | undefined;
  /** The protocols inside TLS, `http/1.1` for example. A client that offers only others is refused. Default: not negotiated. */
  readonly alpnProtocols?: readonly string[] | undefined;
}

/**
 * Ends TLS inside: what the host can see of the connection is ciphertext. Keep the
 * key in the enclave, and let evidence bind it, or the host could be the server.
 * @param options key and certificate in PEM, as `node:tls` takes them. Or a function that returns them for each connection:
 *   while it returns the same object, connections share one context. When it returns another object, new connections use that,
 *   and open connections continue unchanged. A session is resumed only with the options that it began with.
 * @returns takes a connection, resolves when its handshake is done, and rejects with STREAM_HANDSHAKE_FAILED, or with the error
 *   in the options.
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
    // Otherwise a TLS 1.2 client could change its certificate, and so its identity, in the middle of a connection.
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
    // Never removed: a client that breaks its connection must not end the enclave.
    socket.on('error', fail);
    socket.once('close', fail);
    // The connection ended before there was a listener.
    if (connection.destroyed) return fail();
    socket.once('end', fail);
    socket.once('secure', () => {
      clearTimeout(timer);
      // From here on an end from the client ends only one direction.
      socket.off('end', fail);
      // Of a record that is broken later, Node tells a server that `tls.Server` did not make by this event alone.
      socket.on('_tlsError', (error: Error) => socket.destroy(error));
      resolve(socket);
    });
  });
}
