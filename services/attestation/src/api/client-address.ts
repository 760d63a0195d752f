const longestKept = 64;

/**
 * What a client is counted by: the address that its connection came from, without the port, as the host tells it. Of an
 * address of IPv6 the first 64 bits, since one subscriber has all the others to itself (RFC 6177, RFC 4291 section 2.5.1).
 * A host that tells lies, or nothing, can make clients share one count, or give one client many.
 */
export function clientOfAddress(remoteAddress: string): string {
  const [text = ''] = remoteAddress.slice(0, longestKept).split(/[ %]/);
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(text)?.[1];
  if (mapped !== undefined) return mapped;
  return text.includes(':') ? `${networkOf(text.toLowerCase())}::/64` : text;
}

/** The first four groups, with zeros for those that `::` stands for. */
function networkOf(text: string): string {
  const [before = '', after = ''] = text.split('::');
  const left = before === '' ? [] : before.split(':');
  const right = after === '' ? [] : after.split(':');
  const zeros = text.includes('::') ? Math.max(0, 8 - left.length - right.length) : 0;
  const groups = [...left, ...Array.from({ length: zeros }, () => '0'), ...right];
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}
