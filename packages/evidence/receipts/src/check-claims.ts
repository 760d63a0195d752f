import { utf8 } from '@enclos/codec';
import { formsInOrder, maximumInteger, maximumTextBytes, tees, type ClaimForm, type ReceiptClaims } from './claims.ts';

/** A claim as it is read or written: undefined where there is none. */
export type ClaimValue = number | string | undefined;

/**
 * Whether values are the claims of a receipt: each of its kind and within its bounds, none missing, digests in lower case.
 *
 * @returns the name of the first claim that is not, or undefined.
 */
export function wrongClaim(values: Readonly<Record<string, ClaimValue>>): keyof ReceiptClaims | undefined {
  for (const [claim, form] of formsInOrder()) {
    const value = values[claim];
    const isAbsent = value === undefined && form.isOptional === true;
    if (!isAbsent && !isOfForm(value, form)) return claim;
  }
  return tees.some((tee) => tee === values['tee']) ? undefined : 'tee';
}

function isOfForm(value: ClaimValue, { kind, sizes = [] }: ClaimForm): boolean {
  if (kind === 'integer') return Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= maximumInteger;
  if (typeof value !== 'string') return false;
  if (kind === 'bytes') return /^[0-9a-f]*$/.test(value) && sizes.some((size) => value.length === 2 * size);
  return value !== '' && !/\p{Surrogate}/u.test(value) && utf8(value).length <= maximumTextBytes;
}
