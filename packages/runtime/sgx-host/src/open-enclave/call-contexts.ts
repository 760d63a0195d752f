import type { ArenaPatch } from '@enclos/edl-calls/host';
import type { Arena } from '../arena/arena.ts';

/** `oe_ecall_context_t` (openenclave/internal/sgx/ecall_context.h): the record of an OCALL, then its buffer's size and address. */
const contextLayout = { bytes: 112, bufferBytes: 56, buffer: 64 } as const;
/** Values of an OCALL that fit in here need no memory of the heap (OE_DEFAULT_OCALL_BUFFER_SIZE, host/sgx/enclave.h). */
const OCALL_BUFFER_BYTES = 16_384;
/** Calls nest no deeper: the SDK refuses the second already, but for exceptions. */
const MAX_DEPTH = 16;

/** What an exit brings of the memory that RSI points to: the context, and after it values of a usual size. */
export const EXIT_WINDOW_BYTES = 2048;

/**
 * The memory by which a thread of an enclave makes OCALLs, one piece for each depth of calls: an inner call must leave the record of
 * the OCALL that it is made in. It is written before each ECALL, since the enclave can change it.
 */
export class CallContexts {
  readonly #arena: Arena;
  readonly #addresses = new Map<string, bigint>();

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** @throws SGX_ARENA_FULL; RangeError when calls are nested too deeply */
  at(thread: number, depth: number): ArenaPatch {
    if (depth >= MAX_DEPTH) throw new RangeError(`Calls are nested more than ${MAX_DEPTH} times.`);
    const key = `${thread} ${depth}`;
    const address = this.#addresses.get(key) ?? this.#arena.heap.allocate(contextLayout.bytes + OCALL_BUFFER_BYTES);
    this.#addresses.set(key, address);
    const bytes = new Uint8Array(contextLayout.bytes);
    const view = new DataView(bytes.buffer);
    view.setBigUint64(contextLayout.bufferBytes, BigInt(OCALL_BUFFER_BYTES), true);
    view.setBigUint64(contextLayout.buffer, address + BigInt(contextLayout.bytes), true);
    return { address, bytes };
  }
}
