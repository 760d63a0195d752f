import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { utf8, toHex } from '@enclos/codec';
import type { VerifiedInterpreter } from '@enclos/isolation';
import { sha256 } from '@enclos/sgx/node';
import type { LayoutWriter } from '../oci/layout-writer.ts';
import { packLayer, type PackedLayer } from '../layer/pack-layer.ts';
import { npmPurl, type Component } from '../statements/component.ts';
import { bytesContent, type Content, type LayerEntry } from '../tar/entry.ts';
import { fileContent } from '../tar/file-content.ts';
import { writeTar } from '../tar/write.ts';
import { architectures, interpreterPath, type Architecture, type PreparedBase } from './base.ts';
import { interpreterCertificates } from './certificates.ts';
import { interpreterLibraries, type NeededLibrary } from './interpreter-libraries.ts';
import { layerKey, type LayerCache } from './layer-cache.ts';
import { rootFiles } from './root-files.ts';
import { withFolders } from '../tar/with-folders.ts';

export interface BaseContext {
  readonly architecture: Architecture;
  /** The pinned Node, hashed. */
  readonly interpreter: VerifiedInterpreter;
  /** It is another one than this machine's, whose programs do not run here. */
  readonly isForeign: boolean;
  /** Where a Node of the same release is that runs here. */
  readonly runnable: () => Promise<string>;
  readonly writer: LayoutWriter;
  readonly cache: LayerCache;
  /** Where the libraries of the interpreter are on this machine. */
  readonly libraryFolder?: string | undefined;
  /** What files of companions need beside what the interpreter needs. */
  readonly moreLibraries?: readonly NeededLibrary[] | undefined;
}

/** The same in every base, so that layers of bases are shared by images of all dates. */
export const baseMtimeSeconds = 0;

const certificatesPath = 'etc/ssl/certs/ca-certificates.crt';

/** The pinned interpreter and the files that it needs to start. Nothing here can start another program. */
export async function prepareNodeBase(context: BaseContext): Promise<PreparedBase> {
  const { architecture, interpreter, libraryFolder: folder, moreLibraries: more } = context;
  const libraries = await Promise.all(
    // Read once: what was hashed is what is packed.
    interpreterLibraries(interpreter.path, { architecture, folder, more }).map(async ({ source, path }) => {
      const bytes = new Uint8Array(await readFile(source));
      return { path, content: bytesContent(bytes), sha256: toHex(sha256(bytes)) };
    }),
  );
  const certificates = utf8(await interpreterCertificates(await context.runnable()));
  const entries = withFolders([
    ...rootFiles,
    { kind: 'file', path: certificatesPath, mode: 0o644, content: bytesContent(certificates) },
    await interpreterEntry(interpreter),
    ...libraries.map(({ path, content }): LayerEntry => ({ kind: 'file', path: path.slice(1), mode: 0o755, content })),
  ]);
  const components: readonly Component[] = [
    interpreterComponent(context),
    ...libraries.map(({ path, sha256: hash }): Component => ({
      type: 'library',
      name: nameOf(path),
      sha256: hash,
      location: path,
    })),
    {
      type: 'data',
      name: nameOf(certificatesPath),
      sha256: toHex(sha256(certificates)),
      location: `/${certificatesPath}`,
    },
  ];
  const key = layerKey(['node base', ...(await Promise.all(entries.map((entry) => describe(entry, components))))]);
  const { layer, cached } = await cachedLayer(entries, key, context);
  return Object.freeze({
    name: 'node',
    layers: Object.freeze([layer]),
    environment: Object.freeze(['PATH=/usr/local/bin']),
    components: Object.freeze(components),
    cached,
  });
}

/** The interpreter alone, for a base that has everything else. */
export async function interpreterLayer(
  context: BaseContext,
): Promise<{ readonly layer: PackedLayer; readonly cached: boolean }> {
  const { interpreter } = context;
  const key = layerKey(['interpreter', toHex(interpreter.sha256)]);
  return cachedLayer([await interpreterEntry(interpreter)], key, context);
}

export function interpreterComponent({ interpreter, architecture }: BaseContext): Component {
  const { version, sha256: hash } = interpreter;
  const name = `node-${architectures[architecture].npm}`;
  return {
    type: 'platform',
    name: 'node',
    version,
    purl: npmPurl(name, version),
    sha256: toHex(hash),
    location: interpreterPath,
  };
}

async function interpreterEntry({ path }: VerifiedInterpreter): Promise<LayerEntry> {
  return { kind: 'file', path: interpreterPath.slice(1), mode: 0o755, content: await fileContent(path) };
}

async function cachedLayer(
  entries: readonly LayerEntry[],
  key: string,
  { writer, cache, interpreter }: BaseContext,
): Promise<{ readonly layer: PackedLayer; readonly cached: boolean }> {
  const found = await cache.find(key, writer);
  if (found !== undefined) return { layer: found, cached: true };
  const layer = await packLayer(writeTar(entries, baseMtimeSeconds), writer);
  // It was hashed before it was read: what was read must have been the same.
  await interpreter.recheck();
  await cache.put(key, layer, writer);
  return { layer, cached: false };
}

/** The facts of an entry in the key of a layer. */
async function describe(entry: LayerEntry, components: readonly Component[]): Promise<string> {
  const { kind, path } = entry;
  if (kind === 'folder') return JSON.stringify([kind, path, entry.mode]);
  if (kind === 'link') return JSON.stringify([kind, path, entry.target]);
  const known = components.find(({ location }) => location === `/${path}`)?.sha256;
  return JSON.stringify([kind, path, entry.mode, known ?? (await hashOf(entry.content))]);
}

async function hashOf(content: Content): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of content.open()) hash.update(piece);
  return hash.digest('hex');
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
