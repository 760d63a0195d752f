/**
 * The members of a query, decoded (CCF, src/http/http_parser.h). The first one of a name counts. A part that is not well encoded stays
 * as it is.
 * @example parseQuery('transaction_id=2.18').get('transaction_id') // '2.18'
 */
export function parseQuery(query: string): ReadonlyMap<string, string> {
  const members = new Map<string, string>();
  for (const part of query.split('&', MAXIMUM_MEMBERS)) {
    const at = part.indexOf('=');
    const name = decode(at === -1 ? part : part.slice(0, at));
    if (part !== '' && !members.has(name)) members.set(name, at === -1 ? '' : decode(part.slice(at + 1)));
  }
  return members;
}

/** No endpoint of ours reads more than a few. */
const MAXIMUM_MEMBERS = 64;

function decode(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}
