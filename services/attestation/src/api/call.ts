import type { AttestationType } from '../tenants/configuration.ts';
import type { Tenant } from '../tenants/tenant.ts';
import type { ApiOptions } from './api-options.ts';
import type { VersionRule } from './api-versions.ts';
import type { HttpRequest } from '@enclos/enclave/http';

/** One request on its route, let in. */
export interface Call {
  readonly request: HttpRequest;
  readonly tenant: Tenant;
  readonly options: ApiOptions;
}

/** What a route answers with status 200. */
export interface Answer {
  /** Written as JSON. */
  readonly body: unknown;
  /** Default: `application/json; charset=utf-8`. */
  readonly contentType?: string;
  /** For the audit log. */
  readonly facts?: { readonly policyHash?: string; readonly attestationType?: string; readonly platform?: string };
}

export interface Route {
  /** What it is called in the OpenAPI document, the audit log and the counters. */
  readonly operation: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  /** `{type}` stands for each attestation type. */
  readonly path: string;
  readonly summary: string;
  /** `nothing`: open. `attest`: as the tenant's configuration says. `management`: a manager of the tenant. */
  readonly needs: 'nothing' | 'attest' | 'management';
  readonly version: VersionRule;
  readonly answer: (call: Call, type: AttestationType) => Promise<Answer>;
}
