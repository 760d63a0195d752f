import { decodeLatin1 } from '@enclos/codec/text';
import { findPemBlocks, toPem } from '@enclos/codec/pem';
import { parseChunkName, parseSnapshotName } from '@enclos/ledger';
import type { LedgerFile } from '@enclos/ledger/proof';

/** What a file is, by its name for ledgers and snapshots, and by its content otherwise. */
export type GivenFile =
  | { readonly kind: 'chunk'; readonly file: LedgerFile }
  | { readonly kind: 'snapshot' | 'receipt'; readonly name: string; readonly bytes: Uint8Array }
  | { readonly kind: 'certificates' | 'keys'; readonly name: string; readonly pems: readonly string[] }
  | { readonly kind: 'unknown'; readonly name: string; readonly why: string };

/** Larger snapshots are for the command line: the page holds the whole of one. */
const maximumSnapshotBytes = 536_870_912;
const maximumOtherBytes = 1_048_576;
const maximumBlocks = 16;
const coseTag = 0xd2;
const openBrace = 0x7b;

export async function recogniseFile(file: File): Promise<GivenFile> {
  const { name, size } = file;
  if (parseChunkName(name) !== undefined) return { kind: 'chunk', file: { name, size, read: () => pieces(file) } };
  const isSnapshot = parseSnapshotName(name) !== undefined;
  const maximum = isSnapshot ? maximumSnapshotBytes : maximumOtherBytes;
  if (size > maximum) return { kind: 'unknown', name, why: `has more than ${maximum / 1_048_576} MiB` };
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (isSnapshot) return { kind: 'snapshot', name, bytes };
  if (bytes[0] === coseTag || bytes[0] === openBrace) return { kind: 'receipt', name, bytes };
  const blocks = findPemBlocks(decodeLatin1(bytes), maximumBlocks);
  const labelled = (pattern: RegExp): readonly string[] =>
    blocks.filter(({ label }) => pattern.test(label)).map(({ label, bytes: der }) => toPem(label, der));
  const keys = labelled(/PRIVATE KEY$/);
  if (keys.length > 0) return { kind: 'keys', name, pems: keys };
  const certificates = labelled(/^CERTIFICATE$/);
  if (certificates.length > 0) return { kind: 'certificates', name, pems: certificates };
  return { kind: 'unknown', name, why: 'is not a file of a ledger, a receipt, a certificate or a private key' };
}

/** Not every browser iterates over a stream. */
async function* pieces(file: File): AsyncGenerator<Uint8Array> {
  const reader = file.stream().getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
}
