import { randomBytes } from 'node:crypto';
import { copyFile, lstat, mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { EnclosError } from '@enclos/errors';
import { createDigester, digestHex, digestOf } from '../digest.ts';
import { encodeJson } from '../json.ts';
import { mediaTypes, type Descriptor } from './documents.ts';

/** Writes an OCI layout, whole or not at all. */
export interface LayoutWriter {
  /** Where it is until it is finished; blobs are below `blobs/sha256`. */
  readonly folder: string;
  add(bytes: Uint8Array, mediaType: string): Promise<Descriptor>;
  addPieces(pieces: AsyncIterable<Uint8Array>, mediaType: string): Promise<Descriptor>;
  /** Keeps a copy of a blob elsewhere. */
  keep(descriptor: Descriptor, path: string): Promise<void>;
  /** Puts the layout in its place. One that was there is replaced. */
  finish(manifests: readonly Descriptor[]): Promise<void>;
  /** Removes what was written, when it was not finished. */
  discard(): Promise<void>;
}

/** @throws OCI_LAYOUT_INVALID when there is something else at the place. */
export async function createLayoutWriter(target: string): Promise<LayoutWriter> {
  await requireReplaceable(target);
  const folder = `${besides(target)}.tmp`;
  const blobs = join(folder, 'blobs/sha256');
  await mkdir(blobs, { recursive: true });
  return Object.freeze({
    folder,
    async add(bytes: Uint8Array, mediaType: string) {
      const digest = digestOf(bytes);
      await writeFile(join(blobs, digestHex(digest)), bytes);
      return Object.freeze({ mediaType, digest, size: bytes.length });
    },
    addPieces: (pieces: AsyncIterable<Uint8Array>, mediaType: string) => addPieces(blobs, pieces, mediaType),
    keep: ({ digest }: Descriptor, path: string) => copyFile(join(blobs, digestHex(digest)), path),
    async finish(manifests: readonly Descriptor[]) {
      const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests };
      await writeFile(join(folder, 'index.json'), encodeJson(index));
      await writeFile(join(folder, 'oci-layout'), encodeJson({ imageLayoutVersion: '1.0.0' }));
      await replace(folder, target);
    },
    discard: () => rm(folder, { recursive: true, force: true }),
  });
}

const besides = (target: string): string =>
  join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}`);

async function addPieces(blobs: string, pieces: AsyncIterable<Uint8Array>, mediaType: string): Promise<Descriptor> {
  const temporary = join(blobs, `.${randomBytes(6).toString('hex')}.tmp`);
  const digester = createDigester();
  const handle = await open(temporary, 'wx', 0o644);
  try {
    for await (const piece of pieces) {
      digester.update(piece);
      await handle.writeFile(piece);
    }
  } finally {
    await handle.close();
  }
  const digest = digester.digest();
  await rename(temporary, join(blobs, digestHex(digest)));
  return Object.freeze({ mediaType, digest, size: digester.sizeBytes });
}

/** Nobody's other folder is to be lost. */
async function requireReplaceable(target: string): Promise<void> {
  const found = await lstat(target).catch(() => undefined);
  if (found === undefined) return;
  const names = found.isDirectory() ? await readdir(target) : undefined;
  if (names !== undefined && (names.length === 0 || names.includes('oci-layout'))) return;
  throw new EnclosError('OCI_LAYOUT_INVALID', `${target} is there, and is not an OCI layout: it is not replaced.`, {
    details: { path: target },
  });
}

async function replace(folder: string, target: string): Promise<void> {
  const old = `${besides(target)}.old`;
  const wasThere = await rename(target, old).then(
    () => true,
    () => false,
  );
  try {
    await rename(folder, target);
  } catch (error) {
    if (wasThere) await rename(old, target);
    throw error;
  }
  if (wasThere) await rm(old, { recursive: true, force: true });
}
