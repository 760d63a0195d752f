import './errors.ts';

/** Models of an inference service. Runs in browsers and enclaves. */
export {
  allowedModel,
  allowedModels,
  type AllowedModels,
  verifyCatalogue,
  writeCatalogue,
  type Catalogue,
  type CatalogueContent,
  type CatalogueSigner,
  type KnownCatalogue,
  type VerifyCatalogueOptions,
} from './catalogue/catalogue.ts';
export { keyPlaceIn, type KbsResource, type KeyPlace } from './catalogue/key-place.ts';
export type { ModelEntry, ModelRunLimits } from './catalogue/entry.ts';
export {
  modelManifestBytes,
  modelManifestDigest,
  readModelManifest,
  type CataloguePin,
  type ModelManifest,
  type ServedModels,
} from './catalogue/manifest.ts';
export { modelDigest, type DigestCrypto } from './digest.ts';
export {
  defaultModelLimits,
  type ModelFacts,
  type ModelLimits,
  type ModelValue,
  type OperatorUse,
} from './onnx/facts.ts';
export { readModelFacts, tensorFactsOf } from './onnx/read-model.ts';
