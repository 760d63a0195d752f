import { toHex } from '@enclos/codec';
import type { ProgramManifest } from '@enclos/manifest';
import { encodeGateHello } from '@enclos/tee';

/** The names by which a program finds a destination, and the addresses at which its relay listens for them: 127.1.0.1 and so on. */
export interface PrivateDestination {
  /** Its last number. */
  readonly index: number;
  readonly name: string;
  readonly host: string;
}

type Connections = Pick<ProgramManifest, 'listen' | 'connect'>;

/** One address for each host, in the order of the manifest. A destination is also found by its own name. */
export function privateDestinations({ connect }: Pick<Connections, 'connect'>): readonly PrivateDestination[] {
  const hosts = [...new Set(connect.map(({ host }) => host.toLowerCase()))];
  return connect.map(({ name, host }) => {
    const index = hosts.indexOf(host.toLowerCase()) + 1;
    return { index, name: name.toLowerCase(), host: host.toLowerCase() };
  });
}

/**
 * The words of the step that bounds the buffers of sockets and makes the relay's sockets while it may. A program that connects nowhere has no resolver.
 * @param turnsOn whether the loopback interface of the new namespace is off
 */
export function prepareWords(manifest: Connections, turnsOn: boolean): readonly string[] {
  const destinations = privateDestinations(manifest);
  return [
    'prepare',
    'm',
    ...(turnsOn ? ['u'] : []),
    ...(destinations.length > 0 ? ['d'] : []),
    ...destinations.map(({ index }, at) => `b${index}.${manifest.connect[at]?.port ?? 0}`),
    '-',
  ];
}

/** The words of the relay itself: see `native/words.c`. */
export function relayWords(
  manifest: Connections & Pick<ProgramManifest, 'name' | 'interfaceDigest' | 'environment' | 'program'>,
): readonly string[] {
  const { name: enclave, interfaceDigest, listen, connect, environment, program } = manifest;
  const destinations = privateDestinations(manifest);
  // A name that is also the host of another destination is that host.
  const found = [
    ...destinations.map(({ index, name }) => [name, index] as const),
    ...destinations.map(({ index, host }) => [host, index] as const),
  ];
  const names = new Map(found);
  return [
    'run',
    `g${toHex(encodeGateHello({ name: enclave, interfaceDigest }))}`,
    ...listen.map((listener) => `l${listener.port}.${listener.name}`),
    ...connect.map((destination) => `c${destination.name}`),
    ...[...names].map(([one, index]) => `n${index}.${one}`),
    ...environment.flatMap((variable) => (variable.value === undefined ? [`e${variable.name}`] : [])),
    ...(program.output === 'log' ? ['o'] : []),
    '-',
  ];
}
