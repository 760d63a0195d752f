import type { FetchKeys } from '@enclos/service/auth';
import type { RouteMetrics } from '@enclos/service/metrics';
import type { ServiceConfiguration } from '../configuration/configuration.ts';
import type { RouteContext } from '../routes/call.ts';
import type { Host, Tenant } from '../tenants/tenant.ts';

export interface ApiOptions extends RouteContext {
  readonly tenants: readonly Tenant[];
  readonly host: Pick<Host, 'audit'>;
  readonly limits: ServiceConfiguration['limits'];
  /** Milliseconds since any point, for durations: never goes back. */
  readonly elapsed: () => number;
  /** A new random identifier of a request, such as a UUID. */
  readonly requestId: () => string;
  /** Needed by tenants whose bearer issuer has no `keys` in the configuration. */
  readonly fetchKeys?: FetchKeys;
  /** What `x-ms-maa-service-version` says. */
  readonly version: string;
  readonly metrics: RouteMetrics;
  /** Hears of every fault, with its cause. */
  readonly onFault?: (error: unknown) => void;
}
