import {
  faultName,
  identityRequirements,
  openapiDocument,
  unavailableName,
  type ErrorName,
  type Operation,
} from '@enclos/service/routes';
import { attestationTypes } from '../configuration/configuration.ts';
import { secretNamePattern } from '../document/document.ts';
import { apiVersions } from './api-versions.ts';
import type { ServiceRoute } from './call.ts';
import { errorNames } from './error-names.ts';
import { attestSchema, schemas, secretBodies } from './openapi-schemas.ts';

type Json = Readonly<Record<string, unknown>>;
type NamedCode = keyof typeof errorNames;

/** Errors that any route may answer with. */
const common: readonly ErrorName[] = [
  errorNames.SERVICE_NOT_FOUND,
  errorNames.SERVICE_METHOD_NOT_ALLOWED,
  errorNames.ATTESTATION_API_VERSION_UNKNOWN,
  faultName,
];

/** What a route may answer with beside 200. */
export function errorsOf({ needs, method, version, operation, path }: ServiceRoute): readonly ErrorName[] {
  const names = new Set(common);
  const add = (...codes: readonly NamedCode[]): void => codes.forEach((code) => names.add(errorNames[code]));
  if (version === 'required') add('ATTESTATION_API_VERSION_ABSENT');
  if (needs !== 'nothing') {
    add('SERVICE_UNAUTHENTICATED', 'SERVICE_FORBIDDEN');
    names.add(unavailableName);
  }
  const hasBody = takesBody(method);
  if (hasBody) add('SERVICE_REQUEST_INVALID');
  if (needs === 'attest') add('SERVICE_RATE_LIMITED');
  if (needs === 'attest' && !isAboutSecrets(path)) {
    add('SERVICE_OPERATION_INVALID', 'ATTESTATION_POLICY_INVALID', 'ATTESTATION_POLICY_REFUSED');
  }
  if (isLater(operation) || isAboutSecrets(path)) add('SERVICE_NOT_IMPLEMENTED');
  if (needs === 'management' && hasBody) add('SERVICE_OPERATION_INVALID');
  if (operation === 'setPolicy' || operation === 'setSecret') add('ATTESTATION_POLICY_INVALID');
  return [...names];
}

function isLater(operation: string): boolean {
  return operation === 'attestTpm' || operation === 'attestAzureGuest';
}

/** Only where there is one replica. */
function isAboutSecrets(path: string): boolean {
  return path.startsWith('/key');
}

function takesBody(method: ServiceRoute['method']): boolean {
  return method === 'POST' || method === 'PUT';
}

const identifier = { schema: { type: 'string' } };

/** The OpenAPI 3.1 document of the routes. */
export function serviceDocument(routes: readonly ServiceRoute[]): Json {
  return openapiDocument(routes.map(operationOf), {
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
    schemas,
    headers: { 'x-ms-request-id': identifier, 'x-ms-maa-service-version': identifier },
  });
}

const tags = { attest: 'attest', management: 'management', nothing: 'discovery' } as const;

function operationOf(route: ServiceRoute): Operation {
  const { operation, method, path, summary, needs } = route;
  return {
    operation,
    method,
    path,
    summary,
    tags: [isAboutSecrets(path) ? 'secrets' : tags[needs]],
    // An empty requirement: a tenant may leave attesting open, which is the default.
    security: needs === 'management' ? identityRequirements : needs === 'attest' ? [{}, ...identityRequirements] : [],
    parameters: parametersOf(route),
    body: bodyOf(route),
    success: successOf(route),
    errors: errorsOf(route),
  };
}

function parametersOf({ path, version }: ServiceRoute): readonly Json[] {
  const inPath = (name: string, schema: Json): Json => ({ name, in: 'path', required: true, schema });
  const versionParameter = {
    name: 'api-version',
    in: 'query',
    required: version === 'required',
    schema: { type: 'string', enum: apiVersions },
  };
  const idParameter = { name: 'x-ms-client-request-id', in: 'header', required: false, schema: { type: 'string' } };
  return [
    ...(path.includes('{type}') ? [inPath('type', { type: 'string', enum: attestationTypes })] : []),
    ...(path.includes('{name}') ? [inPath('name', { type: 'string', pattern: secretNamePattern.source })] : []),
    versionParameter,
    idParameter,
  ];
}

const jws = { type: 'string', description: 'A JSON Web Signature in compact form' };

function bodyOf({ method, needs, operation }: ServiceRoute): Json | undefined {
  if (!takesBody(method)) return undefined;
  const json = (schema: Json): Json => ({ 'application/json': { schema } });
  const secretSchema = secretBodies[operation];
  if (secretSchema !== undefined) return json(secretSchema);
  if (needs === 'attest') return json(attestSchema(operation));
  return { 'text/plain': { schema: jws }, ...json(jws) };
}

const successSchemas: Readonly<Record<string, string>> = {
  certs: 'KeySet',
  openidConfiguration: 'OpenIdConfiguration',
  tcbBaselines: 'TcbBaselines',
  releaseSecret: 'ReleasedSecret',
};

function successOf({ operation, needs }: ServiceRoute): Json {
  const name = successSchemas[operation] ?? (needs === 'nothing' ? undefined : 'TokenResponse');
  const schema = name === undefined ? { type: 'object' } : { $ref: `#/components/schemas/${name}` };
  const content = { 'application/json': { schema } };
  return operation === 'certs' ? { ...content, 'application/jwk+json': { schema } } : content;
}
