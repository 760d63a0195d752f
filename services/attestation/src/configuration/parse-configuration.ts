import { boolean, integer, JsonForm, parseJson, type JsonValue } from '@enclos/codec/json';
import { EnclosError, isEnclosError } from '@enclos/errors';
import '../errors.ts';
import { readReplicaRule, type ReplicaRule } from '@enclos/service/peers';
import type { ServiceConfiguration, TenantConfiguration } from './configuration.ts';
import { readTenant } from './parse-tenant.ts';

/** As the enclave's interface bounds it. */
const maximumText = 1_048_576;
const maximumTenants = 64;

/**
 * Reads attestation.json: strict JSON, every member known, defaults filled in.
 * @throws ATTESTATION_CONFIGURATION_INVALID, with all mistakes in `details.problems`.
 */
export function parseConfiguration(text: string): ServiceConfiguration {
  const problems: string[] = [];
  const file = new JsonForm(parse(text), '', { texts: problems });
  file.has('$schema');
  const allowTestSettings = file.optional('allowTestSettings', boolean) ?? false;
  const tenants = file.forms('tenants', maximumTenants).map((tenant) => readTenant(tenant, { allowTestSettings }));
  const limits = readLimits(file.form('limits'));
  const keys = readKeys(file.form('keys'), { allowTestSettings });
  const replicas = readReplicas(file.form('replicas'));
  file.end();
  if (file.isEmptyArray('tenants')) problems.push('tenants: must name at least one tenant.');
  checkIssuers(tenants, problems);
  if (problems.length > 0) throw invalid(problems);
  return Object.freeze({
    tenants: Object.freeze(tenants),
    allowTestSettings,
    limits,
    keys,
    ...(replicas === undefined ? {} : { replicas }),
  });
}

function parse(text: string): JsonValue {
  try {
    return parseJson(text, maximumText);
  } catch (error) {
    if (isEnclosError(error)) throw invalid([`the file: ${error.message}`]);
    throw error;
  }
}

function invalid(problems: string[]): EnclosError {
  const summary = `The configuration has ${problems.length === 1 ? 'a mistake' : `${problems.length} mistakes`}:`;
  const message = [summary, ...problems.map((problem) => `- ${problem}`)].join('\n');
  return new EnclosError('ATTESTATION_CONFIGURATION_INVALID', message, { details: { problems } });
}

function readLimits(form: JsonForm | undefined): ServiceConfiguration['limits'] {
  const perSecond = (name: string): number | undefined => form?.optional(name, integer(0, 1_000_000));
  const limits = {
    attestPerSecond: perSecond('attestPerSecond') ?? 200,
    attestPerClient: perSecond('attestPerClient') ?? 50,
    discoveryPerSecond: perSecond('discoveryPerSecond') ?? 1000,
    callsPerClient: perSecond('callsPerClient') ?? 200,
    maxBodyBytes: form?.optional('maxBodyBytes', integer(65_536, 2_097_152)) ?? 1_048_576,
  };
  form?.end();
  return Object.freeze(limits);
}

/** Keys that change more often would be too many at once: each is published for a day after it signed, if a policy wants. */
const leastRotateMinutes = 24;

function readKeys(
  form: JsonForm | undefined,
  { allowTestSettings }: { readonly allowTestSettings: boolean },
): ServiceConfiguration['keys'] {
  const rotateMinutes = form?.optional('rotateMinutes', integer(leastRotateMinutes, 525_600)) ?? 1440;
  const overlapMinutes =
    form?.optional('overlapMinutes', integer(1, 525_600)) ?? Math.min(60, Math.floor(rotateMinutes / 2));
  if (overlapMinutes >= rotateMinutes) form?.problem('overlapMinutes', 'must be less than rotateMinutes.');
  const inSeconds = readTestSeconds(form?.form('testSeconds'));
  if (inSeconds !== undefined && !allowTestSettings) {
    form?.problem('testSeconds', 'is for tests: it needs allowTestSettings of the service, and tokens then say so.');
  }
  form?.end();
  return Object.freeze(inSeconds ?? { rotateMinutes, overlapMinutes });
}

function readTestSeconds(form: JsonForm | undefined): ServiceConfiguration['keys'] | undefined {
  if (form === undefined) return undefined;
  const rotate = form.required('rotate', integer(2, 3600)) ?? 2;
  const overlap = form.required('overlap', integer(1, 3600)) ?? 1;
  if (overlap >= rotate) form.problem('overlap', 'must be less than rotate.');
  form.end();
  return { rotateMinutes: rotate / 60, overlapMinutes: overlap / 60, boundValidity: true };
}

function readReplicas(form: JsonForm | undefined): ReplicaRule | undefined {
  if (form === undefined) return undefined;
  const rule = readReplicaRule(form);
  form.end();
  return rule;
}

/** A tenant is found by its issuer, and no tenant's tokens may open the management of one. */
function checkIssuers(tenants: readonly TenantConfiguration[], problems: string[]): void {
  const issuers = tenants.map(({ issuer }) => issuer);
  tenants.forEach(({ issuer, management }, i) => {
    if (issuer !== '' && issuers.indexOf(issuer) !== i) {
      problems.push(`tenants[${i}].issuer: is that of another tenant.`);
    }
    const authority = management.bearer?.issuer;
    if (authority !== undefined && issuers.includes(new URL(authority).origin)) {
      problems.push(
        `tenants[${i}].management.bearer.issuer: is a tenant of this service: anything that attests gets its tokens.`,
      );
    }
  });
}
