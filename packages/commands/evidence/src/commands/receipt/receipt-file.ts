import { fromBase64url, utf8 } from '@enclos/codec';
import { decodeLatin1 } from '@enclos/codec/text';
import { isEnclosError } from '@enclos/errors';

/** The first byte of a receipt in COSE. */
const coseStart = 0xd2;

/**
 * A receipt as it is in a file: COSE as bytes or in base64url, as the header `enclos-receipt` has it, or a JWS. White space around a
 * text is left out.
 */
export function receiptIn(file: Uint8Array): Uint8Array {
  if (file[0] === coseStart) return file;
  const text = decodeLatin1(file).trim();
  try {
    const decoded = fromBase64url(text);
    if (decoded[0] === coseStart) return decoded;
  } catch (error) {
    if (!isEnclosError(error)) throw error;
  }
  return utf8(text);
}
