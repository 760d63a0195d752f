/** Control characters of a text could move a terminal's cursor: each becomes one space. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- the point is to find them
  return text.replace(/[\u0000-\u001F\u007F-\u009F\u2028\u2029]/g, ' ');
}
