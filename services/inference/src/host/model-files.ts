import { open, type FileHandle } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { decodeLatin1 } from '@enclos/codec/text';
import { hasCode, readBoundedFile } from '@enclos/durable';
import { EnclosError } from '@enclos/errors';
import { maxCatalogueBytes, modelPartBytes } from '../inference.edl.ts';

/**
 * Where the bytes of models are, for the enclave to ask: each in a file `NAME-VERSION.onnx` of one folder, or `NAME-VERSION.onnx.jwe` if it
 * is encrypted; and the catalogue, `catalogue.jws`.
 */
export interface ModelFiles {
  /** Why the enclave could not be given a file, which it does not tell. */
  readonly missing: EnclosError | undefined;
  /** @throws INFERENCE_MODEL_MISSING */
  part(wanted: {
    readonly name: string;
    readonly version: string;
    readonly encrypted: boolean;
    readonly offset: bigint;
    readonly sizeBytes: number;
  }): Promise<Uint8Array>;
  /** The signed catalogue; empty where there is none. */
  catalogue(): Promise<string>;
}

/** What the measured manifest allows in names. The enclave asks for nothing else, and this host gives nothing else. */
const word = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

export function modelFiles(folder: string): ModelFiles {
  let missing: EnclosError | undefined;
  return Object.freeze<ModelFiles>({
    get missing() {
      return missing;
    },
    async part({ name, version, encrypted, offset, sizeBytes }) {
      if (!word.test(name) || !word.test(version)) throw new EnclosError('INFERENCE_MODEL_MISSING');
      const path = resolve(join(folder, `${name}-${version}.onnx${encrypted ? '.jwe' : ''}`));
      const file = await open(path).catch((cause: unknown) => {
        missing = new EnclosError('INFERENCE_MODEL_MISSING', `${path} cannot be read.`, { cause });
        throw missing;
      });
      try {
        return await readAt(file, offset, sizeBytes);
      } finally {
        await file.close();
      }
    },
    catalogue: async () => (await readCatalogue(join(folder, 'catalogue.jws'))).trim(),
  });
}

async function readCatalogue(path: string): Promise<string> {
  try {
    const file = await readBoundedFile(path, maxCatalogueBytes);
    if ('unfit' in file) throw new EnclosError('INFERENCE_MODEL_MISSING', `${path} ${file.unfit}.`);
    return decodeLatin1(file.bytes);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return '';
    throw error;
  }
}

async function readAt(file: FileHandle, offset: bigint, sizeBytes: number): Promise<Uint8Array> {
  // More would not cross to the enclave: one that asks for it gets no memory of the host.
  const buffer = new Uint8Array(Math.min(sizeBytes, modelPartBytes));
  const { bytesRead } = await file.read(buffer, 0, buffer.length, Number(offset));
  return buffer.subarray(0, bytesRead);
}
