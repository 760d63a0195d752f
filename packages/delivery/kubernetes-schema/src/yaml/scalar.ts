/**
 * Plain scalars as Kubernetes reads them. It converts YAML to JSON with
 * sigs.k8s.io/yaml (a fork of go-yaml 2.4), whose words for true and false are
 * those of YAML 1.1 where YAML 1.2 has strings: `value: yes` in an environment
 * is refused there, and has to be found here.
 */
const words: ReadonlyMap<string, boolean | number | null> = new Map<string, boolean | number | null>([
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((word) => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
  ...['.inf', '.Inf', '.INF'].flatMap((word) => [
    [word, Infinity] as const,
    [`+${word}`, Infinity] as const,
    [`-${word}`, -Infinity] as const,
  ]),
  ...['.nan', '.NaN', '.NAN'].map((word) => [word, Number.NaN] as const),
]);

const longestNumber = 400;
const integer = /^[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9]\d*)$/;
const float = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/;

export function resolvePlain(text: string): string | number | boolean | null {
  const word = words.get(text);
  if (word !== undefined) return word;
  const first = text.charCodeAt(0);
  const mayBeNumber = first === 0x2b || first === 0x2d || first === 0x2e || (first >= 0x30 && first <= 0x39);
  if (!mayBeNumber || text.length > longestNumber) return text;
  const digits = text.replaceAll('_', '');
  if (integer.test(digits)) return integerOf(digits);
  // After a point at the start, go-yaml leaves underscores in, and then it is text.
  const value = float.test(first === 0x2e ? text : digits) ? Number(digits) : Number.NaN;
  return Number.isFinite(value) ? value : text;
}

function integerOf(digits: string): number {
  const negative = digits.startsWith('-');
  const body = digits.replace(/^[-+]/, '');
  const octal = /^0[oO]?([0-7]+)$/.exec(body)?.[1];
  const value = octal === undefined ? Number(body) : Number.parseInt(octal, 8);
  return negative ? -value : value;
}
