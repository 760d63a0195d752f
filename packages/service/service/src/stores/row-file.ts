import { decodeUtf8 } from '@enclos/codec/text';
import { createHash } from 'node:crypto';
import { ByteReader, ByteWriter, equalBytes, utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import type { StoredRow } from '../store/store.ts';

export interface RowFile extends StoredRow {
  readonly key: string;
}

const tagOf = (service: string): Uint8Array => utf8(`enclos.${service}-row.v1\n`);
const checksumBytes = 32;

/** A file of the store: tag, u64 version, u16 length and key, the bytes, SHA-256 of all that. */
export function encodeRowFile(service: string, { key, version, bytes }: RowFile): Uint8Array {
  const keyBytes = utf8(key);
  const content = new ByteWriter({ sizeHint: bytes.length + 512 })
    .bytes(tagOf(service))
    .u64(version)
    .u16(keyBytes.length)
    .bytes(keyBytes)
    .bytes(bytes)
    .finish();
  return new ByteWriter({ sizeHint: content.length + checksumBytes }).bytes(content).bytes(checksum(content)).finish();
}

/**
 * The checksum is against disks, not against people: it turns rot into a message that names the file.
 * @throws a CODEC error.
 */
export function decodeRowFile(service: string, file: Uint8Array): RowFile {
  const tag = tagOf(service);
  const end = file.length - checksumBytes;
  const reader = new ByteReader(file, 0, Math.max(0, end));
  const isWhole =
    equalBytes(reader.view(tag.length), tag) && equalBytes(file.subarray(end), checksum(file.subarray(0, end)));
  if (!isWhole) throw new EnclosError('CODEC_INVALID', 'Not a row of this store, or a damaged one.');
  const version = reader.u64();
  const key = decodeUtf8(reader.view(reader.u16()));
  return { key, version, bytes: reader.bytes(reader.remaining) };
}

function checksum(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest());
}
