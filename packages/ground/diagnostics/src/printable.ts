/**
 * Text from a file, a peer or the command line, fit for a terminal: a control character in it could move the cursor or
 * change what is already shown, and one that sets the direction of text could show it in another order (UAX 9, 2). Each becomes one
 * space.
 */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- the point is to find them
  return text.replace(/[\u0000-\u001F\u007F-\u009F\u2028\u2029\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g, ' ');
}

/** The same for a text of several lines, which it stays. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}
