import { concatBytes, utf8 } from '@enclos/codec';

/** What is hashed or converted between two looks at the time: less than 5 ms of work. */
const pieceBytes = 1024 * 1024;
/** The first byte of a character of several bytes has these two bits; those that follow have the first only (RFC 3629, section 3). */
const leading = 0xc0;
const longestCharacter = 4;

/** Gives bytes piece by piece to what can take them so. */
export function inPieces(data: Uint8Array, checkTime: () => void, take: (piece: Uint8Array) => void): void {
  for (let from = 0; from < data.length; from += pieceBytes) {
    checkTime();
    take(data.subarray(from, from + pieceBytes));
  }
}

/** The UTF-8 of a text. A surrogate without its other half becomes U+FFFD. */
export function encodeInPieces(text: string, checkTime: () => void): Uint8Array {
  if (text.length <= pieceBytes) return utf8(text);
  const pieces: Uint8Array[] = [];
  for (let from = 0; from < text.length;) {
    checkTime();
    const to = from + pieceBytes;
    const end = isHighSurrogate(text.charCodeAt(to - 1)) ? to - 1 : to;
    pieces.push(utf8(text.slice(from, end)));
    from = end;
  }
  checkTime();
  return concatBytes(...pieces);
}

/** The text of bytes. What is not UTF-8 becomes U+FFFD, as in one go. */
export function decodeInPieces(bytes: Uint8Array, checkTime: () => void): string {
  if (bytes.length <= pieceBytes) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  const pieces: string[] = [];
  for (let from = 0; from < bytes.length;) {
    checkTime();
    const end = endOfCharacters(bytes, from + pieceBytes);
    pieces.push(Buffer.from(bytes.subarray(from, end)).toString('utf8'));
    from = end;
  }
  checkTime();
  return pieces.join('');
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}

/** Where a cut parts no character: before the last one that begins in the few bytes before `end`. */
function endOfCharacters(bytes: Uint8Array, end: number): number {
  if (end >= bytes.length) return bytes.length;
  for (let at = end - 1; at > end - longestCharacter; at--) if ((bytes[at] ?? 0) >= leading) return at;
  return end;
}
