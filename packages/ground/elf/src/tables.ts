import { viewOf } from '@enclos/codec';
import { nameAt, readExactly, type FilePart, type ReadAt } from './read.ts';
import type { ElfSection } from './sections.ts';

/** A symbol of `.dynsym`. */
export interface DynamicSymbol {
  readonly value: bigint;
  readonly sizeBytes: bigint;
}

/** An entry of a table of relocations with addends. */
export interface Relocation {
  /** Address of the bytes to change. */
  readonly offset: bigint;
  /** R_X86_64_RELATIVE and the like. */
  readonly type: number;
  /** Index of the symbol. */
  readonly symbol: number;
  readonly addend: bigint;
}

const symbolBytes = 24;
const relocationBytes = 24;
const maxTableBytes = 64 * 1024 * 1024;
const maxNameBytes = 256;

/**
 * Finds symbols of `.dynsym` by name; of several with one name the first. Tables of up to 64 MiB are read.
 * @throws RangeError
 */
export function findSymbols(
  read: ReadAt,
  sections: readonly ElfSection[],
  names: readonly string[],
): ReadonlyMap<string, DynamicSymbol> {
  const found = new Map<string, DynamicSymbol>();
  const [table, strings] = ['.dynsym', '.dynstr'].map((wanted) => sections.find(({ name }) => name === wanted));
  if (table === undefined || strings === undefined) return found;
  const view = viewOf(readExactly(read, table, maxTableBytes));
  const text = readExactly(read, strings, maxTableBytes);
  const wanted = new Set(names);
  for (let at = symbolBytes; at + symbolBytes <= view.byteLength; at += symbolBytes) {
    const name = nameAt(text, view.getUint32(at, true), maxNameBytes);
    if (!wanted.has(name) || found.has(name)) continue;
    found.set(name, { value: view.getBigUint64(at + 8, true), sizeBytes: view.getBigUint64(at + 16, true) });
  }
  return found;
}

/** The values of all symbols of `.dynsym`, by index. @throws RangeError */
export function readSymbolValues(read: ReadAt, sections: readonly ElfSection[]): BigUint64Array {
  const table = sections.find(({ name }) => name === '.dynsym');
  if (table === undefined) return new BigUint64Array();
  const view = viewOf(readExactly(read, table, maxTableBytes));
  return BigUint64Array.from({ length: Math.floor(view.byteLength / symbolBytes) }, (_, index) =>
    view.getBigUint64(index * symbolBytes + 8, true),
  );
}

/** The bytes of a table of relocations, at most 64 MiB. @throws RangeError */
export function readRelocationTable(read: ReadAt, part: FilePart): Uint8Array {
  return readExactly(read, part, maxTableBytes);
}

/** The relocations in the bytes of a table; a last one that is not whole is left out. */
export function* relocationsIn(bytes: Uint8Array): Generator<Relocation> {
  const view = viewOf(bytes);
  for (let at = 0; at + relocationBytes <= view.byteLength; at += relocationBytes) {
    yield {
      offset: view.getBigUint64(at, true),
      type: view.getUint32(at + 8, true),
      symbol: view.getUint32(at + 12, true),
      addend: view.getBigInt64(at + 16, true),
    };
  }
}
