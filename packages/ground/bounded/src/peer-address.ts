/** Groups of an IPv6 address that name a network (RFC 4291 section 2.5.4). */
const networkGroups = 4;
/** Longer than any address with its zone and port. The text comes from a host, which may hand over anything. */
const longestAddress = 80;

/** How most addresses come: nothing has to be changed of them. */
const ipv4 = /^(\d{1,3}(?:\.\d{1,3}){3})(?: \d{0,5})?$/;

/**
 * What counts as one peer: an IPv4 address, or the /64 of an IPv6 address, because a site that has one IPv6 address
 * usually has all of its /64 (RFC 6177 section 2). One network has one spelling here, however the address is written.
 * Text that is not an address counts as a peer of that name.
 *
 * @param address with or without a port after a space (`192.0.2.1 50000`, as hosts report connections), and with or
 *   without a zone. Empty when it is not known.
 */
export function peerOf(address: string): string {
  const plain = ipv4.exec(address)?.[1];
  if (plain !== undefined) return plain;
  const text = address
    .slice(0, longestAddress)
    .toLowerCase()
    .replace(/ \d{0,5}$/, '')
    .replace(/%.*$/s, '');
  // IPv4, and IPv4 mapped into IPv6 (`::ffff:192.0.2.1`).
  if (!text.includes(':') || text.includes('.')) return text.slice(text.lastIndexOf(':') + 1);
  const [left = '', right] = text.split('::', 2);
  const before = groupsOf(left);
  const after = groupsOf(right ?? '');
  // `::` stands for the groups of zeros that are not spelled out (RFC 4291 section 2.2).
  const zeros = right === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  return [...before, ...Array.from({ length: zeros }, () => '0'), ...after].slice(0, networkGroups).join(':');
}

/** Without the zeros that may begin a group (RFC 4291 section 2.2). */
function groupsOf(text: string): readonly string[] {
  return text === '' ? [] : text.split(':').map((group) => group.replace(/^0+(?=.)/, ''));
}
