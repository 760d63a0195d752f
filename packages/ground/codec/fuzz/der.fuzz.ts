import { isEnclosError } from '@enclos/errors';
import { DerReader } from '../src/der.ts';
import { fromHex } from '../src/text-forms.ts';

export const seeds: readonly Uint8Array[] = [
  '300c0201050101ff0603551d130500',
  '3009a0030201023102a000',
  '170d3235303530363039323530305a',
  '180f32303530303130313030303030305a',
  '0303070080',
  '300d0c0161130162160163040100030100',
].map(fromHex);

/** Reads whatever comes, by the method for its tag, to the end or the first refusal. */
export function fuzz(data: Uint8Array): void {
  try {
    walk(new DerReader(data));
  } catch (error) {
    if (!isEnclosError(error)) throw error;
  }
}

function walk(reader: DerReader): void {
  for (let tag = reader.peek(); tag !== undefined; tag = reader.peek()) {
    const readers: Readonly<Record<number, () => unknown>> = {
      0x01: () => reader.boolean(),
      0x02: () => reader.magnitude(20),
      0x03: () => reader.bitString(),
      0x06: () => reader.objectIdentifier(),
      0x0a: () => reader.enumerated(255),
      0x0c: () => reader.text(64),
      0x13: () => reader.text(64),
      0x16: () => reader.text(64),
      0x17: () => reader.time(),
      0x18: () => reader.time(),
      0x30: () => walk(reader.sequence()),
      0x31: () => walk(reader.set()),
    };
    const inside = (tag & 0xf0) === 0xa0 ? reader.optionalExplicit(tag & 0x0f) : undefined;
    if (inside !== undefined) walk(inside);
    else (readers[tag] ?? (() => reader.element()))();
  }
}
