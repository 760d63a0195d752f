import type { QuoteVerdict } from '@enclos/attestation';
import { Attribute, TdAttribute } from '@enclos/sgx';
import { code, type Child } from '../dom.ts';
import { mark } from './mark.ts';
import { facts, section } from './section.ts';

const noDebug = 'no: its memory is closed to debuggers';

/** True when a debugger can read the memory of the enclave or trust domain. */
export function isDebug(verdict: QuoteVerdict): boolean {
  return verdict.tee === 'tdx'
    ? (verdict.report.tdAttributes & TdAttribute.DEBUG) !== 0n
    : (verdict.report.attributes.flags & Attribute.DEBUG) !== 0n;
}

/** Who the evidence is of: what a policy is about. */
export function identityView(verdict: QuoteVerdict): HTMLElement {
  const common: readonly (readonly [string, Child])[] = [
    ['debug', isDebug(verdict) ? mark('attention', 'yes: it keeps no secrets') : noDebug],
    ['report data', code(verdict.report.reportData)],
    ['root', verdict.root.kind === 'intel' ? 'Intel SGX Root CA' : 'the root of a software platform'],
    ['root fingerprint', code(verdict.root.fingerprint)],
    ['platform family (FMSPC)', code(verdict.fmspc)],
  ];
  return section('identity', 'What it is', facts([...measurements(verdict), ...common]));
}

function measurements(verdict: QuoteVerdict): readonly (readonly [string, Child])[] {
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
