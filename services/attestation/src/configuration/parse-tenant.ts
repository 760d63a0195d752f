import type { StateFloor } from '@enclos/service/state';
import type { BaselineConfiguration, TenantConfiguration } from './configuration.ts';
import type { Fields } from './configuration-fields.ts';
import { readManagement } from './parse-management.ts';
import { anyPem, policyPem } from './pem.ts';
import { acceptableStatuses } from './tcb-statuses.ts';

/** 32 bytes; the last character has two bits that are zero. */
const digestPattern = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
const timePattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{3})?Z$/;

/** Reads one of `tenants`. What is wrong is reported; the result then only serves to find more. */
export function readTenant(
  fields: Fields,
  { allowTestSettings }: { readonly allowTestSettings: boolean },
): TenantConfiguration {
  fields.require('issuer', 'trustModel');
  const issuer = fields.text('issuer', 'an https origin, such as https://attest.example:8443', httpsOrigin) ?? '';
  const trustModel = fields.oneOf('trustModel', ['shared', 'aad', 'isolated']) ?? 'shared';
  const stateFloor = readFloor(fields.fields('stateFloor'));
  const tenant: TenantConfiguration = {
    issuer,
    trustModel,
    defaultPolicies: fields.oneOf('defaultPolicies', ['azure', 'strict']) ?? 'strict',
    policyCertificates: fields.texts('policyCertificates', 'one certificate in PEM that may sign policies', policyPem),
    softwareRoots: fields.texts('softwareRoots', 'one certificate in PEM', anyPem),
    baseline: readBaseline(fields.fields('baseline'), allowTestSettings),
    management: readManagement(fields.fields('management')),
    attest: fields.oneOf('attest', ['open', 'authenticated']) ?? 'open',
    explainRefusals: fields.boolean('explainRefusals') ?? false,
    tokens: readTokens(fields.fields('tokens')),
    ...(stateFloor === undefined ? {} : { stateFloor }),
  };
  checkTogether(fields, tenant);
  fields.end();
  return Object.freeze(tenant);
}

function checkTogether(
  fields: Fields,
  { trustModel, policyCertificates, attest, management }: TenantConfiguration,
): void {
  if (trustModel === 'isolated' && fields.isEmptyList('policyCertificates')) {
    fields.problem('policyCertificates', 'an isolated tenant needs one, or nobody could set its policies.');
  }
  if (trustModel !== 'isolated' && policyCertificates.length > 0) {
    fields.problem('policyCertificates', 'only an isolated tenant has them.');
  }
  if (attest === 'authenticated' && management.bearer === undefined && management.clientCertificates === undefined) {
    fields.problem('attest', 'is authenticated, and management names nobody who could be let in.');
  }
}

function readBaseline(fields: Fields | undefined, allowTestSettings: boolean): BaselineConfiguration {
  if (fields === undefined) return Object.freeze({});
  const update = fields.oneOf('update', ['early', 'standard']);
  const evaluationDataNumber = fields.integer('evaluationDataNumber', 1, 65_535);
  const isStatus = (text: string): string | undefined => (acceptableStatuses.has(text) ? text : undefined);
  const acceptedStatuses = fields.texts('acceptedStatuses', `one of ${[...acceptableStatuses].join(', ')}`, isStatus);
  const allowUncheckedRevocation = fields.boolean('allowUncheckedRevocation');
  const verificationTime = fields.text('verificationTime', 'a time such as 2026-06-01T00:00:00Z', isoTime);
  if (update !== undefined && evaluationDataNumber !== undefined) {
    fields.problem('update', 'and evaluationDataNumber cannot both be there.');
  }
  if (fields.has('acceptedStatuses') && fields.isEmptyList('acceptedStatuses')) {
    fields.problem('acceptedStatuses', 'must name a status, or nothing would ever attest.');
  }
  if (verificationTime !== undefined && !allowTestSettings) {
    fields.problem(
      'verificationTime',
      'is for tests: it needs allowTestSettings of the service, which tokens then tell of.',
    );
  }
  fields.end();
  return Object.freeze({
    ...(update === undefined ? {} : { update }),
    ...(evaluationDataNumber === undefined ? {} : { evaluationDataNumber }),
    ...(acceptedStatuses.length === 0 ? {} : { acceptedStatuses }),
    ...(allowUncheckedRevocation === undefined ? {} : { allowUncheckedRevocation }),
    ...(verificationTime === undefined ? {} : { verificationTime }),
  });
}

function readFloor(fields: Fields | undefined): StateFloor | undefined {
  if (fields === undefined) return undefined;
  for (const name of ['epoch', 'digest']) if (!fields.has(name)) fields.problem(name, 'is missing.');
  const epoch = fields.integer('epoch', 0, Number.MAX_SAFE_INTEGER) ?? 0;
  const isDigest = (text: string): string | undefined => (digestPattern.test(text) ? text : undefined);
  const digest = fields.text('digest', 'a SHA-256 in base64url, as management results have it', isDigest) ?? '';
  fields.end();
  return Object.freeze({ epoch, digest });
}

function readTokens(fields: Fields | undefined): TenantConfiguration['tokens'] {
  const tokens = {
    algorithm: fields?.oneOf('algorithm', ['RS256', 'ES256', 'ES384']) ?? 'RS256',
    validityMinutes: fields?.integer('validityMinutes', 1, 1440) ?? 480,
  } as const;
  fields?.end();
  return Object.freeze(tokens);
}

/** `iss` of tokens and the Host header are compared with it, so it has one spelling. */
function httpsOrigin(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === 'https:' && url.origin === text ? text : undefined;
}

function isoTime(text: string): string | undefined {
  return timePattern.test(text) && !Number.isNaN(Date.parse(text)) ? text : undefined;
}
