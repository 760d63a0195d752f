import { ServiceError } from '@enclos/service/routes';

/** The api-versions that are answered. A version adds routes at Azure and changes none, so each has all of them here. */
export const apiVersions: readonly string[] = Object.freeze([
  '2020-10-01',
  '2022-08-01',
  '2022-09-01-preview',
  '2025-06-01',
]);

/** Discovery has no version in what Azure's clients send, so there it may be absent. */
export type VersionRule = 'required' | 'optional';

/** @throws ServiceError ApiVersionUnspecified, UnsupportedApiVersion */
export function checkApiVersion(query: URLSearchParams, rule: VersionRule): void {
  const [version, ...more] = query.getAll('api-version');
  if (version === undefined) {
    if (rule === 'optional') return;
    throw new ServiceError(400, 'ApiVersionUnspecified', 'An API version is required, but was not specified.');
  }
  if (more.length === 0 && apiVersions.includes(version)) return;
  throw new ServiceError(
    400,
    'UnsupportedApiVersion',
    `This API version is not supported. Use one of ${apiVersions.join(', ')}.`,
  );
}
