/** Each part of a name, as Kubernetes bounds it (pkg/apis/batch/validation). */
const part = /^(?!-)[A-Za-z._\-0-9+]{1,14}$/;
/** No name of the database is longer. */
const longest = 64;

/** A look-up takes some time, and a list of a stranger may have many. */
const seen = new Map<string, boolean>();
const mostSeen = 500;

/** Whether it is a name of the IANA time zone database, by what this Node.js knows. */
export function isTimeZone(text: string): boolean {
  if (text.length > longest || /^local$/i.test(text)) return false;
  if (!text.split('/').every((one) => part.test(one) && one !== '.' && one !== '..')) return false;
  // An offset is one to Intl, and not to the database.
  if (/^[+-]?\d/.test(text)) return false;
  const known = seen.get(text);
  if (known !== undefined) return known;
  if (seen.size >= mostSeen) seen.clear();
  const found = isKnown(text);
  seen.set(text, found);
  return found;
}

function isKnown(text: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
