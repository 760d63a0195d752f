import { fromBase64url, fromHex } from '@enclos/codec';
import { readPemBlocks } from '@enclos/codec/pem';
import { isEnclosError } from '@enclos/errors';

export interface DecodedText {
  readonly form: 'hex' | 'base64';
  readonly bytes: Uint8Array;
}

const maximumPemBlocks = 8;

/**
 * Bytes from hex (with or without 0x) or base64 (either alphabet, with or
 * without padding); white space is ignored. Hex wins where both would do.
 * Undefined for anything else.
 */
export function decodeText(text: string): DecodedText | undefined {
  const compact = text.replaceAll(/\s/g, '');
  // The alphabet of base64url has the dashes and letters of a PEM header that nothing follows.
  if (compact === '' || compact.startsWith('-----')) return undefined;
  const hex = decoded(() => fromHex(compact.replace(/^0x/i, '')));
  if (hex !== undefined) return { form: 'hex', bytes: hex };
  const base64 = decoded(() => decodeBase64(compact));
  return base64 === undefined ? undefined : { form: 'base64', bytes: base64 };
}

/** The bytes of each block of a PEM text, whatever its label; undefined for anything else, and for more than 8. */
export function decodePemBlocks(text: string): readonly Uint8Array[] | undefined {
  // A text that was copied out of another has its indentation.
  const flush = text.replaceAll(/^[ \t]+|[ \t]+$/gm, '');
  const blocks = decoded(() => readPemBlocks(flush, flush.length).map(({ bytes }) => bytes));
  return blocks !== undefined && blocks.length > maximumPemBlocks ? undefined : blocks;
}

function decodeBase64(text: string): Uint8Array {
  const compact = text.replaceAll(/\s/g, '').replace(/={1,2}$/, '');
  return fromBase64url(compact.replaceAll('+', '-').replaceAll('/', '_'));
}

function decoded<T extends { readonly length: number }>(read: () => T): T | undefined {
  try {
    const result = read();
    return result.length === 0 ? undefined : result;
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return undefined;
  }
}
