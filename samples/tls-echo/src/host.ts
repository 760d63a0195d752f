import { loadEnclave, type Enclave, type LogLevel, type StreamAddress } from '@enclos/host';
import type { Launcher } from '@enclos/tee';
import { tlsEcho } from './tls-echo.edl.ts';

export interface TlsEchoHostOptions {
  readonly image: Uint8Array;
  readonly signature: Uint8Array;
  readonly launcher: Launcher;
  /** The address at which clients reach the server. Default: 127.0.0.1 and the port in enclave.json. */
  readonly echo?: StreamAddress | undefined;
  readonly onLog?: ((level: LogLevel, text: string) => void) | undefined;
}

export type TlsEchoEnclave = Enclave<(typeof tlsEcho)['trusted']>;

/** Loads the server and opens its port. The host sees ciphertext at most. */
export function loadTlsEcho({ echo, ...options }: TlsEchoHostOptions): Promise<TlsEchoEnclave> {
  return loadEnclave({
    ...options,
    interface: tlsEcho,
    untrusted: {},
    isolation: 'best',
    ...(echo === undefined ? {} : { listen: { echo } }),
  });
}
