// What engines refuse is answered by name.
import '@enclos/inference-engine';
import { declareErrors } from '@enclos/errors';

export const inferenceServiceErrors = declareErrors({
  INFERENCE_NOT_FOUND: [
    'usage',
    'The inference service has nothing at this path.',
    'Ask GET /v2/repository/index or GET /v1/models for the models that it serves.',
  ],
  INFERENCE_METHOD_REFUSED: [
    'usage',
    'The inference service has this path for other methods.',
    'Use the method that openapi.json names for the path.',
  ],
  INFERENCE_MODEL_DIFFERS: [
    'refused',
    'The model that is served is not the one that the client expects.',
    'Compare the digests of the attestation report with the digest of your model; the service may serve another version now.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof inferenceServiceErrors, true> {}
}
