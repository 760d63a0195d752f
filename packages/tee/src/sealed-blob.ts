import { ByteReader, ByteWriter, concatBytes, equalBytes, utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { encodeKeyRequest, parseKeyRequest, type KeyRequest } from '@enclos/sgx';

/**
 * Sealed blob, version 1 (little-endian):
 * magic "ENCLSEAL" 8 | version u16 = 1 | algorithm u16 = 1 (AES-256-GCM) |
 * KEYREQUEST 512 | nonce 12 | ciphertext length u32 | ciphertext | tag 16.
 * The key request says how the sealing key is derived; it is not secret.
 */
export interface SealedBlob {
  readonly keyRequest: KeyRequest;
  readonly nonce: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly tag: Uint8Array;
}

const magic = utf8('ENCLSEAL');
const version = 1;
const algorithm = 1;
/** Bytes that a sealed blob adds to its plaintext. */
export const SEALED_BLOB_OVERHEAD_BYTES = 8 + 2 + 2 + 512 + 12 + 4 + 16;
/** The largest plaintext that can be sealed. */
export const MAX_SEALED_BYTES = 64 * 1024 * 1024;

/** The header that the associated data starts with, so that nothing of it can be changed. */
export function sealedBlobHeader(keyRequest: KeyRequest, nonce: Uint8Array): Uint8Array {
  return concatBytes(
    new ByteWriter().bytes(magic).u16(version).u16(algorithm).finish(),
    encodeKeyRequest(keyRequest),
    nonce,
  );
}

export function encodeSealedBlob(blob: SealedBlob): Uint8Array {
  return new ByteWriter({ sizeHint: SEALED_BLOB_OVERHEAD_BYTES + blob.ciphertext.length })
    .bytes(sealedBlobHeader(blob.keyRequest, blob.nonce))
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
  if (reader.u16() !== version || reader.u16() !== algorithm) {
    throw new EnclosError('CODEC_INVALID', 'A sealed blob of another version or algorithm.');
  }
  const keyRequest = parseKeyRequest(reader.bytes(512));
  const nonce = reader.bytes(12);
  const ciphertext = reader.bytes(reader.u32());
  const tag = reader.bytes(16);
  reader.end();
  return Object.freeze({ keyRequest, nonce, ciphertext, tag });
}
