import { Duplex } from 'node:stream';

/** Two connected streams in one process with back-pressure: a write is done when the other end has room for what it brings. */
export function boundedPair(highWaterMark = 16_384): readonly [Duplex, Duplex] {
  const ends: BoundedEnd[] = [];
  const [left, right] = [new BoundedEnd(highWaterMark, () => ends[1]), new BoundedEnd(highWaterMark, () => ends[0])];
  ends.push(left, right);
  return [left, right];
}

class BoundedEnd extends Duplex {
  readonly #other: () => BoundedEnd | undefined;
  /** Is called when this end has room for more. */
  #onRoom: (() => void) | undefined;

  constructor(highWaterMark: number, other: () => BoundedEnd | undefined) {
    super({ highWaterMark });
    this.#other = other;
  }

  override _read(): void {
    const onRoom = this.#onRoom;
    this.#onRoom = undefined;
    onRoom?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    const other = this.#other();
    if (other === undefined || other.push(chunk)) done();
    else other.#onRoom = done;
  }

  override _final(done: () => void): void {
    this.#other()?.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const other = this.#other();
    if (other !== undefined && !other.destroyed) setImmediate(() => other.destroy());
    done(error);
  }
}
