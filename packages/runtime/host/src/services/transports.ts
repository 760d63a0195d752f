import { EnclosError } from '@enclos/errors';
import { mayBePassed, mustBePassed, type EnclaveManifest } from '@enclos/manifest';
import { passingAdvice, type Capabilities } from '@enclos/tee';
import type { StreamAddress } from './addresses.ts';

/** How the connections of one listener or destination reach the enclave, once that is decided. */
export type RunningTransport = Capabilities['streamTransports'][number];

export interface TransportOffer {
  readonly manifest: Pick<EnclaveManifest, 'listen' | 'connect'>;
  readonly capabilities: Pick<Capabilities, 'platform' | 'streamTransports'>;
  /** The address of each listener and of each destination. */
  readonly listen: ReadonlyMap<string, StreamAddress>;
  readonly connect: ReadonlyMap<string, StreamAddress>;
  /** Whether this process can pass connections. */
  readonly canPass: boolean;
}

/**
 * Whether this host offers to pass connections. The platform decides, for all of an enclave's entries that may be passed.
 * @throws STREAM_TRANSPORT_UNAVAILABLE when it cannot, and an entry must be passed
 */
export function offersPassing({ manifest, capabilities, listen, connect, canPass }: TransportOffer): boolean {
  const [listeners, destinations] = [manifest.listen.filter(mayBePassed), manifest.connect.filter(mayBePassed)];
  if (listeners.length + destinations.length === 0) return false;
  const onSocket =
    listeners.find(({ name }) => listen.get(name)?.path !== undefined) ??
    destinations.find(({ name }) => connect.get(name)?.path !== undefined);
  const obstacle = obstacleOf(capabilities, canPass, onSocket?.name);
  if (obstacle === undefined) return true;
  const [required] = mustBePassed(manifest);
  if (required === undefined) return false;
  const { name } = required;
  const message = `The connections of "${name}" must be passed, and ${obstacle.why}.`;
  throw new EnclosError('STREAM_TRANSPORT_UNAVAILABLE', message, { details: { stream: name }, next: obstacle.next });
}

interface Obstacle {
  readonly why: string;
  readonly next: string;
}

function obstacleOf(
  { platform, streamTransports }: TransportOffer['capabilities'],
  canPass: boolean,
  onSocket: string | undefined,
): Obstacle | undefined {
  if (!streamTransports.includes('passed')) {
    return { why: `the platform "${platform}" only relays`, next: passingAdvice.platform };
  }
  if (onSocket !== undefined) {
    const why = `"${onSocket}" is at a Unix socket: only connections of TCP can be passed`;
    return { why, next: passingAdvice.unixSocket };
  }
  if (!canPass) {
    const why = 'this process may not start another one to pass them (the permission model of Node)';
    return { why, next: passingAdvice.process };
  }
  return undefined;
}
