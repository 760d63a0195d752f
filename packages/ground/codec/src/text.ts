import { EnclosError } from '@enclos/errors';

const decoders = Object.freeze({
  keep: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }),
  drop: new TextDecoder('utf-8', { fatal: true }),
});

/**
 * Text from UTF-8, strictly: nothing is replaced.
 *
 * @param options `byteOrderMark`: `keep`, the default, leaves U+FEFF at the start in the text, so that two inputs never
 * have one text. `drop` is for files that people write: some editors put it there.
 * @throws CODEC_INVALID for bytes that are not UTF-8.
 * @example decodeUtf8(utf8('vault')) === 'vault'
 */
export function decodeUtf8(
  bytes: Uint8Array,
  { byteOrderMark = 'keep' }: { readonly byteOrderMark?: 'keep' | 'drop' } = {},
): string {
  try {
    return decoders[byteOrderMark].decode(bytes);
  } catch (cause) {
    throw new EnclosError('CODEC_INVALID', 'The text is not UTF-8.', { cause });
  }
}

/**
 * A text without the NUL characters that programs in C leave at its end. A loop: the
 * regular expression for it looks from every NUL to the end, and a megabyte of them
 * that another character ends would take minutes.
 */
export function withoutTrailingNuls(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 0) end--;
  return text.slice(0, end);
}
