import { ByteReader, utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { isCleanPath } from './rules.ts';

/** A file whose content is part of the measurement. */
export interface EmbeddedFile {
  /** The path at which the enclave finds it: absolute and clean. */
  readonly path: string;
  readonly content: Uint8Array;
}

const maxFiles = 4096;
const maxPathBytes = 1024;

/**
 * The contents are views of the given bytes, which must not change afterwards.
 * @throws IMAGE_INVALID for bytes that `encodeFiles` does not write.
 */
export function decodeFiles(encoded: Uint8Array): readonly EmbeddedFile[] {
  try {
    const reader = new ByteReader(encoded);
    const count = reader.u32();
    if (count > maxFiles) throw new EnclosError('IMAGE_INVALID', `More than ${maxFiles} embedded files.`);
    const files = Array.from({ length: count }, () => readFile(reader));
    reader.end();
    checkFiles(files);
    return Object.freeze(files);
  } catch (cause) {
    throw new EnclosError('IMAGE_INVALID', 'The embedded files cannot be read.', { cause });
  }
}

function readFile(reader: ByteReader): EmbeddedFile {
  const path = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(reader.bytes(reader.u16()));
  return Object.freeze({ path, content: reader.view(reader.u32()) });
}

/** @throws IMAGE_INVALID */
export function checkFiles(files: readonly EmbeddedFile[]): void {
  const paths = files.map((file) => file.path);
  const allowed = paths.every((path) => isCleanPath(path) && isText(path) && utf8(path).length <= maxPathBytes);
  if (files.length > maxFiles || !allowed || new Set(paths).size !== paths.length) {
    throw new EnclosError('IMAGE_INVALID', 'Embedded files need absolute clean paths, each once.');
  }
}

/** Whether a path has a UTF-8 form, which a lone surrogate does not. */
function isText(path: string): boolean {
  return new TextDecoder().decode(utf8(path)) === path;
}
