import type { ExtensionShape } from '@enclos/codec/x509';
import {
  evidenceExtensions,
  isVersionNumber,
  withoutOctetString,
  type ExtensionForm,
} from '@enclos/attestation/carriers';
import { CborReader, DerReader, DerTag } from '@enclos/codec';
import { attempt } from './attempt.ts';

/** The tag of a quote, and after it those of reports, in CBOR evidence (interoperable RA-TLS, CCC). */
const quoteTag = 60_000;
const maximumBytes = 1024 * 1024;

/** What an extension carries, and what that is for people. */
interface CarriedEvidence {
  readonly title: string;
  readonly evidence: Uint8Array;
}

/** The evidence in an extension; undefined for an extension that has none. */
export function carriedBy({ id, value }: Pick<ExtensionShape, 'id' | 'value'>): CarriedEvidence | undefined {
  const known = evidenceExtensions.find((extension) => extension.id === id);
  if (known === undefined) return undefined;
  const { form, title } = known;
  const unwrap = (form === undefined ? undefined : unwrappers[form]) ?? whole;
  const evidence = unwrap(value);
  return evidence === undefined ? undefined : { title, evidence };
}

const whole = (value: Uint8Array): Uint8Array => value;

const unwrappers: Partial<Record<ExtensionForm, (value: Uint8Array) => Uint8Array | undefined>> = {
  cmw: wrappedMessage,
  'oe-report': withoutOctetString,
  'oe-evidence': (value) => (isVersionNumber(value) ? undefined : value),
};

/** Tag 60000, or 60001 and 60002 for reports: evidence, then claims. */
export function taggedEvidence(
  value: Uint8Array,
): { readonly tag: number; readonly quote: Uint8Array; readonly claims: Uint8Array } | undefined {
  return attempt(() => {
    const reader = new CborReader(value);
    const tag = reader.tag();
    if (tag < quoteTag || tag > quoteTag + 2 || reader.array(2) !== 2) return undefined;
    const found = { tag, quote: reader.byteString(maximumBytes), claims: reader.byteString(maximumBytes) };
    reader.end();
    return found;
  });
}

/** The value of a record [type, value] of CBOR in an OCTET STRING; the whole record of JSON in a UTF8String. */
function wrappedMessage(value: Uint8Array): Uint8Array | undefined {
  return attempt(() => {
    const { tag, content } = new DerReader(value).element();
    if (tag !== DerTag.OCTET_STRING) return content;
    const reader = new CborReader(content);
    reader.array(3);
    reader.skip();
    return reader.byteString(maximumBytes);
  });
}
