import { cborBytes, cborInteger, cborLabelledMap, CborReader, fromBase64url, toBase64url } from '@enclos/codec';
import { readHeader, type CoseHeader } from './headers.ts';
import { reading, refuse } from './refusal.ts';

/** A public key as the members of a JWK: what `@enclos/jose` takes. Texts are base64url. */
export type CoseKey =
  | { readonly kty: 'EC'; readonly crv: 'P-256' | 'P-384' | 'P-521'; readonly x: string; readonly y: string }
  | { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string };

/** RFC 9053 section 7.1: curve numbers, key types and the length of a coordinate. */
const curves = Object.freeze({
  'P-256': { value: 1, kty: 'EC', size: 32 },
  'P-384': { value: 2, kty: 'EC', size: 48 },
  'P-521': { value: 3, kty: 'EC', size: 66 },
  Ed25519: { value: 6, kty: 'OKP', size: 32 },
} as const);
const keyTypes = Object.freeze({ OKP: 1, EC: 2 } as const);
/** RFC 9052 section 7.1, and RFC 9053 sections 7.1.1 and 7.2. */
const keyLabels = Object.freeze({ keyType: 1, curve: -1, x: -2, y: -3 } as const);
const privateLabel = -4;

/**
 * Reads a public COSE_Key of a curve (RFC 9053 section 7.1) strictly. Points have both coordinates, each in its full
 * length; other members, such as `kid` and `alg`, are skipped.
 *
 * @throws a CODEC error with the rule `form`, `kty`, `crv`, `members` or `duplicate-label`.
 */
export function readCoseKey(bytes: Uint8Array): CoseKey {
  const members = reading('form', 'The COSE key', () => {
    const reader = new CborReader(bytes);
    const header = readHeader(reader);
    reader.end();
    return header;
  });
  if (members.has(privateLabel)) refuse('members', 'The key is a private one.');
  const [crv, curve] = curveOf(integerAt(members, keyLabels.curve, 'crv'));
  if (integerAt(members, keyLabels.keyType, 'kty') !== keyTypes[curve.kty]) {
    return refuse('kty', 'The type of the key does not fit its curve.');
  }
  const x = coordinateAt(members, keyLabels.x, curve.size);
  if (crv === 'Ed25519') return Object.freeze({ kty: 'OKP', crv, x });
  return Object.freeze({ kty: 'EC', crv, x, y: coordinateAt(members, keyLabels.y, curve.size) });
}

/** The deterministic COSE_Key of the required members alone, which is also what its thumbprint is over (RFC 9679). */
export function writeCoseKey(key: CoseKey): Uint8Array {
  const curve = curves[key.crv];
  return cborLabelledMap([
    [keyLabels.keyType, cborInteger(keyTypes[curve.kty])],
    [keyLabels.curve, cborInteger(curve.value)],
    [keyLabels.x, cborBytes(fromBase64url(key.x))],
    ...(key.kty === 'EC' ? [[keyLabels.y, cborBytes(fromBase64url(key.y))] as const] : []),
  ]);
}

function curveOf(value: number): [CoseKey['crv'], (typeof curves)[CoseKey['crv']]] {
  for (const [name, curve] of Object.entries(curves)) {
    // The names of the table are its own keys.
    if (curve.value === value) return [name as CoseKey['crv'], curve];
  }
  return refuse('crv', 'The curve of the key is not P-256, P-384, P-521 or Ed25519.');
}

function integerAt(members: CoseHeader, label: number, rule: 'crv' | 'kty'): number {
  return reading(rule, 'A member of the key', () => {
    const reader = new CborReader(members.get(label) ?? new Uint8Array());
    return reader.integer();
  });
}

function coordinateAt(members: CoseHeader, label: number, size: number): string {
  const bytes = reading('members', 'A coordinate of the key', () =>
    new CborReader(members.get(label) ?? new Uint8Array()).byteString(size),
  );
  if (bytes.length !== size) refuse('members', 'A coordinate of the key has another length.');
  return toBase64url(bytes);
}
