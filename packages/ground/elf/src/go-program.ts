import { viewOf } from '@enclos/codec';
import { decodeLatin1 } from '@enclos/codec/text';
import { readExactly, type ReadAt } from './read.ts';
import { readSections } from './sections.ts';

/** What a program that Go has linked says of its making. It is the program's own word. */
export interface GoProgram {
  /** Such as `go1.24.4`. */
  readonly version: string;
  /** SHA-256, as hex, of the overlay that `enclos go` built it with; undefined when it was built without one. */
  readonly overlaySha256: string | undefined;
}

/** The section, and how it begins: magic, size of a pointer, flags, zeros (debug/buildinfo of Go). */
const sectionName = '.go.buildinfo';
const magic = '\xff Go buildinf:';
const headBytes = 32;
/** The flag of Go 1.18 and later: version and settings follow in the section itself. */
const isInline = 2;
const maxBytes = 1024 * 1024;

/** The tag by which a build records its overlay: Go writes the tags of a build into the program. */
export const overlayTagPrefix = 'enclos_overlay_';

/**
 * Reads what Go has written into a program, as `go version -m` does.
 * @returns undefined for a program of another language, or of a Go before 1.18
 * @throws RangeError when the file is not an ELF file, or what it says is not well-formed
 */
export function readGoProgram(read: ReadAt): GoProgram | undefined {
  const section = readSections(read).find(({ name }) => name === sectionName);
  if (section === undefined) return undefined;
  const bytes = readExactly(read, section, maxBytes);
  if (bytes.length < headBytes) throw new RangeError('The build information of Go is too short.');
  const begins = decodeLatin1(bytes.subarray(0, magic.length)) === magic;
  if (!begins) throw new RangeError('The build information of Go has another form.');
  if ((viewOf(bytes).getUint8(magic.length + 1) & isInline) === 0) return undefined;
  const version = stringAt(bytes, headBytes);
  const settings = stringAt(bytes, version.end);
  if (!/^[\x20-\x7e]{1,256}$/.test(version.text)) throw new RangeError('The version of Go is not text.');
  const tags = /^build\t-tags=(\S+)$/m.exec(settings.text)?.[1] ?? '';
  const tag = tags.split(',').find((name) => /^enclos_overlay_[0-9a-f]{64}$/.test(name));
  return { version: version.text, overlaySha256: tag?.slice(overlayTagPrefix.length) };
}

/** A string with its length before it, an unsigned LEB128. */
function stringAt(bytes: Uint8Array, start: number): { readonly text: string; readonly end: number } {
  let length = 0;
  let at = start;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    if (byte === undefined || shift > 21) throw new RangeError('A length of Go is out of bounds.');
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  const end = at + length;
  if (end > bytes.length) throw new RangeError('A string in the build information of Go is out of bounds.');
  return { text: decodeLatin1(bytes.subarray(at, end)), end };
}
