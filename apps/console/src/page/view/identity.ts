import type { QuoteVerdict, SnpVerdict } from '@enclos/attestation';
import { Attribute, TdAttribute } from '@enclos/sgx';
import { code, element, foreign, type Child } from '../dom.ts';
import type { Verdict } from '../outcome.ts';
import { mark } from './mark.ts';
import { facts, section } from './section.ts';

const noDebug = 'no: its memory is closed to debuggers';

/** True when a debugger, or the host, can read the memory of what was attested. */
export function isDebug(verdict: Verdict): boolean {
  if (verdict.tee === 'sev-snp') return verdict.report.policy.debugAllowed;
  return verdict.tee === 'tdx'
    ? (verdict.report.tdAttributes & TdAttribute.DEBUG) !== 0n
    : (verdict.report.attributes.flags & Attribute.DEBUG) !== 0n;
}

/** Who the evidence is of: what a policy is about. */
export function identityView(verdict: Verdict): HTMLElement {
  const pairs = verdict.tee === 'sev-snp' ? snpFacts(verdict) : quoteFacts(verdict);
  return section('identity', 'What it is', facts(pairs));
}

type Pairs = readonly (readonly [string, Child])[];

function debugFact(verdict: Verdict): Child {
  return isDebug(verdict) ? mark('attention', 'yes: it keeps no secrets') : noDebug;
}

function quoteFacts(verdict: QuoteVerdict): Pairs {
  return [
    ...measurements(verdict),
    ['debug', debugFact(verdict)],
    ['report data', code(verdict.report.reportData)],
    ['root', verdict.root.kind === 'intel' ? 'Intel SGX Root CA' : 'the root of a software platform'],
    ['root fingerprint', code(verdict.root.fingerprint)],
    ['platform family (FMSPC)', code(verdict.fmspc)],
  ];
}

function snpFacts(verdict: SnpVerdict): Pairs {
  const { report, product, signingKey, root, chipIdHidden } = verdict;
  const signer =
    signingKey.kind === 'VCEK'
      ? 'VCEK: a key of the chip'
      : ['VLEK: a key of the provider ', foreign(signingKey.cspId)];
  return [
    ['kind', `SEV-SNP guest on ${product}, report version ${report.version}`],
    ['measurement', code(report.measurement)],
    ['guest security version', String(report.guestSvn)],
    ['privilege level (VMPL)', String(report.vmpl)],
    ['debug', debugFact(verdict)],
    ['report data', code(report.reportData)],
    ['host data', code(report.hostData)],
    ['identity key digest', code(report.idKeyDigest)],
    ['chip', chipIdHidden ? 'not said' : code(report.chipId)],
    ['signed by', typeof signer === 'string' ? signer : element('span', {}, ...signer)],
    ['root', `AMD, ARK-${root.product}`],
    ['root fingerprint', code(root.fingerprint)],
  ];
}

function measurements(verdict: QuoteVerdict): Pairs {
  if (verdict.tee === 'sgx') {
    const { mrEnclave, mrSigner, isvProdId, isvSvn } = verdict.report;
    return [
      ['kind', `SGX enclave, quote version ${verdict.quoteVersion}`],
      ['MRENCLAVE', code(mrEnclave)],
      ['MRSIGNER', code(mrSigner)],
      ['product', String(isvProdId)],
      ['security version', String(isvSvn)],
    ];
  }
  const { mrTd, mrSeam, rtmr0, rtmr1, rtmr2, rtmr3, mrServiceTd } = verdict.report;
  return [
    ['kind', `TDX trust domain (${verdict.bodyType}), quote version ${verdict.quoteVersion}`],
    ['MRTD', code(mrTd)],
    ['RTMR0', code(rtmr0)],
    ['RTMR1', code(rtmr1)],
    ['RTMR2', code(rtmr2)],
    ['RTMR3', code(rtmr3)],
    ['MRSEAM', code(mrSeam)],
    ...(mrServiceTd === undefined ? [] : [['MRSERVICETD', code(mrServiceTd)] as const]),
  ];
}
