import { concatBytes, utf8 } from '@enclos/codec';
import { enclaveCode } from './builds.ts';

/** What the test enclave does, by RDI: see enclave.S. */
export const Command = Object.freeze({
  next: 0n,
  copy: 1n,
  report: 2n,
  key: 3n,
  leaf: 4n,
  invalid: 5n,
  load: 6n,
  store: 7n,
  call: 8n,
  spin: 9n,
  ocall: 10n,
  guarded: 11n,
  jump: 12n,
  breakpoint: 13n,
  divide: 14n,
  stray: 15n,
  vectors: 16n,
  segments: 17n,
  shortLeave: 18n,
  flags: 19n,
  others: 20n,
  stepped: 21n,
  deep: 22n,
  wideVectors: 23n,
  registers: 24n,
  through: 25n,
  back: 26n,
  old: 27n,
});

export const PAGE = 4096;
/** Where things are in the range. */
export const layout = Object.freeze({
  enclaveBytes: 0x100000,
  code: 0,
  data: 0x10000,
  dataPages: 4,
  readOnly: 0x18000,
  /** The page of thread i is at `tcs + i * stride`; its frames are behind it, then its page of FS and GS. */
  tcs: 0x20000,
  stride: 0x8000,
  frames: 2,
});

/** Flags of SECINFO. */
const flags = { r: 0x201n, rw: 0x203n, rx: 0x205n, tcs: 0x100n };

export function record(tag: string, words: readonly bigint[], data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const head = new Uint8Array(64);
  head.set(utf8(tag));
  const view = new DataView(head.buffer);
  words.forEach((word, i) => view.setBigUint64(8 + 8 * i, word, true));
  return concatBytes(head, data);
}

/** ECREATE, whose size does not lie on a boundary of eight. */
export function created(sizeBytes: bigint, frameSize = 1): Uint8Array {
  const head = record('ECREATE', []);
  const view = new DataView(head.buffer);
  view.setUint32(8, frameSize, true);
  view.setBigUint64(12, sizeBytes, true);
  return head;
}

/** EADD of one page, with its chunks when it has content. */
export function page(offset: number, pageFlags: bigint, content?: Uint8Array): Uint8Array {
  const added = record('EADD', [BigInt(offset), pageFlags]);
  if (content === undefined) return added;
  const whole = new Uint8Array(PAGE);
  whole.set(content);
  const chunks = Array.from({ length: 16 }, (_, i) =>
    record('EEXTEND', [BigInt(offset + 256 * i)], whole.subarray(256 * i, 256 * i + 256)),
  );
  return concatBytes(added, ...chunks);
}

export interface TcsFields {
  readonly ssa: number;
  readonly frames?: number;
  readonly entry?: number;
  readonly fs: number;
  readonly gs?: number;
  readonly cssa?: number;
}

export function tcsContent({ ssa, frames = layout.frames, entry = 0, fs, gs = fs, cssa = 0 }: TcsFields): Uint8Array {
  const bytes = new Uint8Array(PAGE);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(16, BigInt(ssa), true);
  view.setUint32(24, cssa, true);
  view.setUint32(28, frames, true);
  view.setBigUint64(32, BigInt(entry), true);
  view.setBigUint64(48, BigInt(fs), true);
  view.setBigUint64(56, BigInt(gs), true);
  view.setBigUint64(64, 0xffff_ffff_ffff_ffffn, true);
  return bytes;
}

/** Offset of GPRSGX of a frame of a thread. */
export function registersAt(thread: number, frame: number): number {
  return layout.tcs + thread * layout.stride + PAGE * (2 + frame) - 184;
}

export interface EnclaveOptions {
  readonly threads?: number;
  /** Changes the fields of each TCS. */
  readonly tcs?: Partial<TcsFields>;
  readonly sizeBytes?: number;
  readonly frameSize?: number;
  /** Records behind the last page. */
  readonly more?: readonly Uint8Array[];
}

/** The stream of the test enclave. */
export async function testEnclave(options: EnclaveOptions = {}): Promise<Uint8Array> {
  const code = await enclaveCode();
  const dataPages = Array.from({ length: layout.dataPages }, (_, i) => page(layout.data + i * PAGE, flags.rw));
  const threads = Array.from({ length: options.threads ?? 1 }, (_, i) => {
    const at = layout.tcs + i * layout.stride;
    const content = tcsContent({ ssa: at + PAGE, fs: at + 3 * PAGE, ...options.tcs });
    return [page(at, flags.tcs, content), ...[1, 2, 3].map((n) => page(at + n * PAGE, flags.rw))];
  });
  return concatBytes(
    created(BigInt(options.sizeBytes ?? layout.enclaveBytes), options.frameSize),
    page(layout.code, flags.rx, code),
    ...dataPages,
    page(layout.readOnly, flags.r, Uint8Array.of(7)),
    ...threads.flat(),
    ...(options.more ?? []),
  );
}
