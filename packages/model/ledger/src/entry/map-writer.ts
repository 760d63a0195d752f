import { utf8 } from '@enclos/codec';
import type { MapChanges } from '../write-set.ts';
import { writeU64 } from './integers.ts';

const publicPrefix = 'public:';
/** More names than a service has maps; a service that makes maps by name of a request must not fill the memory. */
const namesKept = 4096;

/** Whether a map is encrypted in the ledger. */
export function isPrivate(mapName: string): boolean {
  return !mapName.startsWith(publicPrefix);
}

/** Measures and writes maps. It keeps the bytes of their names. */
export class MapWriter {
  readonly #names = new Map<string, Uint8Array>();

  /** Bytes of one map. */
  size({ name, writes, removes }: MapChanges): number {
    let size = 40 + this.#name(name).length;
    for (const [key, value] of writes) size += 16 + key.length + value.length;
    for (const key of removes) size += 8 + key.length;
    return size;
  }

  /** Writes one map at `at`. @returns the place after it. */
  write({ name, readVersion, writes, removes }: MapChanges, bytes: Uint8Array, at: number): number {
    const head = writeBytes(this.#name(name), bytes, at);
    writeU64(bytes, head, readVersion);
    // The count of reads stays zero.
    writeU64(bytes, head + 16, writes.length);
    let end = head + 24;
    for (const [key, value] of writes) end = writeBytes(value, bytes, writeBytes(key, bytes, end));
    writeU64(bytes, end, removes.length);
    end += 8;
    for (const key of removes) end = writeBytes(key, bytes, end);
    return end;
  }

  #name(name: string): Uint8Array {
    const kept = this.#names.get(name);
    if (kept !== undefined) return kept;
    const bytes = utf8(name);
    if (this.#names.size >= namesKept) this.#names.clear();
    this.#names.set(name, bytes);
    return bytes;
  }
}

function writeBytes(value: Uint8Array, bytes: Uint8Array, at: number): number {
  writeU64(bytes, at, value.length);
  bytes.set(value, at + 8);
  return at + 8 + value.length;
}
