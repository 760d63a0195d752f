import type { ErrorName } from './error-answer.ts';

type Json = Readonly<Record<string, unknown>>;

/** A route as the document shows it. */
export interface Operation {
  readonly operation: string;
  readonly method: string;
  readonly path: string;
  readonly summary: string;
  readonly tags: readonly string[];
  /** Security requirements; an empty one lets every caller in. */
  readonly security: readonly Json[];
  readonly parameters: readonly Json[];
  /** Content of the request by media type; undefined when there is no body. */
  readonly body?: Json | undefined;
  /** Content of the answer 200 by media type. */
  readonly success: Json;
  /** What it may answer with beside 200. */
  readonly errors: readonly ErrorName[];
}

export interface ApiDescription {
  readonly info: Json;
  readonly servers: readonly Json[];
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly schemas: Json;
  /** Headers that every answer has. */
  readonly headers: Json;
}

/** The schema of error bodies, for `#/components/schemas/Error`. */
export const errorSchema = {
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
} as const;

const securitySchemes = {
  bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
  clientCertificate: { type: 'mutualTLS' },
};

/** The two ways to prove an identity, for `Operation.security`. */
export const identityRequirements: readonly Json[] = Object.freeze([{ bearer: [] }, { clientCertificate: [] }]);

/** The OpenAPI 3.1 document of these operations. */
export function openapiDocument(operations: readonly Operation[], description: ApiDescription): Json {
  const { info, servers, tags, schemas, headers } = description;
  const paths = new Map<string, Record<string, unknown>>();
  for (const operation of operations) {
    const methods = paths.get(operation.path) ?? {};
    methods[operation.method.toLowerCase()] = operationObject(operation, headers);
    paths.set(operation.path, methods);
  }
  return {
    openapi: '3.1.0',
    info,
    servers,
    tags,
    paths: Object.fromEntries(paths),
    components: { schemas, securitySchemes },
  };
}

function operationObject(operation: Operation, headers: Json): Json {
  const { summary, tags, security, parameters, body, success, errors } = operation;
  return {
    operationId: operation.operation,
    summary,
    tags,
    security,
    parameters,
    ...(body === undefined ? {} : { requestBody: { required: true, content: body } }),
    responses: { 200: { description: 'Done', headers, content: success }, ...errorResponses(errors, headers) },
  };
}

function errorResponses(errors: readonly ErrorName[], headers: Json): Json {
  const byStatus = new Map<number, string[]>();
  for (const { status, name } of errors) byStatus.set(status, [...(byStatus.get(status) ?? []), name]);
  return Object.fromEntries([...byStatus].map(([status, names]) => [status, errorResponse(names, headers)] as const));
}

function errorResponse(names: readonly string[], headers: Json): Json {
  const schema = {
    allOf: [
      { $ref: '#/components/schemas/Error' },
      { properties: { error: { properties: { code: { enum: names } } } } },
    ],
  };
  return { description: names.join(', '), headers, content: { 'application/json': { schema } } };
}
