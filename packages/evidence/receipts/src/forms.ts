import { cborText, toBase64url, utf8 } from '@enclos/codec';
import { coseProtectedHeader, coseSigningInput, readCoseSign1, writeCoseSign1, type CoseLabel } from '@enclos/cose';
import { decodeUtf8 } from '@enclos/codec/text';
import { compactJws, jwsSigningInput, readCompactJws } from '@enclos/jose';
import { cborOfClaims, claimsOfCbor } from './cbor-claims.ts';
import { maximumReceiptBytes, type ReceiptClaims } from './claims.ts';
import { claimsOfJson, jsonOfClaims } from './json-claims.ts';
import { reading, refuse } from './refusal.ts';

/** COSE_Sign1 is the shorter one; a JWS is text, for headers and logs. */
export type ReceiptForm = 'cose' | 'jws';
export type ReceiptAlgorithm = (typeof algorithms)[number];

/** A receipt that was read and not verified. */
export interface Receipt {
  readonly form: ReceiptForm;
  readonly algorithm: ReceiptAlgorithm;
  /** The thumbprint (RFC 7638) of the key that is said to have signed it. */
  readonly kid: string;
  readonly claims: ReceiptClaims;
  readonly signingInput: Uint8Array;
  readonly signature: Uint8Array;
}

/** What is to be signed, and the receipt once it is. */
export interface UnsignedReceipt {
  readonly signingInput: Uint8Array;
  finish(signature: Uint8Array): Uint8Array;
}

const algorithms = ['ES256', 'EdDSA'] as const;
/** RFC 9596: what the message is, so that a signature for another purpose is not taken for one of a receipt. */
const typeLabel = 16;
const types = Object.freeze({ cose: 'application/enclos-receipt+cwt', jws: 'enclos-receipt+jwt' });
/** The first byte of a tagged COSE_Sign1 message: tag 18. */
const coseStart = 0xd2;

export function unsignedReceipt(
  form: ReceiptForm,
  claims: ReceiptClaims,
  { algorithm, kid }: Pick<Receipt, 'algorithm' | 'kid'>,
): UnsignedReceipt {
  if (form === 'jws') {
    const input = jwsSigningInput(JSON.stringify({ alg: algorithm, typ: types.jws, kid }), jsonOfClaims(claims));
    return { signingInput: utf8(input), finish: (signature) => utf8(compactJws(input, signature)) };
  }
  const payload = cborOfClaims(claims);
  const protectedBytes = coseHeader({ algorithm, kid });
  return {
    signingInput: coseSigningInput({ protectedBytes, payload }),
    finish: (signature) => writeCoseSign1({ protectedBytes, payload, signature }),
  };
}

/**
 * Reads a receipt of either form strictly, and verifies nothing.
 *
 * @throws RECEIPT_INVALID with the rule `size`, `form`, `algorithm`, `header`, `profile` or `claims`.
 */
export function readReceipt(bytes: Uint8Array): Receipt {
  if (bytes.length > maximumReceiptBytes) return refuse('size', `A receipt has at most ${maximumReceiptBytes} bytes.`);
  return Object.freeze(bytes[0] === coseStart ? readCose(bytes) : readJws(bytes));
}

function coseHeader({ algorithm, kid }: Pick<Receipt, 'algorithm' | 'kid'>): Uint8Array {
  const others = new Map<CoseLabel, Uint8Array>([[typeLabel, cborText(types.cose)]]);
  return coseProtectedHeader({ algorithm, kid: utf8(kid), others });
}

function readCose(bytes: Uint8Array): Receipt {
  const message = reading('form', 'The receipt', () => readCoseSign1(bytes, { maxBytes: maximumReceiptBytes }));
  const algorithm = algorithmOf(message.algorithm);
  const { payload, signature, protectedBytes, unprotected } = message;
  if (payload === undefined) return refuse('form', 'The receipt does not hold its claims.');
  const kid = reading('header', 'The key identifier', () => decodeUtf8(message.kid ?? new Uint8Array()));
  // The headers in their one form, and nothing that is not signed.
  const isOurs = toBase64url(protectedBytes) === toBase64url(coseHeader({ algorithm, kid }));
  if (!isOurs || unprotected.size > 0 || kid === '') refuse('header', 'The header is not that of a receipt.');
  const claims = claimsOfCbor(payload);
  return { form: 'cose', algorithm, kid, claims, signature, signingInput: coseSigningInput(message) };
}

function readJws(bytes: Uint8Array): Receipt {
  const jws = reading('form', 'The receipt', () => {
    const bounds = { maxLength: maximumReceiptBytes, algorithms: ['ES256', 'ES384', 'ES512', 'EdDSA'] } as const;
    return readCompactJws(decodeUtf8(bytes), bounds);
  });
  const { header, payload, signature, signingInput } = jws;
  const algorithm = algorithmOf(jws.algorithm);
  const { kid, typ, alg, ...others } = header;
  if (
    typeof kid !== 'string' ||
    kid === '' ||
    typ !== types.jws ||
    alg !== algorithm ||
    Object.keys(others).length > 0
  ) {
    return refuse('header', 'The header is not that of a receipt.');
  }
  return { form: 'jws', algorithm, kid, claims: claimsOfJson(payload), signature, signingInput };
}

function algorithmOf(name: string): ReceiptAlgorithm {
  return algorithms.find((each) => each === name) ?? refuse('algorithm', 'Receipts are signed by ES256 or EdDSA.');
}
