import { utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { u32 } from '../big-endian.ts';
import { empty } from '../hpke/labels.ts';
import { encodeVarint, readVarint } from '../varint.ts';

/** What stands in front of a sealed chunk. */
export interface ChunkHead {
  readonly headBytes: number;
  /** 'rest': up to the end of the stream. */
  readonly ciphertextBytes: number | 'rest';
  readonly isFinal: boolean;
}

/** How a protocol puts sealed chunks into a stream. */
export interface ChunkFraming {
  /** Undefined if the protocol cannot say that a chunk is the last: then a cut between two chunks goes unnoticed. */
  readonly finalAad: Uint8Array | undefined;
  readonly head: (ciphertextBytes: number, isFinal: boolean) => Uint8Array;
  /** The head at the front of up to 16 bytes; undefined if it is not all there. */
  readonly readHead: (bytes: Uint8Array) => ChunkHead | undefined;
}

const final = utf8('final');

/** One message and no chunks: RFC 9458. */
export const wholeMessage: ChunkFraming = Object.freeze({
  finalAad: empty,
  head: () => empty,
  readHead: () => ({ headBytes: 0, ciphertextBytes: 'rest', isFinal: true }) as const,
});

/** draft-ietf-ohai-chunked-ohttp-08, section 3: the last chunk has the length 0 and goes to the end. */
export const chunkedFraming: ChunkFraming = Object.freeze({
  finalAad: final,
  head: (ciphertextBytes: number, isFinal: boolean) => encodeVarint(isFinal ? 0 : ciphertextBytes),
  readHead: (bytes: Uint8Array) => {
    const length = readVarint(bytes);
    if (length === 'invalid') return refuseLength();
    if (length === undefined) return undefined;
    const isFinal = length.value === 0;
    return { headBytes: length.bytes, ciphertextBytes: isFinal ? 'rest' : length.value, isFinal } as const;
  },
});

/** microsoft/ohttp: lengths as LEB128, and the last chunk has its length after the 0. */
export const azureFraming: ChunkFraming = Object.freeze({
  finalAad: final,
  head: (ciphertextBytes: number, isFinal: boolean) => {
    const length = encodeLeb128(ciphertextBytes);
    return isFinal ? Uint8Array.of(0, ...length) : length;
  },
  readHead: (bytes: Uint8Array) => {
    const isFinal = bytes[0] === 0;
    const length = readLeb128(isFinal ? bytes.subarray(1) : bytes);
    if (length === undefined) return undefined;
    return { headBytes: length.bytes + (isFinal ? 1 : 0), ciphertextBytes: length.value, isFinal };
  },
});

/** EHBP, section 5: a length of 4 bytes. A chunk of no bytes counts for nothing, and there is no last chunk. */
export const ehbpFraming: ChunkFraming = Object.freeze({
  finalAad: undefined,
  head: (ciphertextBytes: number) => u32(ciphertextBytes),
  readHead: (bytes: Uint8Array) => {
    const length = readU32(bytes);
    return length === undefined ? undefined : { headBytes: 4, ciphertextBytes: length, isFinal: false };
  },
});

/** The streams of Enclos: a length of 31 bits after the bit that marks the last chunk. */
export const boundFraming: ChunkFraming = Object.freeze({
  finalAad: final,
  head: (ciphertextBytes: number, isFinal: boolean) => u32((isFinal ? 0x8000_0000 : 0) + ciphertextBytes),
  readHead: (bytes: Uint8Array) => {
    const word = readU32(bytes);
    if (word === undefined) return undefined;
    return { headBytes: 4, ciphertextBytes: word & 0x7fff_ffff, isFinal: word >= 0x8000_0000 };
  },
});

/** The most bytes that a head of any framing has. */
export const longestHead = 16;

function readU32(bytes: Uint8Array): number | undefined {
  if (bytes.length < 4) return undefined;
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
}

function encodeLeb128(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; rest > 0 || bytes.length === 0; rest >>>= 7) {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
  }
  return Uint8Array.from(bytes);
}

/** Up to four bytes, so 28 bits, in the shortest form. */
function readLeb128(bytes: Uint8Array): { readonly value: number; readonly bytes: number } | undefined {
  let value = 0;
  for (const [index, byte] of bytes.subarray(0, 4).entries()) {
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte > 0x7f) continue;
    return byte === 0 && index > 0 ? refuseLength() : { value, bytes: index + 1 };
  }
  return bytes.length < 4 ? undefined : refuseLength();
}

function refuseLength(): never {
  throw new EnclosError('HPKE_MESSAGE_INVALID', 'A chunk has a length that is too large, or not in its shortest form.');
}
