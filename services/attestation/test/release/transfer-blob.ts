import { constants, createDecipheriv, privateDecrypt, type KeyObject } from 'node:crypto';

export interface OpenedBlob {
  readonly secret: Uint8Array;
  readonly blob: Readonly<Record<string, unknown>>;
}

/** What the sidecars of confidential containers do with `key_hsm`: PKCS #11 section 2.1.21, backwards. @param key RSA, 2048 bits. */
export function openBlob(text: string, key: KeyObject, oaepHash: string): OpenedBlob {
  const blob = JSON.parse(text) as Record<string, unknown>;
  const bytes = Buffer.from(String(blob['ciphertext']), 'base64url');
  const options = { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash };
  const wrappingKey = privateDecrypt(options, bytes.subarray(0, 256));
  const cipher = createDecipheriv('id-aes256-wrap-pad', wrappingKey, Buffer.from('a65959a6', 'hex'));
  return { blob, secret: new Uint8Array(Buffer.concat([cipher.update(bytes.subarray(256)), cipher.final()])) };
}
