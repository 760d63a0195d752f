import { decodeUtf8 } from '@enclos/codec/text';
import { layerInvalid } from './path.ts';

/** @throws OCI_LAYER_INVALID unless it is UTF-8: two names must not become one. */
export function decodeName(bytes: Uint8Array): string {
  try {
    return decodeUtf8(bytes);
  } catch (cause) {
    throw layerInvalid('has a name that is not UTF-8', '', cause);
  }
}

/** The text before the first NUL. */
export function upToNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}
