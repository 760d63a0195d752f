import { concatBytes } from '@enclos/codec';
import {
  measureSgxs,
  readSgxs,
  readStrictImage,
  SgxsMeter,
  SgxsReader,
  StrictImageReader,
  writeSgxs,
  type IncrementalHash,
  type SgxsImage,
  type SgxsProfile,
  type StrictImage,
} from '../src/index.ts';
import { expectEqual, pattern, unlessRefused } from './expect.ts';

function image(pageCount: number): Uint8Array {
  const pages = Array.from({ length: pageCount }, (_, i) => ({
    offset: BigInt(4096 * i),
    flags: 0x201n,
    content: pattern(4096, i),
  }));
  return writeSgxs({ ssaFrameSize: 1, sizeBytes: 0x4000n, pages });
}

const none = new Uint8Array(0);
const one = image(1);
// ECREATE and one EADD, with one of the chunks.
const partial = concatBytes(one.subarray(0, 128), one.subarray(128, 448));
const unmeasured = partial.slice();
unmeasured.set(new TextEncoder().encode('UNMEASRD'), 128);

export const seeds: readonly Uint8Array[] = [one, image(2), one.subarray(0, 128), partial, unmeasured];

/** Stands in for SHA-256: keeps what it is fed. */
function collector(): IncrementalHash {
  let kept = new Uint8Array(0);
  return {
    update: (data) => {
      kept = concatBytes(kept, data) as Uint8Array<ArrayBuffer>;
    },
    digest: () => kept,
  };
}

function read(data: Uint8Array, profile: SgxsProfile): SgxsImage | undefined {
  return unlessRefused(() => readSgxs(data, { profile, maxContentBytes: 2 ** 22 }));
}

/** The last byte chooses where the stream is cut, so that the corpus explores the cuts too. */
function streams(data: Uint8Array, profile: SgxsProfile): boolean {
  const cut = 1 + (data.at(-1) ?? 0);
  const done = unlessRefused(() => {
    const reader = new SgxsReader({ profile, maxBytes: data.length });
    for (let at = 0; at < data.length; at += cut) reader.push(data.subarray(at, at + cut));
    reader.end();
    return true;
  });
  return done === true;
}

const contentOf = (strict: StrictImage): Uint8Array => strict.read(0, strict.contentBytes);

/** The content in pieces, cut as above; undefined when it is refused. */
function closedUp(data: Uint8Array): Uint8Array | undefined {
  const cut = 1 + (data.at(-1) ?? 0);
  return unlessRefused(() => {
    const reader = new StrictImageReader(data.length);
    for (let at = 0; at < data.length; at += cut) reader.push(data.subarray(at, at + cut));
    return contentOf(reader.finish());
  });
}

/** The measured bytes of a stream that is announced as it announces itself; undefined when it is refused. */
function metered(data: Uint8Array): Uint8Array | undefined {
  if (data.length < 20) return undefined;
  const enclaveBytes = new DataView(data.buffer, data.byteOffset).getBigUint64(12, true);
  return unlessRefused(() => {
    const meter = new SgxsMeter(collector(), enclaveBytes);
    meter.push(data);
    return meter.finish().mrEnclave;
  });
}

export function fuzz(data: Uint8Array): void {
  const strict = read(data, 'strict');
  if (strict !== undefined) {
    expectEqual(writeSgxs({ ...strict.geometry, pages: strict.pages }), data, 'a strict image written again');
    expectEqual(measureSgxs(data, collector, { profile: 'strict' }), data, 'the measured bytes of a strict image');
    if (read(data, 'any') === undefined) throw new Error('A strict image is refused by the wider profile.');
  }
  const content = strict && concatBytes(...strict.pages.map((page) => page.content));
  const inPlace = unlessRefused(() => contentOf(readStrictImage(data)));
  expectEqual(inPlace ?? none, content ?? none, 'the content of a strict image, read where it lies');
  expectEqual(closedUp(data) ?? none, content ?? none, 'the content of a strict image, read in pieces');
  const any = read(data, 'any');
  const measured = any && measureSgxs(data, collector);
  expectEqual(metered(data) ?? none, measured ?? none, 'the measured bytes of a stream');
  if ((any !== undefined) !== (metered(data) !== undefined)) throw new Error('Meter and readSgxs disagree.');
  if ((strict !== undefined) !== streams(data, 'strict')) throw new Error('Reader and readSgxs disagree: strict.');
  if ((any !== undefined) !== streams(data, 'any')) throw new Error('Reader and readSgxs disagree: any.');
}
