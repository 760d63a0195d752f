import type { Handlers } from '@enclos/edl';
import { loadEnclave, type Enclave, type LoadOptions, type StreamAddress } from '@enclos/host';
import type { Launcher } from '@enclos/tee';
import { streams } from '../../enclaves/streams/streams.edl.ts';
import type { SignedImage } from '../workshop.ts';

export type Streams = Enclave<(typeof streams)['trusted']>;
type Options = LoadOptions<(typeof streams)['trusted'], (typeof streams)['untrusted']>;

const handlers: Handlers<(typeof streams)['untrusted'], unknown> = { answer: () => 'answer' };

/** Loads the enclave of streams on free ports. */
export function loadStreams(
  launcher: Launcher,
  signed: SignedImage,
  options: Partial<Pick<Options, 'listen' | 'connect' | 'untrusted'>> = {},
): Promise<Streams> {
  return loadEnclave({
    listen: { first: { port: 0 }, second: { port: 0 } },
    untrusted: handlers,
    ...options,
    ...signed,
    launcher,
    interface: streams,
    isolation: 'best',
  });
}

/** Where the connections to a listener go. */
export function addressOf(enclave: Streams, listener: string): { readonly host: string; readonly port: number } {
  const address: StreamAddress | undefined = enclave.listeners[listener];
  if (address?.port === undefined) throw new Error(`No port is open for ${listener}.`);
  return { host: address.host ?? '127.0.0.1', port: address.port };
}
