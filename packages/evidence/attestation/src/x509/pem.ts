import { decodeLatin1, withoutTrailingNuls } from '@enclos/codec/text';
import { fromPem } from '@enclos/codec/pem';

/** Three certificates of a PCK chain are under 4 KiB. */
const maxLength = 32_768;

/**
 * The certificates of a PEM text, in order. NULs may follow them: quotes carry a C string.
 * @param pem text, or its bytes.
 * @throws a CODEC error.
 */
export function decodeCertificates(pem: string | Uint8Array): readonly Uint8Array[] {
  const text = typeof pem === 'string' ? pem : decodeLatin1(pem);
  const body = text.length > maxLength ? text : withoutTrailingNuls(text);
  return fromPem('CERTIFICATE', body, maxLength);
}
