import { isEnclosError } from '@enclos/errors';
import { utf8 } from '../src/bytes.ts';
import { fromBase64, fromBase64url, fromHex, toBase64, toBase64url, toHex } from '../src/text-forms.ts';

export const seeds: readonly Uint8Array[] = [utf8('00ff7f'), utf8('AP9_'), utf8('AP8'), utf8('AP8=')];

/** Text that is accepted must be the only text of its bytes, but for the case of hex. */
export function fuzz(data: Uint8Array): void {
  const text = new TextDecoder('latin1').decode(data);
  check(text.toLowerCase(), fromHex, toHex);
  check(text, fromBase64url, toBase64url);
  check(text, fromBase64, toBase64);
}

function check(text: string, decode: (text: string) => Uint8Array, encode: (bytes: Uint8Array) => string): void {
  let bytes: Uint8Array;
  try {
    bytes = decode(text);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return;
  }
  if (encode(bytes) !== text) throw new Error('Two texts for the same bytes.');
}
