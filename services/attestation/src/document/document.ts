import type { AttestationType } from '../configuration/configuration.ts';

/** What of a tenant changes by management calls. */
export interface TenantDocument {
  /** Policies that were set, as the JWS that set them. The others are the tenant's defaults. */
  readonly policies: Readonly<Partial<Record<AttestationType, string>>>;
  /** Policy management certificates, DER in base64, in the order in which they came. */
  readonly certificates: readonly string[];
  /** Secrets, by name in ascending order. They lie in rows of their own. */
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

export interface StateSnapshot {
  /** 0 for what the configuration says, and one more with every change. */
  readonly epoch: number;
  /** SHA-256 over the configuration's digest, epoch, the digest before and the document; base64url. */
  readonly digest: string;
  readonly document: TenantDocument;
}

/** The state of a tenant in a store that nobody trusts. */
export interface TenantState {
  /**
   * @param options fresh: what the store has now; else what was read a moment ago is good enough.
   * @throws ATTESTATION_STATE_INVALID for a store that was tampered with, older than what this replica has seen, or partial.
   */
  read(options?: { readonly fresh?: boolean }): Promise<StateSnapshot>;
  /** Changes the document; when another replica was faster, `change` runs again on what that one wrote. */
  update(change: (document: TenantDocument) => TenantDocument): Promise<StateSnapshot>;
}
