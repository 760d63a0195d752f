import type { CommandShape, Program } from '@enclos/command-line';
import { EnclosError } from '@enclos/errors';

/** The host of the service as a program. It has one command, and that has no name. */
export const program: Program = {
  name: 'attestation',
  summary: 'The host of the attestation service',
  refuse(message, usage) {
    throw new EnclosError('ATTESTATION_USAGE', message, usage === undefined ? {} : { details: { usage } });
  },
};

/** What the host is started with. */
export const hostCommand = {
  description: [
    'Loads the enclave of the service, and gives it a store, endorsements and a network.',
    'It logs to its output, and ends in order on SIGTERM and SIGINT.',
  ],
  arguments: {},
  options: {
    configuration: {
      type: 'string',
      value: 'FILE',
      default: 'attestation.json',
      summary: 'Tenants and limits',
    },
    development: {
      type: 'boolean',
      summary:
        'For trying out: when the configuration is not there, make one with a tenant that accepts evidence of this machine’s software platform, and a token for its manager',
    },
    store: {
      type: 'string',
      value: 'WHERE',
      default: 'attestation-store',
      summary: 'A folder, or postgres://USER@HOST/DATABASE for replicas',
    },
    listen: { type: 'string', value: 'HOST:PORT', default: '127.0.0.1:8443', summary: 'Where the service answers' },
    admin: {
      type: 'string',
      value: 'HOST:PORT',
      default: '127.0.0.1:8081',
      summary: '/healthz, /readyz and /metrics over HTTP',
    },
    'identity-provider': {
      type: 'string',
      value: 'HOST:PORT',
      summary: 'Where the OpenID Connect issuer of the configuration is reached',
    },
    collateral: {
      type: 'string',
      value: 'SOURCE',
      multiple: true,
      summary: 'pcs, azure, kds, azure-amd, or the URL of a PCCS; pcs and kds when none is named',
    },
    'collateral-cache': { type: 'string', value: 'DIR', summary: 'Keep endorsements there' },
    certificate: {
      type: 'string',
      value: 'FILE',
      default: 'attestation.pem',
      summary: 'Where the TLS certificate is written, for clients',
    },
    audit: {
      type: 'string',
      value: 'FILE',
      default: 'attestation-audit.log',
      summary: 'The audit log; - is the standard output',
    },
  },
  examples: [
    { command: 'npx --no enclos run services/attestation -- --development', summary: 'Try the service out' },
    {
      command: 'npx --no enclos run services/attestation -- --store postgres://attestation@database/attestation',
      summary: 'One of several replicas',
    },
  ],
  exitCodes: {
    3: 'The image of the enclave, its signature or the interpreter is not what it claims to be.',
    4: 'The evidence is genuine, but a policy does not accept it.',
  },
  hasJson: false,
} as const satisfies CommandShape & { readonly hasJson: boolean };
