import {
  concatBytes,
  derBitString,
  derBoolean,
  derExplicit,
  derInteger,
  derMagnitude,
  derOid,
  DerTag,
  derTime,
  derValue,
  utf8,
} from '@enclos/codec';
import { distinguishedName, NameType } from '@enclos/evidence-kit';

/** DER for tests in few words, and what is deliberately not DER. */
export const tlv = (tag: number, ...parts: readonly Uint8Array[]): Uint8Array => derValue(tag, concatBytes(...parts));
export const sequence = (...parts: readonly Uint8Array[]): Uint8Array => tlv(DerTag.SEQUENCE, ...parts);
export const octetString = (...parts: readonly Uint8Array[]): Uint8Array => tlv(DerTag.OCTET_STRING, ...parts);
export const text = (value: string): Uint8Array => tlv(DerTag.UTF8_STRING, utf8(value));
export const explicit = (tag: number, ...parts: readonly Uint8Array[]): Uint8Array =>
  derExplicit(tag, concatBytes(...parts));
export { derBitString as bitString, derBoolean as boolean, derOid as objectIdentifier, derTime as time };

/** A non-negative INTEGER of a number or of big-endian bytes. */
export function integer(value: number | Uint8Array): Uint8Array {
  return typeof value === 'number' ? derInteger(value) : derMagnitude(value);
}

export function name(commonName: string): Uint8Array {
  return distinguishedName([
    [NameType.commonName, commonName],
    [NameType.organization, 'Test'],
  ]);
}
