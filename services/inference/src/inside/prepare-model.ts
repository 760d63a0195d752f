import { EnclosError, isEnclosError } from '@enclos/errors';
import type { ModelEntry } from '@enclos/inference-models';
import { modelDigestSync, openEncryptedModel, readEncryptedModel, requireBinding } from '@enclos/inference-models/node';
import { modelPartBytes } from '../inference.edl.ts';
import { isEncrypted, type ModelKeys } from '../keys/model-keys.ts';

/** Asks the host for a part of a model's file. */
export type ModelParts = (part: {
  readonly name: string;
  readonly version: string;
  readonly encrypted: boolean;
  readonly offset: bigint;
  readonly sizeBytes: number;
}) => Promise<Uint8Array>;

/** A model whose file is here, if it is encrypted. */
export interface PreparedModel {
  /** Asks for the key of an encrypted one. */
  key(): Promise<Uint8Array>;
  /** Its plain bytes. The key is wiped. */
  open(key: Uint8Array): Promise<Uint8Array>;
}

/** What an encrypted file has beside the model in base64url: header, wrapped key, nonce and tag. */
const encryptionBytes = 16_384;

/**
 * Copies the file of an encrypted model from the host, and refuses what is wrong with it without a key. Any other is copied when it is opened.
 * @throws INFERENCE_MODEL_REFUSED, MODEL_ENCRYPTION_INVALID, MODEL_MISMATCH. `open` throws these too, and MODEL_NOT_OPENED; `key` throws
 * what `ModelKeys.keyOf` does.
 */
export async function prepareModel(entry: ModelEntry, parts: ModelParts, keys: ModelKeys): Promise<PreparedModel> {
  if (!isEncrypted(entry)) return { key: async () => new Uint8Array(), open: async () => plainModel(entry, parts) };
  const { name, digest, sizeBytes } = entry;
  const file = await readFile(entry, parts, Math.ceil((4 * sizeBytes) / 3) + encryptionBytes);
  const model = readEncryptedModel(file, { maxBytes: sizeBytes });
  requireBinding(model, { name, digest });
  return {
    key: async () => keys.keyOf(entry),
    async open(key) {
      try {
        const plain = openEncryptedModel(model, key, { name, digest });
        if (plain.length !== sizeBytes) refuse(entry);
        await keys.opened(entry);
        return plain;
      } catch (error) {
        if (isEnclosError(error)) keys.failed(entry);
        throw error;
      } finally {
        key.fill(0);
      }
    },
  };
}

async function plainModel(entry: ModelEntry, parts: ModelParts): Promise<Uint8Array> {
  const plain = await readFile(entry, parts, entry.sizeBytes);
  const isMeasured = plain.length === entry.sizeBytes && modelDigestSync(plain) === entry.digest;
  return isMeasured ? plain : refuse(entry);
}

/** The file, or as much of it as it may have. */
async function readFile(entry: ModelEntry, parts: ModelParts, mostBytes: number): Promise<Uint8Array> {
  const { name, version } = entry;
  const copy = new Uint8Array(mostBytes);
  let sizeBytes = 0;
  while (sizeBytes < mostBytes) {
    const wanted = Math.min(modelPartBytes, mostBytes - sizeBytes);
    const offset = BigInt(sizeBytes);
    // eslint-disable-next-line no-await-in-loop
    const part = await parts({ name, version, encrypted: isEncrypted(entry), offset, sizeBytes: wanted });
    if (part.length > wanted) refuse(entry);
    if (part.length === 0) break;
    copy.set(part, sizeBytes);
    sizeBytes += part.length;
  }
  return copy.subarray(0, sizeBytes);
}

function refuse({ name, version }: ModelEntry): never {
  throw new EnclosError('INFERENCE_MODEL_REFUSED', `The host's file of the model ${name} ${version} is another one.`);
}
