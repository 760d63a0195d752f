import { fromBase64url, mistakenForPem, withoutTrailingNuls } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';

const blockPattern = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\r\n]*)-----END CERTIFICATE-----[\r\n]*/y;
/** Three certificates of a PCK chain are under 4 KiB. */
const maximumLength = 32_768;

/**
 * The certificates of a PEM text (RFC 7468), in order. Only line breaks may
 * surround them, and trailing NULs: quotes carry a C string.
 *
 * @throws CODEC_INVALID or CODEC_OUT_OF_RANGE.
 */
export function decodePem(text: string): readonly Uint8Array[] {
  if (text.length > maximumLength) throw new EnclosError('CODEC_OUT_OF_RANGE', `PEM over ${maximumLength} characters.`);
  const body = withoutTrailingNuls(text.replace(/^[\r\n]+/, ''));
  const certificates: Uint8Array[] = [];
  blockPattern.lastIndex = 0;
  while (blockPattern.lastIndex < body.length) {
    const block = blockPattern.exec(body);
    if (block === null) {
      throw new EnclosError('CODEC_INVALID', `Not a PEM text of certificates.${mistakenForPem(body)}`);
    }
    certificates.push(decodeBase64(block[1] ?? ''));
  }
  return certificates;
}

function decodeBase64(text: string): Uint8Array {
  const compact = text.replaceAll(/[\r\n]/g, '');
  const data = compact.replace(/={1,2}$/, '');
  if (compact.length % 4 !== 0) throw new EnclosError('CODEC_INVALID', 'PEM with incomplete base64.');
  return fromBase64url(data.replaceAll('+', '-').replaceAll('/', '_'));
}
