import './errors.ts';
import { EnclosError } from '@enclos/errors';

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** So many characters are made by one call: each is an argument on the stack. */
const charactersACall = 4096;

/**
 * Text from UTF-8, strictly: nothing is replaced or dropped, so that two inputs never have one text.
 *
 * @throws CODEC_INVALID for bytes that are not UTF-8.
 * @example decodeUtf8(utf8('vault')) === 'vault'
 */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch (cause) {
    throw new EnclosError('CODEC_INVALID', 'The text is not UTF-8.', { cause });
  }
}

/**
 * One character for each byte, so that equal texts mean equal bytes: for input that is ASCII when it is well-formed.
 */
export function decodeLatin1(bytes: Uint8Array): string {
  if (bytes.length <= charactersACall) return characters(bytes);
  let text = '';
  for (let start = 0; start < bytes.length; start += charactersACall) {
    text += characters(bytes.subarray(start, start + charactersACall));
  }
  return text;
}

/** A TextDecoder takes several times as long for few bytes, such as the keys of maps. */
function characters(bytes: Uint8Array): string {
  return String(Reflect.apply(String.fromCharCode, undefined, bytes));
}

/** A text without the byte order mark that some editors put at the start of a file. */
export function withoutByteOrderMark(text: string): string {
  return text.replace(/^\uFEFF/, '');
}

/**
 * A text without the NUL characters that programs in C leave at its end. This is a loop because the regular expression for it
 * looks from every NUL to the end: a megabyte of NULs before another character would take minutes.
 */
export function withoutTrailingNuls(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 0) end--;
  return text.slice(0, end);
}
