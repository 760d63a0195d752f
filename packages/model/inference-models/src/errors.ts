import { declareErrors } from '@enclos/errors';

export const inferenceModelErrors = declareErrors({
  MODEL_INVALID: [
    'usage',
    'The bytes are not an ONNX model, or the model contradicts itself.',
    'Export the model again, and check the file with `enclos model info FILE`.',
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
  MODEL_UNSUPPORTED: [
    'usage',
    'The model has an input or output that no inference protocol carries.',
    'Export the model with dense tensors of the datatypes of the Open Inference Protocol as its inputs and outputs.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof inferenceModelErrors, true> {}
}
