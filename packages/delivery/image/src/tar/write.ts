import { utf8 } from '@enclos/codec';
import { BLOCK_BYTES, type LayerEntry } from './entry.ts';

/** pax interchange format, POSIX.1-2024 "ustar Interchange Format". */
const typeFlags = { file: '0', link: '2', folder: '5' } as const;

/** Not every reader takes more. */
const maxNameBytes = 100;
const maxPrefixBytes = 155;
/** Eleven octal digits, and a byte that ends them. */
const maxFileBytes = 8 ** 11 - 1;

/**
 * The bytes of a tar archive, piece by piece. One set of entries has one archive: in the order of their paths, owned by user and group 0
 * without names, with one time, and without a bit that depends on its maker.
 *
 * @param mtimeSeconds since 1970, of every entry.
 * @throws RangeError for an entry that the format does not hold.
 */
export async function* writeTar(entries: readonly LayerEntry[], mtimeSeconds: number): AsyncGenerator<Uint8Array> {
  const sorted = [...entries].sort((a, b) => (a.path < b.path ? -1 : 1));
  for (const [index, entry] of sorted.entries()) {
    if (entry.path === sorted[index + 1]?.path) throw new RangeError(`${entry.path} is there twice.`);
    yield header(entry, mtimeSeconds);
    if (entry.kind !== 'file') continue;
    const { sizeBytes, open } = entry.content;
    let written = 0;
    for await (const piece of open()) {
      written += piece.length;
      yield piece;
    }
    if (written !== sizeBytes) throw new RangeError(`${entry.path} has changed while it was read.`);
    const rest = written % BLOCK_BYTES;
    if (rest > 0) yield new Uint8Array(BLOCK_BYTES - rest);
  }
  yield new Uint8Array(2 * BLOCK_BYTES);
}

function header(entry: LayerEntry, mtimeSeconds: number): Uint8Array {
  const { kind } = entry;
  const block = new Uint8Array(BLOCK_BYTES);
  const put = (at: number, text: string): void => block.set(utf8(text), at);
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0');
  const { prefix, name } = splitPath(kind === 'folder' ? `${entry.path}/` : entry.path);
  const sizeBytes = kind === 'file' ? entry.content.sizeBytes : 0;
  if (sizeBytes > maxFileBytes) throw new RangeError(`${entry.path} is too large.`);
  put(0, name);
  put(100, octal(kind === 'link' ? 0o777 : entry.mode, 7));
  put(108, octal(0, 7));
  put(116, octal(0, 7));
  put(124, octal(sizeBytes, 11));
  put(136, octal(mtimeSeconds, 11));
  put(156, typeFlags[kind]);
  if (kind === 'link') {
    if (utf8(entry.target).length > maxNameBytes) throw new RangeError(`The target of ${entry.path} is too long.`);
    put(157, entry.target);
  }
  put(257, 'ustar\x0000');
  put(345, prefix);
  put(148, '        ');
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(148, `${octal(sum, 6)}\0 `);
  return block;
}

/** A long path is divided at a slash, which neither part keeps. */
function splitPath(path: string): { readonly prefix: string; readonly name: string } {
  if (!isPlainPath(path)) throw new RangeError(`${JSON.stringify(path)} is not a path of a layer.`);
  const bytes = utf8(path);
  if (bytes.length <= maxNameBytes) return { prefix: '', name: path };
  for (let at = path.indexOf('/'); at > 0; at = path.indexOf('/', at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
    if (name !== '' && utf8(prefix).length <= maxPrefixBytes && utf8(name).length <= maxNameBytes) {
      return { prefix, name };
    }
  }
  throw new RangeError(`${path} is too long.`);
}

/** Relative, and with no part that leads elsewhere. */
function isPlainPath(path: string): boolean {
  const parts = path.replace(/\/$/, '').split('/');
  return !path.includes('\0') && parts.every((part) => part !== '' && part !== '.' && part !== '..');
}
