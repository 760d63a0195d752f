import { isJsonObject, parseJsonBytes } from '@enclos/codec/json';
import { decodeUtf8 } from '@enclos/codec/text';
import { wrongClaim, type ClaimValue } from './check-claims.ts';
import { formsInOrder, maximumReceiptBytes, profile, type ReceiptClaims } from './claims.ts';
import { reading, refuse } from './refusal.ts';

/** The claims as JSON without white space, in the order of their table. */
export function jsonOfClaims(claims: ReceiptClaims): string {
  const members = formsInOrder().map(([claim, { name }]) => [name, claims[claim]] as const);
  return JSON.stringify(Object.fromEntries([[profile.name, profile.value], ...members]));
}

/** @throws RECEIPT_INVALID with the rule `claims` or `profile`. */
export function claimsOfJson(bytes: Uint8Array): ReceiptClaims {
  const members = reading('claims', 'The claims', () => parseJsonBytes(bytes, maximumReceiptBytes));
  if (!isJsonObject(members)) return refuse('claims', 'The claims are not a JSON object.');
  if (members[profile.name] !== profile.value) return refuse('profile', 'The receipt is of another profile.');
  const values: Record<string, ClaimValue> = {};
  for (const [claim, { name }] of formsInOrder()) {
    const value = members[name];
    if (typeof value === 'number' || typeof value === 'string') values[claim] = value;
  }
  const wrong = wrongClaim(values);
  if (wrong !== undefined) return refuse('claims', `The receipt has no ${wrong} that it could have.`);
  // Each claim was found to be of its kind.
  const claims = Object.freeze(values) as unknown as ReceiptClaims;
  // One receipt has one text: no other order, no other spelling of a number, and no other claim.
  const isOneForm = jsonOfClaims(claims) === decodeUtf8(bytes);
  return isOneForm ? claims : refuse('claims', 'The claims are not in their one form.');
}
