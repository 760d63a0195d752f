import { Sink } from './sink.ts';

/** From here on a message is worth keeping the memory of. */
const SMALLEST_BYTES = 262_144;
/** Held weakly: the collector may have it at any time, and as long as it is used nothing asks the collector for memory. */
let spare: WeakRef<Uint8Array> | undefined;

/**
 * From now on the memory of a large message is used for the next one, when it has been given back. For the host: memory
 * that is made anew for each is found and freed by the collector, which takes longer than to send it. An enclave makes
 * its messages in memory of their own.
 */
export function reuseMessages(): void {
  Sink.take = take;
}

/** Says that nobody reads the message any more, or ever will. What follows may be written over it. */
export function giveBack(message: Uint8Array): void {
  spare = new WeakRef(new Uint8Array(message.buffer));
}

function take(sizeBytes: number): Uint8Array {
  const memory = sizeBytes < SMALLEST_BYTES ? undefined : spare?.deref();
  // Not one that is much larger: a message has to be most of its memory to be handed over.
  if (memory === undefined || memory.length < sizeBytes || memory.length > 1.5 * sizeBytes) {
    return new Uint8Array(sizeBytes);
  }
  spare = undefined;
  return memory;
}
