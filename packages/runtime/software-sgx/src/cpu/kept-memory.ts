export interface KeptMemoryOptions {
  /** How many pieces of memory are kept. */
  readonly most: number;
  /** The largest that is kept. */
  readonly maxBytes: number;
}

/** How long memory is kept that nothing uses. */
const keptMs = 10_000;

/**
 * Keeps the memory of what has passed for what comes next. The garbage collector counts new memory, and some megabytes for each launch make it
 * run for each, which takes as long as measuring an image. Memory that is held weakly is gone with its first run, and then asked for again.
 */
export class KeptMemory {
  readonly #options: KeptMemoryOptions;
  /** The smallest first. */
  #kept: ArrayBufferLike[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(options: KeptMemoryOptions) {
    this.#options = options;
  }

  /** At least so many bytes, whatever they hold, which no other code uses. */
  take(sizeBytes: number): Uint8Array {
    const at = this.#kept.findIndex(({ byteLength }) => byteLength >= sizeBytes);
    const [found] = at < 0 ? [] : this.#kept.splice(at, 1);
    return found === undefined ? new Uint8Array(sizeBytes) : new Uint8Array(found);
  }

  /** Takes memory back, from which nothing reads any more. It keeps the largest if there are too many. */
  giveBack({ buffer }: Uint8Array): void {
    const { most, maxBytes } = this.#options;
    if (buffer.byteLength > maxBytes) return;
    this.#kept = [...this.#kept, buffer].sort((a, b) => a.byteLength - b.byteLength).slice(-most);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.#kept = []), keptMs).unref();
  }
}
