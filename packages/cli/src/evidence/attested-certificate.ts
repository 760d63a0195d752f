import { createHash } from 'node:crypto';
import { DerReader, equalBytes, utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { decodeCbor, isCborTagged, type CborTagged } from './cbor.ts';
import type { CertificateExtension, CertificateShape } from './certificate.ts';

/** A way in which a certificate carries evidence, and ties its key to it. */
export interface CertificateScheme {
  readonly id: string;
  readonly title: string;
  /** The evidence in the value of the extension; undefined when it is not of the form. */
  readonly carried: (value: Uint8Array) => Uint8Array | undefined;
  /** Whether the first 32 bytes of the report data vouch for the key; undefined where the way is not known here. */
  readonly binds?: (value: Uint8Array, publicKeyInfo: Uint8Array, reportData: Uint8Array) => boolean;
}

/** The tag of a quote, and those of reports, in CBOR evidence (interoperable RA-TLS, CCC). */
const quoteTag = 60_000;
const hashes: Readonly<Record<number, string>> = { 1: 'sha256', 7: 'sha384', 8: 'sha512' };

const whole = (value: Uint8Array): Uint8Array => value;
const digest = (algorithm: string, bytes: Uint8Array): Uint8Array =>
  new Uint8Array(createHash(algorithm).update(bytes).digest());
const beginsWith = (bytes: Uint8Array, start: Uint8Array): boolean =>
  equalBytes(bytes.subarray(0, start.length), start);

/** Each by the object identifier of its extension. */
export const certificateSchemes: Readonly<Record<string, CertificateScheme>> = Object.freeze({
  '2.23.133.5.4.9': {
    id: 'interoperable-ra-tls',
    title: 'tagged evidence (interoperable RA-TLS)',
    carried: (value) => taggedEvidence(value)?.quote,
    binds: bindsTagged,
  },
  // Gramine put the DER of an identifier where its content belongs, so that it reads with 0.6.9 before it.
  '0.6.9.42.840.113741.1337.6': gramine('legacy RA-TLS of Gramine'),
  '1.2.840.113741.1337.6': gramine('legacy RA-TLS'),
  '1.3.6.1.4.1.311.105.1': openEnclave('Open Enclave report'),
  '1.2.840.113556.10.1.1': openEnclave('Open Enclave report, old identifier'),
  '1.3.6.1.4.1.311.105.2': { id: 'open-enclave-evidence', title: 'Open Enclave evidence', carried: whole },
  '1.2.840.113556.10.1.2': {
    id: 'open-enclave-evidence',
    title: 'Open Enclave evidence, old identifier',
    carried: whole,
  },
  '1.3.6.1.4.1.311.105.1000.1': { id: 'azure-container', title: 'evidence of an Azure container', carried: whole },
  '1.3.6.1.5.5.7.1.35': { id: 'cmw', title: 'conceptual message wrapper (RFC 9999)', carried: wrappedMessage },
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
    }).map(([arcs, title]) => [
      `1.3.9900.${arcs}`,
      { id: 'attested-tls-json', title: `attestation document, ${title}`, carried: whole },
    ]),
  ),
});

/** The scheme of an extension. */
export function schemeOf({ id }: CertificateExtension): CertificateScheme | undefined {
  return Object.hasOwn(certificateSchemes, id) ? certificateSchemes[id] : undefined;
}

/**
 * How a certificate ties its key to report data: the title of the scheme that
 * does, `false` when none of those that it uses does, undefined when it uses
 * none whose way is known here.
 */
export function bindingOf(certificate: CertificateShape, reportData: Uint8Array): string | false | undefined {
  const checked = certificate.extensions.flatMap((extension) => {
    const scheme = schemeOf(extension);
    if (scheme?.binds === undefined) return [];
    return [{ title: scheme.title, binds: scheme.binds(extension.value, certificate.publicKeyInfo, reportData) }];
  });
  if (checked.length === 0) return undefined;
  return checked.find(({ binds }) => binds)?.title ?? false;
}

function gramine(title: string): CertificateScheme {
  return {
    id: 'ra-tls',
    title,
    carried: whole,
    binds: (_, publicKeyInfo, reportData) => beginsWith(reportData, digest('sha256', publicKeyInfo)),
  };
}

/** Open Enclave hashes the key as PEM with the NUL of its string; EGo, under the same identifier, as DER too. */
function openEnclave(title: string): CertificateScheme {
  return {
    id: 'open-enclave-report',
    title,
    carried: whole,
    binds: (_, publicKeyInfo, reportData) =>
      [publicKeyInfo, utf8(`${publicKeyPem(publicKeyInfo)}\0`)].some((key) =>
        beginsWith(reportData, digest('sha256', key)),
      ),
  };
}

function publicKeyPem(publicKeyInfo: Uint8Array): string {
  const lines = Buffer.from(publicKeyInfo)
    .toString('base64')
    .match(/.{1,64}/g);
  return `-----BEGIN PUBLIC KEY-----\n${(lines ?? []).join('\n')}\n-----END PUBLIC KEY-----\n`;
}

/** The report data vouches for the claims, and the claims for the key. */
function bindsTagged(value: Uint8Array, publicKeyInfo: Uint8Array, reportData: Uint8Array): boolean {
  const claims = taggedEvidence(value)?.claims;
  if (claims === undefined || !beginsWith(reportData, digest('sha256', claims))) return false;
  const map = attempt(() => decodeCbor(claims));
  const wrapped = map instanceof Map ? (map.get('pubkey-hash') as unknown) : undefined;
  const entry = wrapped instanceof Uint8Array ? attempt(() => decodeCbor(wrapped)) : undefined;
  if (!Array.isArray(entry)) return false;
  const [algorithm, expected] = entry as readonly unknown[];
  const name = typeof algorithm === 'number' ? hashes[algorithm] : undefined;
  return name !== undefined && expected instanceof Uint8Array && equalBytes(digest(name, publicKeyInfo), expected);
}

/** Tag 60000, or 60001 and 60002 for reports: evidence, then claims. */
export function taggedEvidence(
  value: Uint8Array,
): { readonly tag: number; readonly quote: Uint8Array; readonly claims: Uint8Array } | undefined {
  const item: CborTagged | undefined = attempt(() => {
    const decoded = decodeCbor(value);
    return isCborTagged(decoded) ? decoded : undefined;
  });
  const isEvidence = item !== undefined && item.tag >= quoteTag && item.tag <= quoteTag + 2;
  if (!isEvidence || !Array.isArray(item.value)) return undefined;
  const [quote, claims] = item.value as readonly unknown[];
  if (!(quote instanceof Uint8Array) || !(claims instanceof Uint8Array)) return undefined;
  return { tag: item.tag, quote, claims };
}

/** Of a record [type, value]: the value, from CBOR in an OCTET STRING or JSON in a UTF8String. */
function wrappedMessage(value: Uint8Array): Uint8Array | undefined {
  return attempt(() => {
    const { tag, content } = new DerReader(value).element();
    if (tag !== 0x04) return content;
    const item = decodeCbor(content);
    const record = isCborTagged(item) ? item.value : item;
    const wrapped: unknown = Array.isArray(record) ? (record as readonly unknown[])[1] : record;
    return wrapped instanceof Uint8Array ? wrapped : undefined;
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
