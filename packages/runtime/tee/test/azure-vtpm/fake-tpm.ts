import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { ByteWriter, concatBytes, fromHex, utf8 } from '@enclos/codec';
import type { RunCommand } from '../../src/azure-vtpm/index.ts';

const runtimeText = '{"keys":[{"kid":"HCLAkPub"}],"vm-configuration":{}}';

const u32 = (value: number): Uint8Array => new ByteWriter().u32(value).finish();

export interface FakeHclOptions {
  readonly hardware?: 'snp' | 'tdx';
  readonly runtime?: Uint8Array;
  /** What the hardware report binds in place of the digest of the runtime data. */
  readonly bound?: Uint8Array;
  readonly hashType?: number;
  readonly kind?: number;
  readonly contentLength?: number;
  readonly trailing?: Uint8Array;
}

/** An HCL report as OpenHCL writes it, padded to the size of its NV index. */
export function hclReport(options: FakeHclOptions = {}): Uint8Array {
  const { hardware = 'snp', runtime = utf8(runtimeText), hashType = 1, trailing = new Uint8Array(100) } = options;
  const area = new Uint8Array(1184);
  const digest = new Uint8Array(createHash('sha256').update(utf8(runtimeText)).digest());
  area.set(options.bound ?? digest, hardware === 'snp' ? 0x50 : 128);
  const numbers = [20 + runtime.length, 1, options.kind ?? (hardware === 'snp' ? 2 : 4), hashType];
  return concatBytes(
    utf8('HCLA'),
    new Uint8Array(28),
    area,
    ...numbers.map(u32),
    u32(options.contentLength ?? runtime.length),
    runtime,
    trailing,
  );
}

/** The report data of the hardware report. */
export function boundData(report: Uint8Array, hardware: 'snp' | 'tdx'): Uint8Array {
  const at = 0x20 + (hardware === 'snp' ? 0x50 : 128);
  return report.slice(at, at + 64);
}

const sized = (bytes: Uint8Array): Uint8Array =>
  concatBytes(Uint8Array.of(bytes.length >> 8, bytes.length & 255), bytes);

export interface FakeQuoteOptions {
  readonly magic?: string;
  readonly type?: string;
  readonly selection?: string;
  readonly pcrs?: Uint8Array;
  readonly trailing?: Uint8Array;
}

/** TPMS_ATTEST of a quote. */
export function tpmsAttest(qualifyingData: Uint8Array, options: FakeQuoteOptions = {}): Uint8Array {
  const { magic = 'ff544347', type = '8018', selection = '00000001000b03ffffff', pcrs = registers } = options;
  return concatBytes(
    fromHex(magic + type),
    sized(new Uint8Array(34).fill(1)),
    sized(qualifyingData),
    new Uint8Array(25),
    fromHex(selection),
    sized(new Uint8Array(createHash('sha256').update(pcrs).digest())),
    options.trailing ?? new Uint8Array(),
  );
}

export const registers = Uint8Array.from({ length: 24 * 32 }, (_, i) => i % 251);

export interface FakeTpmOptions {
  readonly report?: Uint8Array;
  readonly quote?: (qualifyingData: Uint8Array) => Uint8Array;
  readonly pcrs?: Uint8Array;
  readonly signature?: Uint8Array;
  /** The command that fails, and how. */
  readonly failing?: { readonly command: string; readonly code: string | number };
  /** The command that ends well and writes nothing. */
  readonly idle?: string;
}

/** tpm2-tools: outputs are files that arguments name, and a command fails with an exit code. */
export function fakeTpm(options: FakeTpmOptions = {}): {
  readonly run: RunCommand;
  readonly calls: readonly string[][];
} {
  const calls: string[][] = [];
  const run: RunCommand = async (command, args) => {
    await Promise.resolve();
    calls.push([command, ...args]);
    if (options.failing?.command === command) {
      throw Object.assign(new Error('Command failed'), { code: options.failing.code });
    }
    if (options.idle === command) return;
    const value = (name: string): string => args[args.indexOf(name) + 1] ?? '';
    if (command === 'tpm2_nvread') return writeFileSync(value('--output'), options.report ?? hclReport());
    const qualifyingData = fromHex(value('--qualification'));
    writeFileSync(value('--message'), (options.quote ?? tpmsAttest)(qualifyingData));
    writeFileSync(value('--signature'), options.signature ?? new Uint8Array(256).fill(2));
    writeFileSync(value('--pcr'), options.pcrs ?? registers);
  };
  return { run, calls };
}
