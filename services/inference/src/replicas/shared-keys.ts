import { bytesOf, type ReplicaDirectory } from './directory.ts';

/** Between replicas: the key of a model, by the digest of the model. */
export const modelKeyPath = '/replica/model-key/';
/** AES-256 key wrap (RFC 3394), as `@enclos/inference-models` pins it. */
const keyBytes = 32;
const headTimeoutMs = 1500;

/**
 * The key of a model that its owner supplied to another replica. It crosses inside attested TLS, between two enclaves of one MRENCLAVE that
 * have appraised each other.
 * @returns undefined when no replica has it
 */
export async function keyFromReplicas(directory: ReplicaDirectory, digest: string): Promise<Uint8Array | undefined> {
  for (const { link } of directory.all()) {
    try {
      const request = { method: 'GET', path: `${modelKeyPath}${digest}`, headTimeoutMs, maxBytes: keyBytes };
      // One after the other: the first one mostly has it.
      // eslint-disable-next-line no-await-in-loop
      const response = await link.ask(request);
      // eslint-disable-next-line no-await-in-loop
      const key = await bytesOf(response, keyBytes);
      if (response.status === 200 && key.length === keyBytes) return new Uint8Array(key);
    } catch {
      // A replica that is lost has told nothing; the directory finds that out by itself.
    }
  }
  return undefined;
}
