import { viewOf } from '@enclos/codec';
import { refuse } from '../arena/refusal.ts';
import type { EdlValue } from '../arena/values.ts';
import type { Spot } from '../forms/form.ts';
import type { ArenaReader } from './arena-reader.ts';
import type { BufferPlan, DeepMember } from './buffer-plan.ts';
import { decodeText, unitBytes } from '../forms/text.ts';
import type { StringPlan } from './call-plan.ts';
import { bytesOf, countOf } from './extent-plan.ts';
import { roundUpPiece } from './image-builder.ts';

/** Structures lead to structures at most this deep; what oeedger8r writes is as deep as its types. */
const MAX_DEPTH = 64;

/** The pieces of a buffer of Open Enclave, one after the other. */
export class PieceReader {
  readonly #bytes: Uint8Array;
  readonly #path: string;
  #at: number;

  /** @param start where the first piece begins */
  constructor(bytes: Uint8Array, start: number, path: string) {
    this.#bytes = bytes;
    this.#at = start;
    this.#path = path;
  }

  /** @returns the next piece, not copied */
  take(bytes: number, path: string): Uint8Array {
    const at = this.#at;
    if (roundUpPiece(bytes) > this.#bytes.length - at) refuse(path, 'it does not end inside its buffer');
    this.#at += roundUpPiece(bytes);
    return this.#bytes.subarray(at, at + bytes);
  }

  end(): void {
    if (this.#at !== this.#bytes.length) {
      refuse(this.#path, `${this.#bytes.length - this.#at} bytes follow its last value`);
    }
  }
}

/** A string of Open Enclave ends with the terminator that its length counts (edger8r/common.h, OE_CHECK_NULL_TERMINATOR). */
export function decodeOeText(bytes: Uint8Array, { isWide, path }: StringPlan): string {
  const last = bytes.subarray(Math.max(0, bytes.length - unitBytes(isWide)));
  if (last.length === 0 || last.some((byte) => byte !== 0)) refuse(path, 'it does not end with a terminator');
  return decodeText(bytes, isWide, path);
}

/** A buffer that was read, for what is written over it. */
export interface ReadBuffer {
  readonly buffer: BufferPlan;
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly count: number;
  /** Where it stands, where it was not read piece by piece. */
  readonly address?: bigint;
  /** What the pointers of each element lead to, by element and member; undefined for NULL. */
  readonly children: readonly (readonly (ReadBuffer | undefined)[])[];
}

interface PieceParts {
  readonly buffer: BufferPlan;
  /** The elements. */
  readonly bytes: Uint8Array;
  readonly path: string;
  readonly depth: number;
  /** As of `Spot`. */
  readonly isOurs: boolean;
}

/** Reads elements whose pointers lead to the next pieces (oeedger8r's f_emitter.h, `set_pointers_deep_copy`). */
export function readPieces(
  reader: ArenaReader,
  pieces: PieceReader,
  { buffer, bytes, path, depth, isOurs }: PieceParts,
): { readonly value: EdlValue; readonly read: ReadBuffer } {
  if (depth > MAX_DEPTH) refuse(path, `structures lead to structures more than ${MAX_DEPTH} times`);
  const children: (ReadBuffer | undefined)[][] = [];
  const follow = (element: Spot, index: number, member: DeepMember): EdlValue => {
    const found = children[index] ?? (children[index] = []);
    const at = `${element.path}.${member.buffer.name}`;
    if (element.view.getBigUint64(element.at + member.offset, true) === 0n) {
      found.push(undefined);
      return null;
    }
    const length = bytesOf(member.buffer.extent, { ...element, path: at }, reader.maxBytes);
    const piece = pieces.take(length, at);
    const child = readPieces(reader, pieces, {
      buffer: member.buffer,
      bytes: piece,
      path: at,
      depth: depth + 1,
      isOurs,
    });
    found.push(child.read);
    return child.value;
  };
  const count = countOf(buffer.extent, bytes.length);
  const value = reader.elements(buffer, { view: viewOf(bytes), at: 0, path, isOurs }, count, follow);
  return { value, read: { buffer, path, bytes, count, children } };
}
