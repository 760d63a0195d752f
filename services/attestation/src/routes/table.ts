import { addCertificate, getCertificates, removeCertificate } from './certificate-routes.ts';
import { getPolicy, resetPolicy, setPolicy } from './policy-routes.ts';
import { maximumReleaseBody, releaseSecret } from './release-route.ts';
import { deleteSecret, listSecrets, maximumSecretBody, setSecret } from './secret-routes.ts';
import { attestationTypes, type AttestationType } from '../configuration/configuration.ts';
import { attestNotImplemented, attestRoute } from './attest-route.ts';
import type { Route } from './call.ts';
import { certs, openidConfiguration } from './discovery.ts';
import { openapiDocument } from '@enclos/service/routes';
import { tcbBaselines } from './tcb-baselines.ts';

function attests(type: 'SgxEnclave' | 'OpenEnclave' | 'SevSnpVm' | 'TdxVm', summary: string): Route {
  return {
    operation: `attest${type}`,
    method: 'POST',
    path: `/attest/${type}`,
    summary,
    needs: 'attest',
    version: 'required',
    body: 'evidence',
    answer: (call) => attestRoute(call, type),
  };
}

function attestsLater(type: 'Tpm' | 'AzureGuest', summary: string): Route {
  return {
    operation: `attest${type}`,
    method: 'POST',
    path: `/attest/${type}`,
    summary,
    needs: 'attest',
    version: 'required',
    body: 'evidence',
    answer: () => attestNotImplemented(`Attestation of type ${type}`),
  };
}

/** Of a management JWS: a policy has at most 256 KiB, which are in base64url twice, and certificates come with it. */
const maximumManagementBody = 786_432;

function manages(route: Omit<Route, 'needs' | 'version'>): Route {
  return { ...route, needs: 'management', version: 'required' };
}

function discovers(route: Omit<Route, 'needs' | 'version' | 'method'>): Route {
  return { ...route, method: 'GET', needs: 'nothing', version: 'optional' };
}

/** Every call that is answered. The OpenAPI document is made from this list. */
export const routes: readonly Route[] = Object.freeze([
  attests('SgxEnclave', 'Attest an SGX enclave by its quote'),
  attests('OpenEnclave', 'Attest an SGX enclave by its Open Enclave report'),
  attests('SevSnpVm', 'Attest an SEV-SNP virtual machine by its report and certificates'),
  attests('TdxVm', 'Attest a TDX virtual machine by its quote'),
  attestsLater('Tpm', 'Attest by a TPM; not implemented'),
  attestsLater('AzureGuest', 'Attest an Azure virtual machine; not implemented'),
  manages({
    operation: 'getPolicy',
    method: 'GET',
    path: '/policies/{type}',
    summary: 'The policy of an attestation type',
    answer: getPolicy,
  }),
  manages({
    operation: 'setPolicy',
    method: 'PUT',
    path: '/policies/{type}',
    summary: 'Set the policy of an attestation type',
    body: maximumManagementBody,
    answer: setPolicy,
  }),
  manages({
    operation: 'resetPolicy',
    method: 'POST',
    path: '/policies/{type}:reset',
    summary: 'Go back to the default policy of an attestation type',
    body: maximumManagementBody,
    answer: resetPolicy,
  }),
  manages({
    operation: 'getCertificates',
    method: 'GET',
    path: '/certificates',
    summary: 'The policy management certificates',
    answer: getCertificates,
  }),
  manages({
    operation: 'addCertificate',
    method: 'POST',
    path: '/certificates:add',
    summary: 'Add a policy management certificate',
    body: maximumManagementBody,
    answer: addCertificate,
  }),
  manages({
    operation: 'removeCertificate',
    method: 'POST',
    path: '/certificates:remove',
    summary: 'Remove a policy management certificate',
    body: maximumManagementBody,
    answer: removeCertificate,
  }),
  manages({
    operation: 'listSecrets',
    method: 'GET',
    path: '/keys',
    summary: 'The secrets by name, with their release policies',
    answer: listSecrets,
  }),
  manages({
    operation: 'setSecret',
    method: 'PUT',
    path: '/keys/{name}',
    summary: 'Set a secret and its release policy',
    body: maximumSecretBody,
    answer: setSecret,
  }),
  manages({
    operation: 'deleteSecret',
    method: 'DELETE',
    path: '/keys/{name}',
    summary: 'Delete a secret',
    answer: deleteSecret,
  }),
  {
    operation: 'releaseSecret',
    method: 'POST',
    path: '/key/release',
    summary: 'Release a secret to what a token of this service attests',
    needs: 'attest',
    version: 'required',
    body: maximumReleaseBody,
    answer: releaseSecret,
  },
  discovers({ operation: 'certs', path: '/certs', summary: 'The keys that sign tokens', answer: certs }),
  discovers({
    operation: 'openidConfiguration',
    path: '/.well-known/openid-configuration',
    summary: 'What the issuer is and where its keys are',
    answer: openidConfiguration,
  }),
  discovers({
    operation: 'tcbBaselines',
    path: '/tcbbaselines/{type}',
    summary: 'TCB baselines, and which one is selected',
    answer: tcbBaselines,
  }),
  discovers({
    operation: 'openapi',
    path: '/openapi.json',
    summary: 'This document',
    answer: () => Promise.resolve({ body: openapiDocument(routes) }),
  }),
]);

export interface RouteOfType {
  readonly route: Route;
  /** The first one for paths without a type, whose routes do not look at it. */
  readonly type: AttestationType;
}

export interface FoundRoute extends RouteOfType {
  /** What the path has for `{name}`, or nothing. */
  readonly name: string;
}

/** The routes at a path, by method. */
export interface Place {
  readonly methods: ReadonlyMap<string, RouteOfType>;
  readonly name: string;
}

/** Routes by their path as it is sent and their method: no path is decoded, so none has two spellings. */
const byPath: ReadonlyMap<string, ReadonlyMap<string, RouteOfType>> = indexRoutes();
/** A folder, and in it a name as `secretNamePattern` has it. */
const namedPattern = /^(\/[a-z]+\/)([0-9A-Za-z-]{1,127})$/;

function indexRoutes(): Map<string, Map<string, RouteOfType>> {
  const index = new Map<string, Map<string, RouteOfType>>();
  for (const route of routes) {
    for (const type of attestationTypes) {
      const path = route.path.replace('{type}', type);
      const methods = index.get(path) ?? new Map<string, RouteOfType>();
      if (!methods.has(route.method)) methods.set(route.method, { route, type });
      index.set(path, methods);
    }
  }
  return index;
}

/** The routes at a path; undefined when there are none. */
export function placeAt(path: string): Place | undefined {
  const [, folder = '', name = ''] = namedPattern.exec(path) ?? [];
  // A request with the braces of the pattern in its path names nothing.
  const exact = path.includes('{') ? undefined : byPath.get(path);
  if (exact !== undefined) return { methods: exact, name: '' };
  const methods = byPath.get(`${folder}{name}`);
  return methods === undefined ? undefined : { methods, name };
}
