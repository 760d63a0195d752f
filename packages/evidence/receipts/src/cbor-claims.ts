import {
  cborBytes,
  cborInteger,
  cborLabelledMap,
  CborReader,
  cborText,
  equalBytes,
  fromHex,
  toHex,
  utf8,
} from '@enclos/codec';
import { decodeUtf8 } from '@enclos/codec/text';
import { wrongClaim, type ClaimValue } from './check-claims.ts';
import {
  formsInOrder,
  maximumInteger,
  maximumTextBytes,
  profile,
  type ClaimForm,
  type ReceiptClaims,
} from './claims.ts';
import { reading, refuse } from './refusal.ts';

const maximumDigestBytes = 64;
/** CWT has the identifier of a token in bytes (RFC 8392 section 3.1.7). */
const identifierLabel = 7;

export function cborOfClaims(claims: ReceiptClaims): Uint8Array {
  const members: [number, Uint8Array][] = [[profile.label, cborText(profile.value)]];
  for (const [claim, form] of formsInOrder()) {
    const value: ClaimValue = claims[claim];
    if (value !== undefined) members.push([form.label, encode(value, form)]);
  }
  return cborLabelledMap(members);
}

/** @throws RECEIPT_INVALID with the rule `claims` or `profile`. */
export function claimsOfCbor(bytes: Uint8Array): ReceiptClaims {
  const values = reading('claims', 'The claims', () => readMembers(bytes));
  const wrong = wrongClaim(values);
  if (wrong !== undefined) return refuse('claims', `The receipt has no ${wrong} that it could have.`);
  // Each claim was found to be of its kind.
  const claims = Object.freeze(values) as unknown as ReceiptClaims;
  // One receipt has one text: no other order, and nothing twice.
  return equalBytes(cborOfClaims(claims), bytes) ? claims : refuse('claims', 'The claims are not in their one form.');
}

function encode(value: number | string, { kind, label }: ClaimForm): Uint8Array {
  if (typeof value === 'number') return cborInteger(value);
  if (kind === 'bytes') return cborBytes(fromHex(value));
  return label === identifierLabel ? cborBytes(utf8(value)) : cborText(value);
}

function readMembers(bytes: Uint8Array): Record<string, ClaimValue> {
  const reader = new CborReader(bytes);
  const forms = new Map(formsInOrder().map((entry) => [entry[1].label, entry]));
  const values: Record<string, ClaimValue> = {};
  let foundProfile: string | undefined;
  for (let left = reader.map(forms.size + 1); left > 0; left--) {
    const label = reader.integer();
    const [claim, form] = forms.get(label) ?? [];
    if (label === profile.label) foundProfile = reader.text(maximumTextBytes);
    else if (claim === undefined || form === undefined) refuse('claims', 'The receipt has an unknown claim.');
    else values[claim] = decode(reader, form);
  }
  reader.end();
  if (foundProfile !== profile.value) refuse('profile', 'The receipt is of another profile.');
  return values;
}

function decode(reader: CborReader, { kind, label }: ClaimForm): ClaimValue {
  if (kind === 'integer') return reader.unsigned(maximumInteger);
  if (kind === 'bytes') return toHex(reader.byteString(maximumDigestBytes));
  return label === identifierLabel ? decodeUtf8(reader.byteString(maximumTextBytes)) : reader.text(maximumTextBytes);
}
