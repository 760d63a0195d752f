export {
  createBodyRoom,
  type BodyEviction,
  type BodyOwner,
  type BodyRoom,
  type BodyRoomOptions,
  type BodyShare,
} from './body-room.ts';
export { boundedBody } from './bounded-body.ts';
export { concatBytes, equalBytes, isZero, utf8 } from './bytes.ts';
export { CborReader, CborType } from './cbor.ts';
export { cborArray, cborBytes, cborMap, cborTag, cborText, cborUnsigned } from './cbor-writer.ts';
export { readCertificate, type CertificateParts } from './certificate-reader.ts';
export {
  selfSignedCertificate,
  selfSignedSigningCertificate,
  type CertificateExtension,
  type SelfSignedCertificate,
  type SigningCertificate,
} from './certificate-writer.ts';
export { DerReader, DerTag, type DerElement } from './der.ts';
export {
  derBitString,
  derBoolean,
  derEnumerated,
  derExplicit,
  derInteger,
  derMagnitude,
  derOctetString,
  derOid,
  derSequence,
  derTime,
  derValue,
} from './der-writer.ts';
export type { BitString } from './der-values.ts';
export { beginsLikePem, mistakenForPem } from './encoding-mistakes.ts';
export { peerOf } from './peer-address.ts';
export { ByteReader } from './reader.ts';
export { parseSnpCertificateTable, type SnpHostCertificate } from './snp-certificate-table.ts';
export { withoutTrailingNuls } from './trailing-nuls.ts';
export { fromBase64url, fromHex, toBase64url, toHex, toPem } from './text-forms.ts';
export { ByteWriter } from './writer.ts';
