import { type ArenaImage, type ArenaPatch, imageBytes, type ImagePiece } from '@enclos/edl-calls/host';
import { SnapshotMemory } from './snapshot.ts';
import { ArenaAllocator } from './allocator.ts';
import type { ArenaPiece, ArenaRange } from '../gate/thread.ts';

/** Where an image of a call was put, and what has to be written there before the entry. */
export interface PlacedImage {
  readonly address: bigint;
  /** Address of the structure of the call. */
  readonly start: bigint;
  /** Without what only the enclave writes. */
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
  place(image: ArenaImage): PlacedImage {
    const { start, spared } = image;
    const length = imageBytes(image);
    const address = this.heap.allocate(length);
    const parts = withAddresses(image, address);
    const writes = without(length, spared?.outputs).flatMap((piece) =>
      parts.flatMap(({ at, bytes }) => {
        const from = Math.max(piece.at, at);
        const to = Math.min(piece.at + piece.bytes, at + bytes.length);
        return from < to ? [{ address: address + BigInt(from), bytes: bytes.subarray(from - at, to - at) }] : [];
      }),
    );
    const reads = without(length, spared?.inputs).map((piece) => ({
      address: address + BigInt(piece.at),
      bytes: piece.bytes,
    }));
    return { address, start: address + BigInt(start), writes, reads };
  }
}

/** An image up to this size is copied whole, and written at once. */
const SMALL_BYTES = 16_384;

/** The bytes of an image, with addresses for its pointers: what holds these is a copy, and the rest the image's own memory. */
function withAddresses(
  { bytes, pointers }: ArenaImage,
  address: bigint,
): readonly { readonly at: number; readonly bytes: Uint8Array }[] {
  const pointersEnd = (pointers.at(-1)?.at ?? -8) + 8;
  const head = bytes.slice(0, bytes.length <= SMALL_BYTES ? bytes.length : pointersEnd);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  for (const { at, target } of pointers) view.setBigUint64(at, address + BigInt(target), true);
  return [
    { at: 0, bytes: head },
    { at: head.length, bytes: bytes.subarray(head.length) },
  ];
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
