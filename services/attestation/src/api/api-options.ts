import type { AttestRequest, AttestResult } from '../attest/attest.ts';
import type { ServiceConfiguration } from '../configuration/configuration.ts';
import type { Host, Tenant } from '../tenants/tenant.ts';
import type { ApiMetrics } from '@enclos/service/metrics';

/** The keys of an OpenID Connect issuer as it publishes them: the text of its JWKS. */
export type FetchKeys = (
  issuer: string,
  options: { readonly certificateAuthorities: readonly string[] },
) => Promise<string>;

export interface ApiOptions {
  readonly tenants: readonly Tenant[];
  /**
   * Verifies evidence, runs the policy and signs the token.
   * @throws ServiceError for what the caller is told; all else is an `InternalError`, or `ServiceUnavailable` for an
   *   EnclosError of kind `transient`.
   */
  readonly attest: (request: AttestRequest, tenant: Tenant) => Promise<AttestResult>;
  readonly host: Pick<Host, 'audit'>;
  readonly limits: ServiceConfiguration['limits'];
  /** The clock of the host: nothing that only time protects is safe from the host. */
  readonly now: () => Date;
  /** Milliseconds since anything, for durations: never goes back. */
  readonly elapsed: () => number;
  /** A new random identifier of a request, such as a UUID. */
  readonly requestId: () => string;
  /** Needed by tenants whose bearer issuer has no `keys` in the configuration. */
  readonly fetchKeys?: FetchKeys;
  /** What `x-ms-maa-service-version` says. */
  readonly version: string;
  readonly metrics: ApiMetrics;
  /** Hears of what was answered with `InternalError`, with its cause. */
  readonly onFault?: (error: unknown) => void;
}
