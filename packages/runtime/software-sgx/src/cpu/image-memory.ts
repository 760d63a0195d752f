/** The memory of the largest image that is kept. */
const maxKeptBytes = 64 * 1024 * 1024;
/** How long memory is kept that no image uses. */
const keptMs = 10_000;

/**
 * Keeps the memory of one image for the next. The garbage collector counts new memory for an image of some megabytes, and would run for each
 * launch, which takes as long as measuring the image. Memory that is held weakly would be gone with its first run.
 */
export class ImageMemory {
  #kept: Uint8Array | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** At least so many bytes, whatever they hold, which no other code uses. */
  take(sizeBytes: number): Uint8Array {
    const kept = this.#kept;
    if (kept === undefined || kept.length < sizeBytes) return new Uint8Array(sizeBytes);
    this.#keep(undefined);
    return kept;
  }

  /** Takes memory back, from which nothing reads any more. */
  giveBack({ buffer }: Uint8Array): void {
    if (buffer.byteLength > maxKeptBytes || buffer.byteLength < (this.#kept?.length ?? 0)) return;
    this.#keep(new Uint8Array(buffer));
  }

  #keep(memory: Uint8Array | undefined): void {
    clearTimeout(this.#timer);
    this.#kept = memory;
    this.#timer = memory === undefined ? undefined : setTimeout(() => this.#keep(undefined), keptMs).unref();
  }
}
