import { boolean, integer, meaning, oneOf, type JsonForm } from '@enclos/codec/json';
import type { StateFloor } from '@enclos/service/state';
import { maximumItems, type BaselineConfiguration, type TenantConfiguration } from './configuration.ts';
import { readManagement } from './parse-management.ts';
import { anyPem, policyPem } from './pem.ts';
import { acceptableStatuses } from './tcb-statuses.ts';

/** 32 bytes; the last character has two bits that are zero. */
const digestPattern = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
const timePattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{3})?Z$/;

/** Reads one of `tenants`. What is wrong is reported; the result then only serves to find more. */
export function readTenant(
  form: JsonForm,
  { allowTestSettings }: { readonly allowTestSettings: boolean },
): TenantConfiguration {
  const issuer =
    form.required('issuer', meaning('an https origin, such as https://attest.example:8443', httpsOrigin)) ?? '';
  const trustModel = form.required('trustModel', oneOf('shared', 'aad', 'isolated')) ?? 'shared';
  const stateFloor = readFloor(form.form('stateFloor'));
  const tenant: TenantConfiguration = {
    issuer,
    trustModel,
    defaultPolicies: form.optional('defaultPolicies', oneOf('azure', 'strict')) ?? 'strict',
    policyCertificates: form.items(
      'policyCertificates',
      meaning('one certificate in PEM that may sign policies', policyPem),
      maximumItems,
    ),
    softwareRoots: form.items('softwareRoots', meaning('one certificate in PEM', anyPem), maximumItems),
    baseline: readBaseline(form.form('baseline'), allowTestSettings),
    management: readManagement(form.form('management')),
    attest: form.optional('attest', oneOf('open', 'authenticated')) ?? 'open',
    explainRefusals: form.optional('explainRefusals', boolean) ?? false,
    tokens: readTokens(form.form('tokens')),
    ...(stateFloor === undefined ? {} : { stateFloor }),
  };
  checkTogether(form, tenant);
  form.end();
  return Object.freeze(tenant);
}

function checkTogether(
  form: JsonForm,
  { trustModel, policyCertificates, attest, management }: TenantConfiguration,
): void {
  if (trustModel === 'isolated' && form.isEmptyArray('policyCertificates')) {
    form.problem('policyCertificates', 'an isolated tenant needs one, or its policies could not be set.');
  }
  if (trustModel !== 'isolated' && policyCertificates.length > 0) {
    form.problem('policyCertificates', 'only an isolated tenant has them.');
  }
  if (attest === 'authenticated' && management.bearer === undefined && management.clientCertificates === undefined) {
    form.problem('attest', 'is authenticated, and management names no client to let in.');
  }
}

function readBaseline(form: JsonForm | undefined, allowTestSettings: boolean): BaselineConfiguration {
  if (form === undefined) return Object.freeze({});
  const update = form.optional('update', oneOf('early', 'standard'));
  const evaluationDataNumber = form.optional('evaluationDataNumber', integer(1, 65_535));
  const isStatus = (text: string): string | undefined => (acceptableStatuses.has(text) ? text : undefined);
  const acceptedStatuses = form.items(
    'acceptedStatuses',
    meaning(`one of ${[...acceptableStatuses].join(', ')}`, isStatus),
    maximumItems,
  );
  const allowUncheckedRevocation = form.optional('allowUncheckedRevocation', boolean);
  const verificationTime = form.optional('verificationTime', meaning('a time such as 2026-06-01T00:00:00Z', isoTime));
  if (update !== undefined && evaluationDataNumber !== undefined) {
    form.problem('update', 'and evaluationDataNumber cannot both be there.');
  }
  if (form.has('acceptedStatuses') && form.isEmptyArray('acceptedStatuses')) {
    form.problem('acceptedStatuses', 'must name a status, or nothing would ever attest.');
  }
  if (verificationTime !== undefined && !allowTestSettings) {
    form.problem(
      'verificationTime',
      'is for tests: it needs allowTestSettings of the service, and tokens then say so.',
    );
  }
  form.end();
  return Object.freeze({
    ...(update === undefined ? {} : { update }),
    ...(evaluationDataNumber === undefined ? {} : { evaluationDataNumber }),
    ...(acceptedStatuses.length === 0 ? {} : { acceptedStatuses }),
    ...(allowUncheckedRevocation === undefined ? {} : { allowUncheckedRevocation }),
    ...(verificationTime === undefined ? {} : { verificationTime }),
  });
}

function readFloor(form: JsonForm | undefined): StateFloor | undefined {
  if (form === undefined) return undefined;
  const epoch = form.required('epoch', integer(0, Number.MAX_SAFE_INTEGER)) ?? 0;
  const isDigest = (text: string): string | undefined => (digestPattern.test(text) ? text : undefined);
  const digest =
    form.required('digest', meaning('a SHA-256 in base64url, as management results have it', isDigest)) ?? '';
  form.end();
  return Object.freeze({ epoch, digest });
}

function readTokens(form: JsonForm | undefined): TenantConfiguration['tokens'] {
  const tokens = {
    algorithm: form?.optional('algorithm', oneOf('RS256', 'ES256', 'ES384')) ?? 'RS256',
    validityMinutes: form?.optional('validityMinutes', integer(1, 1440)) ?? 480,
  } as const;
  form?.end();
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
