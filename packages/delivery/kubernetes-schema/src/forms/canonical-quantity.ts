import { parseQuantity } from './quantity.ts';

const decimalSuffixes: ReadonlyMap<number, string> = new Map([
  [-9, 'n'],
  [-6, 'u'],
  [-3, 'm'],
  [0, ''],
  [3, 'k'],
  [6, 'M'],
  [9, 'G'],
  [12, 'T'],
  [15, 'P'],
  [18, 'E'],
]);
const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const largest = 18;

/**
 * A quantity as the API server stores and returns it: `1000m` is `1`, `0.5` is `500m`, `1024Ki` is `1Mi`. A manifest that
 * says it otherwise differs from the cluster each time it is applied (CanonicalizeBytes in
 * k8s.io/apimachinery/pkg/api/resource/quantity.go).
 * A sign or zeros in front, which the server keeps, are left out: without them it is the same text, too.
 * @param leastExponent the power of ten that it is rounded up to: -9, and -3 for resources of containers and claims
 *   (SetDefaults_ResourceList in pkg/apis/core/v1/defaults.go)
 * @returns undefined for what is not a quantity
 */
export function canonicalQuantity(text: string, leastExponent: -9 | -3 = -9): string | undefined {
  const quantity = parseQuantity(text);
  if (quantity === undefined) return undefined;
  const unit = 10n ** BigInt(-leastExponent);
  const units = roundedUp(quantity.numerator * unit, quantity.denominator);
  const isSmall = -1024n * unit < units && units < 1024n * unit;
  if (text.endsWith('i') && !isSmall && units % unit === 0n) return binaryText(units / unit);
  const { mantissa, exponent } = decimalOf(units, leastExponent);
  // `E` alone is exa, and with digits after it an exponent.
  if (/[eE][+-]?\d+$/.test(text)) return exponent === 0 ? String(mantissa) : `${mantissa}e${exponent}`;
  const excess = Math.max(0, exponent - largest);
  return `${mantissa * 10n ** BigInt(excess)}${decimalSuffixes.get(exponent - excess) ?? ''}`;
}

/** The fewest digits that need no fraction, with an exponent that has a suffix. */
function decimalOf(units: bigint, leastExponent: number): { readonly mantissa: bigint; readonly exponent: number } {
  let [mantissa, exponent] = [units, leastExponent];
  while (mantissa !== 0n && mantissa % 1000n === 0n) {
    [mantissa, exponent] = [mantissa / 1000n, exponent + 3];
  }
  return mantissa === 0n ? { mantissa, exponent: 0 } : { mantissa, exponent };
}

function binaryText(bytes: bigint): string {
  let [mantissa, power] = [bytes, 0];
  while (power + 1 < binarySuffixes.length && mantissa % 1024n === 0n) {
    [mantissa, power] = [mantissa / 1024n, power + 1];
  }
  return `${mantissa}${binarySuffixes[power]}`;
}

/** Away from zero, as the API server rounds. */
function roundedUp(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  const isExact = numerator % denominator === 0n;
  return isExact ? quotient : quotient + (numerator < 0n ? -1n : 1n);
}
