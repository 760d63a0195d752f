import { toHex, utf8 } from '@enclos/codec';
import { signRaw, type KeyPair } from '../pki/keys.ts';

/** A JSON text and the signature over exactly these bytes. */
export interface SignedDocument {
  readonly text: string;
  /** Hex of r then s. */
  readonly signature: string;
}

export function signDocument(text: string, key: KeyPair): SignedDocument {
  return { text, signature: toHex(signRaw(key, utf8(text))) };
}

/** What Intel's service answers: the text untouched, as a member of an object beside its signature. */
export function pcsBody(
  member: 'tcbInfo' | 'enclaveIdentity',
  { text, signature }: { readonly text: string; readonly signature: string },
): string {
  return `{"${member}":${text},"signature":"${signature}"}`;
}

/** The form of dates in signed documents: UTC, whole seconds. */
export function formatDate(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
