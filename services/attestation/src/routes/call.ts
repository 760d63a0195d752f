import type { HttpRequest } from '@enclos/http';
import type { Route, RouteCall } from '@enclos/service/routes';
import type { Site } from '@enclos/service/api';
import type { AttestResult } from '../attest/attest.ts';
import type { AttestRequest } from '../attest/attest-request.ts';
import { attestationTypes, type AttestationType } from '../configuration/configuration.ts';
import type { Tenant } from '../tenants/tenant.ts';

/** What routes need beside the tenant. */
export interface RouteContext {
  /**
   * Verifies evidence, runs the policy and signs the token.
   * @throws a Refusal for what the caller is told; anything else is answered as a fault.
   */
  readonly attest: (request: AttestRequest, tenant: Tenant) => Promise<AttestResult>;
  readonly limits: { readonly maxBodyBytes: number };
  /** The clock of the host: nothing that only time protects is safe from the host. */
  readonly now: () => Date;
}

/** A tenant as the API serves it. */
export interface TenantSite extends Site {
  readonly tenant: string;
  readonly served: Tenant;
  readonly context: RouteContext;
}

/** One request on its route, let in. */
export interface Call {
  readonly request: HttpRequest;
  readonly tenant: Tenant;
  readonly options: RouteContext;
  /** What stands for `{type}` in the path; the first type for paths without, whose routes do not look at it. */
  readonly type: AttestationType;
  /** What stands for `{name}` in the path; empty for paths without. */
  readonly name: string;
}

/** Discovery has no version in what Azure's clients send, so there it may be absent. */
export type VersionRule = 'required' | 'optional';

/** A route of the service, before the size of attest requests is configured. */
export interface ServiceRoute extends Omit<Route<TenantSite>, 'body' | 'needs'> {
  /** `nothing`: open. `attest`: as the tenant's configuration says. `management`: a manager of the tenant. */
  readonly needs: 'nothing' | 'attest' | 'management';
  readonly version: VersionRule;
  /** How many bytes its body may have; `evidence`: as the configuration says. Absent when it takes no body. */
  readonly body?: number | 'evidence';
}

export function callOf({ request, site, parameters }: RouteCall<TenantSite>): Call {
  const type = attestationTypes.find((each) => each === parameters['type']) ?? attestationTypes[0];
  return { request, tenant: site.served, options: site.context, type, name: parameters['name'] ?? '' };
}
