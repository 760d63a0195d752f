import { concatBytes, viewOf } from '@enclos/codec';
import type { ArenaMemory } from '../arena/memory.ts';
import { refuse } from '../arena/refusal.ts';
import { terminatorIn, unitBytes } from '../forms/text.ts';
import { type BufferPlan, type DeepMember, readBuffer } from './buffer-plan.ts';
import type { Spot } from '../forms/form.ts';
import type { EdlValue } from '../arena/values.ts';

/** A string is looked for in pieces of this size, and of twice as much each time. */
const FIRST_CHUNK = 256;

/** Reads the memory of one call, which an enclave wrote, within one bound for all that is allocated. */
export class ArenaReader {
  readonly maxBytes: number;
  readonly #memory: ArenaMemory;
  #left: number;

  constructor(memory: ArenaMemory, maxBytes: number) {
    this.#memory = memory;
    this.maxBytes = maxBytes;
    this.#left = maxBytes;
  }

  /** Counts what is about to be allocated. @throws EDL_VALUE_REFUSED */
  charge(bytes: number, path: string): void {
    if (bytes > this.#left) refuse(path, `with it, the call takes more than ${this.maxBytes} bytes`);
    this.#left -= bytes;
  }

  bytes(address: bigint, length: number, path: string): Uint8Array {
    this.charge(length, path);
    const bytes = this.#memory.read(address, length);
    if (bytes.length !== length) refuse(path, `${bytes.length} bytes were read, not ${length}`);
    return bytes;
  }

  view(address: bigint, length: number, path: string): DataView {
    return viewOf(this.bytes(address, length, path));
  }

  /** Checks that bytes are in the arena, without reading them. */
  require(address: bigint, length: number, path: string): void {
    if (length > this.#memory.reach(address)) refuse(path, 'it is not in the arena');
  }

  /** A string with its terminator. */
  text(address: bigint, isWide: boolean, path: string): Uint8Array {
    const unit = unitBytes(isWide);
    const reach = Math.min(this.#memory.reach(address), this.#left);
    const limit = reach - (reach % unit);
    const chunks: Uint8Array[] = [];
    let length = 0;
    for (let size = FIRST_CHUNK; length < limit; size *= 2) {
      const chunk = this.bytes(address + BigInt(length), Math.min(size, limit - length), path);
      const end = terminatorIn(chunk, isWide);
      chunks.push(end < 0 ? chunk : chunk.subarray(0, end + unit));
      length += chunk.length;
      if (end >= 0) return concatBytes(...chunks);
    }
    return refuse(path, 'it does not end inside the arena, or is too long');
  }

  /** Elements of a buffer; counts what their values take here. */
  elements(
    buffer: BufferPlan,
    spot: Spot,
    count: number,
    follow: (element: Spot, index: number, member: DeepMember) => EdlValue,
  ): EdlValue {
    this.charge(count * buffer.sequence.cost, spot.path);
    return readBuffer(buffer, spot, count, follow);
  }
}
