import { fromBase64url, fromHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';

export interface DecodedText {
  readonly form: 'hex' | 'base64';
  readonly bytes: Uint8Array;
}

const pemBlock = /-----BEGIN [A-Z0-9 ]{1,64}-----([A-Za-z0-9+/=\s]*)-----END [A-Z0-9 ]{1,64}-----\s*/y;
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
  const body = text.trim();
  const blocks: Uint8Array[] = [];
  pemBlock.lastIndex = 0;
  while (pemBlock.lastIndex < body.length) {
    const [, base64 = ''] = pemBlock.exec(body) ?? [];
    const bytes = decoded(() => decodeBase64(base64));
    if (bytes === undefined || blocks.length === maximumPemBlocks) return undefined;
    blocks.push(bytes);
  }
  return blocks.length === 0 ? undefined : blocks;
}

function decodeBase64(text: string): Uint8Array {
  const compact = text.replaceAll(/\s/g, '').replace(/={1,2}$/, '');
  return fromBase64url(compact.replaceAll('+', '-').replaceAll('/', '_'));
}

function decoded(read: () => Uint8Array): Uint8Array | undefined {
  try {
    const bytes = read();
    return bytes.length === 0 ? undefined : bytes;
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return undefined;
  }
}
