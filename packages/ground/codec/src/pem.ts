import './errors.ts';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { mistakenForPem } from './pem-mistakes.ts';
import { decodeLatin1 } from './text.ts';
import { fromBase64, toBase64 } from './text-forms.ts';

export { beginsLikePem, mistakenForPem } from './pem-mistakes.ts';

/** One block of a PEM text (RFC 7468): `CERTIFICATE` and DER, for example. */
export interface PemBlock {
  readonly label: string;
  readonly bytes: Uint8Array;
}

const blockStart = /-----BEGIN /g;
const strictBlock = /-----BEGIN ([A-Z0-9 ]{1,64})-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END \1-----[\r\n]*/y;
const anyBlock = /-----BEGIN ([A-Z0-9 ]{1,64})-----([A-Za-z0-9+/=\s]*)-----END \1-----/g;

/**
 * PEM (RFC 7468) with one block, in lines of 64 characters.
 * @param label for example `CERTIFICATE`.
 * @example toPem('CERTIFICATE', der)
 */
export function toPem(label: string, bytes: Uint8Array): string {
  const lines = toBase64(bytes).match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

/**
 * The blocks of a PEM text, in order, with nothing but line breaks between and around them: for texts that are verified.
 *
 * @param maxLength the most characters that the text may have.
 * @throws CODEC_INVALID for a text of another form, and for one without a block.
 * @throws CODEC_OUT_OF_RANGE for a longer text.
 */
export function readPemBlocks(text: string, maxLength: number): readonly PemBlock[] {
  if (text.length > maxLength) throw new EnclosError('CODEC_OUT_OF_RANGE', `PEM over ${maxLength} characters.`);
  const body = text.replace(/^[\r\n]+/, '');
  const blocks: PemBlock[] = [];
  strictBlock.lastIndex = 0;
  do {
    const [, label = '', base64 = ''] = strictBlock.exec(body) ?? [];
    const bytes = fromBase64(base64.replaceAll(/[\r\n]/g, ''));
    if (bytes.length === 0) throw new EnclosError('CODEC_INVALID', `Not a PEM text.${mistakenForPem(body)}`);
    blocks.push({ label, bytes });
  } while (strictBlock.lastIndex < body.length);
  return blocks;
}

/**
 * The bytes of a strict PEM text whose blocks all have one label.
 *
 * @throws a CODEC error, as `readPemBlocks`; also for a block with another label.
 * @example const [leaf, ...issuers] = fromPem('CERTIFICATE', chain, 32_768);
 */
export function fromPem(label: string, text: string, maxLength: number): readonly Uint8Array[] {
  return readPemBlocks(text, maxLength).map((block) => {
    if (block.label !== label) throw new EnclosError('CODEC_INVALID', `Not a PEM text of ${label} blocks.`);
    return block.bytes;
  });
}

/**
 * The blocks of a text that may hold anything between them, as files that people keep do. Blocks that cannot be decoded are
 * left out. For texts that are shown or searched; use `fromPem` for texts that are verified.
 *
 * @param maxBlocks blocks after these are left out.
 */
export function findPemBlocks(text: string, maxBlocks: number): readonly PemBlock[] {
  const blocks: PemBlock[] = [];
  for (const [, label = '', body = ''] of text.matchAll(anyBlock)) {
    if (blocks.length === maxBlocks) break;
    try {
      blocks.push({ label, bytes: fromBase64(body.replaceAll(/\s/g, '')) });
    } catch (error) {
      if (!isEnclosError(error)) throw error;
    }
  }
  return blocks;
}

/** How many blocks a text begins, also those that cannot be read. */
export function countPemStarts(text: string): number {
  return text.match(blockStart)?.length ?? 0;
}

/** The DER in a file: in each block of PEM, as `findPemBlocks`; in a file without any, the file itself. */
export function findDer(file: Uint8Array, maxBlocks: number): readonly Uint8Array[] {
  const blocks = findPemBlocks(decodeLatin1(file), maxBlocks);
  return blocks.length === 0 ? [file] : blocks.map(({ bytes }) => bytes);
}
