import { createHash } from 'node:crypto';
import { equalBytes } from '@enclos/codec';
import { MAX_FILE_CHUNK_BYTES } from '@enclos/edl';
import { EnclosError } from '@enclos/errors';
import { hostFilesOf } from './host-files.ts';
import { runtime } from '../runtime.ts';

/**
 * A file that is part of the image (`files` in enclave.json). Measured.
 * @throws ENCLAVE_FILE_NOT_DECLARED
 */
export function embeddedFile(path: string): Uint8Array {
  const file = runtime().files.find((candidate) => candidate.path === path);
  if (file === undefined) throw new EnclosError('ENCLAVE_FILE_NOT_DECLARED', `enclave.json embeds no file ${path}.`);
  return file.content.slice();
}

/**
 * A file of the host whose SHA-256 is in the manifest (`trustedFiles`). It is
 * copied into the enclave's memory, the copy is hashed, and the copy is
 * returned, so the host cannot change it after the check.
 * @throws ENCLAVE_FILE_NOT_DECLARED, ENCLAVE_FILE_REFUSED
 */
export async function trustedFile(path: string): Promise<Uint8Array> {
  const { manifest, system } = runtime();
  const declared = manifest.trustedFiles.find((candidate) => candidate.path === path);
  if (declared === undefined) {
    throw new EnclosError('ENCLAVE_FILE_NOT_DECLARED', `enclave.json names no trusted file ${path}.`);
  }
  const host = hostFilesOf(system);
  const copy = new Uint8Array(Number(declared.sizeBytes));
  for (let at = 0; at < copy.length;) {
    const wanted = Math.min(MAX_FILE_CHUNK_BYTES, copy.length - at);
    const chunk = await host.readTrustedFile(path, BigInt(at), wanted);
    if (chunk.length === 0 || chunk.length > wanted) throw refused(path);
    copy.set(chunk, at);
    at += chunk.length;
  }
  if (!equalBytes(new Uint8Array(createHash('sha256').update(copy).digest()), declared.sha256)) throw refused(path);
  return copy;
}

function refused(path: string): EnclosError {
  return new EnclosError('ENCLAVE_FILE_REFUSED', `The host's ${path} is not the file that the manifest names.`);
}
