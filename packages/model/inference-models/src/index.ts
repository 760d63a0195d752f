import './errors.ts';

/** Models of an inference service. Runs in browsers and enclaves. */
export { modelDigest, type DigestCrypto } from './digest.ts';
export {
  defaultModelLimits,
  type ModelFacts,
  type ModelLimits,
  type ModelValue,
  type OperatorUse,
} from './onnx/facts.ts';
export { readModelFacts, tensorFactsOf } from './onnx/read-model.ts';
