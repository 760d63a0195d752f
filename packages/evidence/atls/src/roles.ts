/** The side that attests. All evidence is bound to it, so that a peer cannot be sent its own evidence back. */
export type Role = 'client' | 'server';

/**
 * How evidence is tied to a connection, strongest first.
 *
 * - `fresh`: the quote itself is about this connection.
 * - `cached`: the quote is about the key, and the key signs what this connection is. A leaked key defeats it.
 */
export type Mode = 'fresh' | 'cached';

/** As on the wire. */
export const modeNumber: Readonly<Record<Mode, number>> = Object.freeze({ cached: 1, fresh: 2 });

export const otherRole: Readonly<Record<Role, Role>> = Object.freeze({ client: 'server', server: 'client' });

export function isAtLeast(mode: Mode, least: Mode): boolean {
  return modeNumber[mode] >= modeNumber[least];
}
