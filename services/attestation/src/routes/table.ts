import { addCertificate, getCertificates, removeCertificate } from './certificate-routes.ts';
import { getPolicy, resetPolicy, setPolicy } from './policy-routes.ts';
import { maximumReleaseBody, releaseSecret } from './release-route.ts';
import { deleteSecret, listSecrets, maximumSecretBody, setSecret } from './secret-routes.ts';
import { createRouteTable, type Answer, type RouteTable } from '@enclos/service/routes';
import { attestationTypes } from '../configuration/configuration.ts';
import { secretNamePattern } from '../document/document.ts';
import { attestNotImplemented, attestRoute } from './attest-route.ts';
import { callOf, type Call, type ServiceRoute } from './call.ts';
import { certs, openidConfiguration } from './discovery.ts';
import { serviceDocument } from './openapi.ts';
import { tcbBaselines } from './tcb-baselines.ts';

function attests(type: 'SgxEnclave' | 'OpenEnclave' | 'SevSnpVm' | 'TdxVm', summary: string): ServiceRoute {
  return {
    operation: `attest${type}`,
    method: 'POST',
    path: `/attest/${type}`,
    summary,
    needs: 'attest',
    version: 'required',
    body: 'evidence',
    answer: (call) => attestRoute(callOf(call), type),
  };
}

function attestsLater(type: 'Tpm' | 'AzureGuest', summary: string): ServiceRoute {
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

/** The bytes of a management JWS: a policy has at most 256 KiB, which are in base64url twice, and certificates come with it. */
const maximumManagementBody = 786_432;

/** A route whose answer takes a `Call`. */
type Answering<K extends keyof ServiceRoute> = Omit<ServiceRoute, K | 'answer'> & {
  readonly answer: (call: Call) => Promise<Answer>;
};

function manages({ answer, ...route }: Answering<'needs' | 'version'>): ServiceRoute {
  return { ...route, needs: 'management', version: 'required', answer: (call) => answer(callOf(call)) };
}

function discovers({ answer, ...route }: Answering<'needs' | 'version' | 'method'>): ServiceRoute {
  return { ...route, method: 'GET', needs: 'nothing', version: 'optional', answer: (call) => answer(callOf(call)) };
}

/** Every call that is answered. The OpenAPI document is made from this list. */
export const routes: readonly ServiceRoute[] = Object.freeze([
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
    answer: (call) => releaseSecret(callOf(call)),
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
    answer: () => Promise.resolve({ body: serviceDocument(routes) }),
  }),
]);

/** A route whose body has a configured size. */
export type SizedRoute = Omit<ServiceRoute, 'body'> & { readonly body?: number };

/** The routes by path and method. @param limits.maxBodyBytes how many bytes an attest request may have */
export function routeTable({ maxBodyBytes }: { readonly maxBodyBytes: number }): RouteTable<SizedRoute> {
  const sized = routes.map(({ body, ...route }): SizedRoute => {
    if (body === undefined) return route;
    return { ...route, body: body === 'evidence' ? maxBodyBytes : body };
  });
  return createRouteTable(sized, { type: { choices: attestationTypes }, name: { pattern: secretNamePattern } });
}
