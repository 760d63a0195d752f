import type { IdentityConfiguration } from '@enclos/service/auth';
import type { ReplicaRule } from '@enclos/service/peers';
import type { StateFloor } from '@enclos/service/state';
import type { TokenAlgorithm } from '../tokens/signer.ts';

/** Attestation types of the API, as its paths spell them. */
export const attestationTypes = Object.freeze([
  'SgxEnclave',
  'OpenEnclave',
  'SevSnpVm',
  'TdxVm',
  'Tpm',
  'AzureGuest',
] as const);
export type AttestationType = (typeof attestationTypes)[number];

/**
 * Which callers may change policies. `shared`: none. `aad`: those that the tenant's
 * management authentication lets in, with policies unsigned or signed by any key.
 * `isolated`: the same, and policies are signed by a registered certificate.
 */
export type TrustModel = 'shared' | 'aad' | 'isolated';

/** Which TCB evidence must have. */
export interface BaselineConfiguration {
  /** Intel's `update` parameter. Default `standard`. */
  readonly update?: 'early' | 'standard';
  /** A fixed TCB evaluation data number, in place of `update`. */
  readonly evaluationDataNumber?: number;
  /** Statuses of a verdict that become evidence for the policy at all. Default: OK and SW_HARDENING_NEEDED. */
  readonly acceptedStatuses?: readonly string[];
  /** Accept reports of SEV-SNP when no source has AMD's revocation list. Default: false. */
  readonly allowUncheckedRevocation?: boolean;
  /** A fixed time of verification, ISO 8601. For tests: refused unless `allowTestSettings` of the service is set. */
  readonly verificationTime?: string;
}

export interface TenantConfiguration {
  /** The base URL of the tenant, `https://name.example:8443`: `iss` of its tokens. Its host chooses the tenant of a request. */
  readonly issuer: string;
  readonly trustModel: TrustModel;
  /** `azure`: the permissive policies of Azure Attestation. Default: `strict`. */
  readonly defaultPolicies: 'azure' | 'strict';
  /** PEM certificates whose keys may sign policies from the beginning. `isolated` needs one. */
  readonly policyCertificates: readonly string[];
  /**
   * Roots in PEM of software platforms whose evidence the tenant takes. With any,
   * every token of the tenant carries `x-enclos-platform: software`.
   */
  readonly softwareRoots: readonly string[];
  readonly baseline: BaselineConfiguration;
  /** How a manager of the tenant proves who it is. Without any way, management is refused. */
  readonly management: IdentityConfiguration;
  /** `authenticated`: attest calls need what management needs. Default: `open`. */
  readonly attest: 'open' | 'authenticated';
  /** Tell callers which rule refused. Default: false. */
  readonly explainRefusals: boolean;
  readonly tokens: {
    readonly algorithm: TokenAlgorithm;
    /** Default 480, as Azure's. A policy can change it by `report_validity_in_minutes`. */
    readonly validityMinutes: number;
  };
  /**
   * The least state to take: an older one, or one that does not descend from it, is refused from the start. A state that was
   * written under another configuration is taken over by being named here, and in no other way.
   */
  readonly stateFloor?: StateFloor;
}

export interface ServiceConfiguration {
  readonly tenants: readonly TenantConfiguration[];
  /** Settings that only tests may use become possible; every certificate and token then says so. */
  readonly allowTestSettings: boolean;
  readonly limits: {
    /** Attest and release requests a second, for each tenant. Default: 200. 0: no limit, here and below. */
    readonly attestPerSecond: number;
    /** The share of one client: an address as the host reports it, or a caller that proved who it is. Default: 50. */
    readonly attestPerClient: number;
    /** Calls of discovery a second, for each tenant. Default: 1,000. */
    readonly discoveryPerSecond: number;
    /** Calls of any kind a second from one address, for each tenant. Default: 200. */
    readonly callsPerClient: number;
    /** The bytes of an attest request. Evidence has at most 256 KiB, and the data with it 128 KiB each: 1 MiB holds them all, and a draft policy. */
    readonly maxBodyBytes: number;
  };
  /** How long a signing key signs, and how long before that it is published. */
  readonly keys: {
    readonly rotateMinutes: number;
    readonly overlapMinutes: number;
    /** For tests: no policy makes tokens good for longer than the tenant says, so that keys can change fast. */
    readonly boundValidity?: true;
  };
  /** With a store that replicas share: who they are. Default: by enclave. */
  readonly replicas?: ReplicaRule;
}

/** The most items of a list in the configuration. */
export const maximumItems = 256;
