import { declareErrors } from '@enclos/errors';

export const inferenceModelErrors = declareErrors({
  MODEL_INVALID: [
    'usage',
    'The bytes are not an ONNX model, or the model contradicts itself.',
    'Check that the file is an ONNX file, and export the model again with its weights inside.',
  ],
  MODEL_LIMIT_EXCEEDED: [
    'usage',
    'The model is larger than the bound that the message names.',
    'Make the model smaller, or raise the bound if the model is your own.',
  ],
  MODEL_EXTERNAL_DATA: [
    'usage',
    'The model keeps data in other files, which its digest would not cover.',
    'Export the model with its weights inside: in Python, onnx.save_model(model, path, save_as_external_data=False).',
  ],
  MODEL_ENCRYPTION_INVALID: [
    'usage',
    'The bytes are not an encrypted model that can be opened here.',
    'Encrypt the model again with `enclos model encrypt`, or as KServe does: a compact JWE under A256KW and A256GCM.',
  ],
  MODEL_NOT_OPENED: [
    'refused',
    'The key does not open the encrypted model, or the file was changed.',
    'Compare the key identifier in the file with that of the key.',
  ],
  MODEL_MISMATCH: [
    'evidence',
    'The model is not the one that was expected.',
    'Do not serve it: compare its name and digest with the manifest or the catalogue. `enclos model encrypt --name` says which name a file is for.',
  ],
  MODEL_NOT_ALLOWED: [
    'policy',
    'Neither the manifest nor the catalogue has this model.',
    'Add the digest of the model to the manifest, or publish a catalogue that has it.',
  ],
  MODEL_MANIFEST_INVALID: ['usage', 'The manifest of models is not valid.', 'Correct what the message names.'],
  MODEL_CATALOGUE_INVALID: [
    'evidence',
    'The bytes are not a catalogue of models that one of the pinned keys signed.',
    'Publish the catalogue as it was signed, and pin the key that signs it.',
  ],
  MODEL_CATALOGUE_OLD: [
    'policy',
    'The catalogue is older than one that is known, or than the least version in the manifest.',
    'Publish the catalogue under a higher version. A catalogue is never taken back by an older one.',
  ],
  MODEL_KEY_INVALID: [
    'usage',
    'The key of a model is not 32 bytes, in an accepted form.',
    'Give 32 random bytes, as they are or as a JWK of the type oct.',
  ],
  MODEL_KEY_REFUSED: [
    'refused',
    'The key of a model was refused: by the service that keeps it, or because its supply is not the owner’s.',
    'Read in the message which rule was broken; for a key service, compare its policy with the evidence of the enclave.',
  ],
  MODEL_KEY_SERVICE_UNREACHABLE: [
    'transient',
    'The service that keeps the key of a model could not be reached, or failed.',
    'Check its address and health, and try again.',
  ],
  MODEL_KEY_AWAITED: [
    'transient',
    'The owner of the model has not supplied its key to this enclave.',
    'Supply it with `enclos model key supply`; it is asked for again after each start of the enclave.',
  ],
  MODEL_KEY_ANSWER_INVALID: [
    'evidence',
    'The answer of the service that keeps the key of a model is not one of its protocol.',
    'Check that the address is that of the key service, and its version.',
  ],
  MODEL_UNSUPPORTED: [
    'usage',
    'The model has an input or output that no inference protocol carries.',
    'Export the model with dense tensors of the datatypes of the Open Inference Protocol as its inputs and outputs.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof inferenceModelErrors, true> {}
}
