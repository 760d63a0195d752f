/**
 * Text from a file, a peer or the command line, fit for a terminal: a control character in it could move the cursor or
 * change what is already shown. Each becomes one space.
 */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- the point is to find them
  return text.replace(/[\u0000-\u001F\u007F-\u009F\u2028\u2029]/g, ' ');
}
