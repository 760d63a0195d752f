import {
  AMD_GENOA_ROOT,
  AMD_MILAN_ROOT,
  AMD_TURIN_ROOT,
  createVerifierCache,
  INTEL_SGX_ROOT,
  type SnpRoot,
  type TrustedRoot,
  type VerifierCache,
} from '@enclos/attestation';
import { softwareRootSync, type SyncCrypto } from '@enclos/attestation/node';
import type { Turns as PolicyTurns } from '@enclos/claim-rules';
import { EnclosError, isEnclosError } from '@enclos/errors';
import type { Tenant } from '../tenants/tenant.ts';
import type { JsonClaims } from '../tokens/signer.ts';
import { fixedClaims } from '../tokens/token-signer.ts';
import { readBaseline, type Baseline } from './baseline.ts';
import type { DraftLine } from './draft-line.ts';
import { EndorsementMemory } from './endorsement-memory.ts';
import type { EndorsementSource } from './endorsement-request.ts';
import { PlatformMemory } from './platform-memory.ts';
import { PolicyMemory } from './policies.ts';

/** What a tenant is attested with. */
export interface AttestContextOptions {
  readonly tenant: Tenant;
  readonly endorsements: EndorsementSource;
  readonly now: () => Date;
  /** How the evaluation of policies lets other requests in between. */
  readonly turns: PolicyTurns;
  /** Where drafts wait for each other, those of all tenants. */
  readonly drafts: DraftLine;
  /** The clock of the service: without it, a tenant with a fixed time of verification is refused. */
  readonly allowTestSettings: boolean;
}

/** What is prepared once for a tenant, and remembered between its requests. */
export interface AttestContext {
  readonly tenant: Tenant;
  readonly now: () => Date;
  readonly turns: PolicyTurns;
  readonly drafts: DraftLine;
  readonly baseline: Baseline;
  /** Intel's, and those that the tenant lists. */
  readonly quoteRoots: readonly TrustedRoot[];
  /** Fingerprints of the roots that the tenant lists. */
  readonly softwareRoots: ReadonlySet<string>;
  readonly amdRoots: readonly SnpRoot[];
  readonly cache: VerifierCache;
  readonly crypto?: SyncCrypto;
  readonly endorsements: EndorsementMemory;
  readonly platforms: PlatformMemory;
  readonly policies: PolicyMemory;
  /** What every token of the tenant says: the signer has it for its own, and drafts get it here. */
  readonly fixed: JsonClaims;
}

/** For tests: what verifies, and AMD's part of whom it trusts. */
export interface VerifierParts {
  readonly amdRoots?: readonly SnpRoot[];
  readonly crypto?: SyncCrypto;
}

const amdRoots: readonly SnpRoot[] = [AMD_MILAN_ROOT, AMD_GENOA_ROOT, AMD_TURIN_ROOT];

/** @throws ATTESTATION_TENANT_UNUSABLE for roots or a baseline that make no sense. */
export function createAttestContext(options: AttestContextOptions, parts: VerifierParts = {}): AttestContext {
  const { tenant, now, turns, drafts, allowTestSettings, endorsements } = options;
  const { configuration, configurationDigest } = tenant;
  const listed = configuration.softwareRoots.map(readRoot);
  const baseline = readBaseline(configuration.baseline, allowTestSettings);
  return Object.freeze({
    tenant,
    now,
    turns,
    drafts,
    baseline,
    quoteRoots: Object.freeze([INTEL_SGX_ROOT, ...listed]),
    softwareRoots: new Set(listed.map(({ fingerprint }) => fingerprint)),
    amdRoots: parts.amdRoots ?? amdRoots,
    cache: createVerifierCache(),
    ...(parts.crypto === undefined ? {} : { crypto: parts.crypto }),
    endorsements: new EndorsementMemory(endorsements, now),
    platforms: new PlatformMemory(),
    policies: new PolicyMemory(),
    fixed: fixedClaims({
      issuer: configuration.issuer,
      configurationDigest,
      software: listed.length > 0,
      testSettings: allowTestSettings,
    }),
  });
}

function readRoot(pem: string): TrustedRoot {
  try {
    return softwareRootSync(pem);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    throw new EnclosError('ATTESTATION_TENANT_UNUSABLE', `A root in softwareRoots is refused. ${error.message}`, {
      cause: error,
    });
  }
}
