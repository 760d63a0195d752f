import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { createDigester, digestHex, digestOf } from '../digest.ts';
import { encodeJson } from '../json.ts';
import { mediaTypes, type Descriptor } from './documents.ts';
import { publish, requireReplaceable } from './publish.ts';
import { donePath, removeUnfinished, unfinishedPath } from './unfinished.ts';

/** Writes an OCI layout, whole or not at all. */
export interface LayoutWriter {
  /** Where it is until it is finished; blobs are below `blobs/sha256`. */
  readonly folder: string;
  add(bytes: Uint8Array, mediaType: string): Promise<Descriptor>;
  addPieces(pieces: AsyncIterable<Uint8Array>, mediaType: string): Promise<Descriptor>;
  /** Keeps a copy of a blob elsewhere. */
  keep(descriptor: Descriptor, path: string): Promise<void>;
  /**
   * Puts the layout in its place. One that was there is replaced.
   * @param whole is called when everything is in {@link LayoutWriter.folder}, and before anything is replaced.
   */
  finish(manifests: readonly Descriptor[], whole?: () => Promise<void>): Promise<void>;
  /** Removes what was written, when it was not finished. */
  discard(): Promise<void>;
}

/**
 * What builds that were killed left at the same place is removed.
 * @throws OCI_LAYOUT_INVALID when there is something else at the place.
 */
export async function createLayoutWriter(target: string): Promise<LayoutWriter> {
  await requireReplaceable(target);
  const folder = unfinishedPath(target);
  const blobs = join(folder, 'blobs/sha256');
  await mkdir(blobs, { recursive: true });
  await removeUnfinished(dirname(target), basename(target));
  return Object.freeze({
    folder,
    async add(bytes: Uint8Array, mediaType: string) {
      const digest = digestOf(bytes);
      await writeFile(join(blobs, digestHex(digest)), bytes);
      return Object.freeze({ mediaType, digest, size: bytes.length });
    },
    addPieces: (pieces: AsyncIterable<Uint8Array>, mediaType: string) => addPieces(blobs, pieces, mediaType),
    keep: ({ digest }: Descriptor, path: string) => copyFile(join(blobs, digestHex(digest)), path),
    async finish(manifests: readonly Descriptor[], whole?: () => Promise<void>) {
      const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests };
      await writeFile(join(folder, 'index.json'), encodeJson(index));
      await writeFile(join(folder, 'oci-layout'), encodeJson({ imageLayoutVersion: '1.0.0' }));
      await whole?.();
      await publish(folder, target);
    },
    async discard() {
      for (const path of [folder, donePath(folder)]) await rm(path, { recursive: true, force: true });
    },
  });
}

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
