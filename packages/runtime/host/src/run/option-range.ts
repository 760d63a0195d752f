import { EnclosError } from '@enclos/errors';

/** The least and the most that an option may be. */
export interface OptionRange {
  readonly min: number;
  readonly max: number;
  /** Whether it may be `Infinity` besides. */
  readonly orInfinity?: boolean;
}

/** Written so that NaN is refused. @throws HOST_OPTION_INVALID */
export function requireRange(name: string, value: number, { min, max, orInfinity = false }: OptionRange): void {
  if ((value >= min && value <= max) || (orInfinity && value === Infinity)) return;
  const range = `a number from ${min} to ${max}${orInfinity ? ', or Infinity' : ''}`;
  throw new EnclosError('HOST_OPTION_INVALID', `${name} is not ${range}.`);
}
