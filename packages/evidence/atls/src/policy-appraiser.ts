import {
  INTEL_SGX_ROOT,
  parseCollateral,
  parsePolicy,
  type Endorsements,
  type SgxPolicy,
  type TdxPolicy,
  type TrustedRoot,
} from '@enclos/attestation';
import { EnclosError } from '@enclos/errors';
import { collateralOfPeer, quoteAppraiser, type Appraiser, type PresentedEvidence } from './appraiser.ts';
import { misused } from './errors.ts';
import { rootInCollateral } from './named-root.ts';

/** What is accepted: a policy, or one measurement on a platform that is up to date. */
export type Acceptance =
  | {
      /** A policy, or its JSON text as `enclos policy init` writes it. */
      readonly policy: SgxPolicy | TdxPolicy | string;
      readonly mrEnclave?: undefined;
      readonly softwareRoot?: undefined;
    }
  | {
      readonly policy?: undefined;
      /** The MRENCLAVE of the enclave, hex, as `enclos build` prints it. */
      readonly mrEnclave: string;
      /** The fingerprint of the root of a software platform, instead of hardware: 64 digits of hex. */
      readonly softwareRoot?: string | undefined;
    };

export type PolicyAppraiserOptions = Acceptance & {
  /**
   * Collateral for the evidence: an object of the shape `QuoteCollateral`, or the JSON text of one. Asked for once for every
   * connection. Default: what the peer sends, which a root has signed too.
   */
  readonly collateral?: ((presented: PresentedEvidence) => unknown) | undefined;
  /** Default: the clock of this machine. */
  readonly now?: (() => Date) | undefined;
};

/**
 * An appraiser for DCAP quotes from a policy alone. The policy names the roots: Intel's with `intelRoot`, those of software
 * platforms with `softwareRoots`, by their fingerprints; the collateral supplies their keys. A software platform that the policy does
 * not name is refused, whatever else the policy accepts.
 * @throws ATLS_MISUSED for a policy for other evidence than quotes; APPRAISAL_REFUSED for one that is incomplete, and a CODEC error for
 *   text that is not JSON. The appraiser throws what `quoteAppraiser` throws, ATLS_COLLATERAL_MISSING and ATLS_ROOT_NOT_NAMED.
 * @example
 * ```ts
 * import { readFile } from 'node:fs/promises';
 * import { attestedConnect, policyAppraiser } from '@enclos/atls';
 *
 * export async function tell(secret: string): Promise<void> {
 *   const appraise = policyAppraiser({ policy: await readFile('policy.json', 'utf8') });
 *   const { socket } = await attestedConnect({ host: 'vault.example', port: 8443, appraise });
 *   socket.end(secret);
 * }
 * ```
 */
export function policyAppraiser({
  collateral = collateralOfPeer,
  now,
  ...acceptance
}: PolicyAppraiserOptions): Appraiser {
  const policy = policyOf(acceptance);
  const { intelRoot, softwareRoots = [] } = policy;
  // One for each set of collateral, and with it the verdicts that may be used again.
  const appraisers = new WeakMap<Endorsements, Appraiser>();
  return async (presented) => {
    const given = await collateral(presented);
    const endorsements = parseCollateral(given);
    let appraiser = appraisers.get(endorsements);
    if (appraiser === undefined) {
      const named = await Promise.all(softwareRoots.map((fingerprint) => rootInCollateral(fingerprint, given)));
      const roots: readonly TrustedRoot[] = [
        ...(intelRoot ? [INTEL_SGX_ROOT] : []),
        ...named.filter((root) => root !== undefined),
      ];
      if (roots.length === 0) throw new EnclosError('ATLS_ROOT_NOT_NAMED');
      appraiser = quoteAppraiser({ roots, policy, endorsements: () => endorsements, now });
      appraisers.set(endorsements, appraiser);
    }
    return appraiser(presented);
  };
}

function policyOf({ policy, mrEnclave, softwareRoot }: Acceptance): SgxPolicy | TdxPolicy {
  if (policy === undefined) {
    return parsePolicy({
      mrEnclave: [mrEnclave],
      minimumSecurityVersion: 0,
      acceptedStatuses: ['OK'],
      intelRoot: softwareRoot === undefined,
      ...(softwareRoot === undefined ? {} : { softwareRoots: [softwareRoot] }),
    } as const satisfies SgxPolicy);
  }
  // Untyped callers and files may give any.
  const parsed = parsePolicy<unknown>(policy);
  if (parsed.tee === 'sev-snp') misused('The policy is for SEV-SNP reports: give one for SGX or TDX quotes.');
  return parsed;
}
