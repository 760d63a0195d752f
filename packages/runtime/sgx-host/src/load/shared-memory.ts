import type { ArenaHandle } from '@enclos/edl-calls/host';
import { EnclosError } from '@enclos/errors';
import type { Arena } from '../arena/arena.ts';
import type { Access } from '../gate/thread.ts';
import type { SharedMemory } from './options.ts';

/** Memory of the arena for the user: only what was reserved here can be touched by it. */
export function sharedMemory(arena: Arena, access: Access): SharedMemory {
  const sizes = new Map<bigint, number>();
  /** @throws HOST_OPTION_INVALID for what is not reserved, or not inside */
  const place = (
    { address }: ArenaHandle,
    from: number,
    bytes: number | undefined,
  ): { address: bigint; bytes: number } => {
    const size = sizes.get(address);
    if (size === undefined) refuse('The memory is not reserved, or was freed.');
    const length = bytes ?? size - from;
    const isInside = Number.isSafeInteger(from) && Number.isSafeInteger(length) && from >= 0 && length >= 0;
    if (!isInside || from + length > size) refuse(`The memory has ${size} bytes: ${length} at ${from} are not in it.`);
    return { address: address + BigInt(from), bytes: length };
  };
  return Object.freeze({
    allocate(bytes: number) {
      const address = arena.heap.allocate(bytes);
      sizes.set(address, bytes);
      return Object.freeze({ address, bytes });
    },
    async read(memory: ArenaHandle, from = 0, bytes?: number) {
      const range = place(memory, from, bytes);
      const [read] = range.bytes === 0 ? [] : await access({ reads: [range] });
      return read ?? new Uint8Array();
    },
    async write(memory: ArenaHandle, bytes: Uint8Array, at = 0) {
      const { address } = place(memory, at, bytes.length);
      if (bytes.length > 0) await access({ writes: [{ address, bytes }] });
    },
    free(memory: ArenaHandle) {
      place(memory, 0, 0);
      sizes.delete(memory.address);
      arena.heap.free(memory.address);
    },
  });
}

function refuse(problem: string): never {
  throw new EnclosError('HOST_OPTION_INVALID', problem);
}
