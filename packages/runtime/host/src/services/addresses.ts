import { EnclosError } from '@enclos/errors';

/** Where a host listens unless it is told otherwise: on this machine only. */
export const loopbackAddress = '127.0.0.1';

/** Where a stream begins or ends on this machine's networks. */
export type StreamAddress =
  /** `host` is a name or an address. Port 0, when listening, takes any free port. */
  | { readonly host?: string | undefined; readonly port: number; readonly path?: never }
  /** A Unix socket. */
  | { readonly path: string; readonly host?: never; readonly port?: never };

/** Where a destination that moves is now; undefined: at the declared address. Only TCP can move. */
export type MovingAddress = () => Extract<StreamAddress, { readonly port: number }> | undefined;

/** Where a destination is: a function is asked for each connection, for servers that come and go. */
export type DestinationAddress = StreamAddress | MovingAddress;

/** The destinations that do not move, and where the others are now. */
export function destinationsOf(given: Readonly<Record<string, DestinationAddress>>): {
  readonly fixed: Readonly<Record<string, StreamAddress>>;
  readonly moving: ReadonlyMap<string, MovingAddress>;
} {
  const fixed: Record<string, StreamAddress> = {};
  const moving = new Map<string, MovingAddress>();
  for (const [name, address] of Object.entries(given)) {
    if (typeof address === 'function') moving.set(name, address);
    else fixed[name] = address;
  }
  return { fixed, moving };
}

/**
 * The addresses of the declared names: those that the host was given, or else those of the manifest.
 * @throws STREAM_NOT_DECLARED for an address whose name the manifest does not declare.
 */
export function addressesOf(
  declared: readonly { readonly name: string; readonly host: string; readonly port: number }[],
  given: Readonly<Record<string, StreamAddress>>,
): ReadonlyMap<string, StreamAddress> {
  const addresses = new Map<string, StreamAddress>(declared.map(({ name, host, port }) => [name, { host, port }]));
  for (const [name, address] of Object.entries(given)) {
    const own = addresses.get(name);
    if (own === undefined) throw new EnclosError('STREAM_NOT_DECLARED', `The manifest does not declare "${name}".`);
    addresses.set(name, address.path === undefined ? { host: own.host, ...address } : address);
  }
  return addresses;
}
