import { viewOf } from '@enclos/codec';
import type { OcallAnswer } from '../arena/contract.ts';
import type { ArenaPatch } from '../arena/memory.ts';
import { refuse } from '../arena/refusal.ts';
import { elementsOf } from './buffer-plan.ts';
import { ImageBuilder, roundUpPiece } from './image-builder.ts';
import { oeHead } from './oe-call-record.ts';
import type { ReadBuffer } from './pieces.ts';
import { placeElements } from './placing.ts';

const NOT_NULL = 16n;

/** Structures that are `out` alone, and what they lead to, which goes to another buffer. */
export interface DeepOutput {
  /** The structures, without addresses. */
  readonly elements: Uint8Array;
  /** Where they stand in the output buffer. */
  readonly offset: number;
  /** What they lead to, piece after piece. */
  readonly pieces: Uint8Array;
  /** The address at `at`, counted from the elements and then the pieces, is that of the piece at `target`. */
  readonly pointers: readonly { readonly at: number; readonly target: number }[];
}

/** Deep copies of an OCALL of Open Enclave (oeedger8r's f_emitter.h, `serialize_buffer_deep_copy_out`). */
export function encodeDeepOutput(
  { buffer, path, bytes, count }: ReadBuffer,
  value: unknown,
  { offset, maxBytes }: { offset: number; maxBytes: number },
): DeepOutput {
  const builder = new ImageBuilder(path, maxBytes);
  const given = value === undefined || value === null ? 0 : buffer.sequence.count(value, path);
  if (given > count) refuse(path, `${given} elements, but the enclave has room for ${count}`);
  const at = builder.reserve(bytes.length);
  if (given > 0) placeElements(builder, buffer, elementsOf(buffer, value), { at, path });
  const image = builder.finish(0);
  const start = roundUpPiece(bytes.length);
  return {
    elements: image.bytes.subarray(0, bytes.length),
    offset,
    pieces: image.bytes.subarray(start),
    pointers: image.pointers.map((pointer) => ({ at: pointer.at, target: pointer.target - start })),
  };
}

/** Reserves the buffer of deep copies, and writes its address and size into the head. */
export function putDeepCopyBuffer(
  call: string,
  output: Uint8Array,
  { deepCopies, answer }: { deepCopies: readonly DeepOutput[]; answer: OcallAnswer },
): readonly ArenaPatch[] {
  const length = deepCopies.reduce((sum, { pieces }) => sum + pieces.length, 0);
  if (length > 0 && answer.allocate === undefined) refuse(call, 'its deep copies need "allocate" in the answer');
  // Where nothing is copied, an address only says that it is not NULL: the enclave replaces it.
  const address = length === 0 ? NOT_NULL : (answer.allocate?.(length) ?? NOT_NULL);
  const bytes = new Uint8Array(length);
  const [view, pieceView] = [viewOf(output), viewOf(bytes)];
  let at = 0;
  for (const { offset, elements, pieces, pointers } of deepCopies) {
    bytes.set(pieces, at);
    for (const pointer of pointers) {
      const target = address + BigInt(at + pointer.target);
      const inPieces = pointer.at - roundUpPiece(elements.length);
      if (inPieces < 0) view.setBigUint64(offset + pointer.at, target, true);
      else pieceView.setBigUint64(at + inPieces, target, true);
    }
    at += pieces.length;
  }
  if (length === 0) return [];
  view.setBigUint64(oeHead.deepCopyBuffer, address, true);
  view.setBigUint64(oeHead.deepCopyBytes, BigInt(length), true);
  return [{ address, bytes }];
}
