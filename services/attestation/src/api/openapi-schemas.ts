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

const strings = { type: 'array', items: { type: 'string' } };

export const schemas = {
  BoundData: boundData,
  TokenResponse: {
    type: 'object',
    required: ['token'],
    properties: { token: { type: 'string', description: 'A JSON Web Token' } },
  },
  Error: {
    type: 'object',
    required: ['error'],
    properties: {
      error: {
        type: 'object',
        required: ['code', 'message'],
        properties: {
          code: { type: 'string' },
          message: { type: 'string' },
          details: { type: 'object', description: 'Why, for tenants with explainRefusals' },
        },
      },
    },
  },
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
