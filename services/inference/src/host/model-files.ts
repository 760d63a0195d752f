import { open, type FileHandle } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { EnclosError } from '@enclos/errors';

/** Where the bytes of models are, for the enclave to ask: each in a file `NAME-VERSION.onnx` of one folder. */
export interface ModelFiles {
  /** Why the enclave could not be given a file, which it does not tell. */
  readonly missing: EnclosError | undefined;
  /** @throws INFERENCE_MODEL_MISSING */
  part(wanted: {
    readonly name: string;
    readonly version: string;
    readonly offset: bigint;
    readonly sizeBytes: number;
  }): Promise<Uint8Array>;
}

/** What the measured manifest allows in names. The enclave asks for nothing else, and this host gives nothing else. */
const word = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

export function modelFiles(folder: string): ModelFiles {
  let missing: EnclosError | undefined;
  return Object.freeze<ModelFiles>({
    get missing() {
      return missing;
    },
    async part({ name, version, offset, sizeBytes }) {
      if (!word.test(name) || !word.test(version)) throw new EnclosError('INFERENCE_MODEL_MISSING');
      const path = resolve(join(folder, `${name}-${version}.onnx`));
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
  });
}

async function readAt(file: FileHandle, offset: bigint, sizeBytes: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(sizeBytes);
  const { bytesRead } = await file.read(buffer, 0, sizeBytes, Number(offset));
  return buffer.subarray(0, bytesRead);
}
