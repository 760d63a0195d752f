import { errorSchema } from '@enclos/service/routes';
import { wrapAlgorithms } from '../release/index.ts';

const base64url = { type: 'string', contentEncoding: 'base64url' };
const boundData = {
  type: 'object',
  additionalProperties: false,
  required: ['data'],
  properties: { data: base64url, dataType: { type: 'string', enum: ['Binary', 'JSON'], default: 'Binary' } },
};

const evidenceNames: Readonly<Record<string, string>> = {
  attestSgxEnclave: 'quote',
  attestTdxVm: 'quote',
  attestOpenEnclave: 'report',
  attestSevSnpVm: 'report',
  attestTpm: 'data',
  attestAzureGuest: 'attestationInfo',
};

/** The body of an attest call. */
export function attestSchema(operation: string): Readonly<Record<string, unknown>> {
  const evidence = evidenceNames[operation] ?? 'quote';
  const bound = {
    runtimeData: { $ref: '#/components/schemas/BoundData' },
    initTimeData: { $ref: '#/components/schemas/BoundData' },
    nonce: { type: 'string', maxLength: 4096 },
  };
  const draft = operation === 'attestTdxVm' ? {} : { draftPolicyForAttestation: { type: 'string' } };
  const isVerified = evidence === 'quote' || evidence === 'report';
  return {
    type: 'object',
    additionalProperties: false,
    required: [evidence],
    properties: { [evidence]: base64url, ...(isVerified ? { ...bound, ...draft } : {}) },
  };
}

/** Bodies of the calls about secrets, by operation. */
export const secretBodies: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  setSecret: {
    type: 'object',
    additionalProperties: false,
    required: ['secret', 'releasePolicy'],
    properties: {
      secret: { ...base64url, description: '1 to 65,536 bytes', maxLength: 87_384 },
      releasePolicy: { type: 'object', description: "In the grammar of Azure's secure key release" },
    },
  },
  releaseSecret: {
    type: 'object',
    additionalProperties: false,
    required: ['kid', 'target'],
    properties: {
      kid: { type: 'string', description: 'The name of the secret' },
      target: { type: 'string', description: 'An attestation token of this tenant' },
      enc: { type: 'string', enum: wrapAlgorithms },
      nonce: { type: 'string', maxLength: 4096 },
    },
  },
};

const strings = { type: 'array', items: { type: 'string' } };

export const schemas = {
  BoundData: boundData,
  TokenResponse: {
    type: 'object',
    required: ['token'],
    properties: { token: { type: 'string', description: 'A JSON Web Token' } },
  },
  ReleasedSecret: {
    type: 'object',
    required: ['value'],
    properties: {
      value: { type: 'string', description: 'A JSON Web Token with request, and response with the wrapped secret' },
    },
  },
  Error: errorSchema,
  KeySet: {
    type: 'object',
    required: ['keys'],
    properties: {
      keys: {
        type: 'array',
        items: {
          type: 'object',
          required: ['kty', 'kid', 'x5c'],
          properties: { kty: { type: 'string' }, kid: { type: 'string' }, alg: { type: 'string' }, x5c: strings },
        },
      },
    },
  },
  OpenIdConfiguration: {
    type: 'object',
    required: ['issuer', 'jwks_uri'],
    properties: {
      issuer: { type: 'string' },
      jwks_uri: { type: 'string' },
      response_types_supported: strings,
      id_token_signing_alg_values_supported: strings,
      claims_supported: strings,
    },
  },
  TcbBaselines: {
    type: 'object',
    required: ['tcbBaselines'],
    properties: {
      tcbBaselines: {
        type: 'array',
        items: {
          type: 'object',
          required: ['tcbIdentifier', 'isSelectedTcb'],
          properties: {
            tcbIdentifier: { type: 'string' },
            tcbEvaluationDataNumber: { type: 'integer' },
            tcbReleaseDate: { type: 'string' },
            minimumPswLinuxVersion: { type: 'string' },
            minimumPswWindowsVersion: { type: 'string' },
            isSelectedTcb: { type: 'boolean' },
          },
        },
      },
    },
  },
} as const;
