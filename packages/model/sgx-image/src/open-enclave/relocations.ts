import { viewOf } from '@enclos/codec';
import { readRelocationTable, readSymbolValues, relocationsIn, type ElfSection, type ReadAt } from '@enclos/elf';

import { roundUpToPage } from '../pages/segments.ts';
import { refuse } from '../refusals.ts';

const relocationBytes = 24n;
const addendAt = 16;
/** R_X86_64_64, GLOB_DAT, JUMP_SLOT, RELATIVE and TPOFF64: what the loader of the SDK takes. */
const knownTypes: ReadonlySet<number> = new Set([1, 6, 7, 8, 18]);
const R_X86_64_TPOFF64 = 18;

/**
 * The relocations as the enclave applies them itself: `.rela.dyn` and `.rela.plt`, up to the end of a page. For a variable of threads the
 * addend becomes the value of its symbol.
 * @throws ENCLAVE_FILE_INVALID, RangeError
 */
export function readRelocationPages(read: ReadAt, sections: readonly ElfSection[]): Uint8Array {
  const [dynamic, linkage] = ['.rela.dyn', '.rela.plt'].map((wanted) => sections.find(({ name }) => name === wanted));
  // Without the first the loader does not look at the second.
  if (dynamic === undefined) return new Uint8Array();
  const tables = [dynamic, linkage]
    .filter((section) => section !== undefined)
    .map((section) => {
      if (section.entryBytes !== relocationBytes) refuse('its relocations have another size.');
      return readRelocationTable(read, section);
    });
  const sizeBytes = tables.reduce((sum, { length }) => sum + length, 0);
  const bytes = new Uint8Array(roundUpToPage(sizeBytes));
  let at = 0;
  for (const table of tables) {
    bytes.set(table, at);
    at += table.length;
  }
  resolveThreadVariables(bytes.subarray(0, sizeBytes), () => readSymbolValues(read, sections));
  return bytes;
}

function resolveThreadVariables(bytes: Uint8Array, readValues: () => BigUint64Array): void {
  const view = viewOf(bytes);
  let values: BigUint64Array | undefined;
  let at = 0;
  for (const { type, symbol } of relocationsIn(bytes)) {
    if (!knownTypes.has(type)) refuse(`it has a relocation of type ${type}, which Open Enclave does not apply.`);
    if (type === R_X86_64_TPOFF64) {
      values ??= readValues();
      const value = values[symbol];
      if (value === undefined) refuse('a relocation names a symbol that is not there.');
      view.setBigUint64(at + addendAt, value, true);
    }
    at += Number(relocationBytes);
  }
}
