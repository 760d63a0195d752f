import type { Duplex } from 'node:stream';
import { createSecureContext, TLSSocket, type SecureContextOptions } from 'node:tls';
import { EnclosError } from '@enclos/errors';

export interface TlsServerOptions extends Pick<
  SecureContextOptions,
  'key' | 'cert' | 'ciphers' | 'ecdhCurve' | 'maxVersion' | 'minVersion'
> {
  /** How long a client may take for the handshake. Default 30 seconds. */
  readonly handshakeTimeoutMs?: number | undefined;
}

/**
 * Ends TLS inside: what the host relays from then on is ciphertext. Keep the
 * key in the enclave, and let evidence bind it, or the host could be the server.
 * Clients are not asked for certificates.
 * @param options key and certificate in PEM, as `node:tls` takes them.
 * @returns takes a connection, resolves when its handshake is done, and rejects with STREAM_HANDSHAKE_FAILED.
 */
export function tlsServer(options: TlsServerOptions): (connection: Duplex) => Promise<TLSSocket> {
  const { handshakeTimeoutMs = 30_000, ...context } = options;
  const secureContext = createSecureContext(context);
  return (connection) =>
    new Promise((resolve, reject) => {
      const socket = new TLSSocket(connection, { isServer: true, secureContext });
      const fail = (cause?: unknown): void => {
        clearTimeout(timer);
        reject(new EnclosError('STREAM_HANDSHAKE_FAILED', undefined, { cause }));
        socket.destroy();
      };
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
