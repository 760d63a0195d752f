import { createHash } from 'node:crypto';
import { MAX_IMAGE_BYTES } from '@enclos/manifest';
import { EnclosError } from '@enclos/errors';
import { cleanPath, layerInvalid } from './tar/path.ts';
import type { TarEntry, TarSink } from './tar/read.ts';

/** What layers come to in the places that count: the folder of the enclave, and the interpreter. */
export interface AppView {
  /** Takes the next entry, of the first layer first. @throws OCI_LAYER_INVALID, OCI_IMAGE_REFUSED, OCI_TOO_LARGE */
  readonly visit: (entry: TarEntry) => TarSink | undefined;
  /** Contents of the files of {@link enclaveFolder}, by absolute path. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** SHA-256 of the watched programs and of the files of companions, in hex, by absolute path; absent where there is none. */
  readonly hashes: ReadonlyMap<string, string>;
}

export const enclaveFolder = 'app/enclave';

/** A signature has 1808 bytes, and the image of an enclave has its own bound. */
const maxFiles = 16;
/** Files of companions, of which only the hashes are kept. */
const maxCompanionFiles = 1024;
const companionFolder = /^app\/enclave\/[^/]+\.files$/;
const companionFile = /^app\/enclave\/[^/]+\.files\/[0-9a-f]{64}$/;

const refused = (message: string): EnclosError => new EnclosError('OCI_IMAGE_REFUSED', message);

/**
 * Follows layers as an engine would that unpacks one on top of the other, and refuses what engines treat differently near these places: entries
 * under links, places that a later layer covers or removes (whiteouts), several names of one file. So there is one
 * answer to what `/app/enclave/NAME.sgxs` is.
 *
 * @param programs files that are hashed, relative to the root.
 */
export function createAppView(programs: readonly string[]): AppView {
  const files = new Map<string, Uint8Array>();
  const hashes = new Map<string, string>();
  const links = new Set<string>();
  const seen = new Set<string>();
  const watched = [enclaveFolder, ...programs];

  const visit = (entry: TarEntry): TarSink | undefined => {
    const { path, kind, target } = entry;
    refuseBehindLink(path, links);
    refuseWhiteout(path, watched);
    const leads = path === enclaveFolder || watched.some((place) => place.startsWith(`${path}/`));
    if (leads && kind !== 'folder') throw refused(`/${path} is not a folder.`);
    if (kind === 'link') links.add(path);
    else if (kind === 'folder' && links.has(path)) throw layerInvalid('puts a folder in the place of a link', path);
    else links.delete(path);
    if (kind === 'hard-link' && isWatched(cleanPath(target), watched)) {
      throw refused(`/${path} is another name of a file that counts.`);
    }
    if (!isWatched(path, watched) || path === enclaveFolder) return undefined;
    if (kind === 'folder' && companionFolder.test(path)) return undefined;
    if (kind !== 'file') throw refused(`/${path} is not a file.`);
    if (seen.has(path)) throw refused(`/${path} is there more than once.`);
    seen.add(path);
    if (programs.includes(path)) return hashing(hashes, `/${path}`);
    if (companionFile.test(path)) {
      if (hashes.size > maxCompanionFiles) throw refused('It has too many files of companions.');
      return hashing(hashes, `/${path}`);
    }
    if (files.size === maxFiles) throw refused(`/${enclaveFolder} has more than ${maxFiles} files.`);
    return collecting(files, entry);
  };
  return Object.freeze({ visit, files, hashes });
}

const isWatched = (path: string, watched: readonly string[]): boolean =>
  watched.some((place) => path === place || path.startsWith(`${place}/`));

/** An engine follows links in the path of an entry, and puts it somewhere else. */
function refuseBehindLink(path: string, links: ReadonlySet<string>): void {
  for (let at = path.indexOf('/'); at > 0; at = path.indexOf('/', at + 1)) {
    if (links.has(path.slice(0, at))) throw layerInvalid('has an entry under a link', path);
  }
}

/** `.wh.NAME` takes NAME of the layers below away, `.wh..wh..opq` everything in its folder (image specification, "Whiteouts"). */
function refuseWhiteout(path: string, watched: readonly string[]): void {
  const slash = path.lastIndexOf('/');
  const name = path.slice(slash + 1);
  if (!name.startsWith('.wh.')) return;
  const folder = path.slice(0, Math.max(0, slash));
  const gone = name.startsWith('.wh..wh.') ? folder : [folder, name.slice('.wh.'.length)].filter(Boolean).join('/');
  const counts = watched.some((place) => gone === '' || place === gone || place.startsWith(`${gone}/`));
  if (counts || isWatched(gone, watched)) throw refused(`/${path} takes a file that counts away.`);
}

function collecting(files: Map<string, Uint8Array>, { path, sizeBytes }: TarEntry): TarSink {
  if (sizeBytes > MAX_IMAGE_BYTES) {
    throw new EnclosError('OCI_TOO_LARGE', `/${path} is larger than ${MAX_IMAGE_BYTES} bytes.`, {
      details: { what: path, maxBytes: MAX_IMAGE_BYTES },
    });
  }
  const pieces: Uint8Array[] = [];
  return {
    // A copy: the piece may be a view of memory that is used again.
    piece: (bytes) => void pieces.push(bytes.slice()),
    end: () => void files.set(`/${path}`, new Uint8Array(Buffer.concat(pieces))),
  };
}

function hashing(hashes: Map<string, string>, path: string): TarSink {
  const hash = createHash('sha256');
  return { piece: (bytes) => void hash.update(bytes), end: () => void hashes.set(path, hash.digest('hex')) };
}
