import '../errors.ts';

/** Encrypted models and their keys, over node:crypto. */
export {
  modelDigestSync,
  encryptModel,
  isEncryptedModel,
  openEncryptedModel,
  readEncryptedModel,
  requireBinding,
  type EncryptedModel,
  type ExpectedModel,
  type ModelBinding,
} from './encryption/encrypted-model.ts';
export {
  createReleaseKeyPair,
  keyFromKbs,
  ModelKeyDesk,
  openReleasedKey,
  readKeySupply,
  readModelKey,
  writeKeySupply,
  type KbsChallenge,
  type KbsFetch,
  type KbsOptions,
  type KeyDeskOptions,
  type KeySupply,
  type KeySupplySigner,
  type OwnedModel,
  type ReleaseKeyPair,
  type WrappedModelKey,
} from './keys/index.ts';
