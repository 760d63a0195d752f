import type { State, StateSnapshot as Snapshot } from '@enclos/service/state';
import type { AttestationType } from '../configuration/configuration.ts';

/** What of a tenant changes by management calls. */
export interface TenantDocument {
  /** Policies that were set, as the JWS that set them. The others are the tenant's defaults. */
  readonly policies: Readonly<Partial<Record<AttestationType, string>>>;
  /** Policy management certificates, DER in base64, in the order in which they came. */
  readonly certificates: readonly string[];
  /** Secrets, by name in ascending order. Each lies in a separate row. */
  readonly secrets: readonly NamedSecret[];
}

/** Which row is that of a secret, and that it is exactly this one. */
export interface NamedSecret {
  /** See `secretNamePattern`. */
  readonly name: string;
  /** SHA-256 of the row, base64url. */
  readonly digest: string;
}

/** As Azure's keys are named. */
export const secretNamePattern = /^[0-9A-Za-z-]{1,127}$/;
export const maximumSecrets = 128;

export const emptyDocument: TenantDocument = Object.freeze({
  policies: Object.freeze({}),
  certificates: Object.freeze([]),
  secrets: Object.freeze([]),
});

export type StateSnapshot = Snapshot<TenantDocument>;

/** The state of a tenant in an untrusted store. */
export type TenantState = State<TenantDocument>;
