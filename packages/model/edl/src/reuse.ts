import { Sink } from './sink.ts';

/** From this size on the memory of a message is worth keeping. */
const SMALLEST_BYTES = 262_144;
/** Held weakly: the garbage collector may take it at any time. While it is in use, no new memory is needed. */
let spare: WeakRef<Uint8Array> | undefined;

/**
 * From now on the memory of a large message is reused for the next one, after it has been given back. This is for the host:
 * allocating memory for each message, and collecting it, takes longer than sending the message. An enclave allocates each
 * message separately.
 */
export function reuseMessages(): void {
  Sink.take = take;
}

/** Declares that no code will read the message again. Later messages may overwrite it. */
export function giveBack(message: Uint8Array): void {
  spare = new WeakRef(new Uint8Array(message.buffer));
}

function take(sizeBytes: number): Uint8Array {
  const memory = sizeBytes < SMALLEST_BYTES ? undefined : spare?.deref();
  // Not a much larger one: a message has to fill most of its memory to be handed over.
  if (memory === undefined || memory.length < sizeBytes || memory.length > 1.5 * sizeBytes) {
    return new Uint8Array(sizeBytes);
  }
  spare = undefined;
  return memory;
}
