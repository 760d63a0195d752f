import { parseJson, type JsonValue } from '@enclos/codec/json';
import { isEnclosError, type EnclosError } from '@enclos/errors';
import { serviceFault } from '../service-fault.ts';
import type { ReplicaRule } from '@enclos/service/peers';
import type { ServiceConfiguration, TenantConfiguration } from './configuration.ts';
import { Fields, type Problems } from './configuration-fields.ts';
import { readTenant } from './parse-tenant.ts';

/** As the enclave's interface bounds it. */
const maximumText = 1_048_576;
const maximumTenants = 64;

/**
 * Reads attestation.json: strict JSON, every member known, defaults filled in.
 * @throws ATTESTATION_CONFIGURATION_INVALID, with all mistakes in `details.problems`.
 */
export function parseConfiguration(text: string): ServiceConfiguration {
  const problems: Problems = [];
  const file = new Fields(parse(text), '', problems);
  file.raw('$schema');
  const allowTestSettings = file.boolean('allowTestSettings') ?? false;
  const tenants = file.list('tenants', maximumTenants).map((tenant) => readTenant(tenant, { allowTestSettings }));
  const limits = readLimits(file.fields('limits'));
  const keys = readKeys(file.fields('keys'), { allowTestSettings });
  const replicas = readReplicas(file.fields('replicas'));
  file.end();
  if (file.isEmptyList('tenants')) problems.push('tenants: must name at least one tenant.');
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

function invalid(problems: Problems): EnclosError {
  const summary = `The configuration has ${problems.length === 1 ? 'a mistake' : `${problems.length} mistakes`}:`;
  const message = [summary, ...problems.map((problem) => `- ${problem}`)].join('\n');
  return serviceFault('ATTESTATION_CONFIGURATION_INVALID', { message, details: { problems } });
}

function readLimits(fields: Fields | undefined): ServiceConfiguration['limits'] {
  const perSecond = (name: string): number | undefined => fields?.integer(name, 0, 1_000_000);
  const limits = {
    attestPerSecond: perSecond('attestPerSecond') ?? 200,
    attestPerClient: perSecond('attestPerClient') ?? 50,
    discoveryPerSecond: perSecond('discoveryPerSecond') ?? 1000,
    callsPerClient: perSecond('callsPerClient') ?? 200,
    maxBodyBytes: fields?.integer('maxBodyBytes', 65_536, 2_097_152) ?? 1_048_576,
  };
  fields?.end();
  return Object.freeze(limits);
}

/** Keys that change more often would be too many at once: each is published for a day after it signed, if a policy wants. */
const leastRotateMinutes = 24;

function readKeys(
  fields: Fields | undefined,
  { allowTestSettings }: { readonly allowTestSettings: boolean },
): ServiceConfiguration['keys'] {
  const rotateMinutes = fields?.integer('rotateMinutes', leastRotateMinutes, 525_600) ?? 1440;
  const overlapMinutes = fields?.integer('overlapMinutes', 1, 525_600) ?? Math.min(60, Math.floor(rotateMinutes / 2));
  if (overlapMinutes >= rotateMinutes) fields?.problem('overlapMinutes', 'must be less than rotateMinutes.');
  const inSeconds = readTestSeconds(fields?.fields('testSeconds'));
  if (inSeconds !== undefined && !allowTestSettings) {
    fields?.problem(
      'testSeconds',
      'is for tests: it needs allowTestSettings of the service, which tokens then tell of.',
    );
  }
  fields?.end();
  return Object.freeze(inSeconds ?? { rotateMinutes, overlapMinutes });
}

function readTestSeconds(fields: Fields | undefined): ServiceConfiguration['keys'] | undefined {
  if (fields === undefined) return undefined;
  for (const name of ['rotate', 'overlap']) if (!fields.has(name)) fields.problem(name, 'is missing.');
  const rotate = fields.integer('rotate', 2, 3600) ?? 2;
  const overlap = fields.integer('overlap', 1, 3600) ?? 1;
  if (overlap >= rotate) fields.problem('overlap', 'must be less than rotate.');
  fields.end();
  return { rotateMinutes: rotate / 60, overlapMinutes: overlap / 60, boundValidity: true };
}

function readReplicas(fields: Fields | undefined): ReplicaRule | undefined {
  if (fields === undefined) return undefined;
  if (!fields.has('by')) fields.problem('by', 'is missing.');
  const by = fields.oneOf('by', ['enclave', 'signer']) ?? 'enclave';
  const minimum = fields.integer('minimumSecurityVersion', 0, 65_535);
  if (by === 'enclave' && minimum !== undefined) {
    fields.problem('minimumSecurityVersion', 'is for replicas by signer: one enclave has one security version.');
  }
  fields.end();
  if (by === 'enclave') return Object.freeze({ by });
  return Object.freeze({ by, ...(minimum === undefined ? {} : { minimumSecurityVersion: minimum }) });
}

/** A tenant is found by its issuer, and no tenant's tokens may open the management of one. */
function checkIssuers(tenants: readonly TenantConfiguration[], problems: Problems): void {
  const issuers = tenants.map(({ issuer }) => issuer);
  tenants.forEach(({ issuer, management }, i) => {
    if (issuer !== '' && issuers.indexOf(issuer) !== i) {
      problems.push(`tenants[${i}].issuer: is that of another tenant.`);
    }
    const authority = management.bearer?.issuer;
    if (authority !== undefined && issuers.includes(new URL(authority).origin)) {
      problems.push(
        `tenants[${i}].management.bearer.issuer: is a tenant of this service, whose tokens anybody gets who attests.`,
      );
    }
  });
}
