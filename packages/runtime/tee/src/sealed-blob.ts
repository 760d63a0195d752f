import { ByteReader, ByteWriter, equalBytes, utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { encodeKeyRequest, parseKeyRequest, type KeyRequest } from '@enclos/sgx';

/**
 * Sealed blob (little-endian):
 * magic "ENCLSEAL" 8 | version u16 | algorithm u16 = 1 (AES-256-GCM) |
 * KEYREQUEST 512 | salt 32, in version 2 only | nonce 12 | ciphertext length u32 | ciphertext | tag 16.
 * Key request and salt say how the sealing key is derived; they are not secret.
 *
 * Version 1 is for platforms that derive a different key for each key request. Version 2 is for platforms with one key for each
 * policy (`sealKeys: 'fixed'`): the request is the one for this key, and the salt sets the keys of blobs apart.
 */
export interface SealedBlob {
  readonly keyRequest: KeyRequest;
  /** 32 bytes; only in version 2. */
  readonly salt?: Uint8Array | undefined;
  readonly nonce: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly tag: Uint8Array;
}

const magic = utf8('ENCLSEAL');
const algorithm = 1;
export const SEAL_SALT_BYTES = 32;
/** Bytes that a sealed blob of version 1 adds to its plaintext; version 2 adds {@link SEAL_SALT_BYTES} more. */
export const SEALED_BLOB_OVERHEAD_BYTES = 8 + 2 + 2 + 512 + 12 + 4 + 16;
/** The largest plaintext that can be sealed. */
export const MAX_SEALED_BYTES = 64 * 1024 * 1024;

/** The header, with which the associated data starts so that none of it can be changed. */
export function sealedBlobHeader({ keyRequest, salt, nonce }: Omit<SealedBlob, 'ciphertext' | 'tag'>): Uint8Array {
  const header = new ByteWriter()
    .bytes(magic)
    .u16(salt === undefined ? 1 : 2)
    .u16(algorithm)
    .bytes(encodeKeyRequest(keyRequest));
  if (salt !== undefined) header.fixed(salt, SEAL_SALT_BYTES);
  return header.bytes(nonce).finish();
}

export function encodeSealedBlob(blob: SealedBlob): Uint8Array {
  return new ByteWriter({ sizeHint: SEALED_BLOB_OVERHEAD_BYTES + SEAL_SALT_BYTES + blob.ciphertext.length })
    .bytes(sealedBlobHeader(blob))
    .u32(blob.ciphertext.length)
    .bytes(blob.ciphertext)
    .fixed(blob.tag, 16)
    .finish();
}

/** True when the bytes start like a sealed blob. */
export function looksSealed(bytes: Uint8Array): boolean {
  return equalBytes(bytes.subarray(0, magic.length), magic);
}

/** @throws CODEC_* or SGX_* errors for anything that {@link encodeSealedBlob} does not write. */
export function parseSealedBlob(bytes: Uint8Array): SealedBlob {
  const reader = new ByteReader(bytes);
  if (!looksSealed(reader.bytes(magic.length))) throw new EnclosError('CODEC_INVALID', 'Not a sealed blob.');
  const version = reader.u16();
  if ((version !== 1 && version !== 2) || reader.u16() !== algorithm) {
    throw new EnclosError('CODEC_INVALID', 'A sealed blob of another version or algorithm.');
  }
  const keyRequest = parseKeyRequest(reader.bytes(512));
  const salt = version === 2 ? { salt: reader.bytes(SEAL_SALT_BYTES) } : {};
  const nonce = reader.bytes(12);
  const ciphertext = reader.bytes(reader.u32());
  const tag = reader.bytes(16);
  reader.end();
  return Object.freeze({ keyRequest, ...salt, nonce, ciphertext, tag });
}
