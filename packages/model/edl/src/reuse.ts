/** A smaller message is not worth it, and may share its memory with others. */
const LARGE_BYTES = 262_144;

/** Messages that are under way at once leave their memory at once. */
const MAX_SPARE = 8;

/** Held weakly: the garbage collector may take it at any time. While it is in use, no new memory is needed. */
const spare: WeakRef<ArrayBufferLike>[] = [];

/**
 * Declares that no code will read a large message again. A later one may overwrite it: allocating memory for each message, and
 * collecting it, takes longer than sending the message.
 */
export function giveBack(message: Uint8Array): void {
  if (message.length < LARGE_BYTES) return;
  if (spare.length === MAX_SPARE) spare.shift();
  spare.push(new WeakRef(message.buffer));
}

/** Memory for a message, whose bytes may be anything: that of a message that was given back, once, or new memory. */
export function memoryFor(sizeBytes: number): Uint8Array {
  const at = spare.findLastIndex((held) => isFit(held.deref(), sizeBytes));
  // What was found stays to the end of this turn (ECMA-262, WeakRef.prototype.deref).
  const memory = at < 0 ? undefined : spare.splice(at, 1)[0]?.deref();
  return memory === undefined ? new Uint8Array(sizeBytes) : new Uint8Array(memory);
}

/** Not a much larger one: a message has to fill most of its memory to be handed over. */
const isFit = (memory: ArrayBufferLike | undefined, sizeBytes: number): boolean =>
  memory !== undefined && memory.byteLength >= sizeBytes && memory.byteLength <= 1.5 * sizeBytes;
