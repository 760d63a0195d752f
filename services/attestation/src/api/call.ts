import type { AttestationType } from '../tenants/configuration.ts';
import type { Tenant } from '../tenants/tenant.ts';
import type { ApiOptions } from './api-options.ts';
import type { VersionRule } from './api-versions.ts';
import type { HttpRequest } from '@enclos/http';

/** One request on its route, let in. */
export interface Call {
  readonly request: HttpRequest;
  readonly tenant: Tenant;
  readonly options: ApiOptions;
  /** What stands for `{name}` in the path; empty for paths without. */
  readonly name: string;
}

/** What a route answers with status 200. */
export interface Answer {
  /** Written as JSON. */
  readonly body: unknown;
  /** Default: `application/json; charset=utf-8`. */
  readonly contentType?: string;
  /** For the audit log. */
  readonly facts?: AuditFacts;
}

export interface AuditFacts {
  readonly policyHash?: string;
  readonly attestationType?: string;
  readonly platform?: string;
  /** The name of a secret. */
  readonly secret?: string;
  /** Of what a secret was released to: MRENCLAVE, launch measurement or MRTD, hex. */
  readonly measurement?: string;
}

export interface Route {
  /** What it is called in the OpenAPI document, the audit log and the counters. */
  readonly operation: string;
  readonly method: 'DELETE' | 'GET' | 'POST' | 'PUT';
  /** `{type}` stands for each attestation type, `{name}` at the end for any name of a secret. */
  readonly path: string;
  readonly summary: string;
  /** `nothing`: open. `attest`: as the tenant's configuration says. `management`: a manager of the tenant. */
  readonly needs: 'nothing' | 'attest' | 'management';
  readonly version: VersionRule;
  /** How many bytes its body may have; `evidence`: as the configuration says. Absent when it takes no body. */
  readonly body?: number | 'evidence';
  readonly answer: (call: Call, type: AttestationType) => Promise<Answer>;
}
