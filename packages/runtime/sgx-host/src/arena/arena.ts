import type { ArenaImage, ArenaPatch, ImagePiece } from '@enclos/edl-calls/host';
import { SnapshotMemory } from './snapshot.ts';
import { ArenaAllocator } from './allocator.ts';
import type { ArenaPiece, ArenaRange } from '../gate/thread.ts';

/** Where an image of a call was put, and what has to be written there before the entry. */
export interface PlacedImage {
  readonly address: bigint;
  /** Address of the structure of the call. */
  readonly start: bigint;
  readonly write: ArenaPatch;
  /** As `write`, without what the enclave only writes. */
  readonly writes: readonly ArenaPatch[];
  /** What the enclave may have written. */
  readonly reads: readonly ArenaRange[];
}

/** The memory of an enclave's process that it shares with its host: the stacks of its threads, then the heap, which the host manages. */
export class Arena {
  readonly base: bigint;
  readonly bytes: number;
  readonly heap: ArenaAllocator;

  /** @param stacksBytes of all threads */
  constructor({
    base,
    bytes,
    stacksBytes,
  }: {
    readonly base: bigint;
    readonly bytes: number;
    readonly stacksBytes: number;
  }) {
    this.base = base;
    this.bytes = bytes;
    this.heap = new ArenaAllocator(base + BigInt(stacksBytes), Math.max(0, bytes - stacksBytes));
  }

  /** Whether all bytes from an address on are in the arena. */
  has(address: bigint, bytes: number): boolean {
    return address >= this.base && address + BigInt(bytes) <= this.base + BigInt(this.bytes);
  }

  /** What one answer brought. @throws EDL_VALUE_REFUSED */
  snapshot(pieces: readonly ArenaPiece[] = []): SnapshotMemory {
    return new SnapshotMemory(this, pieces);
  }

  /** Reserves room for an image, and makes its pointers addresses. Free it by its address. @throws SGX_ARENA_FULL */
  place({ bytes: image, pointers, start, spared }: ArenaImage): PlacedImage {
    const address = this.heap.allocate(image.length);
    const bytes = image.slice();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (const { at, target } of pointers) view.setBigUint64(at, address + BigInt(target), true);
    const writes = without(bytes.length, spared?.outputs).map((piece) => ({
      address: address + BigInt(piece.at),
      bytes: bytes.subarray(piece.at, piece.at + piece.bytes),
    }));
    const reads = without(bytes.length, spared?.inputs).map((piece) => ({
      address: address + BigInt(piece.at),
      bytes: piece.bytes,
    }));
    return { address, start: address + BigInt(start), write: { address, bytes }, writes, reads };
  }
}

/** What is left of so many bytes without some pieces, which ascend. */
function without(length: number, pieces: readonly ImagePiece[] = []): readonly ImagePiece[] {
  let at = 0;
  const left = [...pieces, { at: length, bytes: 0 }].map((piece) => {
    const before = { at, bytes: piece.at - at };
    at = piece.at + piece.bytes;
    return before;
  });
  return left.filter(({ bytes }) => bytes > 0);
}
