import { decodeUtf8 } from '@enclos/codec/text';
import { ByteReader, ByteWriter, fromBase64, fromBase64url, toBase64url, utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { maximumDocumentBytes, type StateFormat } from '@enclos/service/state';
import { attestationTypes, type AttestationType } from '../configuration/configuration.ts';
import { maximumSecrets, secretNamePattern, type NamedSecret, type TenantDocument } from './document.ts';

const maximumCertificates = 1024;
const digestBytes = 32;

/**
 * One document has one encoding: u8 number of policies; of each u8 type (its place in `attestationTypes`), ascending, u32
 * length and UTF-8; u16 number of certificates; of each u32 length and DER; u16 number of secrets; of each, ascending by
 * name, u8 length and name in ASCII, and the 32 bytes of its digest. Integers are little-endian.
 *
 * @throws CODEC_OUT_OF_RANGE for more than `maximumDocumentBytes`; CODEC_INVALID for what has no encoding.
 */
export function encodeDocument({ policies, certificates, secrets }: TenantDocument): Uint8Array {
  const writer = new ByteWriter({ maxBytes: maximumDocumentBytes });
  const set = attestationTypes.flatMap((type, index) => {
    const text = policies[type];
    return text === undefined ? [] : [{ index, bytes: encodeText(text) }];
  });
  writer.u8(set.length);
  for (const { index, bytes } of set) writer.u8(index).u32(bytes.length).bytes(bytes);
  if (certificates.length > maximumCertificates) {
    throw new EnclosError('CODEC_OUT_OF_RANGE', `More than ${maximumCertificates} policy certificates.`);
  }
  writer.u16(certificates.length);
  for (const text of certificates) {
    const bytes = fromBase64(text);
    writer.u32(bytes.length).bytes(bytes);
  }
  checkSecrets(secrets);
  writer.u16(secrets.length);
  for (const { name, digest } of secrets) {
    writer
      .u8(name.length)
      .bytes(utf8(name))
      .fixed(fromBase64url(digest, { maxBytes: digestBytes }), digestBytes);
  }
  return writer.finish();
}

/** Reads all of `bytes`. @throws a CODEC error for every encoding but the one. */
function decodeDocument(bytes: Uint8Array): TenantDocument {
  const reader = new ByteReader(bytes);
  const policies: Partial<Record<AttestationType, string>> = {};
  let last = -1;
  for (let left = reader.u8(); left > 0; left--) {
    const index = reader.u8();
    const type = attestationTypes[index];
    if (type === undefined || index <= last) {
      throw new EnclosError('CODEC_INVALID', 'A policy of an unknown type, or out of order.');
    }
    last = index;
    policies[type] = decodeUtf8(reader.view(reader.u32()));
  }
  const count = reader.u16();
  if (count > maximumCertificates) throw new EnclosError('CODEC_OUT_OF_RANGE', 'Too many policy certificates.');
  const certificates: string[] = [];
  for (let left = count; left > 0; left--) {
    const der = reader.view(reader.u32());
    certificates.push(Buffer.from(der.buffer, der.byteOffset, der.byteLength).toString('base64'));
  }
  const secrets = readSecrets(reader);
  reader.end();
  return Object.freeze({ policies: Object.freeze(policies), certificates: Object.freeze(certificates), secrets });
}

function readSecrets(reader: ByteReader): readonly NamedSecret[] {
  const count = reader.u16();
  checkNumber(count);
  const secrets = Array.from({ length: count }, () =>
    Object.freeze({ name: decodeUtf8(reader.view(reader.u8())), digest: toBase64url(reader.view(digestBytes)) }),
  );
  checkSecrets(secrets);
  return Object.freeze(secrets);
}

function checkSecrets(secrets: readonly NamedSecret[]): void {
  checkNumber(secrets.length);
  let last = '';
  for (const { name } of secrets) {
    if (!secretNamePattern.test(name) || name <= last) {
      throw new EnclosError('CODEC_INVALID', 'A secret without a valid name, or out of order.');
    }
    last = name;
  }
}

function checkNumber(secrets: number): void {
  if (secrets > maximumSecrets) throw new EnclosError('CODEC_OUT_OF_RANGE', `More than ${maximumSecrets} secrets.`);
}

/** What has lone surrogates would come back as another text. */
function encodeText(text: string): Uint8Array {
  const bytes = utf8(text);
  if (decodeUtf8(bytes) !== text) throw new EnclosError('CODEC_INVALID', 'A policy that is not Unicode text.');
  return bytes;
}

/** How records hold documents of tenants. */
export const documentFormat: StateFormat<TenantDocument> = Object.freeze({
  service: 'attestation',
  encode: encodeDocument,
  decode: decodeDocument,
});
