import { loadEnclave, type Enclave, type LoadOptions } from '@enclos/host';
import type { Launcher } from '@enclos/tee';
import { http } from '../../enclaves/http/http.edl.ts';
import type { SignedImage } from '../workshop.ts';

type Trusted = (typeof http)['trusted'];

/** The enclave of HTTP, loaded and serving on free ports. */
export interface HttpEnclave {
  readonly enclave: Enclave<Trusted>;
  readonly call: Enclave<Trusted>['call'];
  /** Of the listener with TLS, and of the one without. */
  readonly securedPort: number;
  readonly plainPort: number;
}

export interface LoadHttpOptions extends Pick<LoadOptions<Trusted, (typeof http)['untrusted']>, 'connect'> {
  /** For handshake, header, body and idleness. Default: the usual ones. */
  readonly timesMs?: number | undefined;
  readonly maxConnections?: number | undefined;
}

export async function loadHttp(
  launcher: Launcher,
  signed: SignedImage,
  { timesMs = 0, maxConnections = 120, ...options }: LoadHttpOptions = {},
): Promise<HttpEnclave> {
  const enclave = await loadEnclave({
    ...options,
    ...signed,
    listen: { secured: { port: 0 }, plain: { port: 0 } },
    untrusted: {},
    launcher,
    interface: http,
    isolation: 'best',
  });
  await enclave.call.serve({ timesMs, maxConnections });
  const portOf = (name: string): number => enclave.listeners[name]?.port ?? 0;
  return { enclave, call: enclave.call, securedPort: portOf('secured'), plainPort: portOf('plain') };
}
