import type { Quote } from '@enclos/sgx';
import { collateralDates } from './collateral-dates.ts';
import { isoSeconds } from '@enclos/codec/json';
import type { Steps } from '../crypto/crypto-steps.ts';
import type { Endorsements } from './collateral.ts';
import { partsOf } from './endorsements.ts';
import { requireTrust, type CertifiedPlatform } from './platform-chain.ts';
import type { PckChain } from './pck-chain.ts';
import { readQuote } from './quote-evidence.ts';
import { recallPlatform, verifyNewPlatform, verifyNewQuotingEnclave } from './quote-memory.ts';
import { verifyQuoteSignature } from './quoting-enclave.ts';
import { misused, refuse } from '../refusal/refusal.ts';
import { sgxReportFacts, tdReportFacts } from './report-facts.ts';
import type { TrustedRoot } from './roots.ts';
import { verificationSteps } from '../refusal/steps.ts';
import type { TcbInfo } from './tcb/tcb-info.ts';
import { matchTdxModule } from './tcb/tdx-module.ts';
import { evaluateTdTcb } from './tcb/td-evaluation.ts';
import { makeVerdict, type QuoteVerdict } from './verdict.ts';
import { cachePartsOf, type VerifierCache } from './verifier-cache.ts';

/** What both `verifyQuote` and `verifyQuoteSync` take. */
export interface VerificationOptions {
  /** Whose chains are accepted. There is no default. */
  readonly roots: readonly TrustedRoot[];
  /** The time of verification: any time, also a past one. */
  readonly now: Date;
  /** Accept bytes after the quote, as some services deliver it in a larger buffer. */
  readonly allowTrailingBytes?: boolean;
  /**
   * What was verified before. Unless given: a cache that all calls share, and
   * for calls with an implementation of cryptography of their own another one.
   */
  readonly cache?: VerifierCache;
}

/** The steps of `verificationSteps`, with their numbers in `docs/verification.md`. A quote that `isOurs` does not change meanwhile. */
export function* verification(
  quoteBytes: Uint8Array,
  endorsements: Endorsements,
  options: VerificationOptions,
  isOurs = false,
): Steps<QuoteVerdict> {
  const parts = partsOf(endorsements);
  const cache = cachePartsOf(options.cache);
  const nowMs = requireOptions(options);
  const roots = [...options.roots];
  // 1. quote-format
  const quote = readQuote(quoteBytes, { allowTrailing: options.allowTrailingBytes === true, isOurs });
  const memory = { quote, parts, cache };
  const known = recallPlatform(memory);
  // 2. pck-chain-shape, to 14. qe-identity-signature; of bytes that have passed them before, 6. trusted-root
  const platform = known === undefined ? yield* verifyNewPlatform(memory, roots) : requireTrust(known, roots);
  const tcbInfo = parts.tcbInfo.value;
  // 15. tcb-info-match
  matchTcbInfo(quote, tcbInfo, platform.chain);
  // 16. tdx-module-match
  matchTdxModule(quote, tcbInfo);
  // 17. qe-report-signature, to 19. qe-identity-match; bytes that have passed them are not asked again
  const certified = known ?? (yield* verifyNewQuotingEnclave(memory, platform));
  // 20. quote-signature
  yield* verifyQuoteSignature(quote);
  // 21. tcb-evaluation, and 22. collateral-dates: facts of the verdict, which refuse nothing
  return verdictOn(quote, certified, nowMs);
}

function verdictOn({ version, body }: Quote, certified: CertifiedPlatform, nowMs: number): QuoteVerdict {
  const { chain, window, inputs, tcb } = certified;
  const { platform, tcbInfo, qeIdentity } = inputs;
  const common = {
    quoteVersion: version,
    tcbEvaluationDataNumbers: Object.freeze({
      tcbInfo: tcbInfo.tcbEvaluationDataNumber,
      qeIdentity: qeIdentity.tcbEvaluationDataNumber,
    }),
    root: chain.trustedRoot,
    fmspc: platform.fmspc,
    platform,
    pckNotYetValid: [chain.pck, chain.intermediate, chain.root].some(({ notBeforeMs }) => notBeforeMs > nowMs),
    collateral: collateralDates(window, nowMs),
    verifiedAt: isoSeconds(nowMs),
    steps: verificationSteps,
  };
  const { type, report } = body;
  return type === 'sgx'
    ? // Not by spreads, which take 20 µs for so many members.
      makeVerdict(Object.assign({ tee: 'sgx', bodyType: type, report: sgxReportFacts(report) } as const, tcb, common))
    : makeVerdict({
        tee: 'tdx',
        bodyType: type,
        report: tdReportFacts(report),
        ...evaluateTdTcb(inputs, report),
        ...common,
      });
}

function requireOptions({ roots, now }: VerificationOptions): number {
  const nowMs = now instanceof Date ? now.getTime() : Number.NaN;
  if (Number.isNaN(nowMs)) misused('options.now is not a valid Date.');
  if (!Array.isArray(roots) || roots.length === 0) misused('options.roots is empty: name whom you trust.');
  return nowMs;
}

function matchTcbInfo({ body }: Quote, tcbInfo: TcbInfo, { platform }: PckChain): void {
  const step = 'tcb-info-match';
  const mismatch = (what: string): never => refuse(step, 'TCB_INFO_MISMATCH', `The TCB info is for another ${what}.`);
  if (tcbInfo.tee !== (body.type === 'sgx' ? 'SGX' : 'TDX')) mismatch('TEE');
  if (tcbInfo.fmspc !== platform.fmspc) mismatch('FMSPC');
  if (tcbInfo.pceId !== platform.pceId) mismatch('PCEID');
}
