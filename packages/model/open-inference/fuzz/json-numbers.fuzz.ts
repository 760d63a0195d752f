import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { JsonByteScanner } from '../src/json/scanner.ts';

export const seeds: readonly Uint8Array[] = ['-12.5e-3', '0', '123456789012345678901234567890', '1E+22', '0.1'].map(
  utf8,
);

/** The engine and the scanner agree on what a number is, and on its value. */
export function fuzz(data: Uint8Array): void {
  const scanner = new JsonByteScanner(data);
  const text = new TextDecoder().decode(data);
  let value: number | undefined;
  try {
    scanner.number();
    const isNear = Number.isNaN(scanner.approximation)
      ? true
      : near(scanner.approximation, Number(scanner.numberText()));
    if (!isNear) throw new RangeError('The approximation is not near.');
    value = scanner.nearest();
    scanner.end();
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    value = undefined;
  }
  if (!Object.is(value, numberOf(text))) throw new RangeError('The scanner and the engine differ.');
}

const near = (about: number, value: number): boolean => Math.abs(about - value) <= Math.abs(value) * 2 ** -50;

function numberOf(text: string): number | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
