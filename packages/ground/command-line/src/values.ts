import { isIPv6 } from 'node:net';

/** Where to listen, or to connect to. */
export interface NetworkAddress {
  /** An address or a name; an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
}

export interface NumberBounds {
  readonly least: number;
  readonly most: number;
}

const largestPort = 65_535;

/**
 * Reads `HOST:PORT`. An IPv6 address needs brackets: without them its last group could be the port (RFC 3986, 3.2.2).
 * @returns undefined for anything else
 */
export function addressIn(text: string): NetworkAddress | undefined {
  const [, bracketed, plain, port = ''] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || Number(port) > largestPort) return undefined;
  return bracketed === undefined || isIPv6(bracketed) ? { host, port: Number(port) } : undefined;
}

/** Writes an address as {@link addressIn} reads it, and as a URL has it. */
export function addressText({ host, port }: NetworkAddress): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

/**
 * Reads a whole number in decimal digits, without a sign, an exponent or white space.
 * @returns undefined for anything else, and outside the bounds
 */
export function wholeNumberIn(text: string, { least, most }: NumberBounds): number | undefined {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  return value >= least && value <= most ? value : undefined;
}
