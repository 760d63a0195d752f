import { EnclosError } from '@enclos/errors';
import type { ApiRequest } from './api-request.ts';
import type { ServedModel, ServedModels } from '../models/served-models.ts';

/** What a client expects the model to be, by the SHA-256 of its bytes. The service refuses to answer with another one. */
export const modelDigestName = 'enclos-model-digest';

/** @throws INFERENCE_MODEL_LOADING for a model that is on its way, and INFERENCE_NOT_FOUND for any other */
export function refuseAbsent(
  models: ServedModels,
  { name, version }: { readonly name: string; readonly version?: string | undefined },
): never {
  const isExpected = models.loadable.some(
    (one) => one.isExpected && one.name === name && (version === undefined || one.version === version),
  );
  if (isExpected) {
    models.want(name);
    throw new EnclosError('INFERENCE_MODEL_LOADING');
  }
  throw new EnclosError('INFERENCE_NOT_FOUND', 'There is no model of this name and version.');
}

/**
 * The model of a request, which must be the one that the client expects, if it says so.
 * @throws INFERENCE_NOT_FOUND, INFERENCE_MODEL_LOADING, ENGINE_UNAVAILABLE, INFERENCE_MODEL_DIFFERS
 */
export function findModel(
  models: ServedModels,
  { headers, onModel }: Pick<ApiRequest, 'headers' | 'onModel'>,
  { name, version }: { readonly name: string; readonly version?: string | undefined },
): ServedModel {
  const model = models.find(name, version) ?? refuseAbsent(models, { name, version });
  onModel?.(model);
  if (!model.isUsable) throw new EnclosError('ENGINE_UNAVAILABLE');
  const expected = headers.get(modelDigestName);
  if (expected !== undefined && expected !== model.digest) {
    throw new EnclosError('INFERENCE_MODEL_DIFFERS');
  }
  return model;
}
