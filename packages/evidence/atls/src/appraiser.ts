import { appraise, parseCollateral, verifyQuote } from '@enclos/attestation';
import type { Endorsements, QuoteVerdict, TrustedRoot, VerifiedEvidence } from '@enclos/attestation';
import { toHex } from '@enclos/codec';
import { decodeUtf8 } from '@enclos/codec/text';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { misused } from './errors.ts';
import type { Mode, Role } from './roles.ts';
import { VerdictMemory } from './verdict-memory.ts';

/** What a peer shows, and what it must be about. */
export interface PresentedEvidence {
  /** A quote or report, in the format of whatever platform the peer has. Nothing of it is verified. */
  readonly quote: Uint8Array;
  /** Collateral or certificates that the peer sent along: as untrusted as the quote. Empty when it sent none. */
  readonly endorsements: Uint8Array;
  /** 64 bytes: the report data that the quote must carry, otherwise it is about another connection or key. */
  readonly reportData: Uint8Array;
  /** The role of the peer. */
  readonly role: Role;
  readonly mode: Mode | 'ra-tls';
}

/**
 * A relying party's decision: verifies, appraises, and requires the report
 * data. Resolves with what it accepted, rejects for all else. Is asked for
 * every connection, so that a policy that changed counts from the next one on.
 */
export type Appraiser<E extends object = VerifiedEvidence> = (presented: PresentedEvidence) => Promise<E>;

type Policy = Parameters<typeof appraise>[1];

export interface QuoteAppraiserOptions {
  /** Whose chains are accepted. There is no default. */
  readonly roots: readonly TrustedRoot[];
  /** What is accepted; a function when it may change. */
  readonly policy: Policy | (() => Policy);
  /** Collateral, asked for once for every connection. Without it, what the peer sends is used: a root signs it too. */
  readonly endorsements?: (() => Endorsements | Promise<Endorsements>) | undefined;
  /** Default: the clock of this machine. */
  readonly now?: (() => Date) | undefined;
}

/**
 * An appraiser for DCAP quotes, of hardware and of software platforms:
 * `verifyQuote`, then `appraise`. The quote of a certificate is verified once a
 * minute for one set of endorsements, and appraised every time.
 */
export function quoteAppraiser(options: QuoteAppraiserOptions): Appraiser {
  const { roots, policy, endorsements, now = () => new Date() } = options;
  const memory = new VerdictMemory();
  return async (presented) => {
    const time = now();
    const collateral = endorsements === undefined ? ofPeer(presented) : await endorsements();
    const verify = (): Promise<QuoteVerdict> => verifyQuote(presented.quote, collateral, { roots, now: time });
    const verdict =
      presented.mode === 'fresh'
        ? await verify()
        : await memory.verdictOn(presented.quote, { endorsements: collateral, now: time, verify });
    const rules = typeof policy === 'function' ? policy() : policy;
    return appraise(verdict, rules, { reportData: presented.reportData }, { now: time });
  };
}

function ofPeer(presented: PresentedEvidence): Endorsements {
  return parseCollateral(collateralOfPeer(presented));
}

/** The text of the collateral that a peer sent along. @throws ATLS_COLLATERAL_MISSING when it sent none. */
export function collateralOfPeer({ endorsements }: PresentedEvidence): string {
  if (endorsements.length === 0) throw new EnclosError('ATLS_COLLATERAL_MISSING');
  return decodeUtf8(endorsements);
}

/**
 * Asks the appraiser, once for each report data that would do.
 * @throws ATLS_EVIDENCE_NOT_BOUND for good evidence about something else; what the appraiser throws otherwise.
 */
export async function accept<E extends object>(
  appraiser: Appraiser<E>,
  presented: Omit<PresentedEvidence, 'reportData'>,
  acceptable: readonly Uint8Array[],
): Promise<E> {
  let refusal: unknown;
  for (const reportData of acceptable) {
    try {
      return requireBound(await appraiser(Object.freeze({ ...presented, reportData })), reportData);
    } catch (error) {
      if (!isEnclosError(error, 'APPRAISAL_REFUSED') || error.details['field'] !== 'binding') throw error;
      refusal = error;
    }
  }
  throw new EnclosError('ATLS_EVIDENCE_NOT_BOUND', undefined, { cause: refusal });
}

/** An appraiser that forgot the report data would accept everybody's evidence: what it returns mostly tells. */
function requireBound<E extends object>(evidence: E, reportData: Uint8Array): E {
  if (typeof evidence !== 'object' || evidence === null) misused('The appraiser resolved with no evidence.');
  const found: unknown = Reflect.get(evidence, 'reportData');
  if (typeof found === 'string' && found !== toHex(reportData)) throw new EnclosError('ATLS_EVIDENCE_NOT_BOUND');
  return evidence;
}
