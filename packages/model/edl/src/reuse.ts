/** A smaller message is not worth it, and may share its memory with others. */
const LARGE_BYTES = 262_144;

/** Held weakly: the garbage collector may take it at any time. While it is in use, no new memory is needed. */
let spare: WeakRef<ArrayBufferLike> | undefined;

/**
 * Declares that no code will read a large message again. A later one may overwrite it: allocating memory for each message, and
 * collecting it, takes longer than sending the message.
 */
export function giveBack(message: Uint8Array): void {
  if (message.length >= LARGE_BYTES) spare = new WeakRef(message.buffer);
}

/** Memory for a message, whose bytes may be anything: that of the message that was last given back, once, or new memory. */
export function memoryFor(sizeBytes: number): Uint8Array {
  const memory = spare?.deref();
  // Not a much larger one: a message has to fill most of its memory to be handed over.
  if (memory === undefined || memory.byteLength < sizeBytes || memory.byteLength > 1.5 * sizeBytes) {
    return new Uint8Array(sizeBytes);
  }
  spare = undefined;
  return new Uint8Array(memory);
}
