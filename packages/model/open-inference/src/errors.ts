import { declareErrors } from '@enclos/errors';

export const inferenceErrors = declareErrors({
  INFERENCE_TENSOR_INVALID: [
    'usage',
    'The datatype, shape and data of a tensor do not fit together.',
    'Compare the tensor that the message names with the metadata of the model.',
  ],
  INFERENCE_MESSAGE_INVALID: [
    'usage',
    'A request or an answer of an inference API is malformed.',
    'Correct the member that the message names; docs/reference/inference-api.md lists the members of each message.',
  ],
  INFERENCE_LIMIT_EXCEEDED: [
    'usage',
    'A tensor or a message is larger than this server or client accepts.',
    'Send less at a time, or raise the limit that the message names.',
  ],
  INFERENCE_UNSUPPORTED: [
    'usage',
    'A request asks for something that would change the answer and that is not supported.',
    'Leave out the member that the message names, or give it the value that the message asks for.',
  ],
  INFERENCE_NOT_JSON: [
    'usage',
    'A tensor holds a value that JSON cannot express.',
    'Ask for this tensor in binary form (binary_data or binary_data_output).',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof inferenceErrors, true> {}
}
