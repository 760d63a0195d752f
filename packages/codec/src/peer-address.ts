/** Groups of an IPv6 address that name a network (RFC 4291 section 2.5.4). */
const networkGroups = 4;

/**
 * What counts as one peer: an IPv4 address, or the /64 of an IPv6 address, because a site that has one IPv6 address
 * usually has all of its /64 (RFC 6177 section 2). A port after a blank, as a host writes it, and a zone after `%` do not
 * count: a peer may open as many ports as it likes. Text that is not an address counts as a peer of that name.
 */
export function peerOf(address: string): string {
  const [text = ''] = address.split(/[ %]/, 1);
  // IPv4, and IPv4 mapped into IPv6 (`::ffff:192.0.2.1`).
  if (!text.includes(':') || text.includes('.')) return text.slice(text.lastIndexOf(':') + 1);
  const [left = '', right] = text.toLowerCase().split('::', 2);
  const before = groupsOf(left);
  const after = groupsOf(right ?? '');
  // `::` stands for the groups of zeros that are not spelled out (RFC 4291 section 2.2).
  const zeros = right === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...Array.from({ length: zeros }, () => '0'), ...after].slice(0, networkGroups);
  return groups.map((group) => group.replace(/^0+(?=.)/, '')).join(':');
}

function groupsOf(text: string): readonly string[] {
  return text === '' ? [] : text.split(':');
}
