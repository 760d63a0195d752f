import { chunkedOhttpProfile, keyConfigType, ohttpProfile, sessionTypes } from '@enclos/hpke';
import { inferencePaths, inferenceSchemas, inferenceTags, type OpenApiObject } from '@enclos/open-inference/openapi';
import { receiptNames } from '../receipt-names.ts';
import { modelDigestName } from './find-model.ts';

const binary = (description: string): OpenApiObject => ({ schema: { type: 'string', format: 'binary', description } });
const problem = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };

/** Operations of channels: their content is sealed, so each body is bytes. */
const sealed = (
  operationId: string,
  summary: string,
  types: Readonly<Record<string, readonly [string, string]>>,
): OpenApiObject => ({
  post: {
    operationId,
    summary,
    tags: ['sealed'],
    requestBody: {
      required: true,
      content: Object.fromEntries(Object.entries(types).map(([type, [what]]) => [type, binary(what)])),
    },
    responses: {
      200: {
        description: 'A sealed answer, whatever its status is inside',
        content: Object.fromEntries(
          Object.values(types).map(([what, type]) => [type, binary(`The answer to: ${what}`)]),
        ),
      },
      400: { description: 'It does not open, came before, or its date is too far away', content: problem },
      410: { description: 'The session is over, or is one of another replica: open another', content: problem },
      413: { description: 'It is larger than a limit', content: problem },
      415: { description: 'The path does not take this type', content: problem },
      422: { description: 'The key is not in use any more: fetch the keys again', content: problem },
      503: { description: 'Not now: try again', content: problem },
    },
  },
});

const reads = (operationId: string, summary: string, type: string, schema: OpenApiObject): OpenApiObject => ({
  operationId,
  summary,
  tags: ['attestation'],
  responses: {
    200: { description: 'Done', content: { [type]: { schema } } },
    '4XX': { description: 'The request is wrong, or there are too many' },
  },
});

const bytes = { type: 'string', format: 'binary' };
const modelDigestParameter = {
  name: 'digest',
  in: 'path',
  required: true,
  schema: { type: 'string', pattern: '^[0-9a-f]{64}$' },
  description: 'SHA-256 of the plain bytes of the model, in hex',
};
const ownPaths: Readonly<Record<string, OpenApiObject>> = {
  '/ohttp': sealed('sealedRequest', 'Any request, sealed by Oblivious HTTP', {
    [ohttpProfile.requestType]: ['One request by RFC 9458', ohttpProfile.responseType],
    [chunkedOhttpProfile.requestType]: ['One request by the draft for chunks', chunkedOhttpProfile.responseType],
  }),
  '/v1/session': sealed('session', 'Opens a session, or any request in one', {
    [sessionTypes.open]: ['The opening of a session', sessionTypes.opened],
    [sessionTypes.request]: ['One request of a session', sessionTypes.response],
  }),
  '/ohttp-keys': { get: reads('ohttpKeys', 'The keys of Oblivious HTTP', keyConfigType, bytes) },
  '/.well-known/hpke-keys': { get: reads('ehbpKey', 'The key of EHBP', keyConfigType, bytes) },
  '/v1/attestation/report': {
    get: {
      ...reads('attestationReport', 'What proves keys and models', 'application/json', {
        $ref: '#/components/schemas/AttestationReport',
      }),
      parameters: [
        {
          name: 'nonce',
          in: 'query',
          required: false,
          schema: { type: 'string', pattern: '^[0-9a-f]{64}$' },
          description: 'For a quote that is fresh: 32 bytes in hex',
        },
      ],
    },
  },
  '/v1/model-keys/{digest}/challenge': {
    parameters: [modelDigestParameter],
    post: {
      ...reads('challengeModelOwner', 'What the owner of an encrypted model signs', 'application/json', {
        type: 'object',
        required: ['challenge', 'keySetDigest'],
        properties: { challenge: { type: 'string' }, keySetDigest: { type: 'string' } },
      }),
      tags: ['models'],
    },
  },
  '/v1/model-keys/{digest}': {
    parameters: [modelDigestParameter],
    post: {
      operationId: 'supplyModelKey',
      summary: 'Supplies the key of an encrypted model, signed by its owner, and loads the model',
      tags: ['models'],
      requestBody: {
        required: true,
        content: { 'application/jose': { schema: { type: 'string', description: 'A compact JWS' } } },
      },
      responses: {
        200: { description: 'The model is loaded', content: { 'application/json': { schema: { type: 'object' } } } },
        '4XX': { description: 'The key is refused, or does not open the model' },
        503: { description: 'Not now: try again' },
      },
    },
  },
  '/openapi.json': { get: reads('openapi', 'This document', 'application/json', { type: 'object' }) },
};

const ownSchemas: OpenApiObject = {
  Problem: {
    type: 'object',
    required: ['type', 'title'],
    properties: { type: { type: 'string' }, title: { type: 'string', description: 'The code of the error' } },
  },
  AttestationReport: {
    type: 'object',
    required: ['format', 'keySet', 'models', 'evidence'],
    properties: {
      format: { const: 'enclos-inference-report-1' },
      keySet: { type: 'string', contentEncoding: 'base64url' },
      models: { type: 'array', items: { $ref: '#/components/schemas/ReportedModel' } },
      catalogueVersion: {
        type: 'integer',
        description: 'The version of the catalogue that some of the models are from',
      },
      evidence: {
        type: 'object',
        required: ['kind', 'value'],
        properties: { kind: { type: 'string' }, value: { type: 'string', contentEncoding: 'base64url' } },
      },
      endorsements: { type: 'string' },
      nonce: { type: 'string' },
    },
  },
  ReportedModel: {
    type: 'object',
    required: ['name', 'version', 'digest', 'sizeBytes'],
    properties: {
      name: { type: 'string' },
      version: { type: 'string' },
      digest: { type: 'string' },
      sizeBytes: { type: 'integer' },
    },
  },
};

/** Headers of an answer that a model computed. */
const answerHeaders = {
  [receiptNames.requestId]: {
    schema: { type: 'string' },
    description: 'The name of the request, in receipts and in the log',
  },
  [modelDigestName]: { schema: { type: 'string' }, description: 'SHA-256 of the model that computed the answer' },
  [receiptNames.receipt]: { schema: { type: 'string' }, description: 'A receipt over request, answer and model' },
};

/** The OpenAPI 3.1 document of the service. */
export function serviceDocument(): OpenApiObject {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Enclos inference service',
      version: '1',
      description:
        'Models in an enclave. Each operation but those of tag sealed may also come sealed inside one of these.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    servers: [{ url: 'https://{host}', variables: { host: { default: 'localhost:8443' } } }],
    security: [{}],
    tags: [
      ...inferenceTags,
      { name: 'sealed', description: 'Requests that only the enclave reads' },
      { name: 'attestation', description: 'What proves who answers' },
      { name: 'models', description: 'Keys of encrypted models' },
    ],
    paths: { ...Object.fromEntries(Object.entries(inferencePaths).map(withHeaders)), ...ownPaths },
    components: { schemas: { ...inferenceSchemas, ...ownSchemas } },
  };
}

interface ComputingPath extends OpenApiObject {
  readonly post?: { readonly tags: readonly string[]; readonly responses: Readonly<Record<string, OpenApiObject>> };
}

/** A path, with the headers of answers that a model computed. */
function withHeaders([path, item]: readonly [string, ComputingPath]): readonly [string, OpenApiObject] {
  const { post } = item;
  if (post === undefined || post.tags.includes('repository')) return [path, item];
  const done = { ...post.responses['200'], headers: answerHeaders };
  return [path, { ...item, post: { ...post, responses: { ...post.responses, 200: done } } }];
}
