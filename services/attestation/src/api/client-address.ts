import { peerOf } from '@enclos/codec';

const longestKept = 64;

/**
 * What a client is counted by: the address that its connection came from, without the port, as the host tells it. Of an
 * address of IPv6 the first 64 bits, since one subscriber has all the others to itself (RFC 6177, RFC 4291 section 2.5.1).
 * A host that tells lies, or nothing, can make clients share one count, or give one client many.
 */
export function clientOfAddress(remoteAddress: string): string {
  const peer = peerOf(remoteAddress.slice(0, longestKept));
  return peer.includes(':') ? `${peer}::/64` : peer;
}
