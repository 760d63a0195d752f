import { ByteReader, ByteWriter } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { add, inverse, multiply, prime, reduce, subtract } from './field.ts';

const limbs = 10;
/** CCF's limit (doc/governance/accept_recovery.rst): 254 members hold shares. */
const maxShares = 254;
/** `u32 x | u32 y[10]`. */
const shareBytes = 4 + 4 * limbs;

/** One share of a wrapping secret: the values of ten polynomials at `x`. At zero they are the secret itself, a "full share". */
export interface Share {
  readonly x: number;
  /** Ten numbers below 2^31 - 1. */
  readonly y: readonly number[];
}

/** Fills new memory with random bytes. */
export type RandomBytes = (length: number) => Uint8Array;

/** @throws LEDGER_SHARE_INVALID for bytes of another length, and for numbers outside of the field. */
export function readShare(bytes: Uint8Array): Share {
  if (bytes.length !== shareBytes) throw invalid(`A share has ${shareBytes} bytes, and this one has ${bytes.length}.`);
  const reader = new ByteReader(bytes);
  const x = reader.u32();
  const y = Array.from({ length: limbs }, () => reader.u32());
  if ([x, ...y].some((value) => value >= prime)) throw invalid('A number of the share is not below 2^31 - 1.');
  return { x, y };
}

export function encodeShare({ x, y }: Share): Uint8Array {
  const writer = new ByteWriter({ sizeHint: shareBytes });
  writer.u32(x);
  for (const value of y) writer.u32(value);
  return writer.finish();
}

/**
 * A new random secret and its shares (CCF, src/crypto/sharing.cpp): `threshold` of `count` give it back.
 *
 * @throws CODEC_OUT_OF_RANGE for a threshold that the count does not reach, or more than 254 shares.
 */
export function makeShares(
  { threshold, count }: { readonly threshold: number; readonly count: number },
  random: RandomBytes,
): { readonly secret: Share; readonly shares: readonly Share[] } {
  if (!isWhole(count, maxShares) || !isWhole(threshold, count)) {
    throw new EnclosError(
      'CODEC_OUT_OF_RANGE',
      `${threshold} of ${count} is not a threshold of up to ${maxShares} shares.`,
    );
  }
  const polynomials = Array.from({ length: limbs }, () => Array.from({ length: threshold }, () => sample(random)));
  const at = (x: number): Share => ({ x, y: polynomials.map((polynomial) => evaluate(polynomial, x)) });
  return { secret: at(0), shares: Array.from({ length: count }, (_, index) => at(index + 1)) };
}

/**
 * The secret of shares. It is not authenticated: with a wrong share it is another one, which opens nothing.
 *
 * @param shares As many as the threshold says; more do no harm. A full share is enough alone.
 * @throws LEDGER_SHARE_INVALID for no share, and for two shares of one place.
 */
export function combineShares(shares: readonly Share[]): Share {
  const full = shares.find(({ x }) => x === 0);
  if (full !== undefined) return full;
  if (shares.length === 0 || shares.length > maxShares) throw invalid(`${shares.length} shares do not make a secret.`);
  const places = shares.map(({ x }) => x);
  if (new Set(places).size !== places.length) throw invalid('Two of the shares are the same share.');
  const weights = places.map((place) => weightOf(place, places));
  const limb = (at: number): number =>
    shares.reduce((sum, { y }, index) => add(sum, multiply(weights[index] ?? 0, y[at] ?? 0)), 0);
  return { x: 0, y: Array.from({ length: limbs }, (_, at) => limb(at)) };
}

/** Lagrange's coefficient of one place, for the value at zero. */
function weightOf(place: number, places: readonly number[]): number {
  let [numerator, denominator] = [1, 1];
  for (const other of places) {
    if (other === place) continue;
    numerator = multiply(numerator, other);
    denominator = multiply(denominator, subtract(other, place));
  }
  return multiply(numerator, inverse(denominator));
}

function evaluate(polynomial: readonly number[], x: number): number {
  return polynomial.reduceRight((sum, coefficient) => add(multiply(sum, x), coefficient), 0);
}

/** Uniform below the prime: the one value of 31 bits that is not is drawn again. */
function sample(random: RandomBytes): number {
  while (true) {
    const value = new ByteReader(random(4)).u32() % 2 ** 31;
    if (value !== prime) return reduce(value);
  }
}

function isWhole(value: number, maximum: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= maximum;
}

function invalid(message: string): EnclosError {
  return new EnclosError('LEDGER_SHARE_INVALID', message);
}
