import {
  derBitString,
  derExplicit,
  derInteger,
  derOctetString,
  derOid,
  derSequence,
  DerTag,
  derTime,
  derValue,
  utf8,
} from '../src/index.ts';

/** ecdsa-with-SHA256. */
export const algorithm = derSequence(derOid('1.2.840.10045.4.3.2'));
/** A SubjectPublicKeyInfo of an unknown curve. */
export const keyInfo = derSequence(
  derSequence(derOid('1.2.840.10045.2.1'), derOid('1.2.3')),
  derBitString(Uint8Array.of(4, 5)),
);
const signature = derBitString(Uint8Array.of(1, 2, 3));

/** Fields that can be replaced one by one; undefined leaves one out. */
export type Change = Readonly<Record<string, Uint8Array | undefined>>;

const fieldsOf = (fields: Change): Uint8Array =>
  derSequence(...Object.values(fields).map((field) => field ?? new Uint8Array()));

/** @param outer the parts beside the signed one. */
export function certificateOf(change: Change = {}, outer: Change = {}): Uint8Array {
  const signed = fieldsOf({
    version: derExplicit(0, derInteger(2)),
    serialNumber: derInteger(7),
    algorithm,
    issuer: nameOf(['2.5.4.3', 'ca']),
    validity: derSequence(derTime(new Date('2026-01-31T12:00:00Z')), derTime(new Date('2050-01-01T00:00:00Z'))),
    subject: nameOf(['2.5.4.3', 'vault'], ['2.5.4.10', 'Example']),
    publicKey: keyInfo,
    unique: new Uint8Array(),
    extensions: derExplicit(3, derSequence(extensionOf('1.2.3.4'))),
    after: new Uint8Array(),
    ...change,
  });
  return fieldsOf({ signed, algorithm, signature, ...outer });
}

/** A revocation list, as `certificateOf`. */
export function revocationListOf(change: Change = {}, outer: Change = {}): Uint8Array {
  const signed = fieldsOf({
    version: derInteger(1),
    algorithm,
    issuer: nameOf(['2.5.4.3', 'ca']),
    thisUpdate: derTime(new Date('2026-01-31T12:00:00Z')),
    nextUpdate: derTime(new Date('2026-02-28T12:00:00Z')),
    revoked: derSequence(revokedOf(7), revokedOf(9)),
    extensions: derExplicit(0, derSequence(extensionOf('2.5.29.20'))),
    after: new Uint8Array(),
    ...change,
  });
  return fieldsOf({ signed, algorithm, signature, ...outer });
}

/** An entry of a revocation list. @param more what follows the time. */
export const revokedOf = (serialNumber: number, ...more: readonly Uint8Array[]): Uint8Array =>
  derSequence(derInteger(serialNumber), derTime(new Date('2026-01-01T00:00:00Z')), ...more);

export function nameOf(...attributes: readonly (readonly [type: string, text: string])[]): Uint8Array {
  const parts = attributes.map(([type, text]) =>
    derValue(DerTag.SET, derSequence(derOid(type), derValue(DerTag.UTF8_STRING, utf8(text)))),
  );
  return derSequence(...parts);
}

export function extensionOf(
  id: string,
  critical: Uint8Array = new Uint8Array(),
  value: Uint8Array = Uint8Array.of(9),
): Uint8Array {
  return derSequence(derOid(id), critical, derOctetString(value));
}
