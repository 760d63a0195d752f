import type { MachineVerdict } from '@enclos/evidence/verify';

const yesOrNo = (flag: boolean | undefined): string => (flag === undefined ? 'not said' : flag ? 'yes' : 'no');

/** The claims of the paravisor and the vTPM of an Azure VM, for people. The hardware has its own part. */
export function azureFacts(verdict: MachineVerdict): Readonly<Record<string, string>> {
  const { vmConfiguration, userData, attestationKey, tpm } = verdict;
  const { qualifyingData, resetCount, restartCount, clockSafe } = tpm;
  return {
    machine: vmConfiguration.vmUniqueId ?? 'not said',
    'secure boot': yesOrNo(vmConfiguration.secureBoot),
    'serial console': yesOrNo(vmConfiguration.consoleEnabled),
    'user data': userData === '' || isZero(userData) ? 'none' : userData,
    'attestation key': attestationKey,
    nonce: qualifyingData === '' ? 'none' : qualifyingData,
    restarts: `${resetCount} resets, ${restartCount} restarts since${clockSafe ? '' : '; the clock may have gone back'}`,
    ...pcrFacts(tpm.pcrs),
  };
}

/** Each value, and in one line the numbers of those that nothing was measured into. */
function pcrFacts(pcrs: Readonly<Record<number, string>>): Readonly<Record<string, string>> {
  const all = Object.entries(pcrs);
  const unused = all.filter(([, value]) => isZero(value) || /^f+$/.test(value)).map(([number]) => number);
  return {
    ...Object.fromEntries(
      all.filter(([number]) => !unused.includes(number)).map(([number, value]) => [`PCR ${number}`, value]),
    ),
    ...(unused.length === 0 ? {} : { 'unused PCRs': unused.join(', ') }),
  };
}

function isZero(hex: string): boolean {
  return /^0*$/.test(hex);
}

/** The same for programs, around the part of the hardware. */
export function azureJson(
  { tee, vmConfiguration, userData, attestationKey, tpm }: MachineVerdict,
  { verdict: hardware, ...rest }: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return { verdict: { tee, vmConfiguration, userData, attestationKey, tpm, hardware }, ...rest };
}
