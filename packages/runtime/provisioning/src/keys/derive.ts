import { hkdfSync } from 'node:crypto';
import { concatBytes, utf8 } from '@enclos/codec';

const salt = utf8('enclos software-sgx 1');

export interface Derivation {
  /** What the secret is for. Each purpose has one call site. */
  readonly purpose: string;
  /** Public inputs that the secret depends on. */
  readonly context?: Uint8Array;
  readonly lengthBytes: number;
}

/** HKDF-SHA256 (RFC 5869). The purpose ends in a zero byte, so that no purpose is a prefix of another with a context. */
export function deriveSecret(secret: Uint8Array, { purpose, context, lengthBytes }: Derivation): Uint8Array {
  const info = concatBytes(utf8(`${purpose}\0`), context ?? new Uint8Array());
  return new Uint8Array(hkdfSync('sha256', secret, salt, info, lengthBytes));
}
