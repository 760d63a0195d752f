import { fromBase64url } from '@enclos/codec';
import { mistakenForPem } from '@enclos/codec/pem';
import { EnclosError } from '@enclos/errors';

type Label = 'CERTIFICATE' | 'X509 CRL';

/** The blocks of a PEM text (RFC 7468), in order, with nothing but line breaks around them. @throws a CODEC error. */
export function decodePem(text: string, label: Label, maxBytes: number): readonly Uint8Array[] {
  if (text.length > 2 * maxBytes) throw new EnclosError('CODEC_OUT_OF_RANGE', `PEM of over ${maxBytes} bytes.`);
  const pattern = new RegExp(
    `[\\r\\n]*-----BEGIN ${label}-----([A-Za-z0-9+/=\\r\\n]*)-----END ${label}-----[\\r\\n]*`,
    'y',
  );
  const blocks: Uint8Array[] = [];
  while (pattern.lastIndex < text.length) {
    const block = pattern.exec(text);
    if (block === null) {
      throw new EnclosError('CODEC_INVALID', `Not a PEM text of ${label} blocks.${mistakenForPem(text)}`);
    }
    blocks.push(decodeBase64(block[1] ?? '', maxBytes));
  }
  if (blocks.length === 0) throw new EnclosError('CODEC_INVALID', `A PEM text without a ${label} block.`);
  return blocks;
}

/** PEM of one certificate, in lines of 64 characters. */
export function encodePem(der: Uint8Array): string {
  let binary = '';
  for (const byte of der) binary += String.fromCharCode(byte);
  const lines = btoa(binary).match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** Base64 (RFC 4648 section 4) that may be broken into lines. @throws a CODEC error. */
export function decodeBase64(text: string, maxBytes: number): Uint8Array {
  const compact = text.replaceAll(/[\r\n]/g, '');
  if (compact.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(compact)) {
    throw new EnclosError('CODEC_INVALID', 'Not base64.');
  }
  const data = compact.replace(/=+$/, '');
  return fromBase64url(data.replaceAll('+', '-').replaceAll('/', '_'), { maxBytes });
}
