/**
 * Looks at the time for the caller: it is called between steps of a few milliseconds, and what it throws ends the operation,
 * which has then done a part of its work.
 */
export type KvLook = () => void;

/** What is copied or hashed between two looks, in bytes: about a millisecond of work. */
const stepBytes = 1024 ** 2;
/** An entry costs its search, however short it is. */
const entryBytes = 1024;

/** Calls a look whenever enough was done since the last. */
export class Pace {
  readonly #look: KvLook | undefined;
  #done = 0;

  constructor(look: KvLook | undefined) {
    this.#look = look;
  }

  /** Counts an entry, with the bytes of it that are read. */
  entry(bytes: number): void {
    this.bytes(entryBytes + bytes);
  }

  bytes(count: number): void {
    this.#done += count;
    if (this.#done < stepBytes) return;
    this.#done = 0;
    this.#look?.();
  }
}

/** A copy, which is made in parts where the caller looks at the time. */
export function copyOf(bytes: Uint8Array, look: KvLook | undefined): Uint8Array {
  if (look === undefined || bytes.length <= stepBytes) return bytes.slice();
  const copy = new Uint8Array(bytes.length);
  for (let from = 0; from < bytes.length; from += stepBytes) {
    look();
    copy.set(bytes.subarray(from, from + stepBytes), from);
  }
  return copy;
}
