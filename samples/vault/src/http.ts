import { fromBase64url, toBase64url } from '@enclos/codec';
import type { Encrypted } from './encryption.ts';

/** The vault at a URL refused or failed, or its answer cannot be trusted. */
export class VaultResponseError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'VaultResponseError';
    this.code = code;
  }
}

/** The largest ciphertext of the interface, and the quote. */
const maxFieldBytes = 66_000;

/** One field of a JSON object, decoded from base64url. An absent field gives no bytes, which no function accepts. */
export function bytesField(body: unknown, name: string): Uint8Array {
  const value: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined;
  return fromBase64url(typeof value === 'string' ? value : '', { maxBytes: maxFieldBytes });
}

export function readEncrypted(body: unknown): Encrypted {
  return { encapsulatedKey: bytesField(body, 'encapsulatedKey'), ciphertext: bytesField(body, 'ciphertext') };
}

export function writeEncrypted({ encapsulatedKey, ciphertext }: Encrypted): Record<keyof Encrypted, string> {
  return { encapsulatedKey: toBase64url(encapsulatedKey), ciphertext: toBase64url(ciphertext) };
}

/** @throws VaultResponseError with the code that the host or the enclave answered. */
export async function request(url: string, init: RequestInit = {}): Promise<unknown> {
  const response = await fetch(url, init);
  const body: unknown = await response.json();
  if (!response.ok) throw new VaultResponseError(textField(body, 'code'), textField(body, 'message'));
  return body;
}

function textField(body: unknown, name: string): string {
  const value: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined;
  if (typeof value !== 'string') throw new VaultResponseError('BAD_ANSWER', `The vault's answer has no "${name}".`);
  return value;
}
