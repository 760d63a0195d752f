// What engines refuse, and what is wrong with models and their keys, is answered by name.
import '@enclos/inference-engine';
import '@enclos/inference-models';
import '@enclos/service/errors';
import { declareErrors } from '@enclos/errors';

export const inferenceServiceErrors = declareErrors({
  INFERENCE_NOT_FOUND: [
    'usage',
    'The inference service has nothing at this path.',
    'Ask GET /v2/repository/index or GET /v1/models for the models that it serves.',
  ],
  INFERENCE_FORBIDDEN: [
    'refused',
    'Clients of this service may not load and unload models.',
    'Set clientsChangeModels in service.json, which is measured, if every client may.',
  ],
  INFERENCE_METHOD_REFUSED: [
    'usage',
    'The inference service has this path for other methods.',
    'Use the method that openapi.json names for the path.',
  ],
  INFERENCE_CONFIGURATION_INVALID: [
    'usage',
    'The measured configuration of the inference service has a mistake.',
    'Correct service.json and build the enclave again; docs/reference/inference-service.md lists its keys.',
  ],
  INFERENCE_MODEL_LOADING: [
    'transient',
    'The model is being loaded, or its key is not here yet.',
    'Try again soon. POST /v2/repository/index says what it waits for.',
  ],
  INFERENCE_MODEL_REFUSED: [
    'refused',
    'A file of a model is not the one that the enclave was built to serve.',
    'Give the host the file whose SHA-256 is in models.json, or build the enclave for the new one.',
  ],
  INFERENCE_USAGE: [
    'usage',
    'The command line of the service has a mistake.',
    'Correct the option that the message names; --help lists them.',
  ],
  INFERENCE_MODEL_MISSING: [
    'usage',
    'The host has no file for a model that the enclave asks for.',
    'Put the file NAME-VERSION.onnx into the folder that --models names; a relative folder is looked for from the folder of the service.',
  ],
  INFERENCE_SERVING: [
    'usage',
    'The service serves already, or does not yet.',
    'Call serve once after the enclave has started.',
  ],
  INFERENCE_REPLICA_REFUSED: [
    'refused',
    'An enclave at the address of a replica is not one that this replica shares requests with.',
    'Give all replicas the same models.json; details.rule says what differs.',
  ],
  INFERENCE_REPLICA_LOST: [
    'transient',
    'The replica that has the key of this request was lost before it answered, or has too much to do.',
    'Send the request again. It may have been computed once already.',
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
