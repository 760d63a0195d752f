import { mkdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { durable } from '@enclos/durable';
import { createDigester, digestHex, digestOf } from '../digest.ts';
import { encodeJson } from '../json.ts';
import { mediaTypes, type Descriptor } from './documents.ts';
import { publish, requireReplaceable } from './publish.ts';
import { donePath, removeUnfinished, unfinishedPath } from './unfinished.ts';

const fileMode = 0o644;

/** Writes an OCI layout, whole or not at all: also after a crash or a loss of power. */
export interface LayoutWriter {
  /** Where it is until it is finished; blobs are below `blobs/sha256`. */
  readonly folder: string;
  add(bytes: Uint8Array, mediaType: string): Promise<Descriptor>;
  addPieces(pieces: AsyncIterable<Uint8Array>, mediaType: string): Promise<Descriptor>;
  /** Where a blob is until the layout is finished. */
  pathOf(descriptor: Descriptor): string;
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
      await durable.replace(join(blobs, digestHex(digest)), bytes, { mode: fileMode });
      return Object.freeze({ mediaType, digest, size: bytes.length });
    },
    addPieces: (pieces: AsyncIterable<Uint8Array>, mediaType: string) => addPieces(blobs, pieces, mediaType),
    pathOf: ({ digest }: Descriptor) => join(blobs, digestHex(digest)),
    async finish(manifests: readonly Descriptor[], whole?: () => Promise<void>) {
      const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests };
      const put = (name: string, content: object): Promise<void> =>
        durable.replace(join(folder, name), encodeJson(content), { mode: fileMode });
      await put('index.json', index);
      await put('oci-layout', { imageLayoutVersion: '1.0.0' });
      for (const made of [blobs, join(folder, 'blobs')]) await durable.syncFolder(made);
      await whole?.();
      await publish(folder, target);
    },
    async discard() {
      for (const path of [folder, donePath(folder)]) await rm(path, { recursive: true, force: true });
    },
  });
}

async function addPieces(blobs: string, pieces: AsyncIterable<Uint8Array>, mediaType: string): Promise<Descriptor> {
  const digester = createDigester();
  const file = await durable.begin(blobs, { mode: fileMode });
  try {
    for await (const piece of pieces) {
      digester.update(piece);
      await file.write(piece);
    }
    const digest = digester.digest();
    // The folder is synced when the layout is finished.
    await file.place(join(blobs, digestHex(digest)));
    return Object.freeze({ mediaType, digest, size: digester.sizeBytes });
  } finally {
    await file.discard();
  }
}
