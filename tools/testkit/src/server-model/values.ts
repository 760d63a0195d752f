import { isDeepStrictEqual } from 'node:util';

/** An object of a manifest, or a part of one. */
export interface Plain {
  readonly [name: string]: unknown;
}

export function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The same, whatever the order of the fields. */
export const isSame = (a: unknown, b: unknown): boolean => isDeepStrictEqual(a, b);

const binary = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const decimal = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];

/**
 * The text of a quantity as the API server returns it (k8s.io/apimachinery/pkg/api/resource). Written apart from the one
 * of the product, in billionths, which is what the server counts in.
 */
export function quantityText(value: unknown, isRoundedToMilli: boolean): string {
  const [, sign = '', whole = '', fraction = '', suffix = ''] =
    /^([+-]?)(\d*)\.?(\d*)([a-zA-Z]*|[eE][+-]?\d+)$/.exec(String(value)) ?? [];
  if (whole === '' && fraction === '') throw new Error(`${String(value)} is not a quantity.`);
  const power = binary.indexOf(suffix) + 1;
  const exponent =
    /^[eE]/.test(suffix) && suffix.length > 1 ? Number(suffix.slice(1)) : 3 * decimal.indexOf(suffix) - 9;
  const scale = power > 0 ? 1024n ** BigInt(power) * 10n ** 9n : 10n ** BigInt(exponent + 9);
  const digits = BigInt(`${whole}${fraction}`) * scale;
  const step = 10n ** BigInt(fraction.length) * (isRoundedToMilli ? 10n ** 6n : 1n);
  const rounded = ((digits + step - 1n) / step) * (isRoundedToMilli ? 10n ** 6n : 1n);
  const billionths = sign === '-' ? -rounded : rounded;
  if (billionths === 0n) return '0';
  if (power > 0 && rounded >= 1024n * 10n ** 9n && rounded % 10n ** 9n === 0n) {
    const bytes = rounded / 10n ** 9n;
    const step1024 = binary.findLastIndex((_, index) => bytes % 1024n ** BigInt(index + 1) === 0n);
    return `${sign}${bytes / 1024n ** BigInt(step1024 + 1)}${step1024 < 0 ? '' : binary[step1024]}`;
  }
  const largest = decimal.findLastIndex((_, index) => billionths % 1000n ** BigInt(index) === 0n);
  const amount = billionths / 1000n ** BigInt(largest);
  if (!/^[eE]./.test(suffix)) return `${amount}${decimal[largest]}`;
  return largest === 3 ? `${amount}` : `${amount}e${3 * largest - 9}`;
}
