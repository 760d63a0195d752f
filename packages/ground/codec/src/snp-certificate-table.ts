import { EnclosError } from '@enclos/errors';
import { isZero } from './bytes.ts';
import { ByteReader } from './reader.ts';
import { toHex } from './text-forms.ts';

/**
 * A certificate that the host gave along with an SNP report. The host is not trusted: only the certificate's own signature
 * proves anything.
 */
export interface SnpHostCertificate {
  readonly kind: 'vcek' | 'vlek' | 'ask' | 'ark' | 'crl' | 'other';
  /** Its GUID in the usual text form. */
  readonly guid: string;
  readonly content: Uint8Array;
}

const kinds: Readonly<Record<string, SnpHostCertificate['kind']>> = {
  '63da758d-e664-4564-adc5-f4b93be8accd': 'vcek',
  'a8074bc2-a25a-483e-aae6-39c045a0b8a1': 'vlek',
  '4ab7b379-bbac-4fe4-a02f-05aef327c782': 'ask',
  'c0b406a4-a803-4952-9743-3fb6014cd0ae': 'ark',
  '92f81bc3-5811-4d3d-97ff-d19f88dc67ea': 'crl',
};

const entryBytes = 24;
const maxEntries = 32;
const maxContentBytes = 65_536;

function refuse(reason: string): never {
  throw new EnclosError('CODEC_INVALID', `The host's certificate table: ${reason}`);
}

/** The bytes in the order of the text (RFC 9562), as the tools of AMD and virtee write them; not as Microsoft does. */
function guidText(bytes: Uint8Array): string {
  return toHex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/**
 * Parses the certificates that a host adds to a report of SEV-SNP, in an extended report and in `auxblob` of
 * configfs-tsm: entries of GUID 16, offset u32 and length u32, an empty entry, then the certificates (AMD 56421, GHCB, section
 * 4.1.8.1). Bytes between and after the certificates are padding.
 * @returns nothing for an empty table: a host need not have certificates.
 * @throws a CODEC error for a malformed table.
 */
export function parseSnpCertificateTable(bytes: Uint8Array): readonly SnpHostCertificate[] {
  if (bytes.length === 0) return Object.freeze([]);
  const entries = readEntries(bytes);
  const headerBytes = (entries.length + 1) * entryBytes;
  const guids = new Set(entries.map(({ guid }) => guid));
  if (guids.size !== entries.length) refuse('a GUID is there twice.');
  return Object.freeze(
    entries.map(({ guid, offset, length }) => {
      if (length === 0 || length > maxContentBytes) refuse('a certificate of no, or too many, bytes.');
      if (offset < headerBytes) refuse('a certificate lies over the entries.');
      if (offset + length > bytes.length) refuse('a certificate ends after the table.');
      return Object.freeze({ kind: kinds[guid] ?? 'other', guid, content: bytes.slice(offset, offset + length) });
    }),
  );
}

interface Entry {
  readonly guid: string;
  readonly offset: number;
  readonly length: number;
}

function readEntries(bytes: Uint8Array): readonly Entry[] {
  const reader = new ByteReader(bytes);
  const entries: Entry[] = [];
  while (reader.remaining >= entryBytes) {
    const guid = reader.bytes(16);
    const entry = { guid: guidText(guid), offset: reader.u32(), length: reader.u32() };
    if (isZero(guid)) {
      if (entry.offset !== 0 || entry.length !== 0) refuse('the last entry is not empty.');
      return entries;
    }
    if (entries.push(entry) > maxEntries) refuse(`more than ${maxEntries} entries.`);
  }
  return refuse('it has no last entry.');
}
