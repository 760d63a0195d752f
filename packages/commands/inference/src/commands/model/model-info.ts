import { readModelFacts, type ModelFacts } from '@enclos/inference-models';
import {
  isEncryptedModel,
  modelDigestSync,
  readEncryptedModel,
  type EncryptedModel,
} from '@enclos/inference-models/node';
import { maximumModelBytes, readModelFile } from './model-file.ts';

/** What a file says of itself: a model, or an encrypted one, which is not opened. */
export type ModelInfo =
  | { readonly path: string; readonly kind: 'model'; readonly digest: string; readonly facts: ModelFacts }
  | { readonly path: string; readonly kind: 'encrypted'; readonly encrypted: Omit<EncryptedModel, 'jwe'> };

/** @throws CLI_FILE_UNREADABLE, CLI_FILE_INVALID, and the errors of a model that cannot be read */
export async function modelInfo(path: string): Promise<ModelInfo> {
  const bytes = await readModelFile(path);
  if (!isEncryptedModel(bytes)) {
    return { path, kind: 'model', digest: modelDigestSync(bytes), facts: readModelFacts(bytes) };
  }
  const { jwe: _, ...encrypted } = readEncryptedModel(bytes, { maxBytes: maximumModelBytes });
  return { path, kind: 'encrypted', encrypted };
}
