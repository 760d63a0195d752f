import './errors.ts';
export { ByteQueue } from './byte-queue.ts';
export { concatBytes, equalBytes, isZero, utf8 } from './bytes.ts';
export { CborReader, CborType } from './cbor.ts';
export {
  cborArray,
  cborBoolean,
  cborBytes,
  cborInteger,
  cborLabelledMap,
  cborMap,
  cborNull,
  cborTag,
  cborText,
  cborUnsigned,
} from './cbor-writer.ts';
export { DerReader, DerTag, readWholeSequence, type DerElement } from './der.ts';
export {
  derBitString,
  derBoolean,
  derEcdsaSignature,
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
export { ByteReader } from './reader.ts';
export { readSafeU64 } from './safe-integer.ts';
export { parseSnpCertificateTable, type SnpHostCertificate } from './snp-certificate-table.ts';
export { fromBase64, fromBase64url, fromHex, toBase64, toBase64url, toHex } from './text-forms.ts';
export { viewOf } from './view.ts';
export { ByteWriter } from './writer.ts';
