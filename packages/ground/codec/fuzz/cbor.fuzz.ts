import { isEnclosError } from '@enclos/errors';
import { CborReader, CborType } from '../src/cbor.ts';
import { fromHex } from '../src/text-forms.ts';

export const seeds: readonly Uint8Array[] = [
  'd9ea6082430102034161',
  'a26161016162820203',
  '1b001fffffffffffff',
  '84f4f5f6390fff',
  'c074323031332d30332d32315432303a30343a30305a',
].map(fromHex);

/** Reads whatever comes, by the method for its type, and skips the same bytes: both end, or refuse. */
export function fuzz(data: Uint8Array): void {
  for (const read of [walk, (reader: CborReader) => reader.skip()]) {
    try {
      const reader = new CborReader(data);
      while (!reader.done) read(reader);
    } catch (error) {
      if (!isEnclosError(error)) throw error;
    }
  }
}

function walk(reader: CborReader): void {
  const readers: Readonly<Record<number, () => unknown>> = {
    [CborType.UNSIGNED]: () => reader.unsigned(Number.MAX_SAFE_INTEGER),
    [CborType.NEGATIVE]: () => reader.integer(),
    [CborType.SIMPLE]: () => reader.simple(),
    [CborType.BYTES]: () => reader.byteString(1000),
    [CborType.TEXT]: () => reader.text(1000),
    [CborType.ARRAY]: () => reader.array(100),
    [CborType.MAP]: () => reader.map(100),
    [CborType.TAG]: () => reader.tag(),
  };
  (readers[reader.peek() ?? CborType.SIMPLE] ?? (() => reader.skip()))();
}
