import type { StreamTransport } from './form.ts';
import type { EnclaveManifest } from './program-form.ts';

/** Listeners and destinations, as far as it is known how their connections arrive. */
interface DeclaredStreams {
  readonly listen: readonly DeclaredStream[];
  readonly connect: readonly DeclaredStream[];
}
interface DeclaredStream {
  readonly name: string;
  readonly transport?: StreamTransport;
}

/** Whether the connections of a stream are passed where the platform can pass them. */
export function mayBePassed(stream: { readonly transport: StreamTransport }): boolean {
  return stream.transport !== 'relayed';
}

/** The streams without which an enclave does not start where connections are only relayed. */
export function mustBePassed({ listen, connect }: DeclaredStreams): readonly { readonly name: string }[] {
  return [...listen, ...connect].filter((stream) => stream.transport === 'passed');
}

/** Whether no stream says that it may be passed. */
export function isRelayed({ listen, connect }: Pick<EnclaveManifest, 'listen' | 'connect'>): boolean {
  return ![...listen, ...connect].some(mayBePassed);
}
