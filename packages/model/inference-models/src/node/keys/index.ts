export { keyFromKbs, type KbsChallenge, type KbsFetch, type KbsOptions } from './kbs.ts';
export { readModelKey } from './model-key.ts';
export { createReleaseKeyPair, openReleasedKey, type ReleaseKeyPair, type WrappedModelKey } from './released-key.ts';
export {
  ModelKeyDesk,
  readKeySupply,
  writeKeySupply,
  type KeyDeskOptions,
  type KeySupply,
  type KeySupplySigner,
  type OwnedModel,
} from './supplied-key.ts';
