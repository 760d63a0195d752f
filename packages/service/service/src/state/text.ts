import { EnclosError } from '@enclos/errors';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The one place where bytes of a record become text. @throws CODEC_INVALID */
export function decodeText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new EnclosError('CODEC_INVALID', 'Text that is not UTF-8.', { cause });
  }
}
