import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKey, signEnclave } from '@enclos/build';
import { utf8 } from '@enclos/codec';
import { layOutImage, type EmbeddedFile, type EnclaveManifest } from '@enclos/manifest';
import { sha256 } from '@enclos/sgx/node';
import { elfFile, manifestFields } from '@enclos/testkit';
import { buildImage, type BuildImageOptions, type BuiltImage } from '../src/index.ts';
import { bytesContent, type LayerEntry } from '../src/tar/entry.ts';
import { writeTar } from '../src/tar/write.ts';

const base = mkdtempSync(join(tmpdir(), 'enclos-image-test-'));
process.once('exit', () => rmSync(base, { recursive: true, force: true }));

/** Removed at the end of the process. */
export function temporaryFolder(): string {
  return mkdtempSync(join(base, 'folder-'));
}

export async function collect(pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return new Uint8Array(Buffer.concat(all));
}

export async function* inPieces(bytes: Uint8Array, size = 700): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export const file = (path: string, text = ''): LayerEntry => ({
  kind: 'file',
  path,
  mode: 0o644,
  content: bytesContent(utf8(text)),
});

export const archive = (entries: readonly LayerEntry[]): Promise<Uint8Array> => collect(writeTar(entries, 0));

/** It cannot be run, and has what is pinned of an interpreter: its hash. */
export const interpreter = elfFile({ loader: '/lib64/ld-linux-x86-64.so.2', needed: ['libc.so.6'] });
const architecture = process.arch === 'arm64' ? 'linux-arm64' : 'linux-x64';
/** The same for the other architecture: E_MACHINE 183 is AArch64, 62 is x86-64. */
export const foreignInterpreter = elfFile({
  ...(process.arch === 'arm64'
    ? { machine: 62, loader: '/lib64/ld-linux-x86-64.so.2' }
    : { machine: 183, loader: '/lib/ld-linux-aarch64.so.1' }),
  needed: ['libc.so.6'],
});
const foreignArchitecture = process.arch === 'arm64' ? 'linux-x64' : 'linux-arm64';

const pinned = {
  version: '24.0.0',
  digests: [
    { architecture, sha256: sha256(interpreter) },
    { architecture: foreignArchitecture, sha256: sha256(foreignInterpreter) },
  ],
} as const;
const manifest = manifestFields(pinned, {
  name: 'vault',
  productId: 7,
  securityVersion: 2,
  threads: 4,
  heapSizeBytes: 64n * 1024n * 1024n,
  limits: { maxFrameBytes: 2 ** 20, maxQueuedCalls: 16, maxPendingCalls: 16, maxDepth: 4 },
});

/** One for all tests: making one takes about a second. */
const signingKey = generateKey();
const date = new Date('2026-01-31');

export interface SignedSample {
  readonly image: Uint8Array;
  readonly signature: Uint8Array;
}

export function enclave(changes: Partial<EnclaveManifest> = {}, files: readonly EmbeddedFile[] = []): SignedSample {
  const image = layOutImage({ manifest: { ...manifest, ...changes }, bundle: utf8('() => undefined'), files });
  return { image, signature: signEnclave({ image, key: signingKey, date }) };
}

/** A base of one file, as somebody's own tar archive. */
export async function baseArchive(entries: readonly LayerEntry[] = [file('etc/motd', 'hello')]): Promise<string> {
  const path = join(temporaryFolder(), 'base.tar');
  writeFileSync(path, await archive(entries));
  return path;
}

export interface BuiltSample extends BuiltImage {
  readonly layout: string;
}

/** An image that can be verified, and not run. */
export async function buildSample(
  signed: SignedSample = enclave(),
  options: Partial<BuildImageOptions> = {},
): Promise<BuiltSample> {
  const folder = temporaryFolder();
  const interpreterFile = join(folder, 'interpreter');
  writeFileSync(interpreterFile, interpreter);
  const layoutFolder = join(folder, 'image.oci');
  const built = await buildImage({
    application: { ...signed, host: utf8('console.log(1)') },
    base: { path: await baseArchive() },
    layoutFolder,
    interpreter: interpreterFile,
    tool: { name: 'enclos', version: '0.0.0' },
    ...options,
  });
  return { ...built, layout: options.layoutFolder ?? layoutFolder };
}
