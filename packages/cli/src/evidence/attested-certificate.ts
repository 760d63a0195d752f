import { CborReader, DerReader, DerTag } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import type { CertificateExtension } from './certificate.ts';

/** A way in which a certificate carries evidence. */
interface CertificateScheme {
  readonly title: string;
  /** The evidence in the value of the extension; undefined when it is not of the form. */
  readonly carried: (value: Uint8Array) => Uint8Array | undefined;
}

/** The tag of a quote, and after it those of reports, in CBOR evidence (interoperable RA-TLS, CCC). */
const quoteTag = 60_000;
const maximumBytes = 1024 * 1024;

const whole = (value: Uint8Array): Uint8Array => value;

/**
 * Each by the object identifier of its extension. The order is that of
 * preference where a certificate carries several, as `readCertificateEvidence` of `@enclos/atls` has it.
 */
export const certificateSchemes: Readonly<Record<string, CertificateScheme>> = Object.freeze({
  '2.23.133.5.4.9': { title: 'tagged evidence (interoperable RA-TLS)', carried: whole },
  '1.3.6.1.5.5.7.1.35': { title: 'conceptual message wrapper (RFC 9999)', carried: wrappedMessage },
  // Gramine put the DER of an identifier where its content belongs, so that it reads with 0.6.9 before it.
  '0.6.9.42.840.113741.1337.6': { title: 'legacy RA-TLS of Gramine', carried: whole },
  '1.2.840.113741.1337.6': { title: 'legacy RA-TLS', carried: whole },
  '1.3.6.1.4.1.311.105.1': { title: 'Open Enclave report', carried: whole },
  '1.2.840.113556.10.1.1': { title: 'Open Enclave report, old identifier', carried: whole },
  '1.3.6.1.4.1.311.105.2': { title: 'Open Enclave evidence', carried: whole },
  '1.2.840.113556.10.1.2': { title: 'Open Enclave evidence, old identifier', carried: whole },
  '1.3.6.1.4.1.311.105.1000.1': { title: 'evidence of an Azure container', carried: whole },
  ...Object.fromEntries(
    Object.entries({
      '1.1': 'dummy',
      '2.1': 'AWS Nitro TPM',
      '2.2': 'SEV-SNP of AWS',
      '3.1': 'SEV-ES of Google Cloud',
      '3.2': 'SEV-SNP of Google Cloud',
      '4.1': 'SEV-SNP of Azure',
      '4.2': 'trusted launch of Azure',
      '4.3': 'TDX of Azure',
      '5.1': 'vTPM of QEMU',
      '5.99': 'TDX of QEMU',
    }).map(([arcs, title]) => [`1.3.9900.${arcs}`, { title: `attestation document, ${title}`, carried: whole }]),
  ),
});

/** The scheme of an extension. */
export function schemeOf({ id }: Pick<CertificateExtension, 'id'>): CertificateScheme | undefined {
  return Object.hasOwn(certificateSchemes, id) ? certificateSchemes[id] : undefined;
}

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

/** Of a record [type, value]: the value, from CBOR in an OCTET STRING; of JSON in a UTF8String, the whole. */
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

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return undefined;
  }
}
