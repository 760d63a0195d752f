import { verifyQuote, type Endorsements, type SgxPolicy, type TrustedRoot } from '@enclos/attestation';
import { quoteAppraiser, type Appraiser } from '@enclos/atls';
import { capabilities, quoteReportData } from '@enclos/enclave';
import { EnclosError } from '@enclos/errors';
import '../errors.ts';
import { rememberAppraisals } from './appraisal-memory.ts';
import type { AppraiseCertificate } from './appraisal.ts';
import { certificateAppraiser } from './certificate-appraiser.ts';
import { replicaPolicy, replicaRoots, type ReplicaRule } from './replica-policy.ts';

export interface ReplicaAppraiserOptions {
  /** Collateral for a quote, from the host. Rejects when there is none now. */
  readonly endorsements: (quote: Uint8Array) => Promise<Endorsements>;
  readonly rule: ReplicaRule;
  readonly now: () => Date;
  readonly nowMs: () => number;
}

/**
 * What appraises certificates of replicas: as this one is, so they must be. The
 * quote about itself that says what it is is judged when the first of them is
 * met, since endorsements may not be there at the start.
 */
export function replicaAppraiser({ nowMs, ...options }: ReplicaAppraiserOptions): AppraiseCertificate {
  const { endorsements, now } = options;
  const appraiser = madeOnce(async () => certificateAppraiser({ endorsements, now, ...(await judgeOwn(options)) }));
  return rememberAppraisals(async (certificate) => (await appraiser())(certificate), { nowMs });
}

export interface ReplicaPeerOptions extends Omit<ReplicaAppraiserOptions, 'nowMs'> {
  /** Whether replicas may be on a software platform: then all must be on machines of the same vendor. */
  readonly allowSoftware: boolean;
}

/**
 * What appraises the evidence of replicas on connections of attested TLS, in both directions. Endorsements are those that the peer sends along,
 * which a root signs too: replicas on different machines need different ones.
 *
 * @throws SERVICE_REPLICAS_SOFTWARE on a software platform, unless it is allowed
 */
export function replicaPeerAppraiser({ allowSoftware, ...options }: ReplicaPeerOptions): Appraiser {
  if (!allowSoftware && !capabilities().hardware) throw new EnclosError('SERVICE_REPLICAS_SOFTWARE');
  const { now } = options;
  const appraiser = madeOnce(async () => quoteAppraiser({ now, ...(await judgeOwn(options)) }));
  return async (presented) => (await appraiser())(presented);
}

interface ReplicaBasis {
  readonly roots: readonly TrustedRoot[];
  readonly policy: SgxPolicy;
}

async function judgeOwn({
  endorsements,
  rule,
  now,
}: Pick<ReplicaAppraiserOptions, 'endorsements' | 'rule' | 'now'>): Promise<ReplicaBasis> {
  const own = await quoteReportData(new Uint8Array(64));
  const roots = await replicaRoots(capabilities().hardware ? 'hardware' : 'software', own);
  const verdict = await verifyQuote(own, await endorsements(own), { roots, now: now() });
  if (verdict.tee !== 'sgx') throw new EnclosError('SERVICE_REPLICAS_UNSUPPORTED');
  return { roots, policy: replicaPolicy(verdict, rule) };
}

/** Makes it when it is first asked for, and again after a failure. */
function madeOnce<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () =>
    (made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    }));
}
