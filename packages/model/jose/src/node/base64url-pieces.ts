import { fromBase64url } from '@enclos/codec';
import { reading, refuse } from '../refusal.ts';

/** Characters at a time: whole groups of four, and few enough for short strings. */
const pieceLength = 65_536;
const pieceBytes = (pieceLength / 4) * 3;

/** How many bytes a text in base64url without padding holds. */
export function decodedLength(characters: number): number {
  return Math.floor((characters * 3) / 4);
}

/** How many characters base64url without padding takes. */
export function encodedLength(bytes: number): number {
  return Math.ceil((bytes * 4) / 3);
}

/**
 * Decodes a long text in base64url a piece at a time, as strictly as `fromBase64url`: the text is never one string in memory.
 *
 * @param text its characters in ASCII.
 * @throws a CODEC error with the rule `form`.
 */
export function* decodePieces(text: Uint8Array): Generator<Uint8Array> {
  const ascii = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
  let from = 0;
  for (; text.length - from > pieceLength; from += pieceLength) {
    const piece = ascii.toString('latin1', from, from + pieceLength);
    // Node's decoder passes over what is not in the alphabet, and takes that of plain base64 too.
    const bytes = Buffer.from(piece, 'base64url');
    if (bytes.length !== pieceBytes || piece.includes('+') || piece.includes('/')) {
      refuse('form', 'A part of the JWE is not base64url.');
    }
    yield bytes;
  }
  yield reading('form', 'A part of the JWE', () => fromBase64url(ascii.toString('latin1', from)));
}

/** Writes bytes in base64url without padding, in ASCII. @returns the place after them. */
export function encodeInto(text: Uint8Array, at: number, bytes: Uint8Array): number {
  const into = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let to = at;
  for (let from = 0; from < bytes.length; from += pieceBytes) {
    to += into.write(source.toString('base64url', from, from + pieceBytes), to, 'latin1');
  }
  return to;
}
