import { decodeLatin1 } from '@enclos/codec/text';
import { decodeName, upToNul } from './name.ts';
import { layerInvalid } from './path.ts';

/** One header block, before what stood in front of it is taken into account. */
export interface RawHeader {
  readonly typeFlag: string;
  readonly path: string;
  readonly target: string;
  readonly mode: number;
  readonly sizeBytes: number;
}

/** @throws OCI_LAYER_INVALID */
export function readHeaderBlock(block: Uint8Array): RawHeader {
  requireChecksum(block);
  const name = decodeName(upToNul(block.subarray(0, 100)));
  const prefix = prefixOf(block);
  return {
    typeFlag: decodeLatin1(block.subarray(156, 157)),
    path: prefix === '' ? name : `${prefix}/${name}`,
    target: decodeName(upToNul(block.subarray(157, 257))),
    mode: number(block.subarray(100, 108)),
    sizeBytes: number(block.subarray(124, 136)),
  };
}

function requireChecksum(block: Uint8Array): void {
  let sum = 8 * 0x20;
  for (let at = 0; at < block.length; at++) if (at < 148 || at >= 156) sum += block[at] ?? 0;
  if (number(block.subarray(148, 156)) !== sum) throw layerInvalid('has a header with a wrong checksum');
}

/**
 * The first part of a long path. Only ustar has it: GNU has times there, which Go takes for a prefix when they are none
 * (archive/tar, readHeader), and star has a shorter one, which a mark at the end tells.
 */
function prefixOf(block: Uint8Array): string {
  const magic = decodeLatin1(block.subarray(257, 265));
  if (magic === 'ustar\x0000') {
    if (decodeLatin1(block.subarray(508, 512)) === 'tar\0') throw layerInvalid('is of the star format');
    return decodeName(upToNul(block.subarray(345, 500)));
  }
  if (magic !== 'ustar  \0') throw layerInvalid('has a header of an unknown format');
  if (!/^[0-7 \0]*$/.test(decodeLatin1(block.subarray(345, 369)))) throw layerInvalid('has GNU times that are none');
  return '';
}

/** Octal digits, or a large number in base 256 as GNU has it. */
function number(field: Uint8Array): number {
  const [first = 0] = field;
  if (first === 0x80) return Number(field.subarray(1).reduce((value, byte) => value * 256n + BigInt(byte), 0n));
  const text = decodeLatin1(field).replace(/^[ \0]+|[ \0]+$/g, '');
  if (!/^[0-7]*$/.test(text)) throw layerInvalid('has a number that is not octal');
  return text === '' ? 0 : Number.parseInt(text, 8);
}
