import { DerReader, readWholeSequence, DerTag, type DerElement } from '@enclos/codec';

/** What people and evidence need of a certificate (RFC 5280 section 4.1). Nothing of it is verified. */
export interface CertificateShape {
  /** `CN=vault, O=Example`, in the order in which it stands there. */
  readonly subject: string;
  readonly issuer: string;
  /** As 2026-01-31T12:00:00Z; as it stands there when it is no such time. */
  readonly notBefore: string;
  readonly notAfter: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKeyInfo: Uint8Array;
  readonly extensions: readonly CertificateExtension[];
}

export interface CertificateExtension {
  readonly id: string;
  readonly critical: boolean;
  /** What the OCTET STRING holds. */
  readonly value: Uint8Array;
}

const attributeNames: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
};
const mostExtensions = 64;
const mostNameBytes = 2048;
const text = new TextDecoder('latin1');

/** Whether it begins like DER of some length that a certificate can have. */
export function beginsLikeDer(bytes: Uint8Array): boolean {
  return bytes[0] === DerTag.SEQUENCE && (bytes[1] === 0x82 || bytes[1] === 0x83);
}

/** @throws a CODEC error. */
export function readCertificate(der: Uint8Array): CertificateShape {
  const certificate = readWholeSequence(der);
  const body = certificate.sequence();
  body.optionalExplicit(0);
  body.element(DerTag.INTEGER);
  body.element(DerTag.SEQUENCE);
  const issuer = readName(body);
  const validity = body.sequence();
  const [notBefore, notAfter] = [readTime(validity), readTime(validity)];
  const subject = readName(body);
  const publicKeyInfo = body.element(DerTag.SEQUENCE).encoded;
  return Object.freeze({ subject, issuer, notBefore, notAfter, publicKeyInfo, extensions: readExtensions(body) });
}

/** UTCTime or GeneralizedTime, also where the other one would have been right, as in certificates of Intel's SDK. */
function readTime(reader: DerReader): string {
  const digits = text.decode(reader.element().content.subarray(0, 20));
  const [, year = '', rest = ''] = /^(\d{2}|\d{4})(\d{10}Z)$/.exec(digits) ?? [];
  if (rest === '') return digits;
  // RFC 5280 section 4.1.2.5.1.
  const century = year.length === 4 ? '' : Number(year) >= 50 ? '19' : '20';
  return `${century}${year}-${rest.replace(/^(..)(..)(..)(..)(..)/, '$1-$2T$3:$4:$5')}`;
}

function readName(reader: DerReader): string {
  const parts: string[] = [];
  const name = reader.element(DerTag.SEQUENCE);
  if (name.encoded.length > mostNameBytes) return 'a name that is too long';
  for (const sets = new DerReader(name.content); !sets.done;) {
    const attribute = new DerReader(sets.element(DerTag.SET).content).sequence();
    const type = attribute.objectIdentifier();
    parts.push(`${attributeNames[type] ?? type}=${text.decode(attribute.element().content)}`);
  }
  return parts.join(', ');
}

function readExtensions(body: DerReader): readonly CertificateExtension[] {
  const extensions: CertificateExtension[] = [];
  while (!body.done) {
    const outer = body.optionalExplicit(3);
    if (outer === undefined) {
      body.element();
      continue;
    }
    for (const list = outer.sequence(); !list.done && extensions.length < mostExtensions;) {
      extensions.push(readExtension(list.element(DerTag.SEQUENCE)));
    }
  }
  return Object.freeze(extensions);
}

function readExtension({ content }: DerElement): CertificateExtension {
  const entry = new DerReader(content);
  const id = entry.objectIdentifier();
  const critical = entry.peek() === DerTag.BOOLEAN && entry.boolean();
  return Object.freeze({ id, critical, value: entry.octetString() });
}
