import { createReadStream, closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { durable } from '@enclos/durable';
import { digestHex } from '../digest.ts';
import { encodeJson } from '../json.ts';
import { fileContent } from '../tar/file-content.ts';
import { bytesContent, type LayerEntry } from '../tar/entry.ts';
import { layerInvalid } from '../tar/path.ts';
import { readTar, type TarSink } from '../tar/read.ts';
import { withFolders } from '../tar/with-folders.ts';
import { writeTar } from '../tar/write.ts';
import { parseManifest, type Descriptor } from './documents.ts';
import { readBytes, openLayout } from './layout.ts';
import { readDocument } from './source.ts';

const ofLayout = /^(?:oci-layout|index\.json|blobs\/sha256\/[0-9a-f]{64})$/;

class Enough extends Error {}

/** Whether a tar archive holds an OCI layout, as `docker save` and `skopeo copy … oci-archive:` write it. */
export async function isArchiveOfLayout(path: string): Promise<boolean> {
  const names = new Set<string>();
  try {
    await readTar(read(path), (entry) => {
      names.add(entry.path);
      // A root folder has more entries than that before long.
      if (names.has('oci-layout') || names.size > 1024) throw new Enough();
      return undefined;
    });
  } catch {
    // What it holds is for the reader of it to say.
  }
  return names.has('oci-layout');
}

/**
 * Unpacks an archive of an OCI layout into a temporary folder, for as long as it is used.
 * @throws OCI_LAYER_INVALID, OCI_TOO_LARGE, and what `use` throws.
 */
export async function unpackArchive<T>(path: string, use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'enclos-image-'));
  try {
    mkdirSync(join(folder, 'blobs/sha256'), { recursive: true });
    await unpackInto(folder, path);
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function unpackInto(folder: string, path: string): Promise<void> {
  const seen = new Set<string>();
  let sink: TarSink | undefined;
  try {
    await readTar(read(path), (entry) => {
      if (entry.kind !== 'file' || !ofLayout.test(entry.path)) return undefined;
      if (seen.has(entry.path)) throw layerInvalid('has a file twice', entry.path);
      seen.add(entry.path);
      sink = createFileSink(join(folder, entry.path));
      return sink;
    });
  } finally {
    // An archive that ends early leaves its last file open.
    sink?.end();
  }
}

function read(path: string): AsyncIterable<Uint8Array> {
  return createReadStream(path, { highWaterMark: readBytes }) as AsyncIterable<Uint8Array>;
}

/** Its end may come more than once. */
function createFileSink(path: string): TarSink {
  let descriptor: number | undefined = openSync(path, 'wx', 0o600);
  return {
    piece(bytes) {
      if (descriptor === undefined) throw new RangeError('The file is closed.');
      for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
    },
    end() {
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
    },
  };
}

/**
 * Writes an OCI layout as one file that `docker load`, `podman load` and skopeo (`docker-archive:`, `oci-archive:`) read: the layout, with
 * the manifest.json of Docker beside it. The same layout gives the same bytes.
 */
export async function writeArchive(
  layoutFolder: string,
  { image, name, tag }: { readonly image: Descriptor; readonly name: string; readonly tag: string },
  target: string,
): Promise<void> {
  const source = await openLayout(layoutFolder);
  const { config, layers } = parseManifest(await readDocument(source, image));
  const blob = ({ digest }: Descriptor): string => `blobs/sha256/${digestHex(digest)}`;
  const docker = [{ Config: blob(config), RepoTags: [`${name}:${tag}`], Layers: layers.map(blob) }];
  const names = [
    'oci-layout',
    'index.json',
    ...(await readdir(join(layoutFolder, 'blobs/sha256'))).map((hex) => `blobs/sha256/${hex}`),
  ];
  const entries = await Promise.all(
    names.map(async (path): Promise<LayerEntry> => ({
      kind: 'file',
      path,
      mode: 0o644,
      content: await fileContent(join(layoutFolder, path)),
    })),
  );
  const manifest: LayerEntry = {
    kind: 'file',
    path: 'manifest.json',
    mode: 0o644,
    content: bytesContent(encodeJson(docker)),
  };
  await durable.replace(target, writeTar(withFolders([...entries, manifest]), 0), { mode: 0o644 });
}
