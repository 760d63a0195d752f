export { encryptModelFile, type EncryptedModelFile, type EncryptModelOptions } from './commands/model/encrypt-model.ts';
export { modelInfo, type ModelInfo } from './commands/model/model-info.ts';
export { supplyKeyFile, type SuppliedKeyFile, type SupplyKeyFileOptions } from './commands/model/supply-key-file.ts';
export { testInputs, type TestInputOptions, type TestInputs } from './commands/model/make-test-inputs.ts';
