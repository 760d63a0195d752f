import { randomBytes } from 'node:crypto';
import { maxKeyBytes, readSmallFile, requireFolderOf } from '@enclos/cli-frame/files';
import { refuseUsage } from '@enclos/cli-frame';
import { durable } from '@enclos/durable';
import { EnclosError } from '@enclos/errors';
import { readModelFacts } from '@enclos/inference-models';
import { encryptModel, isEncryptedModel, modelDigestSync, readModelKey } from '@enclos/inference-models/node';
import { readModelFile } from './model-file.ts';

export interface EncryptModelOptions {
  readonly model: string;
  /** Where the key is, or goes. */
  readonly key: string;
  /** Make the key. */
  readonly isNewKey: boolean;
  readonly name: string;
  readonly keyId?: string | undefined;
  readonly out: string;
}

export interface EncryptedModelFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly name: string;
  /** SHA-256 of the plain bytes. */
  readonly digest: string;
  readonly keyId?: string;
  readonly key: string;
}

/**
 * Encrypts a model into a file.
 *
 * @throws CLI_FILE_UNREADABLE, CLI_FILE_INVALID, CLI_SYSTEM_REFUSED, MODEL_KEY_INVALID, CLI_USAGE for a model that is encrypted
 * already, and the errors of a model that cannot be read.
 */
export async function encryptModelFile(options: EncryptModelOptions): Promise<EncryptedModelFile> {
  const { name, keyId, out } = options;
  await requireFolderOf(out);
  const model = await readModelFile(options.model);
  if (isEncryptedModel(model)) refuseUsage('The file is an encrypted model already.');
  // What no enclave could serve is better refused here.
  readModelFacts(model);
  const key = options.isNewKey
    ? await newKey(options.key)
    : readModelKey(await readSmallFile(options.key, maxKeyBytes));
  const file = encryptModel(model, key, { name, ...(keyId === undefined ? {} : { keyId }) });
  key.fill(0);
  await durable.replace(out, file);
  const digest = modelDigestSync(model);
  const named = keyId === undefined ? {} : { keyId };
  return Object.freeze({ path: out, sizeBytes: file.length, name, digest, ...named, key: options.key });
}

/** A lost key is a lost model, so no key is overwritten. */
async function newKey(path: string): Promise<Uint8Array> {
  await requireFolderOf(path);
  const key = new Uint8Array(randomBytes(32));
  if (await durable.add(path, key)) return key;
  throw new EnclosError('CLI_FILE_INVALID', `${path} exists already, and a key is never overwritten.`, {
    details: { path },
    next: `Give --key ${path} to encrypt with the key that is there, or name a file that does not exist.`,
  });
}
