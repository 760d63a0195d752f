/** A quantity as Kubernetes reads it, as a fraction in lowest denominator of powers of ten and two. */
export interface Quantity {
  /** Undefined when it is not a whole number. */
  readonly integer: bigint | undefined;
  readonly numerator: bigint;
  readonly denominator: bigint;
}

const longest = 64;
const largestExponent = 20;
// k8s.io/apimachinery/pkg/api/resource: a signed decimal, then one suffix.
const form = /^([+-]?)(\d+\.?\d*|\.\d+)(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?\d{1,3})?$/;
const binary = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const decimal: ReadonlyMap<string, number> = new Map([
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
]);

/** Undefined for what is not a quantity. */
export function parseQuantity(source: string): Quantity | undefined {
  // Kubernetes drops spaces around it, and nothing else.
  const text = source.length > longest ? source : source.replaceAll(/^ +| +$/g, '');
  if (text.length > longest) return undefined;
  const [whole, sign, digits = '', suffix = ''] = form.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const scale = scaleOf(suffix);
  const [units = '', fraction = ''] = digits.split('.');
  const magnitude = BigInt(`${units}${fraction}`) * scale.numerator;
  const numerator = sign === '-' ? -magnitude : magnitude;
  const denominator = 10n ** BigInt(fraction.length) * scale.denominator;
  return {
    integer: numerator % denominator === 0n ? numerator / denominator : undefined,
    numerator,
    denominator,
  };
}

function scaleOf(suffix: string): { readonly numerator: bigint; readonly denominator: bigint } {
  const power = binary.indexOf(suffix);
  if (power >= 0) return { numerator: 1024n ** BigInt(power + 1), denominator: 1n };
  const exponent = suffix === '' ? 0 : (decimal.get(suffix) ?? Number(suffix.slice(1)));
  // A larger one is a quantity too: Kubernetes counts to 2^63, and what is smaller than a billionth counts as that.
  const factor = 10n ** BigInt(Math.min(Math.abs(exponent), largestExponent));
  return exponent < 0 ? { numerator: 1n, denominator: factor } : { numerator: factor, denominator: 1n };
}

const mebi = 1024n * 1024n;

/** `10Mi`, `512Ki`, or bytes: the largest unit that needs no fraction. */
export function bytesText(bytes: bigint): string {
  for (const [unit, factor] of [
    ['Gi', 1024n * mebi],
    ['Mi', mebi],
    ['Ki', 1024n],
  ] as const) {
    if (bytes !== 0n && bytes % factor === 0n) return `${bytes / factor}${unit}`;
  }
  return String(bytes);
}

/** Below zero for a smaller one, zero for an equal one. */
export function compareQuantities(a: Quantity, b: Quantity): number {
  const [left, right] = [a.numerator * b.denominator, b.numerator * a.denominator];
  return left < right ? -1 : left > right ? 1 : 0;
}
