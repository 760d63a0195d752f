import { Attribute, TdAttribute } from '@enclos/sgx';
import type { SnpVerdict } from '../snp/verdict.ts';
import type { QuoteVerdict } from '../dcap/verdict.ts';
import type { AzureVerdict } from '../vtpm/verdict.ts';

type HardwareVerdict = QuoteVerdict | SnpVerdict;
type MachineVerdict = AzureVerdict<QuoteVerdict> | AzureVerdict<SnpVerdict>;

/** True when a debugger, or the host, can read the memory of what was attested. */
export function isDebugVerdict(verdict: HardwareVerdict): boolean {
  switch (verdict.tee) {
    case 'sev-snp':
      return verdict.report.policy.debugAllowed;
    case 'tdx':
      return (verdict.report.tdAttributes & TdAttribute.DEBUG) !== 0n;
    case 'sgx':
      return (verdict.report.attributes.flags & Attribute.DEBUG) !== 0n;
  }
}

/**
 * What keeps genuine evidence from meaning what its reader hopes, in sentences: none
 * of it refuses anything, and whatever shows a verdict shows these before any sign
 * that all is well. What dates say is in `validityOf`.
 */
export function cautionsOf(verdict: HardwareVerdict | MachineVerdict): readonly string[] {
  if (verdict.tee === 'azure-vtpm') return Object.freeze([...cautionsOf(verdict.hardware), ...ofMachine(verdict)]);
  return Object.freeze(verdict.tee === 'sev-snp' ? ofReport(verdict) : ofQuote(verdict));
}

function ofQuote(verdict: QuoteVerdict): readonly string[] {
  return [
    ...(isDebugVerdict(verdict) ? ['A debugger can read its memory: it keeps no secrets.'] : []),
    ...(verdict.root.kind === 'software'
      ? ['It is a software platform: the owner of the machine can read what is inside.']
      : []),
  ];
}

function ofReport(verdict: SnpVerdict): readonly string[] {
  const { report, revocation } = verdict;
  return [
    ...(isDebugVerdict(verdict) ? ['The host can read its memory: it keeps no secrets.'] : []),
    ...(report.policy.migrationAgentAllowed ? ['A migration agent may move it, and then holds its keys.'] : []),
    ...(report.vmpl > 0 ? [`Privilege level ${report.vmpl} asked for it, not the highest of the guest.`] : []),
    ...(revocation === 'no-list'
      ? ['There was no revocation list, so it is not known whether a certificate is revoked.']
      : []),
  ];
}

function ofMachine({ vmConfiguration, tpm }: MachineVerdict): readonly string[] {
  const { secureBoot, consoleEnabled } = vmConfiguration;
  return [
    ...(secureBoot === true ? [] : ['It does not boot securely, or does not say so.']),
    ...(consoleEnabled === false ? [] : ['A serial console may be attached to it.']),
    ...(tpm.clockSafe ? [] : ['The clock of its TPM may have gone back: an old quote may look new.']),
  ];
}
