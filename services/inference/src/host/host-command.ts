import type { CommandShape, Program } from '@enclos/command-line';
import { EnclosError } from '@enclos/errors';

/** The host of the service as a program. It has one command, and that has no name. */
export const program: Program = {
  name: 'inference',
  summary: 'The host of the inference service',
  refuse(message, usage) {
    throw new EnclosError('INFERENCE_USAGE', message, usage === undefined ? {} : { details: { usage } });
  },
};

/** What the host is started with. */
export const hostCommand = {
  description: [
    'Loads the enclave of the service, and gives it the files of models, endorsements and a network.',
    'It logs to its output, and ends in order on SIGTERM and SIGINT.',
  ],
  arguments: {},
  options: {
    models: {
      type: 'string',
      value: 'DIR',
      default: 'models',
      summary: 'The folder with the files of the models, NAME-VERSION.onnx or, encrypted, NAME-VERSION.onnx.jwe',
    },
    state: {
      type: 'string',
      value: 'DIR',
      summary: 'Where sealed state is kept: of a catalogue, and of keys that are to outlive the enclave',
    },
    'key-broker': { type: 'string', value: 'HOST:PORT', summary: 'Where the key broker of service.json is reached' },
    'attestation-service': {
      type: 'string',
      value: 'HOST:PORT',
      summary: 'Where the attestation service of service.json is reached, which releases keys',
    },
    listen: { type: 'string', value: 'HOST:PORT', default: '127.0.0.1:8443', summary: 'Where the service answers' },
    replicas: {
      type: 'string',
      value: 'HOST:PORT',
      multiple: true,
      summary:
        'Other replicas: a name with all their addresses, or one name for each; up to 8 addresses, this one may be among them',
    },
    'listen-replicas': {
      type: 'string',
      value: 'HOST:PORT',
      default: '127.0.0.1:0',
      summary: 'Where other replicas reach this one; by default they do not',
    },
    admin: {
      type: 'string',
      value: 'HOST:PORT',
      default: '127.0.0.1:8081',
      summary: '/healthz, /readyz and /metrics over HTTP',
    },
  },
  examples: [
    {
      command: 'npx --no enclos run services/inference -- --models "$PWD/models"',
      summary: 'Serve the models of a folder',
    },
  ],
  exitCodes: {
    3: 'The image of the enclave, its signature or the interpreter is not what it claims to be.',
  },
  hasJson: false,
} as const satisfies CommandShape & { readonly hasJson: boolean };
