import { secretNamePattern } from '../../../../../services/attestation/src/document/document.ts';
import { attestationTypes } from '../../../../../services/attestation/src/configuration/configuration.ts';
import { apiVersions } from '../../../../../services/attestation/src/api/api-versions.ts';
import type { Route } from '../../../../../services/attestation/src/routes/call.ts';
import { attestSchema, schemas, secretBodies } from '../../../../../services/attestation/src/routes/openapi-schemas.ts';
import { errorStatuses, type ServiceErrorCode } from './error-answer.ts';

type Json = Readonly<Record<string, unknown>>;

/** Errors that any route may answer with. */
const common: readonly ServiceErrorCode[] = ['NotFound', 'MethodNotAllowed', 'UnsupportedApiVersion', 'InternalError'];
const guarded: readonly ServiceErrorCode[] = ['Unauthorized', 'Forbidden', 'ServiceUnavailable'];

/** What a route may answer with beside 200. */
export function errorsOf({ needs, method, version, operation, path }: Route): readonly ServiceErrorCode[] {
  const codes = new Set(common);
  const add = (...more: readonly ServiceErrorCode[]): void => more.forEach((code) => codes.add(code));
  if (version === 'required') add('ApiVersionUnspecified');
  if (needs !== 'nothing') add(...guarded);
  const hasBody = takesBody(method);
  if (hasBody) add('InvalidParameter');
  if (needs === 'attest') add('TooManyRequests');
  if (needs === 'attest' && !isAboutSecrets(path)) {
    add('InvalidOperation', 'PolicyParsingError', 'PolicyEvaluationError');
  }
  if (isLater(operation) || isAboutSecrets(path)) add('NotImplemented');
  if (needs === 'management' && hasBody) add('InvalidOperation');
  if (operation === 'setPolicy' || operation === 'setSecret') add('PolicyParsingError');
  return [...codes];
}

function isLater(operation: string): boolean {
  return operation === 'attestTpm' || operation === 'attestAzureGuest';
}

/** Only where there is one replica. */
function isAboutSecrets(path: string): boolean {
  return path.startsWith('/key');
}

function takesBody(method: Route['method']): boolean {
  return method === 'POST' || method === 'PUT';
}

/** The OpenAPI 3.1 document of the routes. */
export function openapiDocument(routes: readonly Route[]): Json {
  const paths = new Map<string, Record<string, unknown>>();
  for (const route of routes) {
    const methods = paths.get(route.path) ?? {};
    methods[route.method.toLowerCase()] = operationOf(route);
    paths.set(route.path, methods);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Enclos attestation service',
      version: apiVersions.at(-1),
      description: "Verifies evidence of enclaves and confidential machines, with Azure Attestation's API.",
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    servers: [{ url: 'https://{host}', variables: { host: { default: 'localhost:8443' } } }],
    tags: [
      { name: 'attest', description: 'Evidence to token' },
      { name: 'management', description: 'Policies and the certificates that sign them' },
      { name: 'secrets', description: 'Secrets, and their release to what is attested' },
      { name: 'discovery', description: 'Keys and what the service is' },
    ],
    paths: Object.fromEntries(paths),
    components: { schemas, securitySchemes },
  };
}

const securitySchemes = {
  bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
  clientCertificate: { type: 'mutualTLS' },
};

const tags = { attest: 'attest', management: 'management', nothing: 'discovery' } as const;
const managed = [{ bearer: [] }, { clientCertificate: [] }];

function operationOf(route: Route): Json {
  const { operation, summary, needs, path } = route;
  const body = requestBodyOf(route);
  return {
    operationId: operation,
    summary,
    tags: [isAboutSecrets(path) ? 'secrets' : tags[needs]],
    // An empty requirement: a tenant may leave attesting open, which is the default.
    security: needs === 'management' ? managed : needs === 'attest' ? [{}, ...managed] : [],
    parameters: parametersOf(route),
    ...(body === undefined ? {} : { requestBody: body }),
    responses: { 200: successOf(route), ...errorResponsesOf(route) },
  };
}

function parametersOf({ path, version }: Route): readonly Json[] {
  const versionParameter = {
    name: 'api-version',
    in: 'query',
    required: version === 'required',
    schema: { type: 'string', enum: apiVersions },
  };
  const typeParameter = {
    name: 'type',
    in: 'path',
    required: true,
    schema: { type: 'string', enum: attestationTypes },
  };
  const nameParameter = {
    name: 'name',
    in: 'path',
    required: true,
    schema: { type: 'string', pattern: secretNamePattern.source },
  };
  const idParameter = { name: 'x-ms-client-request-id', in: 'header', required: false, schema: { type: 'string' } };
  return [
    ...(path.includes('{type}') ? [typeParameter] : []),
    ...(path.includes('{name}') ? [nameParameter] : []),
    versionParameter,
    idParameter,
  ];
}

const jws = { type: 'string', description: 'A JSON Web Signature in compact form' };

function requestBodyOf({ method, needs, operation }: Route): Json | undefined {
  if (!takesBody(method)) return undefined;
  const json = (schema: Json): Json => ({ 'application/json': { schema } });
  const secretSchema = secretBodies[operation];
  if (secretSchema !== undefined) return { required: true, content: json(secretSchema) };
  if (needs === 'attest') return { required: true, content: json(attestSchema(operation)) };
  return { required: true, content: { 'text/plain': { schema: jws }, ...json(jws) } };
}

const successSchemas: Readonly<Record<string, string>> = {
  certs: 'KeySet',
  openidConfiguration: 'OpenIdConfiguration',
  tcbBaselines: 'TcbBaselines',
  releaseSecret: 'ReleasedSecret',
};

const identifier = { schema: { type: 'string' } };
const headers = { 'x-ms-request-id': identifier, 'x-ms-maa-service-version': identifier };

function successOf({ operation, needs }: Route): Json {
  const name = successSchemas[operation] ?? (needs === 'nothing' ? undefined : 'TokenResponse');
  const schema = name === undefined ? { type: 'object' } : { $ref: `#/components/schemas/${name}` };
  const content = { 'application/json': { schema } };
  const both = operation === 'certs' ? { ...content, 'application/jwk+json': { schema } } : content;
  return { description: 'Done', headers, content: both };
}

function errorResponsesOf(route: Route): Json {
  const byStatus = new Map<number, ServiceErrorCode[]>();
  for (const code of errorsOf(route)) {
    const status = errorStatuses[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const entries = [...byStatus].map(([status, codes]) => [status, errorResponse(codes)] as const);
  return Object.fromEntries(entries);
}

function errorResponse(codes: readonly ServiceErrorCode[]): Json {
  const schema = {
    allOf: [
      { $ref: '#/components/schemas/Error' },
      { properties: { error: { properties: { code: { enum: codes } } } } },
    ],
  };
  return { description: codes.join(', '), headers, content: { 'application/json': { schema } } };
}
