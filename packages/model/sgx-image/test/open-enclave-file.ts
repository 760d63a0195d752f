import { utf8 } from '@enclos/codec';
import { makeElf, openEnclaveSection, type MadeElf, type MadeSection } from '@enclos/sgx-image-kit';

/** Symbols of .dynsym, by name; the numbers are their addresses. */
export type Symbols = Readonly<Record<string, number>>;

export const filledSymbols: Symbols = {
  _enclave_rva: 104,
  _reloc_rva: 112,
  _reloc_size: 120,
  _td_from_tcs_offset: 128,
};

/** `.dynsym` and `.dynstr`. */
export function symbolSections(symbols: Symbols): readonly MadeSection[] {
  const names = Object.keys(symbols);
  const text = utf8(['', ...names, ''].join('\0'));
  const table = new Uint8Array((names.length + 1) * 24);
  const view = new DataView(table.buffer);
  let nameAt = 1;
  for (const [index, [name, value]] of Object.entries(symbols).entries()) {
    view.setUint32((index + 1) * 24, nameAt, true);
    view.setBigUint64((index + 1) * 24 + 8, BigInt(value), true);
    nameAt += name.length + 1;
  }
  return [
    { name: '.dynsym', content: table },
    { name: '.dynstr', content: text },
  ];
}

/** A table of relocations: type and symbol of each, at address 0. */
export function relocationSection(relocations: readonly (readonly [type: number, symbol: number])[]): MadeSection {
  const content = new Uint8Array(relocations.length * 24);
  const view = new DataView(content.buffer);
  for (const [index, [type, symbol]] of relocations.entries()) {
    view.setUint32(index * 24 + 8, type, true);
    view.setUint32(index * 24 + 12, symbol, true);
  }
  return { name: '.rela.dyn', content, entryBytes: 24 };
}

export interface OpenEnclaveParts extends Partial<Omit<MadeElf, 'sections'>> {
  readonly symbols?: Symbols;
  readonly relocations?: MadeSection;
  readonly sections?: readonly MadeSection[];
}

/** An enclave file in Open Enclave's form that no compiler made: it is loaded as a whole, with two threads. */
export function openEnclaveFile(parts: OpenEnclaveParts = {}): Uint8Array {
  const { symbols = filledSymbols, sections = [], ...more } = parts;
  const {
    relocations = relocationSection([
      [8, 0],
      [18, 1],
    ]),
  } = parts;
  const properties = openEnclaveSection();
  const view = new DataView(properties.content.buffer);
  [2n, 3n, 2n].forEach((count, index) => view.setBigUint64(8 + 8 * index, count, true));
  return makeElf({
    isLoadedWhole: true,
    ...more,
    sections: [properties, ...symbolSections(symbols), relocations, ...sections],
  });
}
