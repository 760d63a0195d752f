import { withoutTrailingNuls } from '@enclos/codec/text';
import { fromPem } from '@enclos/codec/pem';

/** Three certificates of a PCK chain are under 4 KiB. */
const maxLength = 32_768;

/**
 * The certificates of a PEM text, in order. NULs may follow them: quotes carry a C string.
 * @throws a CODEC error.
 */
export function decodeCertificates(text: string): readonly Uint8Array[] {
  const body = text.length > maxLength ? text : withoutTrailingNuls(text);
  return fromPem('CERTIFICATE', body, { maxLength });
}
