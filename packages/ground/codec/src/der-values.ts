import { EnclosError } from '@enclos/errors';

/** A BIT STRING: `bytes` is a view, and its last byte ends in `unusedBits` zero bits. */
export interface BitString {
  readonly unusedBits: number;
  readonly bytes: Uint8Array;
}

/** X.690 section 11.1: FALSE is 00, TRUE is FF. */
export function decodeBoolean(content: Uint8Array): boolean {
  if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) {
    throw new EnclosError('CODEC_INVALID', 'Not a canonical DER boolean.');
  }
  return content[0] === 0xff;
}

/** X.690 section 8.3: two's complement in the fewest octets. Negative numbers are refused: X.509 has none. */
export function decodeMagnitude(content: Uint8Array, maxBytes: number): Uint8Array {
  const [first, second] = content;
  if (first === undefined) throw new EnclosError('CODEC_INVALID', 'A DER integer without content.');
  if (first >= 0x80) throw new EnclosError('CODEC_OUT_OF_RANGE', 'A negative DER integer.');
  if (first === 0 && second !== undefined && second < 0x80) {
    throw new EnclosError('CODEC_INVALID', 'A non-minimal DER integer.');
  }
  const magnitude = first === 0 && second !== undefined ? content.subarray(1) : content;
  if (magnitude.length > maxBytes) throw new EnclosError('CODEC_OUT_OF_RANGE', `A DER integer over ${maxBytes} bytes.`);
  return magnitude;
}

/** X.690 sections 8.6 and 11.2: unused bits are zero. */
export function decodeBitString(content: Uint8Array): BitString {
  const unusedBits = content[0];
  const bytes = content.subarray(1);
  if (unusedBits === undefined || unusedBits > 7) throw new EnclosError('CODEC_INVALID', 'Not a DER bit string.');
  const last = bytes.at(-1);
  const unusedMask = (1 << unusedBits) - 1;
  if (last === undefined ? unusedBits !== 0 : (last & unusedMask) !== 0) {
    throw new EnclosError('CODEC_INVALID', 'A DER bit string with unused bits that are set or absent.');
  }
  return { unusedBits, bytes };
}

/** X.690 section 8.19: base-128 arcs in the fewest octets, each below 2^53. */
export function decodeObjectIdentifier(content: Uint8Array): string {
  if (content.length > 64) throw new EnclosError('CODEC_OUT_OF_RANGE', 'A DER object identifier over 64 bytes.');
  const arcs: number[] = [];
  let arc = 0;
  let open = false;
  for (const octet of content) {
    if (!open && octet === 0x80) {
      throw new EnclosError('CODEC_INVALID', 'A non-minimal arc in a DER object identifier.');
    }
    arc = arc * 128 + (octet & 0x7f);
    if (arc > Number.MAX_SAFE_INTEGER) {
      throw new EnclosError('CODEC_OUT_OF_RANGE', 'An oversized arc in a DER object identifier.');
    }
    open = octet >= 0x80;
    if (open) continue;
    if (arcs.length === 0) {
      const root = Math.min(Math.floor(arc / 40), 2);
      arcs.push(root, arc - 40 * root);
    } else arcs.push(arc);
    arc = 0;
  }
  if (open || arcs.length === 0) throw new EnclosError('CODEC_INVALID', 'An incomplete DER object identifier.');
  return arcs.join('.');
}
