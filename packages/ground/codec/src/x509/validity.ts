import { type DerReader, readWholeSequence } from '../der.ts';

/** When a certificate is valid, in milliseconds since 1970. */
export interface CertificateValidity {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** Decodes a Validity (RFC 5280 section 4.1.2.5). @throws a CODEC error. */
export function readValidity(validity: Uint8Array): CertificateValidity {
  const reader = readWholeSequence(validity);
  const notBeforeMs = reader.time();
  const notAfterMs = reader.time();
  reader.end();
  return { notBeforeMs, notAfterMs };
}

/**
 * A Validity for people, like 2026-01-31T12:00:00Z, even when it has the wrong type of time, as certificates of Intel's SDK do.
 * A time of another form is shown as it is.
 * @throws a CODEC error for anything but two values.
 */
export function describeValidity(validity: Uint8Array): { readonly notBefore: string; readonly notAfter: string } {
  const reader = readWholeSequence(validity);
  return { notBefore: describeTime(reader), notAfter: describeTime(reader) };
}

function describeTime(reader: DerReader): string {
  const digits = String.fromCharCode(...reader.element().content.subarray(0, 20));
  const [, year = '', rest = ''] = /^(\d{2}|\d{4})(\d{10}Z)$/.exec(digits) ?? [];
  if (rest === '') return digits;
  // RFC 5280 section 4.1.2.5.1.
  const century = year.length === 4 ? '' : Number(year) >= 50 ? '19' : '20';
  return `${century}${year}-${rest.replace(/^(..)(..)(..)(..)(..)/, '$1-$2T$3:$4:$5')}`;
}
