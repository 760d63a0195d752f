import { ByteReader, ByteWriter, equalBytes, utf8 } from '@enclos/codec';
import { array, bytes, decodeValue, encodeValue, record, string, type Infer } from '@enclos/edl';
import { EnclosError } from '@enclos/errors';
import { decodeFiles, decodeManifest, encodeFiles, encodeManifest, isProgramManifest } from '@enclos/manifest';
import type { EmbeddedFile, ProgramManifest } from '@enclos/manifest';

/*
 * A signed executable is what `enclos go build` made and, after its end, what signing added: the head, the embedded files, the length of
 * both (u32, little-endian) and a magic. The operating system ignores it, so the file still runs outside. Before it may be one line
 * `#!…`, by which a bundle runs itself. The image is laid out again from all of it but the line and `host`: the platform measures it, so
 * a change of anything else is refused there.
 */

const text = string({ maxBytes: 4096 });
const head = record({
  /** SIGSTRUCT. */
  signature: bytes({ exactBytes: 1808 }),
  /** As in the image. */
  manifest: bytes({ maxBytes: 2 ** 20 }),
  /** What only the host needs, and is not measured. */
  host: record({
    /** The folders of mounts. */
    folders: array(record({ target: text, source: text }), { maxItems: 64 }),
    /** Variables of the host that it has not. */
    defaults: array(record({ name: string({ maxBytes: 64 }), value: text }), { maxItems: 256 }),
  }),
});

export interface SignedProgram {
  /** The static ELF file. */
  readonly program: Uint8Array;
  readonly signature: Uint8Array;
  readonly manifest: ProgramManifest;
  readonly files: readonly EmbeddedFile[];
  readonly host: Infer<typeof head>['host'];
}

const magic = utf8('\nENCLOS-EGO-001\n');
const footBytes = 8 + magic.length;
/** Far above the line of a bundle. */
const maxLineBytes = 256;

/** @throws MANIFEST_INVALID, IMAGE_INVALID, EDL_VALUE_REFUSED for what would not be read again */
export function encodeSignedProgram({ program, signature, manifest, files, host }: SignedProgram): Uint8Array {
  const first = encodeValue(head, { signature, manifest: encodeManifest(manifest), host });
  const second = encodeFiles(files);
  const writer = new ByteWriter().bytes(program).bytes(first).bytes(second);
  return writer.u32(first.length).u32(second.length).bytes(magic).finish();
}

/** Whether a file ends as a signed executable does. */
export function isSignedProgram(file: Uint8Array): boolean {
  return file.length > footBytes && equalBytes(file.subarray(-magic.length), magic);
}

/** The executable itself, without what signing added. @throws EGO_SIGNED_INVALID */
export function unsignedProgram(file: Uint8Array): Uint8Array {
  return isSignedProgram(file) ? partsOf(file).program : file;
}

/**
 * Reads a signed executable, or a bundle. The contents are views of the bytes.
 * @throws EGO_NOT_SIGNED, EGO_SIGNED_INVALID
 */
export function decodeSignedProgram(file: Uint8Array): SignedProgram {
  if (!isSignedProgram(file)) throw new EnclosError('EGO_NOT_SIGNED');
  const { program, first, second } = partsOf(file);
  try {
    const { signature, manifest: encoded, host } = decodeValue(head, first);
    const manifest = decodeManifest(encoded);
    if (!isProgramManifest(manifest)) throw new EnclosError('MANIFEST_INVALID', 'It is not the manifest of a program.');
    return Object.freeze({ program, signature, manifest, files: decodeFiles(second), host });
  } catch (cause) {
    throw new EnclosError('EGO_SIGNED_INVALID', undefined, { cause });
  }
}

interface Parts {
  readonly program: Uint8Array;
  readonly first: Uint8Array;
  readonly second: Uint8Array;
}

/** @throws EGO_SIGNED_INVALID for lengths that are not those of the file */
function partsOf(file: Uint8Array): Parts {
  const reader = new ByteReader(file.subarray(-footBytes));
  const [firstBytes, secondBytes] = [reader.u32(), reader.u32()];
  const start = lineBytes(file);
  const end = file.length - footBytes - firstBytes - secondBytes;
  if (end <= start) throw new EnclosError('EGO_SIGNED_INVALID', 'The file is shorter than it says.');
  const second = end + firstBytes;
  return {
    program: file.subarray(start, end),
    first: file.subarray(end, second),
    second: file.subarray(second, second + secondBytes),
  };
}

/** The length of the line by which a bundle runs, 0 without one. */
function lineBytes(file: Uint8Array): number {
  if (file[0] !== 0x23 || file[1] !== 0x21) return 0;
  return file.subarray(0, maxLineBytes).indexOf(0x0a) + 1;
}
