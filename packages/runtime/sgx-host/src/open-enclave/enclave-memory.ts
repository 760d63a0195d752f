import type { Arena } from '../arena/arena.ts';
import type { SgxThread } from '../gate/thread.ts';

/** Refuses addresses that the enclave was not given: an honest enclave has no others. */
type Refuse = (reason: string) => Promise<never>;

/** Memory of the arena that an enclave has its host reserve, and frees. What else is reserved there is not the enclave's to free. */
export class EnclaveMemory {
  readonly #arena: Arena;
  readonly #refuse: Refuse;
  readonly #owned = new Set<bigint>();

  constructor(arena: Arena, refuse: Refuse) {
    this.#arena = arena;
    this.#refuse = refuse;
  }

  /** Memory for what the host gives the enclave to free. @throws SGX_ARENA_FULL */
  reserve(bytes: number): bigint {
    const address = this.#arena.heap.allocate(bytes);
    this.#owned.add(address);
    return address;
  }

  /** As `malloc`. @returns 0 when there is no room */
  allocate(bytes: bigint): bigint {
    if (bytes > BigInt(this.#arena.bytes)) return 0n;
    const address = this.#arena.heap.tryAllocate(Number(bytes));
    if (address === undefined) return 0n;
    this.#owned.add(address);
    return address;
  }

  /** As `free`. @throws ENCLAVE_LOST for an address that the enclave does not have */
  async free(address: bigint): Promise<void> {
    if (address === 0n) return;
    if (!this.#owned.delete(address)) return this.#refuse('It freed memory that it did not have.');
    this.#arena.heap.free(address);
  }

  /** As `realloc`: what stands there goes along. @throws ENCLAVE_LOST for an address that the enclave does not have */
  async reallocate(thread: SgxThread, address: bigint, bytes: bigint): Promise<bigint> {
    if (address === 0n) return this.allocate(bytes);
    const before = this.sizeOf(address);
    if (before === undefined) return this.#refuse('It resized memory that it did not have.');
    if (bytes === 0n) {
      await this.free(address);
      return 0n;
    }
    const moved = this.allocate(bytes);
    if (moved === 0n) return 0n;
    const kept = bytes < BigInt(before) ? Number(bytes) : before;
    const [content] = await thread.access({ reads: [{ address, bytes: kept }] });
    if (content !== undefined) await thread.access({ writes: [{ address: moved, bytes: content }] });
    await this.free(address);
    return moved;
  }

  /** How many bytes the enclave has at exactly this address; undefined when it has none. */
  sizeOf(address: bigint): number | undefined {
    return this.#owned.has(address) ? this.#arena.heap.sizeOf(address) : undefined;
  }
}
