import type { Quote } from '@enclos/sgx';
import { collateralDates } from './collateral-dates.ts';
import type { Steps } from './crypto-steps.ts';
import { partsOf, type Endorsements } from './endorsements.ts';
import { isoSeconds } from '@enclos/codec/json';
import { requireTrust, verifyPlatform } from './platform-chain.ts';
import type { PckChain } from './pck-chain.ts';
import { carriedChain, readQuote } from './quote-evidence.ts';
import { matchQeIdentity, verifyQuoteSignature, verifyQuotingEnclave } from './quoting-enclave.ts';
import { misused, refuse } from './refusal.ts';
import { sgxReportFacts, tdReportFacts } from './report-facts.ts';
import type { TrustedRoot } from './roots.ts';
import { verificationSteps } from './steps.ts';
import { evaluateTcb } from './tcb-evaluation.ts';
import type { TcbInfo } from './tcb-info.ts';
import { matchTdxModule } from './tdx-module.ts';
import { evaluateTdTcb } from './td-evaluation.ts';
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

/** The steps of `verificationSteps`, in their order. */
export function* verification(
  quoteBytes: Uint8Array,
  endorsements: Endorsements,
  options: VerificationOptions,
): Steps<QuoteVerdict> {
  const parts = partsOf(endorsements);
  const { pckChains, quotingEnclaves } = cachePartsOf(options.cache);
  const nowMs = requireOptions(options);
  const roots = [...options.roots];
  const quote = readQuote(quoteBytes, { allowTrailingBytes: options.allowTrailingBytes === true });
  const { certifyingBytes } = quote.signature;
  const known = quotingEnclaves.get(parts.identity, certifyingBytes);
  const platform =
    known === undefined
      ? yield* verifyPlatform(carriedChain(quote), parts, { roots, known: pckChains })
      : requireTrust(known, roots);
  const { chain, window } = platform;
  const tcbInfo = parts.tcbInfo.value;
  const qeIdentity = parts.qeIdentity.value;
  matchTcbInfo(quote, tcbInfo, chain);
  if (quote.body.type !== 'sgx') matchTdxModule(quote.body.report, tcbInfo);
  if (known === undefined) {
    yield* verifyQuotingEnclave(quote.signature, chain.pck.publicKey);
    quotingEnclaves.set(parts.identity, certifyingBytes, platform);
  }
  matchQeIdentity(quote, qeIdentity);
  yield* verifyQuoteSignature(quote);
  const common = {
    quoteVersion: quote.version,
    tcbEvaluationDataNumbers: Object.freeze({
      tcbInfo: tcbInfo.tcbEvaluationDataNumber,
      qeIdentity: qeIdentity.tcbEvaluationDataNumber,
    }),
    root: chain.trustedRoot,
    fmspc: chain.platform.fmspc,
    platform: chain.platform,
    pckNotYetValid: [chain.pck, chain.intermediate, chain.root].some(({ notBeforeMs }) => notBeforeMs > nowMs),
    collateral: collateralDates(window, nowMs),
    verifiedAt: isoSeconds(nowMs),
    steps: verificationSteps,
  };
  const inputs = {
    platform: chain.platform,
    qeIsvSvn: quote.signature.qeReport.isvSvn,
    tcbInfo,
    qeIdentity,
  };
  const { type, report } = quote.body;
  return type === 'sgx'
    ? makeVerdict({ tee: 'sgx', bodyType: type, report: sgxReportFacts(report), ...evaluateTcb(inputs), ...common })
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
