import { BlockList, isIP } from 'node:net';

/** A network such as 10.0.0.0/8. */
export interface Network {
  readonly family: 'ipv4' | 'ipv6';
  readonly address: string;
  readonly prefix: number;
}

/** Leading zeros are read as decimal, as older releases of Kubernetes did (ParseIPSloppy). */
const withoutZeros = (text: string): string =>
  /^[\d.]+$/.test(text) ? text.replaceAll(/(?<=^|\.)0+(?=\d)/g, '') : text;

/** 4 or 6; undefined for what is not an address. */
export function addressFamily(text: string): 4 | 6 | undefined {
  if (text.length > 64 || text.includes('%')) return undefined;
  const family = isIP(withoutZeros(text));
  return family === 4 || family === 6 ? family : undefined;
}

/** Undefined for what is not a network in CIDR notation (RFC 4632, section 3.1). */
export function parseNetwork(text: string): Network | undefined {
  const [whole, address = '', digits = ''] = /^([^/]{1,64})\/(\d{1,3})$/.exec(text) ?? [];
  const family = whole === undefined ? undefined : addressFamily(address);
  const prefix = Number(digits);
  if (family === undefined || prefix > (family === 4 ? 32 : 128)) return undefined;
  return { family: family === 4 ? 'ipv4' : 'ipv6', address: withoutZeros(address), prefix };
}

/** Whether the second network is a part of the first, and not all of it. */
export function isStrictSubnet(outer: Network, inner: Network): boolean {
  if (outer.family !== inner.family || outer.prefix >= inner.prefix) return false;
  const block = new BlockList();
  block.addSubnet(outer.address, outer.prefix, outer.family);
  return block.check(inner.address, inner.family);
}
