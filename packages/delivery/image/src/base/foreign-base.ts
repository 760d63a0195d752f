import { createReadStream } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import { EnclosError } from '@enclos/errors';
import { createAppView, type AppView } from '../app-view.ts';
import { readLayer, unpack, type Compression } from '../layer/read-layer.ts';
import { isArchiveOfLayout, unpackArchive } from '../oci/archive.ts';
import { mediaTypes } from '../oci/documents.ts';
import { openLayout, readBytes } from '../oci/layout.ts';
import { findImage } from '../oci/source.ts';
import { packLayer, type PackedLayer } from '../layer/pack-layer.ts';
import { createTarBudget, readTar, type TarVisitor } from '../tar/read.ts';
import { interpreterComponent, interpreterLayer, type BaseContext } from './node-base.ts';
import { interpreterPath, type Architecture, type PreparedBase } from './base.ts';

export interface ForeignBaseOptions {
  /** An OCI layout, an archive of one, or a tar archive of a root folder, which may be compressed with gzip or zstd. */
  readonly path: string;
  /** What it is called. Default: its digest, since its place is not the same everywhere. */
  readonly name?: string;
  /** Which image of a layout. Needed when it has several. */
  readonly tag?: string | undefined;
}

/**
 * A base from elsewhere, with the pinned interpreter on it. Its layers are read whole, by the rules of `image verify`, and kept as they are. From its
 * configuration only the environment variables are kept.
 * @throws OCI_LAYOUT_INVALID, OCI_LAYER_INVALID, OCI_DOCUMENT_INVALID, OCI_DIGEST_MISMATCH, OCI_TOO_LARGE, OCI_BASE_UNUSABLE, OCI_COMPRESSION_UNSUPPORTED
 */
export async function prepareForeignBase(options: ForeignBaseOptions, context: BaseContext): Promise<PreparedBase> {
  const { path } = options;
  const found = await lstat(path).catch((cause: unknown) => {
    throw new EnclosError('OCI_LAYOUT_INVALID', `There is nothing at ${path}.`, { details: { path }, cause });
  });
  const base = found.isDirectory()
    ? await fromLayout(path, options, context)
    : (await isArchiveOfLayout(path))
      ? await unpackArchive(path, (folder) => fromLayout(folder, options, context))
      : await fromRootFolder(path, context);
  const { layer, cached } = await interpreterLayer(context);
  return Object.freeze({
    name: options.name ?? base.name,
    layers: Object.freeze([...base.layers, layer]),
    environment: base.environment,
    components: Object.freeze([interpreterComponent(context)]),
    cached,
  });
}

type Layers = Pick<PreparedBase, 'name' | 'layers' | 'environment'>;

async function fromLayout(folder: string, { tag }: ForeignBaseOptions, context: BaseContext): Promise<Layers> {
  const { architecture, writer } = context;
  const source = await openLayout(folder);
  const {
    descriptor: found,
    manifest,
    config,
  } = await findImage(source, { architecture, ...(tag === undefined ? {} : { tag }) });
  if (config.os !== 'linux' || config.architecture !== architecture) {
    const got = `${config.os}/${config.architecture}`;
    throw new EnclosError('OCI_BASE_UNUSABLE', `The base is for ${got}, and the image for linux/${architecture}.`);
  }
  const budget = createTarBudget();
  const view = createAppView([interpreterPath.slice(1)]);
  const loaders = new Set<string>();
  const layers: PackedLayer[] = [];
  for (const [index, descriptor] of manifest.layers.entries()) {
    const diffId = config.rootfs.diff_ids[index];
    if (diffId === undefined) throw new RangeError('The number of layers was compared.');
    const layer = { descriptor, diffId };
    await readLayer(source, layer, { visit: seeing(view, loaders), budget });
    const { digest } = await writer.addPieces(source.open(descriptor), descriptor.mediaType);
    if (digest !== descriptor.digest) {
      throw new EnclosError('OCI_DIGEST_MISMATCH', `${folder} changes while it is read.`);
    }
    layers.push({ diffId, descriptor: { mediaType: ociType(descriptor.mediaType), digest, size: descriptor.size } });
  }
  requireFree(view);
  requireOwnLoader(loaders, architecture);
  const environment = (config.config?.Env ?? []).filter((variable) => !variable.startsWith('ENCLOS_'));
  return { name: found.digest, layers, environment };
}

/** Two files in one place would be one too many for `image verify`. */
function requireFree({ files, hashes }: AppView): void {
  const [taken] = [...hashes.keys(), ...files.keys()];
  if (taken === undefined) return;
  throw new EnclosError('OCI_BASE_UNUSABLE', `The base has ${taken} already, where the image has its own.`, {
    details: { path: taken },
  });
}

/** The loader that programs of an architecture name, wherever it is. */
const loaderNames: Readonly<Record<Architecture, string>> = {
  amd64: 'ld-linux-x86-64.so.2',
  arm64: 'ld-linux-aarch64.so.1',
};

/** A view that also notes which loaders pass by. */
function seeing(view: AppView, loaders: Set<string>): TarVisitor {
  return (entry) => {
    const name = entry.path.slice(entry.path.lastIndexOf('/') + 1);
    if (Object.values(loaderNames).includes(name)) loaders.add(name);
    return view.visit(entry);
  };
}

/** A tar does not name its architecture, and a configuration may name a wrong one. A base with both loaders is for both. */
function requireOwnLoader(loaders: ReadonlySet<string>, architecture: Architecture): void {
  if (loaders.size === 0 || loaders.has(loaderNames[architecture])) return;
  const [found = ''] = loaders;
  const reason = `The base has ${found}, and not the loader of ${architecture}: it is for another architecture.`;
  throw new EnclosError('OCI_BASE_UNUSABLE', reason);
}

/** Docker's name for the same media type, which manifests of OCI do not use. */
function ociType(mediaType: string): string {
  return mediaType === mediaTypes.dockerLayerGzip ? mediaTypes.layerGzip : mediaType;
}

async function fromRootFolder(path: string, { writer, architecture }: BaseContext): Promise<Layers> {
  const compression = await compressionOf(path);
  const pieces = (): AsyncIterable<Uint8Array> => {
    const stored = createReadStream(path, { highWaterMark: readBytes }) as AsyncIterable<Uint8Array>;
    return unpack(stored, compression);
  };
  // First: what cannot be read is not worth compressing.
  const view = createAppView([interpreterPath.slice(1)]);
  const loaders = new Set<string>();
  await readTar(pieces(), seeing(view, loaders));
  requireFree(view);
  requireOwnLoader(loaders, architecture);
  const layer = await packLayer(pieces(), writer);
  return {
    name: layer.diffId,
    layers: [layer],
    environment: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
  };
}

/** By the first bytes (RFC 1952, section 2.3.1; RFC 8878, section 3.1.1). */
async function compressionOf(path: string): Promise<Compression> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(new Uint8Array(4), 0, 4, 0);
    const head = Buffer.from(buffer.subarray(0, bytesRead)).toString('hex');
    return head.startsWith('1f8b') ? 'gzip' : head === '28b52ffd' ? 'zstd' : 'none';
  } finally {
    await handle.close();
  }
}
