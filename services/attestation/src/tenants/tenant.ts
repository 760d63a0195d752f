import type { Caller } from '@enclos/edl';
import type { attestation } from '../attestation.edl.ts';
import type { TenantSecrets } from '../secrets/tenant-secrets.ts';
import type { TenantState } from '../document/document.ts';
import type { TokenSigner } from '../tokens/signer.ts';
import type { TenantConfiguration } from '../configuration/configuration.ts';

/** The host's functions. All that they answer is untrusted. */
export type Host = Caller<(typeof attestation)['untrusted']>;

/** One tenant at work: what the routes get. */
export interface Tenant {
  readonly configuration: TenantConfiguration;
  /** SHA-256 of the canonical configuration, base64url. In the evidence of the signing keys, for clients to pin. */
  readonly configurationDigest: string;
  readonly state: TenantState;
  readonly signer: TokenSigner;
  /** Nothing where replicas share a store. */
  readonly secrets?: TenantSecrets;
}
