import { parseJson } from '@enclos/codec/json';
import { createHash } from 'node:crypto';
import { lstat, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { durable } from '@enclos/durable';
import { isDigest } from '../digest.ts';
import { compressor } from '../layer/gzip.ts';
import { encodeJson } from '../json.ts';
import { mediaTypes } from '../oci/documents.ts';
import type { LayoutWriter } from '../oci/layout-writer.ts';
import type { PackedLayer } from '../layer/pack-layer.ts';
import { fileContent } from '../tar/file-content.ts';

/** Compressed layers of bases by their content. May be emptied at any time. */
export interface LayerCache {
  find(key: string, writer: LayoutWriter): Promise<PackedLayer | undefined>;
  put(key: string, layer: PackedLayer, writer: LayoutWriter): Promise<void>;
}

/** @param content what the layer is made of, as text: equal texts, equal layers. */
export function layerKey(content: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([compressor, ...content]))
    .digest('hex');
}

/** The digest of a layer is checked whenever it is found, so what a loss of power damages is made anew. */
const cached = Object.freeze({ mode: 0o644, isCache: true });

/** A cache that keeps nothing. */
export const noCache: LayerCache = Object.freeze({
  find: async () => undefined,
  put: async () => undefined,
});

/**
 * A cache in a folder. A folder that another user can write to is not used: its files would go into images. Damaged files are made again,
 * and a full disk costs only the time of the next build.
 */
export async function openLayerCache(folder: string): Promise<LayerCache> {
  const found = await mkdir(folder, { recursive: true, mode: 0o700 }).then(
    () => lstat(folder),
    () => undefined,
  );
  if (found === undefined || found.uid !== process.getuid?.() || (found.mode & 0o022) !== 0) return noCache;
  const paths = (key: string) => ({ blob: join(folder, `${key}.tar.gz`), facts: join(folder, `${key}.json`) });
  return Object.freeze({
    async find(key: string, writer: LayoutWriter) {
      const { blob, facts } = paths(key);
      const { digest, diffId } = await readFacts(facts);
      if (digest === undefined || diffId === undefined) return undefined;
      const content = await fileContent(blob).catch(() => undefined);
      if (content === undefined) return undefined;
      const descriptor = await writer.addPieces(asynchronous(content.open()), mediaTypes.layerGzip);
      return descriptor.digest === digest ? Object.freeze({ descriptor, diffId }) : undefined;
    },
    async put(key: string, { descriptor, diffId }: PackedLayer, writer: LayoutWriter) {
      const { blob, facts } = paths(key);
      try {
        await durable.copy(writer.pathOf(descriptor), blob, cached);
        await durable.replace(facts, encodeJson({ digest: descriptor.digest, diffId }), cached);
      } catch {
        // A disk that is full costs the time of the next build.
      }
    },
  });
}

async function* asynchronous(pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

/** Two digests. */
const longestFacts = 1024;

async function readFacts(path: string) {
  const json: unknown = await readFile(path, 'utf8')
    .then((text) => parseJson(text, longestFacts))
    .catch(() => undefined);
  const digestAt = (name: string) => {
    const value: unknown = typeof json === 'object' && json !== null ? Reflect.get(json, name) : undefined;
    return typeof value === 'string' && isDigest(value) ? value : undefined;
  };
  return { digest: digestAt('digest'), diffId: digestAt('diffId') };
}
