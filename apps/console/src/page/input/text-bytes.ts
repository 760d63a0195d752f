import { fromBase64url, fromHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';

/** The forms in which people paste bytes. */
export type TextForm = 'hex' | 'base64' | 'PEM';

export interface DecodedText {
  readonly form: TextForm;
  readonly bytes: Uint8Array;
}

const pemPattern = /^-----BEGIN [A-Z0-9 ]{1,64}-----([A-Za-z0-9+/=\s]*)-----END [A-Z0-9 ]{1,64}-----$/;

/**
 * Bytes from hex (with or without 0x), base64 (either alphabet, with or without
 * padding) or one PEM block; white space is ignored. Hex wins where both would
 * do. Undefined for anything else.
 */
export function decodeText(text: string): DecodedText | undefined {
  const trimmed = text.trim();
  const pem = pemPattern.exec(trimmed);
  if (pem !== null) return decoded('PEM', () => decodeBase64(pem[1] ?? ''));
  // The alphabet of base64url has the dashes and letters of a PEM header that nothing follows.
  if (trimmed.startsWith('-----')) return undefined;
  const compact = trimmed.replaceAll(/\s/g, '');
  if (compact === '') return undefined;
  return decoded('hex', () => fromHex(compact.replace(/^0x/i, ''))) ?? decoded('base64', () => decodeBase64(compact));
}

function decodeBase64(text: string): Uint8Array {
  const compact = text.replaceAll(/\s/g, '').replace(/={1,2}$/, '');
  return fromBase64url(compact.replaceAll('+', '-').replaceAll('/', '_'));
}

function decoded(form: TextForm, read: () => Uint8Array): DecodedText | undefined {
  try {
    const bytes = read();
    return bytes.length === 0 ? undefined : { form, bytes };
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return undefined;
  }
}
