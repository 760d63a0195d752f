import { connect, type TLSSocket } from 'node:tls';
import type { Duplex } from 'node:stream';
import { untilAborted } from '@enclos/bounded';

export interface TlsClientOptions {
  /** The DNS name of the server. */
  readonly serverName: string;
  /** The roots that its certificate must have, PEM; `undefined` for any certificate, where nothing depends on who answers. */
  readonly authorities: readonly string[] | undefined;
  /** Ends the handshake. */
  readonly signal: AbortSignal;
}

/**
 * TLS over a connection that an enclave has, to a server with a certificate for its name under given roots: the host may have connected
 * it to anything.
 *
 * @throws the reason of the signal, or what is wrong with the server. The connection is closed then.
 */
export async function secureClient(connection: Duplex, options: TlsClientOptions): Promise<TLSSocket> {
  const { serverName, authorities, signal } = options;
  const socket = connect({
    socket: connection,
    servername: serverName,
    minVersion: 'TLSv1.2',
    ...(authorities === undefined ? { rejectUnauthorized: false } : { ca: [...authorities] }),
  });
  const handshake = new Promise<void>((resolve, reject) => {
    socket.on('error', reject).once('secureConnect', resolve);
  });
  try {
    await untilAborted(signal, handshake);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
