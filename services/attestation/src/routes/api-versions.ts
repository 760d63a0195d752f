import { Refusal } from '@enclos/service/refusal';
import '../errors.ts';
import type { VersionRule } from './call.ts';

/** The api-versions that are answered. A version adds routes at Azure and changes none, so each has all of them here. */
export const apiVersions: readonly string[] = Object.freeze([
  '2020-10-01',
  '2022-08-01',
  '2022-09-01-preview',
  '2025-06-01',
]);

/** @throws ATTESTATION_API_VERSION_ABSENT, ATTESTATION_API_VERSION_UNKNOWN */
export function checkApiVersion(query: URLSearchParams, rule: VersionRule): void {
  const [version, ...more] = query.getAll('api-version');
  if (version === undefined) {
    if (rule === 'optional') return;
    throw new Refusal('ATTESTATION_API_VERSION_ABSENT', 'An API version is required, but was not specified.');
  }
  if (more.length === 0 && apiVersions.includes(version)) return;
  throw new Refusal(
    'ATTESTATION_API_VERSION_UNKNOWN',
    `This API version is not supported. Use one of ${apiVersions.join(', ')}.`,
  );
}
