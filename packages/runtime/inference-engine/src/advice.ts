/** What to do about each error of this package, for people. Bundles for enclaves leave it out. */
export const advice = {
  ENGINE_INVALID_ARGUMENT: 'Correct the option that the message names; @enclos/inference-engine documents its bounds.',
  ENGINE_MODEL_UNKNOWN: 'Load the model first, or ask for a version that is loaded.',
  ENGINE_MODEL_REFUSED:
    'Check the model with the same version of ONNX Runtime outside; models with external data and sequence inputs do not load.',
  ENGINE_INPUT_REFUSED: 'Compare names, datatypes and shapes with the metadata of the model.',
  ENGINE_RUN_FAILED: 'Check the values of the inputs against what the model expects, such as the range of its indices.',
  ENGINE_LIMIT_EXCEEDED: 'Send less at once, or raise the limit of the model that the message names.',
  ENGINE_BUSY: 'Try again after details.retryAfterMs, or start more engines.',
  ENGINE_DEADLINE: 'Allow more time, or start more engines.',
  ENGINE_CANCELLED: 'Run again if the result is still wanted.',
  ENGINE_LOST: 'Run again: another engine answers, or the next one does within seconds.',
  ENGINE_UNAVAILABLE: 'Try again in a few seconds; if it stays so, look at the companion in the log of the platform.',
};
